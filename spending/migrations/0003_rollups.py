"""Triggers that keep the roll-ups true to the transactions, whoever writes them.

One statement-level trigger an event, because transition tables allow no more; an upsert fires two of them. Deltas are
added in the order of the key, so that two writers wait for each other instead of deadlocking. The functions run as the
invoker: row-level security holds inside them as outside.
"""

from django.db import migrations

# What a row counts for. Void and excluded rows count nowhere, nor do those of an account that is linked twice.
COUNTED = "r.status <> 'void' AND NOT r.excluded"
ONCE = (
    "NOT EXISTS (SELECT FROM banking_account a"
    " WHERE a.household_id = r.household_id AND a.id = r.account_id AND a.status = 'duplicate')"
)
TABLES = {
    "spending_monthtotal": (
        ("household_id", "month", "category", "account_id", "currency"),
        {"month": "r.booked_on - (extract(day FROM r.booked_on)::int - 1)"},
    ),
    "spending_daytotal": (("household_id", "day", "category", "currency"), {"day": "r.booked_on"}),
}


def _add(table: str, rows: str, where: str) -> str:
    """Upsert of the deltas of `rows`; each row carries `cents` and `n`."""
    keys, computed = TABLES[table]
    columns = ", ".join(keys)
    places = ", ".join(str(place) for place in range(1, len(keys) + 1))
    chosen = ", ".join(f"{computed[key]} AS {key}" if key in computed else f"r.{key}" for key in keys)
    return f"""
    INSERT INTO {table} AS t ({columns}, total_cents, row_count)
    SELECT {chosen}, sum(r.cents)::bigint, sum(r.n)::bigint
    FROM ({rows}) r
    WHERE {where}
    GROUP BY {places}
    HAVING sum(r.cents) <> 0 OR sum(r.n) <> 0
    ORDER BY {places}
    ON CONFLICT ({columns}) DO UPDATE
    SET total_cents = t.total_cents + excluded.total_cents, row_count = t.row_count + excluded.row_count;"""


def _subtract(table: str) -> str:
    """Deleted rows leave only totals that are still there: those of a household that is going are gone before them."""
    keys, computed = TABLES[table]
    chosen = ", ".join(f"{computed[key]} AS {key}" if key in computed else f"r.{key}" for key in keys)
    same = " AND ".join(f"t.{key} = d.{key}" for key in keys)
    places = ", ".join(str(place) for place in range(1, len(keys) + 1))
    return f"""
    WITH d AS (
        SELECT {chosen}, sum(r.amount_cents)::bigint AS cents, count(*) AS n
        FROM old_rows r WHERE {COUNTED} AND {ONCE} GROUP BY {places}
    ), held AS (
        SELECT t.household_id, t.id, d.cents, d.n FROM {table} t JOIN d ON {same}
        ORDER BY {", ".join(f"t.{key}" for key in keys)} FOR UPDATE OF t
    )
    UPDATE {table} t SET total_cents = t.total_cents - held.cents, row_count = t.row_count - held.n
    FROM held WHERE t.household_id = held.household_id AND t.id = held.id;"""


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$\nBEGIN{body}\n    RETURN NULL;\nEND\n$body$"


INSERTED = "SELECT r.*, r.amount_cents AS cents, 1 AS n FROM new_rows r"
# Unchanged rows cancel out, so that reading a page again writes nothing.
UPDATED = f"""
        SELECT household_id, booked_on, category, account_id, currency, -amount_cents AS cents, -1 AS n
        FROM old_rows r WHERE {COUNTED}
        UNION ALL
        SELECT household_id, booked_on, category, account_id, currency, amount_cents, 1
        FROM new_rows r WHERE {COUNTED}"""
# An account becomes, or ceases to be, the second link of another one.
SWITCHED = f"""
        SELECT r.household_id, r.booked_on, r.category, r.account_id, r.currency,
               r.amount_cents * CASE WHEN NEW.status = 'duplicate' THEN -1 ELSE 1 END AS cents,
               CASE WHEN NEW.status = 'duplicate' THEN -1 ELSE 1 END AS n
        FROM banking_transaction r
        WHERE r.household_id = NEW.household_id AND r.account_id = NEW.id AND {COUNTED}"""


def _both(make: str, where: str) -> str:
    return "".join(_add(table, make, where) for table in TABLES)


def _trigger(event: str, tables: str) -> str:
    return (
        f"CREATE TRIGGER spending_{event} AFTER {event} ON banking_transaction REFERENCING {tables}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION spending_{event}()"
    )


FUNCTIONS = ("spending_insert", "spending_update", "spending_delete", "spending_switch")


class Migration(migrations.Migration):
    dependencies = [("spending", "0002_tenancy"), ("banking", "0002_tenancy")]

    operations = [
        migrations.RunSQL(
            [
                _function("spending_insert", _both(INSERTED, f"{COUNTED} AND {ONCE}")),
                _function("spending_update", _both(UPDATED, ONCE)),
                _function("spending_delete", "".join(_subtract(table) for table in TABLES)),
                _function("spending_switch", _both(SWITCHED, "true")),
                _trigger("insert", "NEW TABLE AS new_rows"),
                _trigger("update", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
                _trigger("delete", "OLD TABLE AS old_rows"),
                "CREATE TRIGGER spending_switch AFTER UPDATE OF status ON banking_account FOR EACH ROW"
                " WHEN ((OLD.status = 'duplicate') <> (NEW.status = 'duplicate')) EXECUTE FUNCTION spending_switch()",
            ],
            [f"DROP FUNCTION {name}() CASCADE" for name in FUNCTIONS],
        ),
    ]
