"""Stripe's lists: newest first, pages by cursor, filters by place and by time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.store import PLACES, Body, store
from sandbox.wire import errors, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.versions import Version

# Filters whose place is not called as the kind it names, with the parameter they come from.
_NAMED = {
    "holder": ("customer", "account_holder[customer]"),
    "session": ("financial_connections.session", "session"),
}
# Fields without an index that hold an id, called as the kind is.
_REFERENCES = ("payment_method",)
_COMPARE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def limit_of(params: Mapping[str, Any]) -> int:
    limit = params.get("limit", 10)
    if limit < 1:
        raise _off_limits("greater than or equal to 1.")
    if limit > 100:
        raise _off_limits(f"less than or equal to 100 (it currently is '{limit}').")
    return int(limit)


def _off_limits(must_be: str) -> ApiError:
    return ApiError(f"This value must be {must_be}", code="parameter_invalid_integer", param="limit")


def bounds(column: str, value: Any) -> tuple[list[str], list[int]]:
    """SQL for a filter that is one instant or a hash of `gt`, `gte`, `lt`, `lte`."""
    if value is None:
        return [], []
    if isinstance(value, int):
        return [f"{column} = ?"], [value]
    return [f"{column} {_COMPARE[name]} ?" for name in value], list(value.values())


def page(
    kind: str,
    params: Mapping[str, Any],
    url: str,
    version: Version,
    *,
    places: Mapping[str, str | None] | None = None,
    equal: Mapping[str, str | None] | None = None,
    where: tuple[str, ...] = (),
) -> Body:
    """One page of a kind. `places` have an index, `equal` compares top-level fields without; None filters nothing."""
    clauses, values = ["kind = ?", *where], [kind]
    for place, wanted in (places or {}).items():
        if wanted is not None:
            _refuse_unknown(place, wanted)
            clauses.append(f"json_extract(body, '{PLACES[place]}') = ?")
            values.append(wanted)
    for name, wanted in (equal or {}).items():
        if wanted is not None:
            if name in _REFERENCES:
                _refuse_unknown(name, wanted)
            clauses.append(f"json_extract(body, '$.{name}') = ?")
            values.append(wanted)
    since, instants = bounds("json_extract(body, '$.created')", params.get("created"))
    clauses += since
    rows, has_more = _rows("objects", "body", kind, clauses, [*values, *instants], params)
    bodies = [store.load(row) for row in rows]
    return rendering.listed(bodies, url, has_more=has_more, version=version)


def page_of(bodies: list[Body], params: Mapping[str, Any], url: str, kind: str) -> Body:
    """One page of what is few and known whole, in the order given."""
    limit = limit_of(params)
    after, before = params.get("starting_after"), params.get("ending_before")
    if after and before:
        raise errors.exclusive("starting_after", "ending_before")
    places = {body["id"]: place for place, body in enumerate(bodies)}
    for name, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor and cursor not in places:
            raise errors.no_such(kind, cursor, name)
    start, end = (places[after] + 1 if after else 0), len(bodies)
    if before:
        start, end = max(0, places[before] - limit), places[before]
    more = start > 0 if before else start + limit < end
    return {"object": "list", "data": bodies[start:end][:limit], "has_more": more, "url": url}


def _refuse_unknown(place: str, wanted: str) -> None:
    """A filter names an object that exists, as any parameter does that holds an id."""
    named, param = _NAMED.get(place, (place, place))
    if store.find(named, wanted) is None:
        raise errors.no_such(named, wanted, param)


def event_page(clauses: list[str], values: list[Any], params: Mapping[str, Any]) -> tuple[list[Any], bool]:
    return _rows("events", "body, pending", "event", clauses, values, params)


def _rows(
    table: str, columns: str, kind: str, clauses: list[str], values: list[Any], params: Mapping[str, Any]
) -> tuple[list[Any], bool]:
    limit = limit_of(params)
    after, before = params.get("starting_after"), params.get("ending_before")
    if after and before:
        raise errors.exclusive("starting_after", "ending_before")
    order = "DESC"
    if after:
        clauses = [*clauses, "seq < ?"]
        values = [*values, _position(table, kind, after, "starting_after")]
    if before:
        clauses, order = [*clauses, "seq > ?"], "ASC"
        values = [*values, _position(table, kind, before, "ending_before")]
    where = " AND ".join(clauses) or "1"
    rows = store.db.execute(
        f"SELECT {columns} FROM {table} WHERE {where} ORDER BY seq {order} LIMIT ?", [*values, limit + 1]
    ).fetchall()
    has_more = len(rows) > limit
    rows = rows[:limit]
    return (rows[::-1] if before else rows), has_more


def _position(table: str, kind: str, object_id: str, param: str) -> int:
    of_kind = " AND kind = ?" if table == "objects" else ""
    values = (object_id, kind) if of_kind else (object_id,)
    row = store.db.execute(f"SELECT seq FROM {table} WHERE id = ?{of_kind}", values).fetchone()
    if row is None:
        raise errors.no_such(kind, object_id, param)
    return int(row[0])
