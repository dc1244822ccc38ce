"""CSV files: how they are laid out, what their columns seem to be, and their rows once a person has said so."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from itertools import chain
from typing import Any

from banking.statements import (
    LONGEST_REFERENCE,
    MOST_ROWS,
    Fault,
    Statement,
    StatementRow,
    Unreadable,
    amounts,
    day_fault,
    days,
    require_few,
)

DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar"}
LOOKED_AT = 200
# A cell may hold line breaks, but hardly so many.
LONGEST_RECORD = 50
LONGEST_LINE = 100_000
MOST_LINES = 10 * MOST_ROWS
END = "the end of the file"
NEVER_CLOSED = "Line {} is not CSV: a quotation mark is opened there and never closed."
MOST_COLUMNS = 60
# What a column can be, and what its heading then says, in lower case; the earlier the likelier.
HEADINGS: dict[str, tuple[str, ...]] = {
    "day": ("date", "transaction date", "trans date", "trans. date", "booking date", "posting date", "post date",
            "posted date", "completed date", "date posted", "value date", "buchungstag", "buchungsdatum", "datum",
            "fecha", "data", "jour"),
    "amount": ("amount", "transaction amount", "amount (usd)", "amount usd", "value", "betrag", "umsatz", "montant",
               "importe", "importo", "bedrag", "sum"),
    "money_out": ("debit", "withdrawal", "withdrawals", "money out", "paid out", "debit amount", "amount debit",
                  "outflow", "payment", "charges", "soll", "withdrawal amount"),
    "money_in": ("credit", "deposit", "deposits", "money in", "paid in", "credit amount", "amount credit", "inflow",
                 "credits", "haben", "deposit amount"),
    "direction": ("transaction type", "type", "debit/credit", "credit/debit", "dr/cr", "cr/dr", "af bij",
                  "credit debit indicator"),
    "description": ("description", "payee", "name", "merchant", "transaction description", "original description",
                    "details", "narrative", "counterparty", "beguenstigter/zahlungspflichtiger", "empfänger",
                    "auftraggeber / begünstigter", "verwendungszweck", "text", "libellé", "transaction", "memo"),
    "details": ("memo", "extended description", "additional details", "verwendungszweck",
                "purpose", "reference text"),
    "currency": ("currency", "ccy", "währung", "currency code", "devise"),
    "reference": ("id", "transaction id", "reference", "reference number", "fitid", "reference id", "transaction_id",
                  "confirmation number"),
    "category": ("category", "kategorie"),
    "status": ("status", "state"),
}  # fmt: skip
OUTGOING = {"debit", "dr", "d", "out", "outgoing", "withdrawal", "expense", "af", "soll", "s"}
INCOMING = {"credit", "cr", "c", "in", "incoming", "deposit", "income", "bij", "haben", "h"}
STATUSES = {
    "posted": "posted", "booked": "posted", "cleared": "posted", "completed": "posted", "complete": "posted",
    "settled": "posted", "reconciled": "posted", "": "posted",
    "pending": "pending", "authorized": "pending", "uncleared": "pending",
    "void": "void", "voided": "void", "declined": "void", "failed": "void", "reverted": "void", "canceled": "void",
    "cancelled": "void",
}  # fmt: skip
# What a spreadsheet would take for a formula, at the beginning of a cell or of what it may part into one: where lists
# have semicolons it opens our files by those. Our own exports put an apostrophe before it.
FORMULA = re.compile("(^|[;|\t\r\n])(?='*[=+\\-@\t\r＝＋－＠])")
GUARDED = re.compile(FORMULA.pattern.replace(")(?=", ")'(?="))


@dataclass(frozen=True)
class Reading:
    """How a CSV file is read: its text, its columns by place, and how it writes days and amounts."""

    encoding: str = "utf-8"
    delimiter: str = ","
    order: str = "ymd"
    mark: str = "."
    day: int | None = None
    amount: int | None = None
    money_out: int | None = None
    money_in: int | None = None
    direction: int | None = None
    description: int | None = None
    details: int | None = None
    currency: int | None = None
    reference: int | None = None
    category: int | None = None
    status: int | None = None
    is_flipped: bool = False

    @property
    def missing(self) -> str:
        """What must still be said before the file can be read; empty when nothing."""
        if self.day is None:
            return "Say which column holds the date."
        if self.amount is None and self.money_out is None and self.money_in is None:
            return "Say which column holds the amount, or which two hold money out and money in."
        if self.description is None:
            return "Say which column names the shop or the payee."
        return ""

    def stored(self) -> dict[str, Any]:
        return asdict(self)


COLUMNS = ("day", "description", "details", "amount", "money_out", "money_in", "direction", "currency", "category",
           "reference", "status")  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """The table in a CSV file. `heading` is empty where it has none; `above` counts lines before it."""

    heading: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    faults: tuple[Fault, ...]
    width: int
    above: int
    encoding: str
    delimiter: str

    @property
    def named(self) -> list[str]:
        """A name for each column."""
        return [(self.heading[at].strip() if self.heading else "") or f"Column {at + 1}" for at in range(self.width)]

    @property
    def fingerprint(self) -> str:
        """Names the layout, whatever the rows: files of one bank share it."""
        names = [name.strip().casefold() for name in self.heading] or [f"{self.width} columns"]
        return hashlib.sha256("\x1f".join(names).encode()).hexdigest()

    def column(self, at: int | None) -> list[str]:
        """The texts of a column's first rows."""
        return [] if at is None else [cells[at] for _, cells in self.rows[:LOOKED_AT]]


