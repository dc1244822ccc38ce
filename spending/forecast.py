"""The checking accounts day by day from now on: a band between the better and the worse case, and its middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from spending.habits import Habits
from spending.safe_to_spend import everyday
from spending.upcoming import Item


@dataclass(frozen=True, slots=True)
class Day:
    """The balance at the end of a day, as far as we know; cents."""

    on: date
    low_cents: int
    high_cents: int

    @property
    def middle_cents(self) -> int:
        return (self.low_cents + self.high_cents) // 2


def forecast(have_cents: int, items: Sequence[Item], habits: Habits, today: date, until: date) -> list[Day]:
    """From today, as it stands, to `until`: what is expected in and out, and everyday spending as usual."""
    days, low, high = [Day(today, have_cents, have_cents)], have_cents, have_cents
    spent_low = spent_high = 0
    for step in range(1, (until - today).days + 1):
        on = today + timedelta(days=step)
        # What was expected today leaves or arrives tonight at the latest.
        for item in items:
            if item.on == on or (step == 1 and item.on == today):
                low, high = _after(item, low, high)
        usual_low, usual_high = everyday(habits.everyday_cents, step)
        low, high = low - (usual_high - spent_high), high - (usual_low - spent_low)
        spent_low, spent_high = usual_low, usual_high
        days.append(Day(on, low, high))
    return days


def _after(item: Item, low: int, high: int) -> tuple[int, int]:
    if item.is_income:
        return low + item.low, high + item.high
    if item.is_claim or item.is_own_move:
        return low - item.high, high - item.low
    return low, high


def lowest(days: Sequence[Day]) -> Day:
    """The day on which least is left."""
    return min(days, key=lambda day: (day.middle_cents, day.on))
