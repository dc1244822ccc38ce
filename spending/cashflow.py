"""Cash flow: what came in, went out and was put aside, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from spending import monthly
from spending.monthly import MonthRow
from spending.periods import Span, month_start, months_of


@dataclass(frozen=True, slots=True)
class MonthFlow:
    """One month, all positive: money in from outside, spent, and put aside; `left_cents` stays where it came in."""

    month: date
    in_cents: int
    out_cents: int
    saved_cents: int
    by_category: tuple[tuple[str, int], ...]

    @property
    def left_cents(self) -> int:
        return self.in_cents - self.out_cents - self.saved_cents

    @property
    def is_empty(self) -> bool:
        return not (self.in_cents or self.out_cents or self.saved_cents)


def cash_flow(household_id: int, since: date, until: date, currency: str) -> list[MonthFlow]:
    """A MonthFlow for each month from that of `since` to that of `until`. Whole months: the roll-ups know no less."""
    span = Span(month_start(since), until)
    return flows(monthly.month_rows(household_id, span.first, span.last, currency), span)


def flows(rows: Sequence[MonthRow], span: Span) -> list[MonthFlow]:
    """The same from totals that were read already."""
    of_month: dict[date, list[MonthRow]] = {month: [] for month in months_of(span)}
    for row in rows:
        if row.month in of_month:
            of_month[row.month].append(row)
    return [
        MonthFlow(
            month,
            monthly.earned(held),
            monthly.spent(held),
            monthly.saved(held),
            tuple(monthly.by_category(held).items()),
        )
        for month, held in of_month.items()
    ]
