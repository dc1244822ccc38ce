"""Events: every change of state is written once, as the object was then, and queued for the webhook endpoints."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox import clock, deliveries, ids
from sandbox.store import Body, store
from sandbox.wire import rendering, versions


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
    endpoints = [each["id"] for each in store.all("webhook_endpoint") if _wants(each, type)]
    _write(type, data, endpoints)
    if deliveries.has_twin():
        _write(type, data, endpoints)


def _write(type: str, data: dict[str, Any], endpoints: list[str]) -> None:
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
        (event["id"], type, event["created"], clock.now(), len(endpoints), store.dump(event)),
    )
    for endpoint in endpoints:
        deliveries.queue(event["id"], endpoint)


def _wants(endpoint: Body, type: str) -> bool:
    if endpoint["status"] != "enabled":
        return False
    ours = not endpoint["_"].get("connect")
    return ours and any(fnmatch.fnmatchcase(type, pattern) for pattern in endpoint["enabled_events"])
