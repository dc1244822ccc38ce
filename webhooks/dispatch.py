"""From a stored event to the handler that knows its type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from webhooks.models import StripeEvent


@dataclass(frozen=True)
class Event:
    """An event as handlers see it. `body` is its data.object at that time: a hint, never the truth."""

    id: str
    type: str
    object_id: str
    created_at: datetime
    livemode: bool
    account: str
    body: dict[str, Any]


Handler = Callable[[Event], None]


@lru_cache(maxsize=1)
def handlers() -> dict[str, Handler]:
    """The apps' handlers of our own account's events, by type."""
    joined: dict[str, Handler] = import_string(settings.STRIPE_EVENT_HANDLERS)
    return joined


@lru_cache(maxsize=1)
def connect_handlers() -> dict[str, Handler]:
    """The apps' handlers of events of connected accounts, by type."""
    joined: dict[str, Handler] = import_string(settings.STRIPE_CONNECT_HANDLERS)
    return joined


def handler_of(type: str, account: str) -> Handler | None:
    """Who handles an event; `account` is the connected account that it comes from, or "". None: nobody."""
    return (connect_handlers() if account else handlers()).get(type)


def as_event(row: StripeEvent) -> Event:
    """The row as its handler sees it."""
    return Event(
        row.stripe_id,
        row.type,
        row.object_id,
        row.created_at,
        row.livemode,
        row.account,
        row.body.get("data", {}).get("object", {}),
    )
