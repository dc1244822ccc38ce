"""Money by ACH: intents, payment methods, mandates, charges, refunds, disputes."""
