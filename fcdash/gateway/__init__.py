"""All that we ask Stripe, one function a wish: the only importer of `stripe`. Frozen results and our own errors out."""
