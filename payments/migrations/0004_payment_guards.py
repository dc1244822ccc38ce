"""The database's own guard over payments: legal moves only, what was approved never changes, history is append-only."""

from django.db import migrations

# As payments.models.TRANSITIONS was when this was written; a later change of it needs a later migration.
TRANSITIONS = {
    "scheduled": ("submitted", "held", "canceled", "failed"),
    "held": ("scheduled", "submitted", "canceled", "failed"),
    "submitted": ("unknown", "processing", "paid", "failed", "canceled", "held"),
    "unknown": ("submitted", "processing", "paid", "failed", "canceled"),
    "processing": ("paid", "failed", "canceled", "returned", "disputed"),
    "paid": ("returned", "disputed", "refunded"),
    "refunded": ("paid", "returned", "disputed"),
}
APPROVED = (
    *("household_id", "user_id", "bill_id", "period_id", "account_id", "mandate_id", "amount_cents", "currency"),
    *("receives", "destination", "statement_descriptor", "key", "nonce", "created_at"),
)
# Set once; a later value would be a second debit, or the forgetting of a first.
ONCE = ("stripe_payment_intent_id", "create_started_at", "confirm_started_at")
PROOF = (
    *("household_id", "user_id", "account_id", "key", "holder_name", "terms_version", "text", "accepted_at"),
    *("ip_address", "user_agent"),
)
# Who may erase: the system role, as the deletion of a whole household does. A household's own scope may not.
ERASER = "fcdash_system"

moves = " OR ".join(
    f"(OLD.state = '{state}' AND NEW.state IN ({', '.join(repr(after) for after in afters)}))"
    for state, afters in TRANSITIONS.items()
)
changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in APPROVED)
rewritten = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in PROOF)
forgotten = " OR ".join(f"(OLD.{column} IS NOT NULL AND NEW.{column} IS DISTINCT FROM OLD.{column})" for column in ONCE)

FORWARD = f"""
CREATE FUNCTION payments_guard_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'scheduled' THEN
            RAISE EXCEPTION 'a payment starts as scheduled, not as %', NEW.state USING ERRCODE = 'check_violation';
        END IF;
    ELSIF {changed} THEN
        RAISE EXCEPTION 'what was approved of payment % does not change', OLD.id USING ERRCODE = 'check_violation';
    ELSIF {forgotten} THEN
        RAISE EXCEPTION 'payment % is at Stripe already', OLD.id USING ERRCODE = 'check_violation';
    ELSIF NEW.state <> OLD.state AND NOT ({moves}) THEN
        RAISE EXCEPTION 'payment % cannot go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    ELSIF NEW.state = 'submitted' AND NEW.confirm_started_at IS NULL THEN
        RAISE EXCEPTION 'payment % is not confirmed', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_payment_guard BEFORE INSERT OR UPDATE ON payments_payment
    FOR EACH ROW EXECUTE FUNCTION payments_guard_payment();

CREATE FUNCTION payments_guard_mandate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {rewritten} THEN
        RAISE EXCEPTION 'the proof of mandate % does not change', OLD.id USING ERRCODE = 'check_violation';
    ELSIF OLD.status = 'inactive' AND NEW.status <> 'inactive' THEN
        RAISE EXCEPTION 'mandate % has ended', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_mandate_guard BEFORE UPDATE ON payments_mandate
    FOR EACH ROW EXECUTE FUNCTION payments_guard_mandate();

CREATE FUNCTION payments_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_user = '{ERASER}' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% of % is refused: it is kept as it was written', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER payments_paymentevent_append_only BEFORE UPDATE OR DELETE ON payments_paymentevent
    FOR EACH ROW EXECUTE FUNCTION payments_refuse();
CREATE TRIGGER payments_payment_kept BEFORE DELETE ON payments_payment
    FOR EACH ROW EXECUTE FUNCTION payments_refuse();
CREATE TRIGGER payments_mandate_kept BEFORE DELETE ON payments_mandate
    FOR EACH ROW EXECUTE FUNCTION payments_refuse();
"""

REVERSE = """
DROP TRIGGER payments_mandate_kept ON payments_mandate;
DROP TRIGGER payments_payment_kept ON payments_payment;
DROP TRIGGER payments_paymentevent_append_only ON payments_paymentevent;
DROP FUNCTION payments_refuse();
DROP TRIGGER payments_mandate_guard ON payments_mandate;
DROP FUNCTION payments_guard_mandate();
DROP TRIGGER payments_payment_guard ON payments_payment;
DROP FUNCTION payments_guard_payment();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_payment_progress")]

    operations = [migrations.RunSQL(FORWARD, REVERSE)]
