"""What is safe to spend until the next payday: a range and the claims that it leaves room for, or what it waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from spending.habits import EVERYDAY_DAYS, Habits
from spending.upcoming import Item, next_payday

DAYS_NEEDED = 42
STEP = 5_00  # what one may spend is rounded to five inwards


@dataclass(frozen=True, slots=True)
class SafeToSpend:
    """The range left until payday, and what was taken off; cents, positive unless nothing is left."""

    payday: date
    days: int
    have_cents: int
    accounts: int
    bills_low: int
    bills_high: int
    everyday_low: int
    everyday_high: int
    floor_cents: int
    low_cents: int
    high_cents: int

    @property
    def a_day_low(self) -> int:
        return _inwards(self.low // self.days)

    @property
    def a_day_high(self) -> int:
        return _inwards(self.high // self.days)

    @property
    def is_short(self) -> bool:
        """Whether even the better case leaves nothing."""
        return self.high_cents <= 0

    @property
    def low(self) -> int:
        """The range as it is shown: never below nothing."""
        return max(self.low_cents, 0)

    @property
    def high(self) -> int:
        return max(self.high_cents, 0)

    @property
    def short_low(self) -> int:
        """What is missing in the better case, positive."""
        return max(-self.high_cents, 0)

    @property
    def short_high(self) -> int:
        return max(-self.low_cents, 0)

    @property
    def parts(self) -> list[tuple[str, int]]:
        """The bar: claimed for sure, perhaps, kept as floor, and free."""
        return [
            ("claimed", self.bills_low),
            ("maybe", self.bills_high - self.bills_low),
            ("claimed", self.everyday_low),
            ("maybe", self.everyday_high - self.everyday_low),
            ("floor", self.floor_cents),
            ("free", max(self.low_cents, 0)),
        ]


@dataclass(frozen=True, slots=True)
class NotYet:
    """Why there is no range yet, in words."""

    title: str
    text: str


def safe_to_spend(
    have_cents: int | None, accounts: int, items: Sequence[Item], habits: Habits, today: date
) -> SafeToSpend | NotYet:
    """The range until the next payday. `have_cents` is spendable in the checking accounts, None while unknown.

    Takes off the bills and moves that leave before payday and everyday spending as usual; keeps a floor of 0.
    """
    if have_cents is None:
        return NotYet("Safe to spend: not yet", "This needs one checking account whose balance we can read.")
    known = habits.days_known(today)
    if known < DAYS_NEEDED:
        return NotYet(
            "Safe to spend: not yet",
            f"This needs about six weeks of transactions; you have {_weeks(known)}.",
        )
    pay = next_payday(items, today)
    if pay is None:
        return NotYet("Safe to spend: not yet", "This needs a payday. We look for pay that comes back; two are enough.")
    days = (pay.on - today).days
    claims = [item for item in items if item.on < pay.on and not item.is_income and (item.is_claim or item.is_own_move)]
    bills_low, bills_high = sum(item.low for item in claims), sum(item.high for item in claims)
    everyday_low, everyday_high = everyday(habits.everyday_cents, days)
    return SafeToSpend(
        payday=pay.on,
        days=days,
        have_cents=have_cents,
        accounts=accounts,
        bills_low=bills_low,
        bills_high=bills_high,
        everyday_low=everyday_low,
        everyday_high=everyday_high,
        floor_cents=0,
        low_cents=_inwards(have_cents - bills_high - everyday_high),
        high_cents=_inwards(have_cents - bills_low - everyday_low),
    )


def everyday(daily: Sequence[int], days: int) -> tuple[int, int]:
    """What so many days cost in the middle half of all the stretches of the last eight weeks."""
    days = min(days, EVERYDAY_DAYS // 2, len(daily))
    stretches = sorted(sum(daily[start : start + days]) for start in range(len(daily) - days + 1))
    quarter = len(stretches) // 4
    return stretches[quarter], stretches[-1 - quarter]


def _inwards(cents: int) -> int:
    """Rounded down to five, also below zero: less to spend, never more."""
    return cents // STEP * STEP


def _weeks(days: int) -> str:
    weeks = days // 7
    return "a few days" if weeks == 0 else "one week" if weeks == 1 else f"{weeks} weeks"
