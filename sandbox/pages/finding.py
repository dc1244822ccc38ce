"""The search: a whole id or the beginning of one, an idempotency key, a customer's name or e-mail."""

from __future__ import annotations

import re

from sandbox.pages import cells
from sandbox.pages.cells import Body
from sandbox.pages.reader import Reader

MOST = 8
# Customers that a search by name looks through.
REACH = 5_000

# An id may stand in whatever was pasted: a line of a log, a URL, JSON.
_ID = re.compile(rf"\b(?:{cells.PREFIX.pattern})[A-Za-z0-9]+")
_TABLES = (("objects", "id", "kind"), ("events", "id", "type"), ("requests", "request_id", "path"))


def find(reader: Reader, text: str) -> list[Body]:
    """What fits, the best first; each with where it is shown."""
    text = text.strip()
    named = _ID.search(text)
    if named:
        return _by_id(reader, named[0])
    if not text:
        return []
    return (_by_key(reader, text) or []) + _by_name(reader, text.lower())


def _by_id(reader: Reader, beginning: str) -> list[Body]:
    found: list[Body] = []
    for table, column, what in _TABLES:
        rows = reader.rows(
            f"SELECT {column} AS id, {what} AS what FROM {table} WHERE {column} >= ? AND {column} < ? LIMIT ?",
            (beginning, beginning + "~", MOST),
        )
        found += [_result(row["id"], row["what"]) for row in rows]
    rows = reader.rows(
        "SELECT id, account FROM transactions WHERE id >= ? AND id < ? LIMIT ?", (beginning, beginning + "~", MOST)
    )
    found += [
        {"id": row["id"], "what": "row of", "more": row["account"], "href": cells.href(row["id"])} for row in rows
    ]
    return found[:MOST]


def _by_key(reader: Reader, key: str) -> list[Body]:
    rows = reader.rows("SELECT request_id FROM idempotency WHERE key = ?", (key,))
    return [_result(row["request_id"], "first request with this key") for row in rows]


def _by_name(reader: Reader, text: str) -> list[Body]:
    rows = reader.rows(
        "SELECT id, name, email FROM (SELECT seq, id, json_extract(body, '$.name') AS name, "
        "json_extract(body, '$.email') AS email FROM objects WHERE kind = 'customer' ORDER BY seq DESC LIMIT ?) "
        "WHERE instr(lower(name), ?) OR instr(lower(email), ?) ORDER BY seq DESC LIMIT ?",
        (REACH, text, text, MOST),
    )
    return [_result(row["id"], " ".join(filter(None, (row["name"], row["email"])))) for row in rows]


def _result(object_id: str, what: str) -> Body:
    return {"id": object_id, "what": cells.clip(what, 80), "href": cells.href(object_id)}