def reading_of(stored: Mapping[str, Any]) -> Reading:
    """What `stored` wrote."""
    names = {field.name for field in fields(Reading)}
    return Reading(**{name: value for name, value in stored.items() if name in names})


def sheet(text: str, encoding: str, delimiter: str = "") -> Sheet:
    """Take the text apart. Raises Unreadable when there is no table in it."""
    _require_lines(text)
    mark = delimiter or _delimiter(text)
    _require_closed(text, mark)
    records = list(_records(text, mark))
    width = _width(records)
    if width < 2:
        raise Unreadable("We find no table in the file. CSV has a line for each row, its columns parted by commas.")
    if width > MOST_COLUMNS:
        raise Unreadable(f"The file has {width} columns; we read up to {MOST_COLUMNS}.")
    start = next(at for at, (_, cells) in enumerate(records) if len(cells) == width)
    heading = records[start][1] if _is_heading(records[start][1]) else ()
    rows: list[tuple[int, tuple[str, ...]]] = []
    faults: list[Fault] = []
    for line, cells in records[start + bool(heading) :]:
        cells = _fitted(cells, width)
        if len(cells) == width:
            rows.append((line, cells))
        else:
            faults.append(Fault(line, f"{len(cells)} columns instead of {width}"))
        require_few(len(rows) + len(faults))
    return Sheet(heading, tuple(rows), tuple(faults), width, start, encoding, mark)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(first line, cells) of each record that is not blank. Raises Unreadable."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    before = 0
    try:
        for cells in lines:
            if lines.line_num - before > LONGEST_RECORD:
                raise csv.Error
            if any(cell.strip() for cell in cells):
                yield before + 1, tuple(cells)
            before = lines.line_num
    except csv.Error:
        raise Unreadable(NEVER_CLOSED.format(before + 1)) from None


def _require_lines(text: str) -> None:
    """Raises Unreadable when a line is too long to be a row, or lines are too many to be taken apart."""
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > LONGEST_LINE:
            raise Unreadable(f"Line {number} is longer than {LONGEST_LINE:,} letters: no row of a statement is.")
        if number > MOST_LINES:
            require_few(number)


