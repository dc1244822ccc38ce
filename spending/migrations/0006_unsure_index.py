"""The few rows that nobody and nothing could file are found without walking through all that is filed under "other"."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("spending", "0005_bulk_rows")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX banking_transaction_unsure ON banking_transaction (household_id, booked_on DESC, id DESC)"
            " WHERE category = 'other' AND guessed_why = '' AND chosen_category IS NULL AND reviewed_at IS NULL",
            "DROP INDEX banking_transaction_unsure",
        )
    ]
