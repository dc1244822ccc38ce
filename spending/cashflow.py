"""Cash flow: what came in, went out and was put aside, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from spending import monthly
from spending.categories import INCOME_KEYS
from spending.monthly import MonthRow
from spending.periods import Span, month_start, months_of, whole_month


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


def income_by_payer(household_id: int, month: date, currency: str) -> list[tuple[str, int]]:
    """A month's income by who paid it, the largest first, from the rows."""
    span = whole_month(month)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.merchant, sum(r.amount_cents)::bigint FROM banking_transaction r"
            " JOIN banking_account a ON a.household_id = r.household_id AND a.id = r.account_id"
            " WHERE r.household_id = %s AND r.currency = %s AND r.category = ANY(%s)"
            " AND r.booked_on BETWEEN %s AND %s AND r.status <> 'void' AND NOT r.excluded AND a.status <> 'duplicate'"
            " GROUP BY 1 ORDER BY 2 DESC",
            [household_id, currency, list(INCOME_KEYS), span.first, span.last],
        )
        found: list[tuple[str, int]] = cursor.fetchall()
        return found
