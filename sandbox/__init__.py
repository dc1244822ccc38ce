"""A local Stripe for development and tests: its HTTP API, its webhooks and its linking dialog."""
