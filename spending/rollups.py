"""Whether the roll-ups are true to the transactions, and making them so again; triggers keep them in daily life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection

from fcdash import tenancy

# What the triggers add up, counted afresh. Void and excluded rows count nowhere, nor does an account linked twice.
ROWS = """
    SELECT r.* FROM banking_transaction r
    JOIN banking_account a ON a.household_id = r.household_id AND a.id = r.account_id AND a.status <> 'duplicate'
    WHERE r.household_id = %(household)s AND r.status <> 'void' AND NOT r.excluded
"""
TRUE = {
    "spending_monthtotal": f"""
        SELECT date_trunc('month', booked_on)::date AS day, category, account_id, currency,
               sum(amount_cents)::bigint AS cents, count(*) AS n
        FROM ({ROWS}) rows GROUP BY 1, 2, 3, 4""",
    "spending_daytotal": f"""
        SELECT booked_on AS day, category, NULL::bigint AS account_id, currency,
               sum(amount_cents)::bigint AS cents, count(*) AS n
        FROM ({ROWS}) rows GROUP BY 1, 2, 4""",
}
HELD = {
    "spending_monthtotal": "SELECT month AS day, category, account_id, currency, total_cents AS cents, row_count AS n"
    " FROM spending_monthtotal WHERE household_id = %(household)s",
    "spending_daytotal": "SELECT day, category, NULL::bigint AS account_id, currency, total_cents AS cents,"
    " row_count AS n FROM spending_daytotal WHERE household_id = %(household)s",
}
FILL = {
    "spending_monthtotal": "INSERT INTO spending_monthtotal"
    " (household_id, month, category, account_id, currency, total_cents, row_count)"
    f" SELECT %(household)s, day, category, account_id, currency, cents, n FROM ({TRUE['spending_monthtotal']}) t",
    "spending_daytotal": "INSERT INTO spending_daytotal"
    " (household_id, day, category, currency, total_cents, row_count)"
    f" SELECT %(household)s, day, category, currency, cents, n FROM ({TRUE['spending_daytotal']}) t",
}


@dataclass(frozen=True)
class Drift:
    """A roll-up that differs from its rows; `account_id` is None in the totals by day."""

    table: str
    day: date
    category: str
    account_id: int | None
    currency: str
    held_cents: int
    held_count: int
    true_cents: int
    true_count: int

    def __str__(self) -> str:
        account = f" account {self.account_id}" if self.account_id else ""
        return (
            f"{self.table} {self.day} {self.category}{account} {self.currency}:"
            f" holds {self.held_cents} cents in {self.held_count} rows, true are {self.true_cents} in {self.true_count}"
        )


def drifts(household_id: int) -> list[Drift]:
    """Every roll-up of the household that is not the sum of its rows. One statement a table: a consistent view."""
    found = []
    for table, true in TRUE.items():
        statement = f"""
            SELECT COALESCE(h.day, t.day), COALESCE(h.category, t.category), COALESCE(h.account_id, t.account_id),
                   COALESCE(h.currency, t.currency), COALESCE(h.cents, 0), COALESCE(h.n, 0),
                   COALESCE(t.cents, 0), COALESCE(t.n, 0)
            FROM ({HELD[table]}) h FULL JOIN ({true}) t
              ON h.day = t.day AND h.category = t.category AND h.currency = t.currency
             AND COALESCE(h.account_id, 0) = COALESCE(t.account_id, 0)
            WHERE (COALESCE(h.cents, 0), COALESCE(h.n, 0)) <> (COALESCE(t.cents, 0), COALESCE(t.n, 0))
            ORDER BY 1, 2, 3, 4"""
        with connection.cursor() as cursor:
            cursor.execute(statement, {"household": household_id})
            found += [Drift(table, *row) for row in cursor.fetchall()]
    return found


def recount(household_id: int) -> None:
    """Write the household's roll-ups afresh from its rows, with its other writers kept out."""
    tenancy.lock_household(household_id)
    with connection.cursor() as cursor:
        for table, fill in FILL.items():
            cursor.execute(f"DELETE FROM {table} WHERE household_id = %(household)s", {"household": household_id})
            cursor.execute(fill, {"household": household_id})
