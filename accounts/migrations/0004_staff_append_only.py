"""The record of what staff looked at and asked for only grows."""

from django.db import migrations

# What may still change of a row, by table: an access may end sooner, an action gets its ending.
FUNCTION = """
CREATE FUNCTION accounts_staff_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'accounts_staffaccess' THEN
        IF NEW.ends_at <= OLD.ends_at AND to_jsonb(NEW) - 'ends_at' = to_jsonb(OLD) - 'ends_at' THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'accounts_staffaction' THEN
        IF OLD.finished_at IS NULL
            AND to_jsonb(NEW) - '{attempts,next_attempt_at,finished_at,outcome}'::text[]
              = to_jsonb(OLD) - '{attempts,next_attempt_at,finished_at,outcome}'::text[] THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$
"""
TABLES = ("accounts_staffaccess", "accounts_stafflook", "accounts_staffaction")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_staff")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION accounts_staff_append_only()"),
        *[
            migrations.RunSQL(
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION accounts_staff_append_only()",
                f"DROP TRIGGER append_only ON {table}",
            )
            for table in TABLES
        ],
    ]
