"""What is coming: pay and bills that recur, and what other parts of the house know, such as bills to pay from here.

Other parts join through settings.UPCOMING_SOURCES: dotted paths of functions (household_id, since, until) → Items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from spending.categories import Kind, category_of
from spending.recurring import Series

SAME_BILL_DAYS = 6


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person: what, what happens otherwise, and the one way out. Worst first by `rank`."""

    title: str
    text: str
    url: str
    link: str
    glyph: str = "act"
    rank: int = 50


@dataclass(frozen=True, slots=True)
class Item:
    """Something expected on a day. Amounts keep Stripe's sign; `low_cents` is nearer zero than `high_cents`.

    `state` is a key of the state component. `is_claim`: money that still leaves the balance; a payment that the bank
    has taken already, and moves between own accounts, are none. `need` puts it under "Needs you" as well.
    """

    on: date
    name: str
    low_cents: int
    high_cents: int
    currency: str
    state: str = "expected"
    word: str = ""
    note: str = ""
    note_wide: bool = False
    url: str = ""
    pay_url: str = ""
    category: str = "bills"
    is_claim: bool = True
    is_own_move: bool = False
    need: Need | None = field(default=None)

    @property
    def is_income(self) -> bool:
        return self.low_cents > 0

    @property
    def is_exact(self) -> bool:
        return self.low_cents == self.high_cents

    @property
    def low(self) -> int:
        """The range as it is written: positive, the smaller end."""
        return min(abs(self.low_cents), abs(self.high_cents))

    @property
    def high(self) -> int:
        return max(abs(self.low_cents), abs(self.high_cents))


class Source(Protocol):
    """What settings.UPCOMING_SOURCES names. Runs in the household's scope, at most one query."""

    def __call__(self, household_id: int, since: date, until: date) -> Sequence[Item]: ...


@cache
def _sources(paths: tuple[str, ...]) -> tuple[Callable[[int, date, date], Sequence[Item]], ...]:
    return tuple(import_string(path) for path in paths)


def known_items(household_id: int, since: date, until: date) -> list[Item]:
    """What the other parts of the house know is coming."""
    paths = tuple(getattr(settings, "UPCOMING_SOURCES", ()))
    return [item for source in _sources(paths) for item in source(household_id, since, until)]


def upcoming(series: Iterable[Series], known: Sequence[Item], since: date, until: date, currency: str) -> list[Item]:
    """All that is expected from `since` to `until`, by time; what both know is said by the known item alone."""
    expected = [
        item
        for one in series
        for item in expected_items(one, since, until, currency)
        if not any(_is_same(item, other) for other in known)
    ]
    shown = [item for item in known if item.on <= until]
    return sorted([*shown, *expected], key=lambda item: (item.on, item.is_income, item.is_own_move, -item.high))


def expected_items(series: Series, since: date, until: date, currency: str) -> list[Item]:
    """The coming days of one series."""
    own_move = category_of(series.category).kind is Kind.TRANSFER
    if own_move and series.is_income:
        return []  # the leg that arrives; the one that leaves is shown
    exact = series.is_exact or series.is_income
    return [
        Item(
            on=on,
            name=series.merchant,
            low_cents=series.occurrences[0].cents if series.is_income else series.low_cents,
            high_cents=series.occurrences[0].cents if series.is_income else series.high_cents,
            currency=currency,
            state="transfer" if own_move else "expected",
            word="Between your accounts" if own_move else "",
            note="" if own_move else (f"{series.rhythm.words.capitalize()}" if exact else "As in the last bills"),
            note_wide=True,
            category=series.category,
            is_claim=not series.is_income and not own_move,
            is_own_move=own_move,
        )
        for on in series.dates(since, until)
    ]


def _is_same(expected: Item, known: Item) -> bool:
    """A bill that is paid from here also shows in the bank's rows; it is one thing."""
    near = abs((expected.on - known.on).days) <= SAME_BILL_DAYS
    return near and expected.is_income == known.is_income and _words(expected.name) == _words(known.name)


def _words(name: str) -> tuple[str, ...]:
    return tuple(name.casefold().replace("’", "'").split()[:2])


def next_payday(items: Iterable[Item], after: date) -> Item | None:
    """The next income that is of a size to live on: at least a quarter of the largest expected."""
    pays = [item for item in items if item.is_income and item.on > after and item.category == "income"]
    largest = max((item.low for item in pays), default=0)
    return min((item for item in pays if item.low * 4 >= largest), key=lambda item: item.on, default=None)


def fortnight(today: date) -> date:
    """The last day that "coming up" shows."""
    return today + timedelta(days=13)
