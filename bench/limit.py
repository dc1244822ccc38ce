"""The limit for ingest: Stripe's JSON parsed, copied into a stage, merged, its months rolled up, one transaction."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from django.db import connection, transaction

TABLES = """
CREATE TABLE IF NOT EXISTS limit_transaction (
    id bigint GENERATED ALWAYS AS IDENTITY, household_id bigint NOT NULL, account_id bigint NOT NULL,
    stripe_id text NOT NULL, amount_cents bigint NOT NULL, currency text NOT NULL, description text NOT NULL,
    status text NOT NULL, transacted_at timestamptz NOT NULL, booked_on date NOT NULL, updated timestamptz NOT NULL,
    tsv tsvector GENERATED ALWAYS AS (to_tsvector('simple', description)) STORED, PRIMARY KEY (household_id, id)
);
CREATE UNIQUE INDEX IF NOT EXISTS limit_stripe_id ON limit_transaction (household_id, account_id, stripe_id);
CREATE INDEX IF NOT EXISTS limit_day ON limit_transaction (household_id, booked_on DESC, id DESC);
CREATE INDEX IF NOT EXISTS limit_account ON limit_transaction (household_id, account_id, booked_on DESC);
CREATE INDEX IF NOT EXISTS limit_words ON limit_transaction USING gin (tsv);
CREATE TABLE IF NOT EXISTS limit_month (
    household_id bigint, month date, account_id bigint, currency text, cents bigint, n bigint,
    PRIMARY KEY (household_id, month, account_id, currency)
);
"""
INDEXES = ("limit_stripe_id", "limit_day", "limit_account", "limit_words")
MERGE = """
INSERT INTO limit_transaction AS t (household_id, account_id, stripe_id, amount_cents, currency, description, status,
    transacted_at, booked_on, updated)
SELECT household_id, account_id, stripe_id, amount_cents, currency, description, status, transacted_at, booked_on,
    updated FROM limit_stage ORDER BY stripe_id
ON CONFLICT (household_id, account_id, stripe_id) DO UPDATE SET amount_cents = excluded.amount_cents,
    description = excluded.description, status = excluded.status, updated = excluded.updated
WHERE t.updated < excluded.updated
"""
ROLL_UP = """
INSERT INTO limit_month SELECT household_id, date_trunc('month', booked_on)::date, account_id, currency,
    sum(amount_cents), count(*) FROM limit_transaction
WHERE household_id = %s AND booked_on >= (SELECT min(date_trunc('month', booked_on)) FROM limit_stage)
    AND booked_on < (SELECT max(date_trunc('month', booked_on)) + interval '1 month' FROM limit_stage)
GROUP BY 1, 2, 3, 4
ON CONFLICT (household_id, month, account_id, currency) DO UPDATE SET cents = excluded.cents, n = excluded.n
"""


def prepare() -> None:
    """The limit's own tables, empty."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.execute("TRUNCATE limit_transaction, limit_month")


def copy(household: int) -> None:
    """Give the limit's table as many rows as the household has; its indexes are built afterwards, which is quicker."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT set_config('fcdash.household', %s, true)", [str(household)])
        for name in INDEXES:
            cursor.execute(f"DROP INDEX IF EXISTS {name}")
        cursor.execute(
            "INSERT INTO limit_transaction (household_id, account_id, stripe_id, amount_cents, currency, description,"
            " status, transacted_at, booked_on, updated) SELECT household_id, account_id, stripe_id, amount_cents,"
            " currency, description, status, transacted_at, booked_on, stripe_updated_at FROM banking_transaction"
            " WHERE household_id = %s",
            [household],
        )
        cursor.execute(TABLES)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE limit_transaction")


def ingest(bodies: list[bytes], household: int = 1) -> None:
    """All pages in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE limit_stage (household_id bigint, account_id bigint, stripe_id text,"
            " amount_cents bigint, currency text, description text, status text, transacted_at timestamptz,"
            " booked_on date, updated timestamptz) ON COMMIT DROP"
        )
        with cursor.copy("COPY limit_stage FROM STDIN") as copy:
            for body in bodies:
                for r in json.loads(body)["data"]:
                    at = datetime.fromtimestamp(r["transacted_at"], UTC)
                    updated = datetime.fromtimestamp(r["updated"], UTC)
                    money = (r["amount"], r["currency"], r["description"], r["status"])
                    copy.write_row((household, 1, r["id"], *money, at, at.date(), updated))
        cursor.execute(MERGE)
        cursor.execute(ROLL_UP, [household])
