"""This month so far against what is usual by the same day of the month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from statistics import median_low

from django.db import connection

from spending.categories import NOT_SPENDING_KEYS, category_of
from spending.periods import month_end, months_back

MONTHS = 6


@dataclass(frozen=True, slots=True)
class Line:
    """A category: spent this month so far, and usually by this day; cents, positive."""

    key: str
    name: str
    spent_cents: int
    usual_cents: int


@dataclass(frozen=True, slots=True)
class AgainstUsual:
    """The month against usual; the lines sum to both totals. Without a complete month there is no usual."""

    month: date
    today: date
    months: int
    lines: tuple[Line, ...]

    @property
    def is_known(self) -> bool:
        return self.months > 0

    @property
    def spent_cents(self) -> int:
        return sum(line.spent_cents for line in self.lines)

    @property
    def usual_cents(self) -> int:
        return sum(line.usual_cents for line in self.lines)

    @property
    def most_above(self) -> Line | None:
        """The category that is furthest above its usual."""
        above = [line for line in self.lines if line.spent_cents > line.usual_cents]
        return max(above, key=lambda line: line.spent_cents - line.usual_cents, default=None)


SUMS = """
    SELECT date_trunc('month', day)::date AS month, category, -sum(total_cents)::bigint,
           (SELECT min(day) FROM spending_daytotal WHERE household_id = %(household)s AND currency = %(currency)s
            AND row_count > 0)
    FROM spending_daytotal
    WHERE household_id = %(household)s AND currency = %(currency)s AND day BETWEEN %(first)s AND %(today)s
      AND category <> ALL(%(left_out)s)
      AND (extract(day FROM day) <= %(day)s OR %(all)s)
    GROUP BY 1, 2
"""


def against_usual(household_id: int, today: date, currency: str) -> AgainstUsual:
    """Spending of the month up to today beside the median of up to six complete months up to the same day."""
    month = today.replace(day=1)
    values = {
        "household": household_id,
        "currency": currency,
        "first": months_back(month, MONTHS),
        "today": today,
        "day": today.day,
        # On a month's last day the others count whole, however long they are.
        "all": today == month_end(today),
        "left_out": list(NOT_SPENDING_KEYS),
    }
    with connection.cursor() as cursor:
        cursor.execute(SUMS, values)
        rows = cursor.fetchall()
    spent: dict[str, dict[date, int]] = {}
    for of_month, category, cents, _ in rows:
        spent.setdefault(category, {})[of_month] = cents
    complete = _complete_months(month, rows[0][3] if rows else None)
    lines = [_line(key, sums, month, complete) for key, sums in spent.items()]
    shown = sorted((line for line in lines if line.spent_cents or line.usual_cents), key=lambda line: -line.spent_cents)
    return AgainstUsual(month, today, len(complete), tuple(shown))


def _complete_months(month: date, first_day: date | None) -> list[date]:
    """The up to six months before this one that the household's rows cover from their first days on."""
    months = [months_back(month, back) for back in range(1, MONTHS + 1)]
    return [start for start in months if first_day and first_day <= start.replace(day=3)]


def _line(key: str, sums: dict[date, int], month: date, complete: list[date]) -> Line:
    usual = median_low([sums.get(start, 0) for start in complete]) if complete else 0
    return Line(key, category_of(key).name, sums.get(month, 0), max(usual, 0))
