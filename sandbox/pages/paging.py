"""Pages of a list, newest first: bounded in rows, and in how far a filter without an index looks back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.pages.reader import Reader

SIZE = 50
# Rows that one page looks through for what no index finds.
REACH = 20_000


@dataclass(frozen=True)
class Query:
    """What the page's address asks of a list: where to begin, and filters by name."""

    before: int | None
    filters: dict[str, str]

    def get(self, name: str) -> str:
        return self.filters.get(name, "").strip()


@dataclass(frozen=True)
class Page:
    """`older` is the cursor of the next page; `note` says where a search has stopped so far."""

    rows: list[dict[str, Any]]
    older: str | None
    note: str | None = None


def page(
    reader: Reader,
    table: str,
    columns: str,
    query: Query,
    clause: str = "1",
    values: Sequence[Any] = (),
    *,
    searching: bool = False,
) -> Page:
    """One page of a table by `seq`; `searching`: the clause has no index, so it looks through so many rows only."""
    first, last = span(reader, table)
    top = query.before if query.before is not None else last + 1
    floor = max(first, top - REACH) if searching else first
    rows = reader.rows(
        f"SELECT seq, {columns} FROM {table} WHERE {clause} AND seq < ? AND seq >= ? ORDER BY seq DESC LIMIT ?",
        [*values, top, floor, SIZE + 1],
    )
    if len(rows) > SIZE:
        return Page(rows[:SIZE], str(rows[SIZE - 1]["seq"]))
    if floor > first:
        return Page(rows, str(floor), f"Looked through {top - floor:,} so far; older ones may match too.")
    return Page(rows, None)


def objects(
    reader: Reader,
    query: Query,
    kinds: Sequence[str],
    columns: str,
    clause: str = "1",
    values: Sequence[str] = (),
) -> Page:
    """One page of objects of those kinds."""
    # Each kind by itself, in the order of its index: together they would all have to be sorted first.
    pages = [
        page(
            reader, "objects", f"id, kind, {columns}", query, f"kind = ? AND {clause}", [kind, *values],
            searching=bool(values),
        )
        for kind in kinds
    ]  # fmt: skip
    if len(pages) == 1:
        return pages[0]
    rows = sorted((row for each in pages for row in each.rows), key=lambda row: -int(row["seq"]))
    more = len(rows) > SIZE or any(each.older for each in pages)
    return Page(rows[:SIZE], str(rows[:SIZE][-1]["seq"]) if more and rows else None)


def span(reader: Reader, table: str) -> tuple[int, int]:
    """The first and last place in a table."""
    first, last = reader.value(f"SELECT min(seq) FROM {table}"), reader.value(f"SELECT max(seq) FROM {table}")
    return (first or 0), (last or 0)


def length(reader: Reader, table: str) -> int:
    """How many rows a table has that is only added to, and pruned from its beginning."""
    first, last = span(reader, table)
    return last - first + 1 if last else 0


def count(reader: Reader, source: str, *values: str, most: int = 10_000) -> str:
    """How many rows, as far as is worth counting on a list."""
    found = int(reader.value(f"SELECT count(*) FROM (SELECT 1 FROM {source} LIMIT {most + 1})", values))
    return f"{most:,}+" if found > most else f"{found:,}"
