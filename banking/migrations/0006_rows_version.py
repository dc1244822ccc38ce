"""A name for the state of each account's rows, which triggers renew with every statement that changes one.

Microseconds of the clock, and at least one more than before: after a restore of an older state no name comes twice.
"""

import django.db.models.deletion
from django.db import migrations, models

import fcdash.tenancy
from fcdash.tenancy import Tenant

NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
# A data migration has no scope, and the policies would refuse the version; new code remembers under new names anyway.
SCOPED = "NULLIF(current_setting('fcdash.household', true), '') IS NOT NULL OR current_user = 'fcdash_system'"
WRITE = f"""
    INSERT INTO banking_rowsversion AS v (household_id, account_id, version)
    SELECT household_id, account_id, {NOW} FROM new_rows WHERE {SCOPED} GROUP BY household_id, account_id ORDER BY 1, 2
    ON CONFLICT (household_id, account_id) DO UPDATE SET version = greatest(v.version + 1, excluded.version);"""
# Rows of an account that is going leave no version behind.
RENEW = f"""
    UPDATE banking_rowsversion v SET version = greatest(v.version + 1, {NOW})
    FROM (SELECT household_id, account_id FROM old_rows GROUP BY household_id, account_id) gone
    WHERE v.household_id = gone.household_id AND v.account_id = gone.account_id;"""
TRIGGERS = (
    ("insert", "NEW TABLE AS new_rows", WRITE),
    ("update", "NEW TABLE AS new_rows", WRITE),
    ("delete", "OLD TABLE AS old_rows", RENEW),
)


def _statements():
    for event, tables, body in TRIGGERS:
        name = f"banking_version_{event}"
        yield f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN{body} RETURN NULL; END $$"
        yield (
            f"CREATE TRIGGER {name} AFTER {event} ON banking_transaction REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_customer_attempt"),
        ("banking", "0005_freshness_target_attempted_at"),
    ]

    operations = [
        migrations.CreateModel(
            name="RowsVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "household",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.household",
                    ),
                ),
                (
                    "account",
                    fcdash.tenancy.TenantKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="banking.account",
                    ),
                ),
                ("version", models.BigIntegerField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("household", "account"), name="banking_rowsversion_account")
                ],
            },
        ),
        Tenant("banking_rowsversion", {"account_id": "banking_account"}),
        migrations.RunSQL(
            list(_statements()), [f"DROP FUNCTION banking_version_{event}() CASCADE" for event, *_ in TRIGGERS]
        ),
    ]
