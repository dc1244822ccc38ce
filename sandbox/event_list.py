"""The Events list: what happened in the last 30 days, also what no endpoint has received."""

from __future__ import annotations

import json
import re
from typing import Any

from stripe.params import EventListParams, EventRetrieveParams

from sandbox import clock
from sandbox.store import Body, store
from sandbox.wire import errors, listing
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation

HORIZON_DAYS = 30


def _oldest() -> float:
    """Events age by the sandbox's clock, so that an advanced one takes them out of reach."""
    return clock.now() - HORIZON_DAYS * clock.DAY


def list_events(call: Call) -> Body:
    params = call.params
    clauses: list[str] = ["happened >= ?"]
    values: list[Any] = [_oldest()]
    if "type" in params and "types" in params:
        raise errors.exclusive("type", "types")
    if "type" in params:
        clauses.append("type GLOB ?")
        values.append(_pattern(params["type"]))
    if "types" in params:
        clauses.append(f"type IN ({', '.join('?' * len(params['types']))})")
        values += _types(params["types"])
    since, instants = listing.bounds("created", params.get("created"))
    clauses += since
    values += instants
    if "delivery_success" in params:
        clauses.append("pending = 0" if params["delivery_success"] else "pending > 0")
    rows, has_more = listing.event_page(clauses, values, params)
    return {"object": "list", "data": [_shown(row) for row in rows], "has_more": has_more, "url": call.url}


def _pattern(type: str) -> str:
    """`*` stands for any letters; whatever else means something to GLOB is a letter here."""
    return re.sub(r"[\[?]", lambda found: f"[{found[0]}]", type)


def _types(types: list[str]) -> list[str]:
    """Exact names: only `type` takes a wildcard."""
    if len(types) > 20:
        raise ApiError("Invalid array: types can have at most 20 elements.", param="types")
    return types


def _shown(row: tuple[str, int]) -> Body:
    event: Body = json.loads(row[0])
    event["pending_webhooks"] = row[1]
    return event


def retrieve(call: Call) -> Body:
    row = store.db.execute(
        "SELECT body, pending FROM events WHERE id = ? AND happened >= ?", (call.id, _oldest())
    ).fetchone()
    if row is None:
        raise errors.no_such("event", call.id)
    return _shown(row)


OPERATIONS = (
    Operation("GET", "/v1/events", list_events, EventListParams),
    Operation("GET", "/v1/events/*", retrieve, EventRetrieveParams),
)
