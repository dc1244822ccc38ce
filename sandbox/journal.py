"""What came in and what went out: requests with their answers, deliveries with their bodies; the oldest are dropped."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import Any

from sandbox import clock
from sandbox.store import Body, store
from sandbox.wire import errors

# Lines that are kept, and of how many of the newest the bodies too: neither disk nor memory grows for ever.
LINES = 100_000
BODIES = 2_000
LONGEST_BODY = 8_192

REQUEST = (
    "request_id", "method", "path", "params", "idempotency_key", "status", "fault", "stripe_version", "at",
)  # fmt: skip
DELIVERY = ("event", "type", "url", "attempt", "outcome", "status", "error", "at")

# What only its owner may read, also where the text was cut off within it; looked for where its word occurs at all.
_SECRETS = (
    ('"client_secret"', re.compile(r'("client_secret": ?"[^"]*?_secret_)[^"]*'), r"\1****"),
    ('"secret"', re.compile(r'("secret": ?"whsec_)[^"]*'), r"\1****"),
    ('"account_number"', re.compile(r'("account_number": ?")[^"]*?([^"]{0,4})(?="|$)'), r"\1****\2"),
    ("k_live_", re.compile(r"([sr]k_live_)\w+"), r"\1****"),
    ("k_test_", re.compile(r"([sr]k_test_)\w+"), r"\1****"),
)


@dataclass(frozen=True)
class Request:
    """One request as it was received; `params` without what is secret."""

    request_id: str
    method: str
    path: str
    params: Any
    idempotency_key: str | None
    status: int | None
    fault: str | None
    version: str


def note_request(request: Request, answer: bytes | None) -> None:
    """Writes a request down, with as much of its answer as a person would read."""
    cursor = store.db.execute(
        "INSERT INTO requests (request_id, method, path, params, idempotency_key, status, fault, version, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            request.request_id, request.method, request.path, json.dumps(request.params), request.idempotency_key,
            request.status, request.fault, request.version, time.time(),
        ),
    )  # fmt: skip
    if answer is not None:
        store.db.execute("INSERT INTO request_bodies (seq, answer) VALUES (?, ?)", (cursor.lastrowid, _kept(answer)))
    _forget("requests", "request_bodies", cursor.lastrowid)


def note_delivery(
    event_id: str,
    type: str,
    url: str,
    attempt: int,
    outcome: str,
    *,
    status: int | None = None,
    error: str | None = None,
    body: bytes | None = None,
    answer: bytes | None = None,
) -> None:
    """Writes an attempt down, with the body that was sent and what the receiver answered."""
    cursor = store.db.execute(
        "INSERT INTO deliveries (event, type, url, attempt, outcome, status, error, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (event_id, type, url, attempt, outcome, status, error, time.time()),
    )
    if body is not None:
        store.db.execute(
            "INSERT INTO delivery_bodies (seq, body, answer) VALUES (?, ?, ?)",
            (cursor.lastrowid, _kept(body), _kept(answer)),
        )
    _forget("deliveries", "delivery_bodies", cursor.lastrowid)


def _kept(body: bytes | None) -> str | None:
    return None if body is None else masked(body[:LONGEST_BODY].decode("utf-8", "replace"))


def masked(text: str) -> str:
    for word, pattern, shown in _SECRETS:
        if word in text:
            text = pattern.sub(shown, text)
    return text


def _forget(lines: str, bodies: str, newest: int | None) -> None:
    """One in, one out: each costs a look-up by its key, and whole pages of the file come free."""
    if newest is not None and newest > BODIES:
        store.db.execute(f"DELETE FROM {bodies} WHERE seq = ?", (newest - BODIES,))
        store.db.execute(f"DELETE FROM {lines} WHERE seq = ?", (newest - LINES,))


def requests(query: dict[str, str]) -> Body:
    """Requests, oldest first: `limit` newest of those whose method, path, status, fault or key is as asked for."""
    filters = {"method": "method", "path": "path", "status": "status", "fault": "fault", "key": "idempotency_key"}
    columns = "seq, " + ", ".join(REQUEST).replace("stripe_version", "version AS stripe_version")
    data = _lines("requests", columns, "request_bodies", "answer", filters, query)
    for line in data:
        line["params"] = json.loads(line["params"])
    return {"data": data}


def deliveries(query: dict[str, str]) -> Body:
    """Deliveries, oldest first: `limit` newest of those of the event, type, outcome, status or address asked for.

    `waiting` is how many attempts are still to come, `due` how many of them now.
    """
    filters = {name: name for name in ("event", "type", "outcome", "status", "url")}
    data = _lines("deliveries", "seq, " + ", ".join(DELIVERY), "delivery_bodies", "body, answer", filters, query)
    (waiting,) = store.db.execute("SELECT count(*) FROM outbox").fetchone()
    (due,) = store.db.execute("SELECT count(*) FROM outbox WHERE due <= ?", (clock.now(),)).fetchone()
    return {"data": data, "waiting": waiting, "due": due}


def _lines(
    table: str, columns: str, bodies: str, texts: str, filters: dict[str, str], query: dict[str, str]
) -> list[Body]:
    """`*` in a filter stands for anything; `after` is the `seq` of a line; `bodies=1` has the bodies listed too."""
    for name in query:
        if name not in (*filters, "limit", "after", "bodies"):
            raise errors.unknown(name)
    clauses, values = ["1"], []
    for name, column in filters.items():
        if name in query:
            vague = "*" in query[name]
            clauses.append(f"CAST({column} AS TEXT) GLOB ?" if vague else f"{column} = ?")
            values.append(query[name].replace("[", "[[]") if vague else query[name])
    if "after" in query:
        clauses.append("seq > ?")
        values.append(str(_whole(query, "after")))
    limit = _whole(query, "limit") if "limit" in query else LINES
    if query.get("bodies") in ("1", "true"):
        columns, table = f"{columns}, {texts}", f"{table} LEFT JOIN {bodies} USING (seq)"
    found = store.db.execute(
        f"SELECT {columns} FROM {table} WHERE {' AND '.join(clauses)} ORDER BY seq DESC LIMIT ?", [*values, limit]
    )
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()[::-1]]


def _whole(query: dict[str, str], name: str) -> int:
    if not query[name].isdigit():
        raise errors.invalid(name, "must be a whole number.")
    return int(query[name])
