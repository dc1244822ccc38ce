"""Events: every change of state is written once, as the object was then, and queued for the webhook endpoints."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox import clock, deliveries, ids
from sandbox.store import HIDDEN, Body, store
from sandbox.wire import errors, rendering, versions
from sandbox.wire.errors import ApiError


@dataclass
class Cause:
    """The API request that is being handled, as events name it; all None when something happened by itself.

    `operation` is the one under way, and `emits` what it has declared.
    """

    request_id: str | None = None
    idempotency_key: str | None = None
    operation: str | None = None
    emits: tuple[str, ...] = ()


cause = Cause()


class Undeclared(Exception):
    """An operation emitted an event that its declaration does not name."""


@contextmanager
def by_itself() -> Iterator[None]:
    """What happens meanwhile is no doing of the request that is being handled."""
    global cause
    outer, cause = cause, Cause()
    try:
        yield
    finally:
        cause = outer


def emit(type: str, body: Body, previous: dict[str, Any] | None = None) -> None:
    """Records an event about an object; `previous` holds the old values of what an update changed."""
    # What the documentation says of an operation is its declaration, so the declaration must be whole.
    if cause.operation is not None and type not in cause.emits:
        raise Undeclared(f"{cause.operation} does not declare that it emits {type}")
    data: dict[str, Any] = {"object": rendering.shown(body)}
    if previous is not None:
        data["previous_attributes"] = previous
    endpoints = [each for each in store.all("webhook_endpoint") if _wants(each, type)]
    told = [(each, _as_shown_to(each, body)) for each in endpoints]
    luck = deliveries.luck_of(type)
    twin = deliveries.has_twin(luck)
    for _ in range(2 if twin else 1):
        _write(type, data, told, luck)


def resend(event_id: str) -> int:
    """Queues an event once more, for every endpoint that asks for its type; returns for how many."""
    row = store.db.execute("SELECT type, body FROM events WHERE id = ?", (event_id,)).fetchone()
    if row is None:
        raise errors.no_such("event", event_id)
    type, event = row[0], store.load(row[1:])
    about = event["data"]["object"]
    # As it was then; only what Stripe never shows is looked up anew, for endpoints of other versions.
    now = store.find_any(about.get("id", "")) or {}
    body = {**about, **{name: now[name] for name in (HIDDEN,) if name in now}}
    endpoints = [each for each in store.all("webhook_endpoint") if _wants(each, type)]
    luck = deliveries.luck_of(type)
    for endpoint in endpoints:
        deliveries.queue(event_id, type, endpoint, _as_shown_to(endpoint, body), luck)
    store.db.execute("UPDATE events SET pending = pending + ? WHERE id = ?", (len(endpoints), event_id))
    return len(endpoints)


def _as_shown_to(endpoint: Body, body: Body) -> str | None:
    """The object in the endpoint's own API version; None where that is the event's."""
    label = endpoint["api_version"]
    if label is None or label == versions.CURRENT.label:
        return None
    try:
        return store.dump(rendering.shown(body, versions.parse(label)))
    except ApiError:
        # A version that endpoints may name and requests may not, as the Dashboard's own.
        return None


def _write(type: str, data: dict[str, Any], told: list[tuple[Body, str | None]], luck: Random) -> None:
    event: Body = {
        "id": ids.new_id("event"),
        "object": "event",
        "api_version": versions.CURRENT.label,
        "created": clock.stamp(),
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": cause.request_id, "idempotency_key": cause.idempotency_key},
        "type": type,
    }
    store.db.execute(
        "INSERT INTO events (id, type, created, happened, pending, body) VALUES (?, ?, ?, ?, ?, ?)",
        (event["id"], type, event["created"], clock.now(), len(told), store.dump(event)),
    )
    for endpoint, object_json in told:
        deliveries.queue(event["id"], type, endpoint, object_json, luck)


def _wants(endpoint: Body, type: str) -> bool:
    if endpoint["status"] != "enabled":
        return False
    ours = not endpoint["_"].get("connect")
    return ours and any(fnmatch.fnmatchcase(type, pattern) for pattern in endpoint["enabled_events"])
