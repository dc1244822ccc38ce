"""What each app does about Stripe's events, joined: event type → handler; connected accounts' events apart."""

from __future__ import annotations

from banking.events import HANDLERS as BANKING
from payments.events import CONNECT_HANDLERS
from payments.events import HANDLERS as PAYMENTS
from webhooks.dispatch import Handler

HANDLERS: dict[str, Handler] = {**BANKING, **PAYMENTS}

__all__ = ["CONNECT_HANDLERS", "HANDLERS"]
