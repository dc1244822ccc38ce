"""The staff's lists look across households: newest first, and an account by its id alone."""

from django.db import migrations

TABLES = ("banking_account", "banking_linksession", "banking_refresh", "banking_quarantinedrow")


class Migration(migrations.Migration):
    dependencies = [("banking", "0003_bulk_rows")]

    operations = [
        # In SQL, as the primary key that leads with the household is: Django takes `id` for indexed anyway.
        *[migrations.RunSQL(f"CREATE INDEX {table}_id ON {table} (id)", f"DROP INDEX {table}_id") for table in TABLES],
        migrations.AlterModelOptions(
            name="refresh",
            options={"base_manager_name": "objects", "verbose_name_plural": "refreshes"},
        ),
    ]
