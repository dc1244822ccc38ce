"""A row's account is vouched for by the account's version, a statement at a time; a key checks every row, at 4 us each.

Whoever writes rows writes the version of their account in the same statement, and the version has the key. It stays as
long as there are rows, so the account does too.
"""

from django.db import migrations

KEPT = """
CREATE FUNCTION banking_version_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM banking_transaction r
               WHERE r.household_id = OLD.household_id AND r.account_id = OLD.account_id) THEN
        RAISE foreign_key_violation USING MESSAGE = 'there are rows of account ' || OLD.account_id || ' still';
    END IF;
    RETURN NULL;
END $$"""


class Migration(migrations.Migration):
    dependencies = [("banking", "0011_version_of_every_account")]

    operations = [
        migrations.RunSQL(
            [
                KEPT,
                "CREATE CONSTRAINT TRIGGER banking_version_kept AFTER DELETE ON banking_rowsversion"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION banking_version_kept()",
                "ALTER TABLE banking_transaction DROP CONSTRAINT banking_transaction_account_id_household",
            ],
            [
                "ALTER TABLE banking_transaction ADD CONSTRAINT banking_transaction_account_id_household"
                " FOREIGN KEY (household_id, account_id) REFERENCES banking_account (household_id, id)"
                " DEFERRABLE INITIALLY DEFERRED",
                "DROP FUNCTION banking_version_kept() CASCADE",
            ],
        ),
    ]
