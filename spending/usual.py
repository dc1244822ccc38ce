"""This month so far against what is usual by the same day of the month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median_low
from typing import Any

from django.db import connection

from spending.categories import NOT_SPENDING_KEYS, category_of
from spending.listing import UNSURE
from spending.periods import month_end, months_back

MONTHS = 6
UNSURE_DAYS, MOST_UNSURE = 60, 99


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


@dataclass(frozen=True, slots=True)
class Unsure:
    """Rows of the last weeks that we could not file and nobody has looked at; amounts positive, the largest first."""

    rows: tuple[tuple[str, int], ...]

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def cents(self) -> int:
        return sum(cents for _, cents in self.rows)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the month stands, and what is unsure in it. Read together: a page has few queries to spend."""

    usual: AgainstUsual
    unsure: Unsure


SUMS = """
    SELECT 'spent', date_trunc('month', day)::date AS month, category, -sum(total_cents)::bigint
    FROM spending_daytotal
    WHERE household_id = %(household)s AND currency = %(currency)s AND day BETWEEN %(first)s AND %(today)s
      AND category <> ALL(%(left_out)s) AND (extract(day FROM day) <= %(day)s OR %(all)s)
    GROUP BY 2, 3
    UNION ALL
    (SELECT 'first', day, '', 0 FROM spending_daytotal
     WHERE household_id = %(household)s AND currency = %(currency)s AND row_count > 0 ORDER BY day LIMIT 1)
    UNION ALL
    (SELECT 'unsure', r.booked_on, r.merchant, abs(r.amount_cents) FROM banking_transaction r
     WHERE r.household_id = %(household)s AND r.currency = %(currency)s AND r.booked_on >= %(recent)s
       AND {unsure}
     ORDER BY 4 DESC LIMIT %(most)s)
"""


def unsure_since(today: date) -> date:
    """The first of the days whose unsure rows are asked about."""
    return today - timedelta(days=UNSURE_DAYS - 1)


def standing(household_id: int, today: date, currency: str) -> Standing:
    """Spending of the month up to today beside the median of up to six complete months up to the same day."""
    month = today.replace(day=1)
    values: dict[str, Any] = {
        "household": household_id,
        "currency": currency,
        "first": months_back(month, MONTHS),
        "today": today,
        "day": today.day,
        # On a month's last day the others count whole, however long they are.
        "all": today == month_end(today),
        "left_out": list(NOT_SPENDING_KEYS),
        "recent": unsure_since(today),
        "most": MOST_UNSURE,
    }
    spent: dict[str, dict[date, int]] = {}
    unsure, first_day = [], None
    with connection.cursor() as cursor:
        cursor.execute(SUMS.format(unsure=UNSURE), values)
        for what, day, name, cents in cursor.fetchall():
            if what == "spent":
                spent.setdefault(name, {})[day] = cents
            elif what == "first":
                first_day = day
            else:
                unsure.append((name, cents))
    complete = _complete_months(month, first_day)
    lines = [_line(key, sums, month, complete) for key, sums in spent.items()]
    shown = sorted((line for line in lines if line.spent_cents or line.usual_cents), key=lambda line: -line.spent_cents)
    return Standing(AgainstUsual(month, today, len(complete), tuple(shown)), Unsure(tuple(unsure)))


def _complete_months(month: date, first_day: date | None) -> list[date]:
    """The up to six months before this one that the household's rows cover from their first days on."""
    months = [months_back(month, back) for back in range(1, MONTHS + 1)]
    return [start for start in months if first_day and first_day <= start.replace(day=3)]


def _line(key: str, sums: dict[date, int], month: date, complete: list[date]) -> Line:
    usual = median_low([sums.get(start, 0) for start in complete]) if complete else 0
    return Line(key, category_of(key).name, sums.get(month, 0), max(usual, 0))
