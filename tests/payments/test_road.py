"""The road of a payment: approved, sent, settled, heard of; through the sandbox, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.households import Place
from payments import paying
from payments.models import Bill, Mandate, Payment
from tests.cast import Cast
from tests.payments.conftest import PHONE, debits, intents, period_of, reload, states
from tests.sandbox_client import Sandbox
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_permission_is_set_up_at_stripe_with_its_proof(sandbox: Sandbox, cast: Cast, mandate: Mandate) -> None:
    there = sandbox.get(f"/v1/mandates/{mandate.stripe_id}")
    method = sandbox.get(f"/v1/payment_methods/{mandate.stripe_payment_method_id}")

    assert mandate.status == "active"
    assert there["status"] == "active"
    assert there["customer_acceptance"]["online"] == {"ip_address": "203.0.113.7", "user_agent": PHONE}
    assert there["customer_acceptance"]["accepted_at"] == int(mandate.accepted_at.timestamp())
    assert method["customer"] == cast.alice.stripe_customer_id or cast.alice.refresh_from_db() is None
    assert method["billing_details"]["name"] == "Alice Ames"


def test_an_approved_payment_is_sent_and_on_its_way(sandbox: Sandbox, sent: Payment) -> None:
    [debit] = intents(sandbox)

    assert (sent.state, debit["status"]) == ("processing", "processing")
    assert sent.stripe_payment_intent_id == debit["id"]
    assert debit["amount"] == 84_50
    assert debit["statement_descriptor"] == "ALDER CREEK WATER"
    assert states(sent) == ["scheduled", "submitted", "processing"]
    assert sent.expected_debit_on is not None
    assert period_of(sent).state == "scheduled"


def test_it_is_paid_when_the_bank_says_so(sandbox: Sandbox, sent: Payment) -> None:
    sandbox.post(f"/sandbox/payment_intents/{sent.stripe_payment_intent_id}/settle", {"outcome": "succeeded"})

    paying.sync_payment(str(sent.stripe_payment_intent_id), "payment_intent.succeeded")

    assert reload(sent).state == "paid"
    assert period_of(sent).state == "paid"


def test_the_webhook_alone_makes_it_paid(
    sandbox: Sandbox,
    sent: Payment,
    live_server: Any,
    webhooks_to: Callable[[str], None],
    run_tasks: Callable[..., Any],
) -> None:
    webhooks_to(live_server.url)

    sandbox.post(f"/sandbox/payment_intents/{sent.stripe_payment_intent_id}/settle", {"outcome": "succeeded"})

    until(lambda: (run_tasks(), reload(sent).state)[1] == "paid", "the webhook")
    assert states(sent) == ["scheduled", "submitted", "processing", "paid"]


def test_a_refusal_says_why_and_opens_the_bill_again(sandbox: Sandbox, sent: Payment) -> None:
    settled = {"outcome": "failed", "failure_code": "R01"}
    sandbox.post(f"/sandbox/payment_intents/{sent.stripe_payment_intent_id}/settle", settled)

    paying.sync_payment(str(sent.stripe_payment_intent_id), "payment_intent.payment_failed")

    payment = reload(sent)
    assert (payment.state, payment.failure_code, payment.failure_network_code) == (
        "failed",
        "insufficient_funds",
        "R01",
    )
    assert period_of(sent).state == "due"


def test_a_second_payment_of_the_period_meets_the_first(
    place: Place, cast: Cast, bill: Bill, mandate: Mandate, claimed: Payment
) -> None:
    with pytest.raises(paying.AlreadyClaimed) as refused:
        paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)

    assert refused.value.payment.pk == claimed.pk


def test_advancing_again_and_again_makes_one_debit(sandbox: Sandbox, sent: Payment) -> None:
    for _ in range(3):
        paying.advance(sent.household_id, sent.pk)

    assert len(debits(sandbox)) == len(intents(sandbox)) == 1
