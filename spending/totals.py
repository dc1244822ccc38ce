"""How much was spent: totals by category, month, account or merchant, always the sum of the rows that make them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.db import connection

from banking.models import Account
from spending.categories import NOT_SPENDING_KEYS, ORDER, category_of
from spending.models import DayTotal
from spending.periods import Span

By = Literal["category", "month", "merchant", "account"]
GROUPINGS: tuple[By, ...] = ("category", "month", "merchant", "account")


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a total. Positive is money out, refunds taken off; `count` is how many rows make it up."""

    key: str
    name: str
    cents: int
    count: int


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent in a span of days in one currency; `cents` is the sum of the groups."""

    span: Span
    currency: str
    by: By
    groups: tuple[Group, ...]

    @property
    def cents(self) -> int:
        return sum(group.cents for group in self.groups)

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Only the rows of one account, category or merchant."""

    account_id: int | None = None
    category: str | None = None
    merchant: str | None = None


def spending(
    household_id: int, since: date, until: date, currency: str, by: By = "category", only: Narrowing | None = None
) -> Spending:
    """Money spent from `since` to `until`, both included. Transfers, savings, income, voids and excluded rows left out.

    Whole months come from the totals by month, the days around them from the totals by day or, where those know no
    account or merchant, from the rows.
    """
    span, only = Span(since, until), only or Narrowing()
    sums = {key: (-cents, count) for key, cents, count in _read(household_id, currency, by, only, span)}
    names = _names(household_id, by, sums)
    groups = [Group(key, names(key), cents, count) for key, (cents, count) in sums.items() if count]
    return Spending(span, currency, by, tuple(sorted(groups, key=_order(by))))


def first_day(household_id: int, currency: str) -> date | None:
    """The day of the household's first row that counts."""
    days = DayTotal.objects.filter(household_id=household_id, currency=currency, row_count__gt=0)
    found: date | None = days.order_by("day").values_list("day", flat=True).first()
    return found


def _sources(span: Span, by: By, only: Narrowing) -> list[tuple[str, Span]]:
    """(table, span) parts that together cover the span once, each able to tell what is asked."""
    if span.first > span.last:
        return []
    if by == "merchant" or only.merchant is not None:
        return [("rows", span)]
    whole, edges = span.split()
    parts: list[tuple[str, Span]] = [("months", whole)] if whole else []
    by_day = "rows" if by == "account" or only.account_id is not None else "days"
    return parts + [(by_day, edge) for edge in edges]


# Each source as rows of (day, category, account_id, merchant, cents, n).
SOURCES = {
    "months": "SELECT month AS day, category, account_id, '' AS merchant, total_cents AS cents, row_count AS n"
    " FROM spending_monthtotal WHERE household_id = %(household)s AND currency = %(currency)s"
    " AND month BETWEEN %(first{n})s AND %(last{n})s",
    "days": "SELECT day, category, NULL::bigint AS account_id, '' AS merchant, total_cents AS cents, row_count AS n"
    " FROM spending_daytotal WHERE household_id = %(household)s AND currency = %(currency)s"
    " AND day BETWEEN %(first{n})s AND %(last{n})s",
    "rows": "SELECT r.booked_on AS day, r.category, r.account_id, r.merchant, r.amount_cents AS cents, 1 AS n"
    " FROM banking_transaction r"
    " JOIN banking_account a ON a.household_id = r.household_id AND a.id = r.account_id AND a.status <> 'duplicate'"
    " WHERE r.household_id = %(household)s AND r.currency = %(currency)s"
    " AND r.booked_on BETWEEN %(first{n})s AND %(last{n})s AND r.status <> 'void' AND NOT r.excluded",
}
KEYS = {
    "category": "category",
    "month": "to_char(day, 'YYYY-MM')",
    "merchant": "merchant",
    "account": "account_id::text",
}


def _read(household_id: int, currency: str, by: By, only: Narrowing, span: Span) -> Sequence[tuple[str, int, int]]:
    """(key, cents, count) of each group, all parts of the span in one query."""
    parts = _sources(span, by, only)
    if not parts:
        return []
    where = ["category <> ALL(%(left_out)s)"]
    values: dict[str, Any] = {
        "household": household_id,
        "currency": currency,
        "left_out": list(NOT_SPENDING_KEYS),
    }
    narrow: dict[str, Any] = {"account_id": only.account_id, "category": only.category, "merchant": only.merchant}
    for column, value in narrow.items():
        if value is not None:
            where.append(f"{column} = %({column})s")
            values[column] = value
    sources = []
    for number, (source, part) in enumerate(parts):
        sources.append(SOURCES[source].format(n=number))
        values |= {f"first{number}": part.first, f"last{number}": part.last}
    statement = (
        f"SELECT {KEYS[by]}, sum(cents)::bigint, sum(n)::bigint FROM ({' UNION ALL '.join(sources)}) s"
        f" WHERE {' AND '.join(where)} GROUP BY 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: Sequence[tuple[str, int, int]] = cursor.fetchall()
        return found


def _names(household_id: int, by: By, keys: Any) -> Any:
    """A function from a group's key to what a person reads."""
    if by == "category":
        return lambda key: category_of(key).name
    if by == "month":
        return lambda key: f"{date.fromisoformat(f'{key}-01'):%B %Y}"
    if by == "account":
        held = Account.objects.filter(household_id=household_id).values_list("pk", "name", "last4")
        names = {str(pk): f"{name} ••{last4}" if last4 else name for pk, name, last4 in held}
        return lambda key: names.get(key, "An account that is gone")
    return lambda key: key or "No name"


def _order(by: By) -> Any:
    """Months in order of time, all else the largest first."""
    if by == "month":
        return lambda group: group.key
    return lambda group: (-group.cents, ORDER.get(group.key, 99), group.name)
