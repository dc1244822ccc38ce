"""Composite keys and row-level security of transfers and roll-ups."""

from django.db import migrations

from fcdash.tenancy import Tenant


class Migration(migrations.Migration):
    dependencies = [("spending", "0001_initial"), ("banking", "0002_tenancy")]

    operations = [
        Tenant("spending_transfer"),
        Tenant("spending_monthtotal", {"account_id": "banking_account"}),
        Tenant("spending_daytotal"),
        migrations.RunSQL(
            "ALTER TABLE banking_transaction ADD CONSTRAINT banking_transaction_transfer_id_household"
            " FOREIGN KEY (household_id, transfer_id) REFERENCES spending_transfer (household_id, id)"
            " DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE banking_transaction DROP CONSTRAINT banking_transaction_transfer_id_household",
        ),
    ]
