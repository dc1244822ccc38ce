"""Row-level security of households and memberships."""

from django.db import migrations

from fcdash.tenancy import HOUSEHOLD_NOW, PERSON_NOW, Tenant, policy_for_person, protect


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(protect("accounts_household", f"id = {HOUSEHOLD_NOW}"), migrations.RunSQL.noop),
        Tenant("accounts_membership"),
        migrations.RunSQL(
            [
                policy_for_person("accounts_membership", f"user_id = {PERSON_NOW}"),
                policy_for_person(
                    "accounts_household",
                    f"id IN (SELECT household_id FROM accounts_membership WHERE user_id = {PERSON_NOW})",
                ),
                "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO fcdash_system",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO fcdash_system",
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
                " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO fcdash_system",
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO fcdash_system",
                "GRANT USAGE ON SCHEMA public TO fcdash_system, fcdash_search",
            ],
            migrations.RunSQL.noop,
        ),
    ]
