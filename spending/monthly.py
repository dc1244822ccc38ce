"""The totals by month as they are held, which cash flow and the bars by month are read from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection

from spending.categories import INCOME_KEYS, NOT_SPENDING_KEYS, SAVING_KEYS


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One total by month, category and account. `cents` keeps Stripe's sign: money out is negative.

    `to_savings` marks an account that holds savings or investments.
    """

    month: date
    category: str
    account_id: int
    to_savings: bool
    cents: int
    count: int


SAVINGS_ACCOUNT = "(a.subcategory = 'savings' OR a.category = 'investment')"


def month_rows(household_id: int, since: date, until: date, currency: str) -> list[MonthRow]:
    """The household's totals of the months that begin from `since` to `until`, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.month, t.category, t.account_id, {SAVINGS_ACCOUNT}, t.total_cents, t.row_count"
            " FROM spending_monthtotal t"
            " JOIN banking_account a ON a.household_id = t.household_id AND a.id = t.account_id"
            " WHERE t.household_id = %s AND t.currency = %s AND t.month BETWEEN %s AND %s AND t.row_count <> 0"
            " ORDER BY t.month",
            [household_id, currency, since, until],
        )
        return [MonthRow(*row) for row in cursor.fetchall()]


def spent(rows: Iterable[MonthRow]) -> int:
    """Money spent, positive; refunds taken off."""
    return -sum(row.cents for row in rows if row.category not in NOT_SPENDING_KEYS)


def earned(rows: Iterable[MonthRow]) -> int:
    """Money that came in from outside."""
    return sum(row.cents for row in rows if row.category in INCOME_KEYS)


def saved(rows: Iterable[MonthRow]) -> int:
    """Money put aside: moved into own savings accounts on balance, and sent to savings elsewhere."""
    return sum(row.cents for row in rows if row.category == "transfer" and row.to_savings) - sum(
        row.cents for row in rows if row.category in SAVING_KEYS
    )


def by_category(rows: Iterable[MonthRow]) -> dict[str, int]:
    """Spending by category, positive, the largest first."""
    sums: dict[str, int] = {}
    for row in rows:
        if row.category not in NOT_SPENDING_KEYS:
            sums[row.category] = sums.get(row.category, 0) - row.cents
    return dict(sorted(sums.items(), key=lambda item: -item[1]))
