"""The page at `/` and the small JSON answers that it lives on; it changes things by the controls alone."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox import clock, deliveries
from sandbox.connections import bank_faults
from sandbox.money import bank_days, settling
from sandbox.pages import cells, details, exchanges, finding, money, overview, people, traffic
from sandbox.pages.cells import Body
from sandbox.pages.paging import Query
from sandbox.pages.reader import Reader, read
from sandbox.pages.tables import Table
from sandbox.store import store
from sandbox.wire import auth, errors, faults, limits, rendering, table

STATIC = Path(__file__).parent.parent / "static"
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
STARTED = f"{time.time():.3f}"

LISTS: dict[str, Callable[[Reader, Query], Table]] = {
    "customers": people.customers,
    "accounts": people.accounts,
    "payments": money.payments,
    "permissions": money.permissions,
    "events": traffic.events,
    "deliveries": traffic.deliveries,
    "requests": traffic.requests,
}

HOUR = 3_600


def _json(run: Callable[[Request], Awaitable[Body]]) -> Callable[[Request], Awaitable[Response]]:
    """Answers in ASCII: banks send lone surrogates, which UTF-8 cannot say."""

    @wraps(run)
    async def endpoint(request: Request) -> Response:
        try:
            body, status = await run(request), 200
        except errors.ApiError as refusal:
            body, status = refusal.body, refusal.status
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(json.dumps(body), status, headers, media_type="application/json")

    return endpoint


async def pulse(request: Request) -> Body:
    """Changes whenever anything does; asked for every second, it costs next to nothing."""
    return {"change": f"{STARTED}.{store.db.total_changes}", "now": clock.now(), "offset": clock.offset()}


async def frame(request: Request) -> Body:
    """What stands around every view: how much there is of each, and the key for calls of Stripe's own."""
    return {
        "counts": await read(overview.counts),
        "faults": _in_force(),
        "key": auth.SECRET_KEY,
        "places": cells.PLACES,
    }


def _in_force() -> int:
    left = sum(1 for fault in (*faults.listed(), *bank_faults.listed()) if fault["left"] > 0)
    return left + (deliveries.faults != deliveries.Faults())


async def show_overview(request: Request) -> Body:
    return await read(overview.overview)


async def show_list(request: Request) -> Body:
    listed = LISTS.get(request.path_params["place"])
    if listed is None:
        raise errors.no_such("list", request.path_params["place"])
    before = request.query_params.get("before", "")
    query = Query(int(before) if before.isdigit() else None, dict(request.query_params))
    return (await read(lambda reader: listed(reader, query))).shown()


async def show_object(request: Request) -> Body:
    object_id, before = request.path_params["id"], request.query_params.get("before")
    stored = store.find_any(object_id)
    if stored is not None:
        public = rendering.shown(stored)
        return await read(lambda reader: details.describe(reader, stored, public, before))
    found = await read(lambda reader: exchanges.describe(reader, object_id))
    if found is None:
        raise errors.no_such("object", object_id)
    return found


async def find(request: Request) -> Body:
    text = request.query_params.get("q", "")[:2_000]
    return {"data": await read(lambda reader: finding.find(reader, text))}


async def show_controls(request: Request) -> Body:
    """What the forms for clock and faults need: how far to advance, what can be struck, how."""
    due, keys, endpoints = await read(
        lambda reader: (overview.due(reader).shown(), overview.keys(reader), overview.endpoints(reader))
    )
    return {
        "offset": clock.offset(),
        "steps": _steps(),
        "due": due,
        "keys": keys,
        "endpoints": endpoints,
        "kinds": list(faults.KINDS),
        "bank_kinds": {kind: list(only) for kind, only in bank_faults.KINDS.items()},
        "untouched": asdict(deliveries.Faults()),
        "rates": limits.listed(),
        "operations": [f"{operation.method} {operation.path}" for operation in table.TABLE],
    }


def _steps() -> list[Body]:
    now = clock.now()
    # Until a little after the bank's answer to what is sent off now.
    settled = bank_days.opening(bank_days.later(bank_days.day_of(now), settling.SETTLED_AFTER)) - now + 60
    steps = (("1 hour", HOUR), ("1 day", clock.DAY), ("4 business days", settled), ("30 days", 30 * clock.DAY))
    return [{"label": label, "seconds": seconds} for label, seconds in steps]


async def _page(request: Request) -> Response:
    return FileResponse(STATIC / "inside.html", headers=PAGE_HEADERS)


def _route(path: str, run: Callable[[Request], Awaitable[Body]]) -> Route:
    return Route(f"/sandbox/inside/{path}", _json(run))


routes: list[Any] = [
    Route("/", _page),
    _route("pulse", pulse),
    _route("frame", frame),
    _route("overview", show_overview),
    _route("controls", show_controls),
    _route("find", find),
    _route("lists/{place}", show_list),
    _route("objects/{id}", show_object),
    Mount("/inside", StaticFiles(directory=STATIC / "inside")),
]
