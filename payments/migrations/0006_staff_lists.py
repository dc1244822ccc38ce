"""The staff's lists look across households: newest first, and a row by its id alone."""

from django.db import migrations

TABLES = ("payments_bill", "payments_mandate", "payments_payment")


class Migration(migrations.Migration):
    dependencies = [("payments", "0005_key_rounds")]

    # In SQL, as the primary key that leads with the household is: Django takes `id` for indexed anyway.
    operations = [
        migrations.RunSQL(f"CREATE INDEX {table}_id ON {table} (id)", f"DROP INDEX {table}_id") for table in TABLES
    ]
