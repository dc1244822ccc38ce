"""Questions to the store on a connection and a thread of their own: the API never waits for a page."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, TypeVar

from sandbox.store import store

Answer = TypeVar("Answer")


class Reader:
    """A connection that only reads; rows come as dicts by the names of their columns."""

    def __init__(self, file: str) -> None:
        self.db = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        self.db.row_factory = sqlite3.Row
        # Banks send what is no text; a page shows that, and does not break on it.
        self.db.text_factory = lambda raw: raw.decode("utf-8", "replace")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        return [dict(row) for row in self.db.execute(sql, values)]

    def row(self, sql: str, values: Sequence[Any] = ()) -> dict[str, Any] | None:
        row = self.db.execute(sql, values).fetchone()
        return None if row is None else dict(row)

    def value(self, sql: str, values: Sequence[Any] = ()) -> Any:
        row = self.db.execute(sql, values).fetchone()
        return None if row is None else row[0]


async def read(ask: Callable[[Reader], Answer]) -> Answer:
    """What `ask` finds out, off the event loop."""
    file = store.db.execute("PRAGMA database_list").fetchone()[2]
    return await asyncio.to_thread(_ask, ask, file)


def _ask(ask: Callable[[Reader], Answer], file: str) -> Answer:
    reader = Reader(file)
    with closing(reader.db):
        return ask(reader)
