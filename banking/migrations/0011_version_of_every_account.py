"""Accounts whose rows are older than their versions get one too."""

from contextlib import ExitStack

from django.db import migrations

from fcdash.tenancy import unforced

TABLES = ("banking_account", "banking_transaction", "banking_rowsversion")
MISSING = """
    INSERT INTO banking_rowsversion (household_id, account_id, version)
    SELECT a.household_id, a.id, 1 FROM banking_account a
    WHERE EXISTS (SELECT FROM banking_transaction r WHERE r.household_id = a.household_id AND r.account_id = a.id)
    ON CONFLICT (household_id, account_id) DO NOTHING"""


def write(apps, schema_editor):
    with ExitStack() as stack:
        for table in TABLES:
            stack.enter_context(unforced(schema_editor, table))
        schema_editor.execute(MISSING)


class Migration(migrations.Migration):
    dependencies = [("banking", "0010_account_ended")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