def _require_closed(text: str, delimiter: str) -> None:
    """Raises Unreadable when a quotation mark is still open at the end: it would swallow what follows it."""
    lines = csv.reader(chain(io.StringIO(text, newline=""), [END]), delimiter=delimiter)
    last: list[str] = []
    first = before = 0
    try:
        for record in lines:
            last, first, before = record, before, lines.line_num
    except csv.Error:
        last, first = [], before
    if last != [END]:
        raise Unreadable(NEVER_CLOSED.format(first + 1))


def _delimiter(text: str) -> str:
    """The mark that parts most lines into the same number of columns."""

    def score(mark: str) -> float:
        head = "".join(text.splitlines(keepends=True)[:LOOKED_AT])
        try:
            widths = Counter(len(cells) for _, cells in _records(head, mark))
        except Unreadable:
            return 0
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        return count / max(widths.total(), 1) * min(width, 12) if width > 1 else 0

    return max(DELIMITERS, key=score)


def _width(records: Sequence[tuple[int, tuple[str, ...]]]) -> int:
    widths = Counter(len(cells) for _, cells in records[: 10 * LOOKED_AT] if len(cells) > 1)
    return max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))[0]


def _is_heading(cells: Sequence[str]) -> bool:
    """Whether the first line names columns: none of its cells is a day or an amount."""
    written = [cell for cell in cells if cell.strip()]
    return bool(written) and not any(amounts.is_amount(cell) or days.detect([cell], date.max).share for cell in written)


