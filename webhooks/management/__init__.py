"""Commands about Stripe."""
