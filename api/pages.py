"""Lists in parts: what a cursor is, and cutting a short list that is in memory anyway."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from api.problems import invalid

RowT = TypeVar("RowT")
DEFAULT_LIMIT = 50


def cursor_of(position: str) -> str:
    """An opaque cursor for a position in a list."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def position_of(cursor: str) -> str:
    """The position behind a cursor. Raises Problem 422 when it is none of ours."""
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise bad_cursor() from None


def id_of(cursor: str) -> int:
    """The row's number behind a cursor. Raises Problem 422."""
    position = position_of(cursor)
    if not (position.isascii() and position.isdecimal() and len(position) < 19):
        raise bad_cursor()
    return int(position)


def bad_cursor() -> Exception:
    return invalid("cursor", "is none that this list gave", "invalid_cursor")


def cut(
    rows: Sequence[RowT], limit: int, cursor: str | None, key: Callable[[RowT], object]
) -> tuple[list[RowT], str | None]:
    """(the part of the list after the cursor, the cursor of the next part). Raises Problem 422."""
    start = 0
    if cursor is not None:
        after = position_of(cursor)
        start = next((n for n, row in enumerate(rows, 1) if str(key(row)) == after), 0)
        if start == 0:
            raise bad_cursor()
    part = list(rows[start : start + limit])
    more = start + limit < len(rows)
    return part, cursor_of(str(key(part[-1]))) if more and part else None
