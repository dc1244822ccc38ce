"""What a household does again and again, and what it spends besides: read from a year of rows, and remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection

from spending import recurring
from spending.categories import INCOME_KEYS, NOT_SPENDING_KEYS
from spending.periods import month_end, months_back
from spending.recurring import Occurrence, Series
from spending.remembering import BUILD, remembered

LOOK_BACK = timedelta(days=400)
EVERYDAY_DAYS = 56
# More often than weekly is no bill. Fewer than two cannot be told.
MOST_ROWS = 60


@dataclass(frozen=True, slots=True)
class Habits:
    """The series that are alive; what was spent on each of the last 56 days besides them, the oldest first; and the
    last complete month's income by who paid it, the largest first.
    """

    series: tuple[Series, ...]
    everyday_cents: tuple[int, ...]
    first_day: date | None
    income: tuple[tuple[str, int], ...] = ()

    def days_known(self, today: date) -> int:
        """How many days of history there are."""
        return (today - self.first_day).days + 1 if self.first_day else 0


NOTHING = Habits((), (), None)

# One statement: rows of merchants that may recur, the spending of each day, the first day, the last month's income.
# Grouped once, never joined with itself: while the planner's statistics are old, a join of so many rows takes seconds.
ROWS = """
    FROM banking_transaction r
    JOIN banking_account a ON a.household_id = r.household_id AND a.id = r.account_id AND a.status <> 'duplicate'
    WHERE r.household_id = %(household)s AND r.currency = %(currency)s AND r.status <> 'void' AND NOT r.excluded
"""
READ = f"""
    SELECT 'series', r.merchant, r.account_id, array_agg(r.category), array_agg(r.booked_on), array_agg(r.amount_cents)
    {ROWS} AND r.booked_on BETWEEN %(since)s AND %(today)s AND r.merchant <> ''
    GROUP BY r.merchant, r.account_id, r.amount_cents > 0
    HAVING count(*) BETWEEN 2 AND %(most)s
    UNION ALL
    SELECT 'days', '', 0, NULL, array_agg(day), array_agg(cents) FROM (
        SELECT day, sum(total_cents)::bigint AS cents FROM spending_daytotal
        WHERE household_id = %(household)s AND currency = %(currency)s AND day BETWEEN %(recent)s AND %(today)s
          AND category <> ALL(%(left_out)s)
        GROUP BY day) days
    UNION ALL
    SELECT 'first', '', 0, NULL, array_agg(day), NULL FROM (
        SELECT day FROM spending_daytotal WHERE household_id = %(household)s AND currency = %(currency)s
          AND row_count > 0 ORDER BY day LIMIT 1) first
    UNION ALL
    SELECT 'income', r.merchant, 0, NULL, NULL, ARRAY[sum(r.amount_cents)::bigint]
    {ROWS} AND r.category = ANY(%(income)s) AND r.booked_on BETWEEN %(month)s AND %(month_end)s GROUP BY r.merchant
"""


def habits(household_id: int, today: date, currency: str, state: str) -> Habits:
    """The household's habits; `state` names the state of its rows, whose change makes them be read again."""
    key = f"habits:{BUILD}:{household_id}:{currency}:{today}:{state}"
    return remembered(key, lambda: read(household_id, today, currency))


def read(household_id: int, today: date, currency: str) -> Habits:
    """The habits, from the rows."""
    first_recent, month = today - timedelta(days=EVERYDAY_DAYS), months_back(today, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            READ,
            {
                "household": household_id,
                "currency": currency,
                "since": today - LOOK_BACK,
                "recent": first_recent,
                "today": today,
                "most": MOST_ROWS,
                "left_out": list(NOT_SPENDING_KEYS),
                "income": list(INCOME_KEYS),
                "month": month,
                "month_end": month_end(month),
            },
        )
        rows = cursor.fetchall()
    found, days, first_day, income = [], {}, None, []
    for what, merchant, account_id, categories, dates, cents in rows:
        if what == "series":
            newest = max(range(len(dates)), key=dates.__getitem__)
            occurrences = [Occurrence(on, amount) for on, amount in zip(dates, cents, strict=True)]
            found.append(recurring.find(merchant, categories[newest], account_id, occurrences, today))
        elif what == "income":
            income.append((merchant, cents[0]))
        elif what == "days":
            days = dict(zip(dates or (), cents or (), strict=True))
        else:
            first_day = dates[0] if dates else None
    series = tuple(one for one in found if one)
    income.sort(key=lambda paid: -paid[1])
    return Habits(
        series, _everyday(days, series, max(first_recent, first_day or today), today), first_day, tuple(income)
    )


def _everyday(days: dict[date, int], series: Sequence[Series], since: date, today: date) -> tuple[int, ...]:
    """Spending of each full day since then that belongs to no series; cents, positive."""
    spent = {day: -cents for day, cents in days.items()}
    for one in series:
        if one.category in NOT_SPENDING_KEYS:
            continue
        for occurrence in one.occurrences:
            if occurrence.on in spent:
                spent[occurrence.on] += occurrence.cents
    return tuple(max(spent.get(since + timedelta(days=step), 0), 0) for step in range((today - since).days))
