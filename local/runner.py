"""The runner behind `make run`: starts all parts, tells their logs apart, stops them together."""

from __future__ import annotations

# Money first: a thousand refreshes must not keep a payment waiting, so they have a worker of their own.
MONEY_QUEUES = ("payments", "webhooks", "mail", "default")
BANK_QUEUES = ("refreshes", "backfill")
QUEUES = MONEY_QUEUES + BANK_QUEUES