def _fitted(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Without empty cells beyond the table's width."""
    return cells[:width] if len(cells) > width and not any(cell.strip() for cell in cells[width:]) else cells


def guess(sheet: Sheet, today: date) -> Reading:
    """How the file is likely to be read, by its headings, else by what its columns hold."""
    reading = Reading(encoding=sheet.encoding, delimiter=sheet.delimiter)
    found = _by_heading(sheet) if sheet.heading else {}
    if "day" not in found:
        found |= _by_content(sheet, today)
    if "amount" in found:
        found.pop("money_out", None), found.pop("money_in", None)
    else:
        found.pop("direction", None)
    if "direction" in found and not _tells_direction(sheet.column(found["direction"]), sheet.column(found["amount"])):
        del found["direction"]
    if "status" in found and any(text.strip().casefold() not in STATUSES for text in sheet.column(found["status"])):
        del found["status"]
    return judged(sheet, replace(reading, **found), today)


def judged(sheet: Sheet, reading: Reading, today: date) -> Reading:
    """The reading with the order of days and the decimal mark that its columns show."""
    texts = [text for at in (reading.amount, reading.money_out, reading.money_in) for text in sheet.column(at)]
    return replace(reading, order=days.detect(sheet.column(reading.day), today).order, mark=amounts.detect(texts))


def _by_heading(sheet: Sheet) -> dict[str, Any]:
    """Columns by what they are called; each column is one thing."""
    names = [name.strip().casefold() for name in sheet.heading]
    found: dict[str, Any] = {}
    for column, words in HEADINGS.items():
        for word in words:
            if word in names and (at := names.index(word)) not in found.values():
                found[column] = at
                break
    return found


def _by_content(sheet: Sheet, today: date) -> dict[str, Any]:
    """The first column of days, the last-but-balance column of amounts, and the column with the longest texts."""
    columns = {at: [text for text in sheet.column(at) if text.strip()] for at in range(sheet.width)}
    dated = [at for at, texts in columns.items() if texts and days.detect(texts, today).share > 0.9]
    counted = [
        at
        for at, texts in columns.items()
        if at not in dated and texts and sum(map(amounts.is_amount, texts)) > 0.9 * len(texts)
    ]
    worded = [at for at in columns if at not in dated and at not in counted]
    found: dict[str, Any] = {}
    if dated:
        found["day"] = dated[0]
    if counted:
        # Money has decimals; where several columns do, the first is the amount and a later one the balance.
        found["amount"] = next((at for at in counted if any("." in t or "," in t for t in columns[at])), counted[0])
    if worded:
        found["description"] = max(worded, key=lambda at: sum(map(len, columns[at])))
    return found


def _tells_direction(texts: Sequence[str], written: Sequence[str]) -> bool:
    """Whether a column says in or out: it has no other words, and no amount says so by a minus."""
    words = {text.strip().casefold() for text in texts if text.strip()}
    return bool(words) and words <= OUTGOING | INCOMING and not any(set("-−–(") & set(text) for text in written)


def read(sheet: Sheet, reading: Reading, currency: str, today: date) -> Statement:
    """The rows, amounts in `currency` where the file names none. Raises Unreadable when the reading is not complete."""
    if reading.missing:
        raise Unreadable(reading.missing)
    if any((at := getattr(reading, name)) is not None and not 0 <= at < sheet.width for name in COLUMNS):
        raise Unreadable("The file has fewer columns than you said. Look at its columns again.")
    rows: list[StatementRow] = []
    faults = list(sheet.faults)
    signs = _usual_sign(sheet, reading.money_out), _usual_sign(sheet, reading.money_in)
    for line, cells in sheet.rows:
        try:
            rows.append(_row(line, cells, reading, signs, currency, today))
        except ValueError as problem:
            faults.append(Fault(line, str(problem)))
    return Statement(tuple(rows), tuple(sorted(faults, key=lambda fault: fault.line)))


def _usual_sign(sheet: Sheet, at: int | None) -> int:
    """-1 where a column of money out, or in, is written with a minus; then one without takes something back."""
    # Zeros say nothing: some banks write one wherever the other column holds the amount.
    written = [text for text in sheet.column(at) if amounts.is_amount(text) and set("123456789") & set(text)]
    return -1 if 2 * sum(map(amounts.is_negative, written)) > len(written) else 1


def _row(
    line: int, cells: Sequence[str], reading: Reading, signs: tuple[int, int], currency: str, today: date
) -> StatementRow:
    """One row. Raises ValueError with words to show."""

    def cell(at: int | None) -> str:
        text = "" if at is None else cells[at].strip()
        return GUARDED.sub(r"\1", text) if "'" in text else text

    on = days.parse(cell(reading.day), reading.order)
    if fault := day_fault(on, today):
        raise ValueError(fault)
    unit = cell(reading.currency).lower() or currency
    if not (len(unit) == 3 and unit.isascii() and unit.isalpha()):
        raise ValueError(f"“{unit[:20]}” is no currency; write three letters such as USD")
    status = STATUSES.get(cell(reading.status).casefold())
    if status is None:
        raise ValueError(f"“{cell(reading.status)[:40]}” is no state that we know")
    words = [text for text in dict.fromkeys([cell(reading.description), cell(reading.details)]) if text]
    return StatementRow(
        line=line,
        on=on,
        amount_cents=_cents(cell, reading, signs, unit),
        currency=unit,
        description=" ".join(words),
        reference=cell(reading.reference)[:LONGEST_REFERENCE],
        status=status,
        category=cell(reading.category),
    )


def _cents(cell: Any, reading: Reading, signs: tuple[int, int], currency: str) -> int:
    """The row's amount, negative for money out. Raises ValueError."""
    if reading.amount is not None:
        cents = amounts.parse(cell(reading.amount), reading.mark, currency)
        if reading.direction is not None:
            cents = _directed(cents, cell(reading.direction))
    else:
        out, into = cell(reading.money_out), cell(reading.money_in)
        if not out and not into:
            raise ValueError("no amount")
        cents = (signs[1] * amounts.parse(into, reading.mark, currency) if into else 0) - (
            signs[0] * amounts.parse(out, reading.mark, currency) if out else 0
        )
    return -cents if reading.is_flipped else cents


def _directed(cents: int, word: str) -> int:
    known = word.casefold()
    if known in OUTGOING:
        return -abs(cents)
    if known in INCOMING:
        return abs(cents)
    raise ValueError(f"“{word[:40]}” does not say whether money went out or came in")
