"""What comes back: pay, bills and moves of money found in the dates and amounts of a merchant's rows. Pure reading."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from itertools import pairwise
from statistics import median_low


class Rhythm(Enum):
    """How often something comes back: its days between, how far a real one may stray, how many times prove it."""

    WEEKLY = ("every week", 7, 1, 4)
    BIWEEKLY = ("every two weeks", 14, 2, 3)
    MONTHLY = ("every month", 30, 4, 3)
    BIMONTHLY = ("every two months", 61, 5, 3)
    QUARTERLY = ("every three months", 91, 7, 3)
    YEARLY = ("every year", 365, 8, 2)

    def __init__(self, words: str, days: int, stray: int, proof: int) -> None:
        self.words, self.days, self.stray, self.proof = words, days, stray, proof

    @property
    def months(self) -> int:
        """How many calendar months it steps, 0 for those that count in days."""
        return {"MONTHLY": 1, "BIMONTHLY": 2, "QUARTERLY": 3, "YEARLY": 12}.get(self.name, 0)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One row: the day it was booked and its amount with Stripe's sign."""

    on: date
    cents: int


@dataclass(frozen=True, slots=True)
class Series:
    """Something that recurs. Amounts keep Stripe's sign, negative for money out; `low_cents` is nearer zero.

    `day` is its usual day of the month where it steps in months. `occurrences` are the newest first.
    """

    merchant: str
    category: str
    account_id: int
    rhythm: Rhythm
    day: int
    low_cents: int
    high_cents: int
    occurrences: tuple[Occurrence, ...]

    @property
    def last_on(self) -> date:
        return self.occurrences[0].on

    @property
    def is_income(self) -> bool:
        return self.low_cents > 0

    @property
    def is_exact(self) -> bool:
        return self.low_cents == self.high_cents

    def dates(self, since: date, until: date) -> list[date]:
        """The days on which it is expected from `since` to `until`. One that is a few days late is expected still."""
        found, on = [], self._after(self.last_on)
        # What did not come within its stray and a weekend has been skipped or has ended.
        while on + timedelta(days=self.rhythm.stray + 2) < since:
            on = self._after(on)
        while on <= until:
            found.append(max(on, since))
            on = self._after(on)
        return found

    def is_alive(self, today: date) -> bool:
        """Whether it came when it was last expected."""
        return (today - self.last_on).days <= self.rhythm.days + self.rhythm.stray + 5

    def _after(self, on: date) -> date:
        if not self.rhythm.months:
            return on + timedelta(days=self.rhythm.days)
        # Nearest first: a bill of the 31st that was booked on the 2nd still belongs to the month before.
        base = _nearest_month(on, self.day)
        months = base.year * 12 + base.month - 1 + self.rhythm.months
        return _on_day(months // 12, months % 12 + 1, self.day)


# Where people buy often and freely, only one and the same price is a habit.
FREE_CHOICE = frozenset({"groceries", "eating_out", "shopping", "transport", "fun", "health", "other"})


def find(merchant: str, category: str, account_id: int, rows: Iterable[Occurrence], today: date) -> Series | None:
    """The series in one merchant's rows of one direction, or None. One price may come back among many others."""
    days = _one_a_day(rows)
    whole = _series(merchant, category, account_id, days, today)
    if whole:
        return whole
    by_amount: dict[int, list[Occurrence]] = {}
    for occurrence in days:
        by_amount.setdefault(occurrence.cents, []).append(occurrence)
    found = [_series(merchant, category, account_id, same, today) for same in by_amount.values() if len(same) > 2]
    return max(filter(None, found), key=lambda series: len(series.occurrences), default=None)


def _one_a_day(rows: Iterable[Occurrence]) -> list[Occurrence]:
    sums: dict[date, int] = {}
    for row in rows:
        sums[row.on] = sums.get(row.on, 0) + row.cents
    return [Occurrence(on, sums[on]) for on in sorted(sums, reverse=True)]


def _series(merchant: str, category: str, account_id: int, days: Sequence[Occurrence], today: date) -> Series | None:
    rhythm = _rhythm(days)
    if rhythm is None or not _amounts_agree(category, days):
        return None
    low, high = _range(days)
    series = Series(merchant, category, account_id, rhythm, _usual_day(days), low, high, tuple(days))
    return series if series.is_alive(today) else None


def _rhythm(days: Sequence[Occurrence]) -> Rhythm | None:
    """The rhythm that at least four of five gaps keep."""
    gaps = [(newer.on - older.on).days for newer, older in pairwise(days)]
    for rhythm in Rhythm:
        if len(days) < rhythm.proof:
            continue
        kept = sum(abs(gap - rhythm.days) <= rhythm.stray for gap in gaps)
        if kept * 5 >= len(gaps) * 4 and abs(gaps[0] - rhythm.days) <= rhythm.stray + 3:
            return rhythm
    return None


def _amounts_agree(category: str, days: Sequence[Occurrence]) -> bool:
    recent = [abs(day.cents) for day in days[:6]]
    if category not in FREE_CHOICE:
        return True
    # The same price, or one that rose.
    return max(recent) <= min(recent) * 1.25 and len(set(recent)) <= 2


def _range(days: Sequence[Occurrence]) -> tuple[int, int]:
    """From the last six; a price that came twice in a row is the price."""
    recent = [day.cents for day in days[:6]]
    if len(recent) > 1 and recent[0] == recent[1]:
        return recent[0], recent[0]
    return min(recent, key=abs), max(recent, key=abs)


def _usual_day(days: Sequence[Occurrence]) -> int:
    """The day of the month, from the last six; a weekend may have shifted some of them."""
    return median_low([day.on.day for day in days[:6]])


def _nearest_month(on: date, day: int) -> date:
    """The occurrence's own due day: in the month of `on`, the one before or the one after, whichever is nearest."""
    months = on.year * 12 + on.month - 1
    near = [_on_day((months + step) // 12, (months + step) % 12 + 1, day) for step in (-1, 0, 1)]
    return min(near, key=lambda due: abs((due - on).days))


def _on_day(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))
