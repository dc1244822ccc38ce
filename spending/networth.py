"""Net worth day by day: the balances that banks gave, and before the first of them what the rows since then imply."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection


@dataclass(frozen=True, slots=True)
class Point:
    """Net worth at the end of a day; cents."""

    on: date
    cents: int


@dataclass(frozen=True, slots=True)
class NetWorth:
    """A series of one currency, the oldest first; empty without a balance. `given_since`: before it, worked out."""

    currency: str
    points: tuple[Point, ...]
    given_since: date | None

    @property
    def now_cents(self) -> int | None:
        return self.points[-1].cents if self.points else None

    def change_since(self, day: date) -> int | None:
        """How much it grew since the end of that day, None where that is not known."""
        at = bisect_right([point.on for point in self.points], day) - 1
        return self.points[-1].cents - self.points[at].cents if at >= 0 else None


# Each account's balances as given, and for the days before its first balance the sum of its rows by day: going back
# from that balance, a day's end is the next day's less the next day's rows. One statement.
READ = """
    WITH counted AS (
        SELECT a.id, first.on AS first_on FROM banking_account a
        LEFT JOIN LATERAL (
            SELECT b."on" FROM banking_balance b
            WHERE b.household_id = %(household)s AND b.account_id = a.id AND b.currency = %(currency)s
            ORDER BY b."on" LIMIT 1) first ON true
        WHERE a.household_id = %(household)s AND a.status IN ('active', 'inactive')
    )
    SELECT c.id, b."on", b.current_cents, true FROM counted c
    JOIN banking_balance b ON b.household_id = %(household)s AND b.account_id = c.id AND b.currency = %(currency)s
    WHERE b."on" <= %(until)s AND b."on" >= (
        SELECT COALESCE(max(n."on"), b."on") FROM banking_balance n
        WHERE n.household_id = %(household)s AND n.account_id = c.id AND n.currency = %(currency)s
          AND n."on" <= %(since)s)
    UNION ALL
    SELECT c.id, r.booked_on, sum(r.amount_cents)::bigint, false FROM counted c
    JOIN banking_transaction r ON r.household_id = %(household)s AND r.account_id = c.id
    WHERE r.currency = %(currency)s AND r.status = 'posted' AND r.booked_on > %(since)s AND r.booked_on <= c.first_on
    GROUP BY 1, 2
    ORDER BY 1, 2
"""


def net_worth(household_id: int, since: date, until: date, currency: str, step: int = 1) -> NetWorth:
    """What the linked accounts come to, every `step` days from `since` to `until`, the last day always included."""
    given, rows = _read(household_id, since, until, currency)
    if not given:
        return NetWorth(currency, (), None)
    days = sorted({until - timedelta(days=back) for back in range(0, (until - since).days + 1, step)})
    sums: dict[date, int] = dict.fromkeys(days, 0)
    for account, balances in given.items():
        for day, cents in zip(days, _of_account(balances, rows.get(account, {}), days), strict=True):
            sums[day] += cents
    start = _first_known(given, rows, days)
    points = tuple(Point(day, cents) for day, cents in sums.items() if day >= start)
    return NetWorth(currency, points, max(balances[0][0] for balances in given.values()))


def _read(
    household_id: int, since: date, until: date, currency: str
) -> tuple[dict[int, list[tuple[date, int]]], dict[int, dict[date, int]]]:
    given: dict[int, list[tuple[date, int]]] = {}
    rows: dict[int, dict[date, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(READ, {"household": household_id, "since": since, "until": until, "currency": currency})
        for account, on, cents, is_balance in cursor.fetchall():
            if is_balance:
                given.setdefault(account, []).append((on, cents))
            else:
                rows.setdefault(account, {})[on] = cents
    return given, rows


def _of_account(given: Sequence[tuple[date, int]], rows: dict[date, int], days: Sequence[date]) -> list[int]:
    """The account's balance at the end of each of the days."""
    known = [on for on, _ in given]
    first_on, first_cents = given[0]
    found = []
    later = sorted(rows, reverse=True)
    for day in days:
        at = bisect_right(known, day) - 1
        if at >= 0:
            found.append(given[at][1])
        else:
            found.append(first_cents - sum(rows[on] for on in later if day < on <= first_on))
    return found


def _first_known(
    given: dict[int, list[tuple[date, int]]], rows: dict[int, dict[date, int]], days: Sequence[date]
) -> date:
    """Before the first row of all nothing can be worked out."""
    earliest = [min([balances[0][0], *rows.get(account, {})]) for account, balances in given.items()]
    return max(min(earliest), days[0])
