"""Days as banks write them: text → date, and which order of day and month a column is written in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

ORDERS = {
    "ymd": "Year, month, day: 2026-11-20",
    "mdy": "Month, day, year: 11/20/2026",
    "dmy": "Day, month, year: 20.11.2026",
}
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
_TIME = r"(?:[T ,;].*)?$"
_NUMBERS = re.compile(r"(\d{1,4})[./\-' ]\s?(\d{1,2})[./\-' ]\s?(\d{1,4})" + _TIME, re.ASCII)
_COMPACT = re.compile(r"(\d{8})(?:\d{6}.*|\D.*)?$", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ .\-/]*([A-Za-z]{3})[a-z]*[ .,\-/]*(\d{4}|\d{2})" + _TIME, re.ASCII)
_MONTH_FIRST = re.compile(r"([A-Za-z]{3})[a-z]*[ .]+(\d{1,2})(?:st|nd|rd|th)?[ ,]+(\d{4})" + _TIME, re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[ \-/]([A-Za-z]{3})[a-z]*[ \-/](\d{1,2})" + _TIME, re.ASCII)
_COMPACT_CUTS = {"ymd": (4, 6), "mdy": (2, 4), "dmy": (2, 4)}


class NoDate(ValueError):
    """Text that is no date; the message is fit to show."""


@dataclass(frozen=True, slots=True)
class Detected:
    """The order that fits a column's texts best; not certain when another fits as well."""

    order: str
    is_certain: bool
    share: float


def parse(text: str, order: str) -> date:
    """The day that the text names, a time after it left out. Raises NoDate."""
    text = text.strip()
    parts = _parts(text, order)
    if parts is None:
        raise NoDate(f"“{text[:40]}” is no date")
    year, month, day = parts
    try:
        return date(_full(year), month, day)
    except ValueError:
        raise NoDate(f"“{text[:40]}” is no date") from None


def _parts(text: str, order: str) -> tuple[int, int, int] | None:
    """(year, month, day), unchecked."""
    if found := _NUMBERS.match(text):
        if (len(found[1]) > 2) != (order == "ymd"):
            return None  # four digits are the year, wherever they stand
        return _ordered(found[1], found[2], found[3], order)
    if found := _COMPACT.match(text):
        first, second = _COMPACT_CUTS[order]
        digits = found[1]
        return _ordered(digits[:first], digits[first:second], digits[second:], order)
    for pattern, places in ((_DAY_FIRST, (3, 2, 1)), (_MONTH_FIRST, (3, 1, 2)), (_YEAR_FIRST, (1, 2, 3))):
        if (found := pattern.match(text)) and (month := MONTHS.get(found[places[1]].lower())):
            return int(found[places[0]]), month, int(found[places[2]])
    return None


def _ordered(first: str, second: str, third: str, order: str) -> tuple[int, int, int]:
    if order == "ymd":
        return int(first), int(second), int(third)
    if order == "mdy":
        return int(third), int(first), int(second)
    return int(third), int(second), int(first)


def _full(year: int) -> int:
    """Two digits are of this century, or of the last one where this one has not come so far."""
    if year > 99:
        return year
    return 2000 + year if 2000 + year <= date.today().year + 1 else 1900 + year


def detect(texts: Sequence[str], today: date) -> Detected:
    """The order in which most of the texts are dates; between two that do equally well, the likelier."""
    written = [text for text in texts if text.strip()]
    read = {order: [_try(text, order) for text in written] for order in ORDERS}
    fits = {order: sum(day is not None for day in days) for order, days in read.items()}
    best = max(fits.values(), default=0)
    if not best:
        return Detected("ymd", False, 0.0)
    equal = [order for order in ORDERS if fits[order] == best]
    alike = all(read[order] == read[equal[0]] for order in equal)
    # Points part days where the day comes first.
    if "dmy" in equal and all("." in text for text in written):
        return Detected("dmy", True, best / len(written))
    chosen = min(equal, key=lambda order: _oddness([day for day in read[order] if day], today))
    return Detected(chosen, alike or len(equal) == 1, best / len(written))


def _try(text: str, order: str) -> date | None:
    try:
        return parse(text, order)
    except NoDate:
        return None


def _oddness(days: Sequence[date], today: date) -> tuple[int, int, int]:
    """How unlikely a statement's days are: those to come, how often they turn, and how far they lie apart."""
    ahead = sum(day > today for day in days)
    steps = [(after > before) - (after < before) for before, after in pairwise(days)]
    return ahead, min(steps.count(1), steps.count(-1)), (max(days) - min(days)).days
