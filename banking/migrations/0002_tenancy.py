"""Composite keys and row-level security of the bank's tables, and the role that searches them."""

from django.db import migrations

from fcdash.tenancy import SEARCH_ROLE, Tenant

ACCOUNT = {"account_id": "banking_account"}


class Migration(migrations.Migration):
    dependencies = [("banking", "0001_initial"), ("accounts", "0002_tenancy")]

    operations = [
        Tenant("banking_linksession"),
        Tenant("banking_account"),
        Tenant("banking_balance", ACCOUNT),
        Tenant("banking_owner", ACCOUNT),
        Tenant("banking_freshness", ACCOUNT),
        Tenant("banking_refresh", ACCOUNT),
        Tenant("banking_transaction", ACCOUNT),
        Tenant("banking_quarantinedrow", ACCOUNT),
        migrations.RunSQL(
            [
                "CREATE INDEX banking_transaction_words ON banking_transaction USING gin (tsv)",
                # Under row-level security @@ cannot use the index; this role may, and reads nothing but ids.
                f"GRANT SELECT (id, household_id, booked_on, tsv) ON banking_transaction TO {SEARCH_ROLE}",
                f"CREATE POLICY search ON banking_transaction FOR SELECT TO {SEARCH_ROLE} USING (true)",
            ],
            migrations.RunSQL.noop,
        ),
    ]
