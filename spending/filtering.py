"""Filters in an address: text → a RowFilter, and back into the links that change one thing and keep the rest."""

from __future__ import annotations

from calendar import month_abbr, month_name
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import QueryDict

from fcdash import money
from spending.listing import RowFilter
from spending.periods import Span, month_end, month_start, months_back, whole_month
from spending.searching import Position

STATUSES = ("pending", "posted", "void")
# What an address may hold, in the order in which it is written.
PARAMETERS = (
    "q",
    "account",
    "category",
    "merchant",
    "from",
    "to",
    "min",
    "max",
    "status",
    "currency",
    "counts",
    "by",
    "view",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter as it was asked for: the rows it means, its address, and what in it could not be read."""

    rows: RowFilter
    parameters: tuple[tuple[str, str], ...]
    errors: tuple[str, ...]

    def url(self, path: str, **changes: str | None) -> str:
        """The address with some parameters changed, and without those set to None. `from_` and `to` are days."""
        kept = dict(self.parameters)
        for name, value in changes.items():
            kept.pop(name.rstrip("_"), None)
            if value is not None:
                kept[name.rstrip("_")] = value
        ordered = sorted(kept.items(), key=lambda item: _place(item[0]))
        return f"{path}?{urlencode(ordered)}" if ordered else path

    def given(self, name: str) -> str:
        return dict(self.parameters).get(name, "")


def _place(name: str) -> int:
    return PARAMETERS.index(name) if name in PARAMETERS else len(PARAMETERS)


def asked(query: QueryDict, currency: str, default: Span | None = None) -> Asked:
    """What an address asks for. What cannot be read is named in `errors` and left out."""
    # No text in the database holds a NUL, and none may be asked for.
    given = {name: str(query.get(name, "")).replace("\x00", "").strip()[:200] for name in PARAMETERS}
    held = {name: value for name, value in given.items() if value}
    errors: list[str] = []
    first, last = _day(held, "from", errors), _day(held, "to", errors)
    if default and not (first or last):
        first, last = default.first, default.last
    if first and last and first > last:
        errors.append("The first day lies after the last one.")
    return Asked(
        RowFilter(
            text=held.get("q", ""),
            account_ids=tuple(int(part) for part in held.get("account", "").split(",") if is_id(part)),
            categories=tuple(key for key in held.get("category", "").split(",") if key and key != "unsure"),
            unsure=held.get("category") == "unsure",
            merchant=given["merchant"] if "merchant" in query else None,
            first=first,
            last=last,
            least_cents=_cents(held, "min", currency, errors),
            most_cents=_cents(held, "max", currency, errors),
            status=held.get("status", "") if held.get("status") in STATUSES else "",
            currency=held.get("currency", "").lower(),
            spending=held.get("counts") == "spending",
        ),
        tuple(held.items()),
        tuple(errors),
    )


def is_id(text: str) -> bool:
    """Whether the text is a number that the database can hold."""
    return text.isascii() and text.isdigit() and len(text) < 19


def _day(held: dict[str, str], name: str, errors: list[str]) -> date | None:
    if name not in held:
        return None
    try:
        return date.fromisoformat(held[name])
    except ValueError:
        errors.append(f"“{held.pop(name)}” is no day. Write it as 2026-11-20.")
        return None


def _cents(held: dict[str, str], name: str, currency: str, errors: list[str]) -> int | None:
    if name not in held:
        return None
    try:
        return abs(money.parse(held[name], currency))
    except money.NotMoney as problem:
        errors.append(f"“{held.pop(name)}”: {problem}")
        return None


def position(text: str) -> Position | None:
    """A cursor "2026-11-20.1234" read; None when there is none or it is damaged."""
    day, _, number = text.partition(".")
    try:
        return Position(date.fromisoformat(day), int(number)) if is_id(number) else None
    except ValueError:
        return None


def cursor(at: Position) -> str:
    return f"{at.on}.{at.id}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A link of a picker."""

    label: str
    url: str
    current: bool


def periods(path: str, now: Asked, today: date, everything: bool = False) -> list[Choice]:
    """The period picker: this month and the last, three and twelve months, and everything where a list can show it."""
    this, last = whole_month(today), whole_month(months_back(today, 1))
    spans = [
        (month_name[today.month], this),
        (month_name[last.first.month], last),
        ("3 months", Span(months_back(today, 2), this.last)),
        ("12 months", Span(months_back(today, 11), this.last)),
    ]
    chosen = (now.rows.first, now.rows.last)
    found = [
        Choice(label, now.url(path, from_=str(span.first), to=str(span.last)), chosen == (span.first, span.last))
        for label, span in spans
    ]
    if everything:
        found.append(Choice("All", now.url(path, from_=None, to=None), chosen == (None, None)))
    return found


def words_of(span: Span | None, today: date) -> str:
    """A span as a person says it: "November", "October 2025", "Nov 3 to 20", "the last 12 months"."""
    if span is None:
        return "all time"
    year = "" if span.last.year == today.year else f" {span.last.year}"
    if span == whole_month(span.first):
        return f"{month_name[span.first.month]}{year}"
    if span.first.day == 1 and span.last == month_end(today):
        months = (month_start(today).year - span.first.year) * 12 + today.month - span.first.month + 1
        return f"the last {months} months"
    first_year = "" if span.first.year == span.last.year else f", {span.first.year}"
    first = f"{month_abbr[span.first.month]} {span.first.day}{first_year}"
    if span.first == span.last:
        return f"{first}{year}"
    return f"{first} to {month_abbr[span.last.month]} {span.last.day}{f', {span.last.year}' if year else ''}"


def day_before(span: Span) -> date:
    return span.first - timedelta(days=1)
