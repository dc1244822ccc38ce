"""What may be paid, by whom, when and how often; and calling it back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.households import Place, place_of
from accounts.models import Membership, Role
from banking.models import Account
from fcdash import tenancy
from payments import bills, mandates, paying, sending
from payments.models import Bill, Biller, BillPeriod, Mandate, Payment
from payments.tasks import sweep
from tests.cast import Cast
from tests.payments.conftest import accept, debits, intents, period_of, post_form, reload, states
from tests.payments.test_crashes import expire_lease
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def refused_with(code: str, place: Place, cast: Cast, bill: Bill, mandate: Mandate, **how: Any) -> None:
    with pytest.raises(paying.ClaimRefused) as refused:
        paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk, **how)
    assert refused.value.code == code


def fail(sandbox: Sandbox, payment: Payment, code: str) -> Payment:
    """The payment is sent, and the bank refuses it."""
    paying.advance(payment.household_id, payment.pk)
    intent = reload(payment).stripe_payment_intent_id
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "failed", "failure_code": code})
    paying.sync_payment(str(intent), "event")
    return reload(payment)


# --- Terms ------------------------------------------------------------------------------------------------------


def test_amount_and_receiver_are_frozen_when_approved(
    sandbox: Sandbox, place: Place, cast: Cast, bill: Bill, biller: Biller, claimed: Payment
) -> None:
    bills.change_bill(place, bill.pk, amount_cents=1_000_00)
    Biller.objects.filter(pk=biller.pk).update(receives="Somebody Else Inc.", stripe_account="acct_else")

    paying.advance(claimed.household_id, claimed.pk)

    [debit] = intents(sandbox)
    assert (debit["amount"], debit["transfer_data"]) == (84_50, None)
    assert reload(claimed).receives == "Alder Creek Community Services"


def test_less_than_stripe_debits_is_refused(place: Place, cast: Cast, biller: Biller, mandate: Mandate) -> None:
    small = bills.add_bill(place, cast.alice, biller.pk, 49, place.today)

    refused_with("amount_too_small", place, cast, small, mandate)


@pytest.mark.parametrize("days", [-1, 181])
def test_the_day_must_lie_ahead_and_near(days: int, place: Place, cast: Cast, bill: Bill, mandate: Mandate) -> None:
    refused_with("on", place, cast, bill, mandate, on=place.today + timedelta(days=days))


def test_a_biller_that_lost_its_approval_is_not_paid(
    place: Place, cast: Cast, bill: Bill, biller: Biller, mandate: Mandate
) -> None:
    Biller.objects.filter(pk=biller.pk).update(approved_at=None)

    refused_with("biller_not_approved", place, cast, bill, mandate)


def test_one_form_is_one_payment_whatever_it_says(
    place: Place, cast: Cast, bill: Bill, biller: Biller, mandate: Mandate
) -> None:
    nonce = uuid.uuid4()
    first = paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk, nonce=nonce)
    other = bills.add_bill(place, cast.alice, biller.pk, 12_00, place.today)

    with pytest.raises(paying.AlreadyClaimed) as refused:
        paying.claim(place, cast.alice, other.pk, mandate.account_id, mandate.pk, nonce=nonce)

    assert refused.value.payment.pk == first.pk


def test_strangers_objects_are_not_there(cast: Cast, bill: Bill, mandate: Mandate) -> None:
    stranger = place_of(cast.charlie, cast.strange_household.pk)
    assert stranger is not None

    with pytest.raises(Bill.DoesNotExist):
        paying.claim(stranger, cast.charlie, bill.pk, mandate.account_id, mandate.pk)


# --- On its day -------------------------------------------------------------------------------------------------


def test_a_later_day_waits_for_its_day(
    sandbox: Sandbox, place: Place, cast: Cast, bill: Bill, mandate: Mandate, run_tasks: Callable[..., Any]
) -> None:
    on = place.today + timedelta(days=3)
    payment = paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk, on)
    sweep.delay()
    run_tasks()
    expire_lease(payment)
    paying.advance(payment.household_id, payment.pk)

    assert intents(sandbox) == []
    assert reload(payment).state == "scheduled"
    assert reload(payment).next_attempt_at.astimezone(place.zone).date() == on


def on_the_day(payment: Payment, days_ago: int) -> None:
    with tenancy.scope(payment.household_id):
        today = Payment.objects.get(pk=payment.pk).household.today()
        Payment.objects.filter(pk=payment.pk).update(
            on=today - timedelta(days=days_ago), next_attempt_at=timezone.now()
        )


@pytest.mark.parametrize(("days", "state"), [(0, "processing"), (3, "processing"), (4, "held"), (40, "held")])
def test_long_after_its_day_it_is_held_for_a_new_word(
    days: int, state: str, sandbox: Sandbox, claimed: Payment
) -> None:
    on_the_day(claimed, days)

    paying.advance(claimed.household_id, claimed.pk)

    assert reload(claimed).state == state
    assert len(debits(sandbox)) == (state == "processing")


def test_a_held_payment_is_sent_on_the_persons_word(
    sandbox: Sandbox, place: Place, cast: Cast, claimed: Payment, run_tasks: Callable[..., Any]
) -> None:
    on_the_day(claimed, 9)
    paying.advance(claimed.household_id, claimed.pk)

    paying.release_held(place, cast.alice, claimed.pk)
    run_tasks()

    assert reload(claimed).state == "processing"


def test_only_who_approved_it_releases_it(place: Place, cast: Cast, claimed: Payment) -> None:
    on_the_day(claimed, 9)
    paying.advance(claimed.household_id, claimed.pk)

    with pytest.raises(paying.ClaimRefused):
        paying.release_held(place, cast.bob, claimed.pk)


# --- Who is still there -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["left", "viewer", "deactivated", "biller"])
def test_nobody_is_debited_who_no_longer_may_pay(
    how: str, sandbox: Sandbox, cast: Cast, biller: Biller, claimed: Payment
) -> None:
    members = Membership.objects.filter(user=cast.alice)
    with tenancy.scope(claimed.household_id):
        if how == "left":
            members.delete()
        elif how == "viewer":
            members.update(role=Role.VIEWER)
    if how == "deactivated":
        type(cast.alice).objects.filter(pk=cast.alice.pk).update(is_active=False)
    elif how == "biller":
        Biller.objects.filter(pk=biller.pk).update(approved_at=None)

    paying.advance(claimed.household_id, claimed.pk)

    assert reload(claimed).state == "canceled"
    assert debits(sandbox) == []


# --- Again after a refusal --------------------------------------------------------------------------------------


def test_want_of_money_is_tried_twice_more_at_most(
    sandbox: Sandbox, place: Place, cast: Cast, bill: Bill, mandate: Mandate
) -> None:
    for _ in range(3):
        payment = paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)
        assert fail(sandbox, payment, "R01").state == "failed"

    refused_with("not_again", place, cast, bill, mandate)


def test_another_account_may_pay_after_that(
    sandbox: Sandbox,
    place: Place,
    cast: Cast,
    bill: Bill,
    mandate: Mandate,
    link: Callable[..., list[Account]],
    bank_keys: list[str],
) -> None:
    for _ in range(3):
        fail(sandbox, paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk), "R09")
    [savings] = link(keys=bank_keys[1:2])
    other = accept(place, cast, savings)

    assert paying.claim(place, cast.alice, bill.pk, savings.pk, other.pk).state == "scheduled"


@pytest.mark.parametrize("code", ["R02", "R03", "R07", "R10", "R16"])
def test_after_other_refusals_something_must_change_first(
    code: str, sandbox: Sandbox, place: Place, cast: Cast, bill: Bill, mandate: Mandate, claimed: Payment
) -> None:
    assert fail(sandbox, claimed, code).state == "failed"

    refused_with("not_again", place, cast, bill, mandate)


def test_a_new_permission_is_such_a_change(
    sandbox: Sandbox, place: Place, cast: Cast, bill: Bill, mandate: Mandate, claimed: Payment
) -> None:
    fail(sandbox, claimed, "R07")
    mandates.revoke(place, mandate.pk)
    again = accept(place, cast, mandate.account)

    assert paying.claim(place, cast.alice, bill.pk, again.account_id, again.pk).state == "scheduled"


def test_money_taken_back_opens_the_bill_again(sandbox: Sandbox, sent: Payment) -> None:
    intent = sent.stripe_payment_intent_id
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "succeeded"})
    paying.sync_payment(str(intent), "event")
    sandbox.post(f"/sandbox/payment_intents/{intent}/dispute", {"reason": "insufficient_funds"})
    paying.sync_payment(str(intent), "event")

    assert reload(sent).state == "returned"
    assert period_of(sent).state == "due"
    assert states(sent)[-2:] == ["paid", "returned"]


def test_a_dispute_ends_the_permission_too(sandbox: Sandbox, sent: Payment, mandate: Mandate) -> None:
    intent = sent.stripe_payment_intent_id
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "succeeded"})
    sandbox.post(f"/sandbox/payment_intents/{intent}/dispute", {"reason": "debit_not_authorized"})
    paying.sync_payment(str(intent), "event")
    mandates.sync_mandate(str(mandate.stripe_id))

    assert reload(sent).state == "disputed"
    with tenancy.scope(sent.household_id):
        assert Mandate.objects.get(pk=mandate.pk).status == "inactive"


def test_a_refund_that_fails_leaves_it_paid(sandbox: Sandbox, sent: Payment) -> None:
    intent = sent.stripe_payment_intent_id
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "succeeded"})
    refund = post_form(sandbox, "/v1/refunds", payment_intent=intent)
    sandbox.post("/sandbox/clock/advance", {"seconds": 30 * 86_400})
    paying.sync_payment(str(intent), "event")
    assert reload(sent).state == "refunded"

    sandbox.post(f"/sandbox/refunds/{refund['id']}/fail", {})
    paying.sync_payment(str(intent), "event")

    assert reload(sent).state == "paid"
    assert period_of(sent).state == "paid"


# --- Calling back -----------------------------------------------------------------------------------------------


def test_before_sending_it_is_canceled_at_once(sandbox: Sandbox, place: Place, claimed: Payment) -> None:
    paying.cancel(place, claimed.pk)
    paying.advance(claimed.household_id, claimed.pk)

    assert reload(claimed).state == "canceled"
    assert period_of(claimed).state == "due"
    assert intents(sandbox) == []


def test_after_sending_it_is_canceled_while_the_bank_has_not_got_it(
    sandbox: Sandbox, place: Place, sent: Payment
) -> None:
    paying.cancel(place, sent.pk)

    assert reload(sent).state == "canceled"
    assert [body["status"] for body in intents(sandbox)] == ["canceled"]


def test_too_late_is_said_and_nothing_pretended(sandbox: Sandbox, place: Place, sent: Payment) -> None:
    sandbox.post(f"/sandbox/payment_intents/{sent.stripe_payment_intent_id}/post")

    with pytest.raises(paying.TooLate):
        paying.cancel(place, sent.pk)

    assert reload(sent).state in ("processing", "paid")
    assert reload(sent).cancel_refused_at is not None


def test_what_is_paid_cannot_be_canceled(sandbox: Sandbox, place: Place, sent: Payment) -> None:
    intent = sent.stripe_payment_intent_id
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "succeeded"})
    paying.sync_payment(str(intent), "event")

    with pytest.raises(paying.TooLate):
        paying.cancel(place, sent.pk)


def test_canceled_twice_is_canceled(place: Place, claimed: Payment) -> None:
    paying.cancel(place, claimed.pk)

    assert paying.cancel(place, claimed.pk).state == "canceled"


# --- Watching ---------------------------------------------------------------------------------------------------


def test_a_paid_payment_is_looked_at_daily(sandbox: Sandbox, sent: Payment, run_tasks: Callable[..., Any]) -> None:
    intent = sent.stripe_payment_intent_id
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "succeeded"})
    paying.sync_payment(str(intent), "event")
    sandbox.post(f"/sandbox/payment_intents/{intent}/dispute", {"reason": "bank_cannot_process"})
    assert sending.unwatched() == []
    with tenancy.scope(sent.household_id):
        Payment.objects.filter(pk=sent.pk).update(checked_at=timezone.now() - timedelta(days=2))

    sweep.delay()
    run_tasks()

    assert reload(sent).state == "returned"


def test_a_debit_that_is_not_what_was_approved_is_left_alone(
    sandbox: Sandbox, sent: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    """Should the ids ever be crossed, no money is called paid that is not ours."""
    customer = intents(sandbox)[0]["customer"]
    foreign = post_form(sandbox, "/v1/payment_intents", amount=99_00, currency="usd", customer=customer)
    with tenancy.system("a test's crossed ids"):
        twin = Payment.objects.get(pk=sent.pk)
    sandbox_id = foreign["id"]

    from payments import settling

    debit = settling.debits.read_debit(sandbox_id)
    assert not settling._is_ours(twin, debit)
    assert "not the same debit" in caplog.text


def test_the_connected_account_receives_when_the_biller_has_one(
    sandbox: Sandbox, place: Place, cast: Cast, mandate: Mandate
) -> None:
    connected = Biller.objects.create(
        name="Maple Street", receives="Maple Street, Inc.", stripe_account="acct_maple", approved_at=timezone.now()
    )
    bill = bills.add_bill(place, cast.alice, connected.pk, 20_00, place.today)
    payment = paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)

    paying.advance(payment.household_id, payment.pk)

    assert intents(sandbox)[0]["transfer_data"] == {"destination": "acct_maple"}
    with tenancy.scope(place.household_id):
        assert BillPeriod.objects.get(pk=payment.period_id).state == "scheduled"
