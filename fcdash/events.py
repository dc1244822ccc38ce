"""What each app does about Stripe's events, joined: event type → handler."""

from __future__ import annotations

from banking.events import HANDLERS as BANKING
from webhooks.dispatch import Handler

HANDLERS: dict[str, Handler] = {**BANKING}
