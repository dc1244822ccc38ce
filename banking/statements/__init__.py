"""Statements that people bring as files: their rows, and what of them cannot be read, by line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

MOST_ROWS = 50_000
MOST_BYTES = 10 * 1024 * 1024
EARLIEST = date(1950, 1, 1)
# A bank east of the household is a day ahead.
AHEAD = timedelta(days=1)
LONGEST_REFERENCE = 255


class Unreadable(ValueError):
    """A file that is no statement, or too large; the message is fit to show."""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A row of a file. Amounts are negative for money out; `reference` is the bank's own name for the row."""

    line: int
    on: date
    amount_cents: int
    currency: str
    description: str
    reference: str = ""
    status: str = "posted"
    category: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that cannot be read, and why."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class ClosingBalance:
    """What the file says the account held at the end of a day; negative is owed."""

    on: date
    cents: int
    currency: str


@dataclass(frozen=True)
class Statement:
    """What a file says of one account. `last4` is empty where it does not tell."""

    rows: tuple[StatementRow, ...]
    faults: tuple[Fault, ...] = ()
    balance: ClosingBalance | None = None
    last4: str = ""


def decoded(content: bytes, encoding: str = "") -> tuple[str, str]:
    """(the text, its encoding): as said, else by its mark, else UTF-8, else what Windows writes. NULs are dropped.

    Raises Unreadable.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it, by year for instance.")
    for name in [encoding] if encoding else _likely(content):
        try:
            return content.decode(name).replace("\x00", "").removeprefix("\ufeff"), name
        except (UnicodeDecodeError, LookupError):
            continue
    raise Unreadable("The file is not text that we can read. Save it as UTF-8 and try again.")


def _likely(content: bytes) -> Iterable[str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    return ("utf-8", "cp1252", "latin-1")


def day_fault(on: date, today: date) -> str:
    """Why no row can be of that day, in words; empty when it can."""
    if on > today + AHEAD:
        return f"{on} lies in the future"
    if on < EARLIEST:
        return f"{on} lies before {EARLIEST.year}"
    return ""


def require_few(count: int) -> None:
    """Raises Unreadable when a file has more rows than one import takes."""
    if count > MOST_ROWS:
        raise Unreadable(
            f"The file has more than {MOST_ROWS:,} rows, the most that one import takes. Split it by year."
        )
