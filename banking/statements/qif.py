"""QIF files: records of one-letter fields, each ended by a caret. They name no currency and no order of days.

The one kept library guesses decimals ("1.234,50" becomes 1.2345 without a word) and stops at the first fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from banking.statements import Fault, Statement, StatementRow, Unreadable, amounts, day_fault, days, require_few

# Sections with the rows of an account; others list accounts, categories, classes and securities.
ROWS = ("bank", "cash", "ccard", "oth a", "oth l")


@dataclass(frozen=True)
class Reading:
    """How a QIF file is read."""

    encoding: str = "utf-8"
    order: str = "mdy"
    mark: str = "."

    def stored(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Record:
    """A record's fields by letter; of a letter that repeats, the first."""

    line: int
    fields: dict[str, str]


def is_qif(text: str) -> bool:
    """Whether the text is QIF's."""
    return text.lstrip()[:1] == "!" and ("!type:" in text[:20_000].lower() or "!account" in text[:20_000].lower())


def records(text: str) -> list[Record]:
    """The records of bank, cash and card sections. Raises Unreadable."""
    found = list(_records(text))
    if not found:
        raise Unreadable("The file holds no rows of a bank or card account. Statements of investments are not read.")
    return found


def _records(text: str) -> Iterator[Record]:
    wanted, first, fields, count = False, 0, dict[str, str](), 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith("!"):
            section = line.lower()
            if not section.startswith(("!option", "!clear")):
                wanted = section.startswith("!type:") and section[6:].strip() in ROWS
            fields = {}
        elif line.startswith("^"):
            if wanted and fields:
                require_few(count := count + 1)
                yield Record(first, fields)
            fields = {}
        elif line:
            first = first if fields else number
            fields.setdefault(line[0].upper(), line[1:].strip())
    if wanted and fields:
        yield Record(first, fields)


def guess(found: list[Record], encoding: str, today: date) -> Reading:
    """The order of days and the mark of decimals that the records show."""
    head = found[:500]
    return Reading(
        encoding,
        days.detect([_written(record.fields.get("D", "")) for record in head], today).order,
        amounts.detect([_amount(record) for record in head]),
    )


def is_certain(found: list[Record], today: date) -> bool:
    """Whether no other order of day and month would do."""
    return days.detect([_written(record.fields.get("D", "")) for record in found[:500]], today).is_certain


def read(found: list[Record], reading: Reading, currency: str, today: date) -> Statement:
    """The rows, amounts in `currency`."""
    rows: list[StatementRow] = []
    faults: list[Fault] = []
    for record in found:
        try:
            rows.append(_row(record, reading, currency, today))
        except ValueError as problem:
            faults.append(Fault(record.line, str(problem)))
    return Statement(tuple(rows), tuple(faults))


def _row(record: Record, reading: Reading, currency: str, today: date) -> StatementRow:
    """One row. Raises ValueError with words to show."""
    held = record.fields
    if "D" not in held:
        raise days.NoDate("no date")
    on = days.parse(_written(held["D"]), reading.order)
    if fault := day_fault(on, today):
        raise ValueError(fault)
    if not _amount(record):
        raise amounts.NoAmount("no amount")
    return StatementRow(
        line=record.line,
        on=on,
        amount_cents=amounts.parse(_amount(record), reading.mark, currency),
        currency=currency,
        description=" ".join(text for text in dict.fromkeys([held.get("P", ""), held.get("M", "")]) if text),
        category=held.get("L", ""),
    )


def _amount(record: Record) -> str:
    return record.fields.get("T") or record.fields.get("U", "")


def _written(text: str) -> str:
    """Quicken writes 2026 as '26 and pads with blanks: "1/ 5'26"."""
    return text.replace(" ", "").replace("'", "/") if "'" in text or "/ " in text else text
