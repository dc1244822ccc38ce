"""The bank-link dialog, the stand-in Stripe.js that opens it, and the pages that people meet beside it."""

from sandbox.dialog.serving import routes

__all__ = ["routes"]
