"""The state machine and the database's own guard over it."""

from __future__ import annotations

import contextlib
from importlib import import_module

import pytest
from django.db import IntegrityError, connection
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from fcdash import tenancy
from payments import states
from payments.models import TRANSITIONS, Mandate, Payment, PaymentEvent, PaymentState
from tests.payments.conftest import reload

pytestmark = pytest.mark.django_db(transaction=True)
GUARDS = import_module("payments.migrations.0004_payment_guards")
ALL = list(PaymentState.values)


class Undone(Exception):
    """Rolls a try back."""


def put(payment: Payment, state: str) -> None:
    """Bring the row to a state by legal moves."""
    with tenancy.scope(payment.household_id):
        row = states.lock(payment.household_id, payment.pk)
        for step in way(state):
            changes = {"confirm_started_at": timezone.now()} if step == "submitted" else {}
            assert states.move(row, step, "test", **changes)


def way(state: str) -> list[str]:
    """Any legal way from scheduled."""
    ways: dict[str, list[str]] = {"scheduled": []}
    for _ in ALL:
        for before, steps in list(ways.items()):
            for after in TRANSITIONS[before]:
                ways.setdefault(after, [*steps, after])
    return ways[state]


def test_the_database_has_the_same_table() -> None:
    assert {k: v for k, v in TRANSITIONS.items() if v} == GUARDS.TRANSITIONS


@pytest.mark.parametrize("before", ALL)
def test_only_the_tables_moves_are_let_through(before: str, claimed: Payment) -> None:
    put(claimed, before)
    passed = set()
    for after in ALL:
        with contextlib.suppress(IntegrityError, Undone), tenancy.scope(claimed.household_id):
            started = Coalesce("confirm_started_at", Now())
            Payment.objects.filter(pk=claimed.pk).update(state=after, confirm_started_at=started)
            passed.add(after)
            raise Undone

    assert passed == {*TRANSITIONS[before], before}


@pytest.mark.parametrize(
    "change",
    [
        {"amount_cents": 1},
        {"receives": "Somebody else"},
        {"destination": "acct_1"},
        {"currency": "eur"},
        {"key": "00000000-0000-0000-0000-000000000000"},
    ],
)
def test_what_was_approved_never_changes(change: dict[str, object], claimed: Payment) -> None:
    with pytest.raises(IntegrityError), tenancy.scope(claimed.household_id):
        Payment.objects.filter(pk=claimed.pk).update(**change)


@pytest.mark.parametrize("column", ["stripe_payment_intent_id", "confirm_started_at"])
def test_what_is_at_stripe_is_never_forgotten(column: str, sent: Payment) -> None:
    with pytest.raises(IntegrityError), tenancy.scope(sent.household_id):
        Payment.objects.filter(pk=sent.pk).update(**{column: None})


def test_history_is_append_only(sent: Payment) -> None:
    with tenancy.scope(sent.household_id):
        first = PaymentEvent.objects.filter(payment=sent).first()
    for attempt in (lambda: PaymentEvent.objects.filter(pk=first.pk).update(cause="x"), lambda: first.delete()):
        with pytest.raises(IntegrityError), tenancy.scope(sent.household_id):
            attempt()


def test_a_payment_and_its_permission_cannot_be_deleted_in_the_households_scope(sent: Payment) -> None:
    for model, pk in ((Payment, sent.pk), (Mandate, sent.mandate_id)):
        with pytest.raises(IntegrityError, match="refused"), tenancy.scope(sent.household_id):
            model.objects.filter(pk=pk)._raw_delete("default")


def test_the_system_role_may_erase_a_whole_household(sent: Payment) -> None:
    with tenancy.system("a test's erasure"):
        PaymentEvent.objects.filter(household_id=sent.household_id).delete()
        Payment.objects.filter(household_id=sent.household_id).delete()
        assert not Payment.objects.filter(household_id=sent.household_id).exists()


def test_a_permissions_words_never_change(mandate: Mandate) -> None:
    with pytest.raises(IntegrityError), tenancy.scope(mandate.household_id):
        Mandate.objects.filter(pk=mandate.pk).update(text="You allow everything.")


def test_an_ended_permission_never_comes_back(mandate: Mandate) -> None:
    with tenancy.scope(mandate.household_id):
        Mandate.objects.filter(pk=mandate.pk).update(status="inactive")
    with pytest.raises(IntegrityError), tenancy.scope(mandate.household_id):
        Mandate.objects.filter(pk=mandate.pk).update(status="active")


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        ("processing", "paid", ["paid"]),
        ("unknown", "returned", ["paid", "returned"]),
        ("submitted", "refunded", ["paid", "refunded"]),
        ("scheduled", "processing", ["submitted", "processing"]),
        ("scheduled", "disputed", ["submitted", "paid", "disputed"]),
        ("paid", "paid", []),
        ("failed", "paid", None),
        ("paid", "processing", None),
        ("canceled", "processing", None),
    ],
)
def test_the_way_between_two_states(before: str, after: str, steps: list[str] | None) -> None:
    assert states.route(before, after) == steps


def test_an_illegal_move_is_not_done(claimed: Payment, caplog: pytest.LogCaptureFixture) -> None:
    put(claimed, "failed")

    with tenancy.scope(claimed.household_id):
        assert not states.move(states.lock(claimed.household_id, claimed.pk), "paid", "a late event")

    assert reload(claimed).state == "failed"
    assert "stays failed" in caplog.text


def test_each_move_writes_its_history_in_the_same_transaction(claimed: Payment) -> None:
    with contextlib.suppress(Undone), tenancy.scope(claimed.household_id):
        states.move(states.lock(claimed.household_id, claimed.pk), "canceled", "test")
        raise Undone

    with tenancy.scope(claimed.household_id), connection.cursor() as cursor:
        cursor.execute("SELECT state FROM payments_paymentevent WHERE payment_id = %s", [claimed.pk])
        assert cursor.fetchall() == [("scheduled",)]
