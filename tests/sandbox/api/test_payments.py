"""Debits after their confirmation: the bank's answers, cancelling in time, refunds, disputes, blocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import stripe

from sandbox.money import bank_days
from tests.sandbox.api.driving import (
    DAY,
    FORTNIGHT,
    MANDATE_DATA,
    Linked,
    Sandbox,
    confirmed_payment,
    link,
    method_data,
    new_payment,
    save_method,
)


def settle(sandbox: Sandbox, intent: str, outcome: str = "succeeded", **more: Any) -> Any:
    return sandbox.post(f"/payment_intents/{intent}/settle", {"outcome": outcome, **more})


def paid(sandbox: Sandbox, linked: Linked, **more: Any) -> Any:
    intent = confirmed_payment(sandbox, linked, **more)
    settle(sandbox, intent.id)
    return sandbox.api.payment_intents.retrieve(intent.id)


def types(sandbox: Sandbox, *prefixes: str) -> list[str]:
    events = sandbox.api.events.list({"limit": 100}).data
    return [event.type for event in reversed(events) if event.type.startswith(prefixes)]


def outcome_account(sandbox: Sandbox, name: str) -> Linked:
    """An account whose debits end as it is called."""
    customer = sandbox.api.customers.create({}).id
    session = sandbox.api.financial_connections.sessions.create(
        {"account_holder": {"type": "customer", "customer": customer}, "permissions": ["payment_method"]}
    )
    accounts = [account for bank in sandbox.get("/banks") for account in bank["accounts"]]
    key = next(account["key"] for account in accounts if account["name"] == name)
    done = sandbox.post(f"/link-sessions/{session.id}/authorize", {"accounts": [key]})
    return Linked(customer, session.id, done["accounts"][0]["id"], key)


def test_nothing_settles_before_its_time(sandbox: Sandbox, linked: Linked) -> None:
    now = sandbox.post("/clock/advance", {"seconds": 0})["now"]
    intent = confirmed_payment(sandbox, linked)
    settles = bank_days.opening(bank_days.later(bank_days.day_of(now), 4))

    sandbox.post("/clock/advance", {"seconds": settles - now - 60})
    assert sandbox.api.payment_intents.retrieve(intent.id).status == "processing"

    sandbox.post("/clock/advance", {"seconds": 120})
    assert sandbox.api.payment_intents.retrieve(intent.id).status == "succeeded"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Insufficient Funds", "insufficient_funds"),
        ("Account Closed", "account_closed"),
        ("No Account", "no_account"),
        ("Debit Not Authorized", "debit_not_authorized"),
    ],
)
def test_test_accounts_end_as_they_are_called(sandbox: Sandbox, name: str, code: str) -> None:
    intent = confirmed_payment(sandbox, outcome_account(sandbox, name))

    sandbox.post("/clock/advance", {"seconds": FORTNIGHT})

    failed = sandbox.api.payment_intents.retrieve(intent.id)
    assert (failed.status, failed.last_payment_error.code) == ("requires_payment_method", code)
    assert failed.payment_method is None


def test_one_account_never_settles_and_one_is_disputed(sandbox: Sandbox) -> None:
    stuck = confirmed_payment(sandbox, outcome_account(sandbox, "Processing"))
    disputed = confirmed_payment(sandbox, outcome_account(sandbox, "Dispute"))

    sandbox.post("/clock/advance", {"seconds": 20 * DAY})

    assert sandbox.api.payment_intents.retrieve(stuck.id).status == "processing"
    assert sandbox.api.payment_intents.retrieve(disputed.id).status == "succeeded"
    assert len(sandbox.api.disputes.list({"payment_intent": disputed.id}).data) == 1


@pytest.mark.parametrize(
    ("given", "code", "network", "blocked"),
    [
        (None, "insufficient_funds", "R01", None),
        ("R09", "insufficient_funds", "R09", None),
        ("R02", "account_closed", "R02", "bank_account_closed"),
        ("R04", "account_number_invalid", "R04", "bank_account_invalid_details"),
        ("R16", "bank_account_restricted", "R16", "bank_account_frozen"),
        ("debit_not_authorized", "debit_not_authorized", "R10", "debit_not_authorized"),
    ],
)
def test_return_codes(
    sandbox: Sandbox, linked: Linked, given: str | None, code: str, network: str, blocked: str | None
) -> None:
    intent = confirmed_payment(sandbox, linked)

    settle(sandbox, intent.id, "failed", failure_code=given)

    problem = sandbox.api.payment_intents.retrieve(intent.id).last_payment_error
    assert (problem.code, problem.network_decline_code) == (code, network)
    details = sandbox.api.payment_methods.retrieve(problem.payment_method.id).us_bank_account.status_details.to_dict()
    assert details == ({"blocked": {"network_code": network, "reason": blocked}} if blocked else {})
    assert types(sandbox, "payment_intent.payment", "charge.failed") == [
        "charge.failed",
        "payment_intent.payment_failed",
    ]


def test_an_unknown_return_code_is_refused(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)

    body = {"outcome": "failed", "failure_code": "R99"}
    answer = sandbox.post(f"/payment_intents/{intent.id}/settle", body, ok=False)

    assert answer["error"]["param"] == "failure_code"
    assert sandbox.api.payment_intents.retrieve(intent.id).status == "processing"


def test_settling_twice_is_refused(sandbox: Sandbox, linked: Linked) -> None:
    intent = paid(sandbox, linked)

    again = sandbox.post(f"/payment_intents/{intent.id}/settle", {"outcome": "failed"}, ok=False)
    sandbox.post("/clock/advance", {"seconds": FORTNIGHT})

    assert "error" in again
    assert sandbox.api.payment_intents.retrieve(intent.id).status == "succeeded"
    assert types(sandbox, "payment_intent.succeeded") == ["payment_intent.succeeded"]


def test_a_failed_payment_is_confirmed_again_with_another_method(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)
    settle(sandbox, intent.id, "failed")

    again = sandbox.api.payment_intents.confirm(
        intent.id, {"payment_method_data": method_data(linked.account), "mandate_data": MANDATE_DATA}
    )

    assert (again.status, again.last_payment_error) == ("processing", None)
    assert again.latest_charge != intent.latest_charge
    assert len(sandbox.api.charges.list({"payment_intent": intent.id}).data) == 2


def test_cancelling_before_confirmation(sandbox: Sandbox, linked: Linked) -> None:
    intent = new_payment(sandbox, linked)

    canceled = sandbox.api.payment_intents.cancel(intent.id, {"cancellation_reason": "duplicate"})

    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "duplicate")
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.api.payment_intents.confirm(intent.id, {"mandate_data": MANDATE_DATA})


def test_cancelling_in_time_takes_the_debit_back(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)

    assert sandbox.api.payment_intents.cancel(intent.id).status == "canceled"
    sandbox.post("/clock/advance", {"seconds": FORTNIGHT})

    assert sandbox.api.payment_intents.retrieve(intent.id).status == "canceled"
    assert sandbox.api.charges.retrieve(intent.latest_charge).status == "failed"


def test_cancelling_is_too_late_once_the_bank_has_it(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)
    now = sandbox.post("/clock/advance", {"seconds": 0})["now"]
    posted = bank_days.opening(bank_days.later(bank_days.day_of(now), 1))
    sandbox.post("/clock/advance", {"seconds": posted - now + 60})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.payment_intents.cancel(intent.id)

    assert refused.value.code == "payment_intent_unexpected_state"
    assert refused.value.error.payment_intent.status == "processing"


@pytest.mark.parametrize("status", ["inactive", "pending"])
def test_a_mandate_that_is_not_active_is_refused(sandbox: Sandbox, linked: Linked, status: str) -> None:
    saved = save_method(sandbox, linked)
    intent = new_payment_with(sandbox, linked, saved.payment_method)
    sandbox.post(f"/mandates/{saved.mandate}/state", {"status": status})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.payment_intents.confirm(intent.id, {"mandate": saved.mandate})

    assert refused.value.code == "payment_intent_mandate_invalid"
    assert types(sandbox, "mandate.") == ["mandate.updated"]
    assert sandbox.api.payment_intents.retrieve(intent.id).status == "requires_confirmation"


def new_payment_with(sandbox: Sandbox, linked: Linked, method: str) -> Any:
    return sandbox.api.payment_intents.create(
        {"amount": 500, "currency": "usd", "customer": linked.customer, "payment_method": method}
    )


def test_a_mandate_of_another_method_is_refused(sandbox: Sandbox, linked: Linked) -> None:
    first, second = save_method(sandbox, linked), save_method(sandbox, linked)
    intent = new_payment_with(sandbox, linked, first.payment_method)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.payment_intents.confirm(intent.id, {"mandate": second.mandate})

    assert refused.value.code == "payment_intent_mandate_invalid"


def test_a_mandate_for_one_payment_serves_one(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    first = new_payment_with(sandbox, linked, saved.payment_method)
    first = sandbox.api.payment_intents.confirm(first.id, {"mandate_data": MANDATE_DATA})
    charge = sandbox.api.charges.retrieve(first.latest_charge, {"expand": ["payment_intent"]})
    mandate = charge.payment_method_details.us_bank_account.mandate
    assert sandbox.api.mandates.retrieve(mandate).type == "single_use"
    again = new_payment_with(sandbox, linked, saved.payment_method)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.payment_intents.confirm(again.id, {"mandate": mandate})

    assert refused.value.code == "payment_intent_mandate_invalid"


def test_future_usage_attaches_the_method_with_a_lasting_mandate(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked, setup_future_usage="off_session")
    charge = sandbox.api.charges.retrieve(intent.latest_charge)

    mandate = sandbox.api.mandates.retrieve(charge.payment_method_details.us_bank_account.mandate)

    assert mandate.type == "multi_use"
    assert sandbox.api.payment_methods.retrieve(intent.payment_method).customer == linked.customer


def test_a_detached_method_is_never_used_again(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    sandbox.api.payment_methods.detach(saved.payment_method)

    with pytest.raises(stripe.InvalidRequestError):
        new_payment_with(sandbox, linked, saved.payment_method)
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.api.payment_methods.attach(saved.payment_method, {"customer": linked.customer})
    assert sandbox.api.payment_methods.list({"customer": linked.customer}).data == []


def test_a_dispute_takes_the_mandate(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    intent = new_payment_with(sandbox, linked, saved.payment_method)
    sandbox.api.payment_intents.confirm(intent.id, {"mandate": saved.mandate})
    settle(sandbox, intent.id)

    dispute = sandbox.post(f"/payment_intents/{intent.id}/dispute")

    assert (dispute["reason"], dispute["status"]) == ("debit_not_authorized", "lost")
    assert sandbox.api.mandates.retrieve(saved.mandate).status == "inactive"
    assert sandbox.api.payment_intents.retrieve(intent.id).status == "succeeded"
    assert types(sandbox, "charge.dispute", "mandate") == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
        "mandate.updated",
    ]


def test_a_late_return_leaves_the_mandate(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    intent = new_payment_with(sandbox, linked, saved.payment_method)
    sandbox.api.payment_intents.confirm(intent.id, {"mandate": saved.mandate})
    settle(sandbox, intent.id)

    dispute = sandbox.post(f"/payment_intents/{intent.id}/dispute", {"reason": "insufficient_funds"})

    assert dispute["network_reason_code"] == "R01"
    assert sandbox.api.mandates.retrieve(saved.mandate).status == "active"


def test_a_second_dispute_blocks_the_account(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    for _ in range(2):
        intent = new_payment_with(sandbox, linked, saved.payment_method)
        sandbox.api.payment_intents.confirm(intent.id, {"mandate_data": MANDATE_DATA})
        settle(sandbox, intent.id)
        sandbox.post(f"/payment_intents/{intent.id}/dispute")

    blocked = new_payment_with(sandbox, linked, saved.payment_method)
    with pytest.raises(stripe.CardError) as refused:
        sandbox.api.payment_intents.confirm(blocked.id, {"mandate_data": MANDATE_DATA})

    assert (refused.value.http_status, refused.value.code) == (402, "bank_account_unusable")
    failed = sandbox.api.payment_intents.retrieve(blocked.id, {"expand": ["latest_charge"]})
    assert (failed.status, failed.latest_charge.status) == ("requires_payment_method", "failed")
    assert "payment_method.automatically_updated" in types(sandbox, "payment_method.")


def test_a_blocked_account_is_not_set_up_either(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    intent = new_payment_with(sandbox, linked, saved.payment_method)
    sandbox.api.payment_intents.confirm(intent.id, {"mandate": saved.mandate})
    settle(sandbox, intent.id, "failed", failure_code="R02")

    with pytest.raises(stripe.CardError):
        sandbox.api.setup_intents.create(
            {
                "customer": linked.customer,
                "payment_method": saved.payment_method,
                "mandate_data": MANDATE_DATA,
                "confirm": True,
            }
        )

    assert types(sandbox, "setup_intent.setup_failed") == ["setup_intent.setup_failed"]


def test_refunds_arrive_after_three_business_days(sandbox: Sandbox, linked: Linked) -> None:
    intent = paid(sandbox, linked)

    refund = sandbox.api.refunds.create({"payment_intent": intent.id, "amount": 1_000})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    assert refund.id.startswith("pyr_")
    sandbox.post("/clock/advance", {"seconds": FORTNIGHT})

    assert sandbox.api.refunds.retrieve(refund.id).status == "succeeded"
    assert types(sandbox, "refund.") == ["refund.created", "refund.updated"]
    charge = sandbox.api.charges.retrieve(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (1_000, False)


def test_refunds_never_exceed_the_charge(sandbox: Sandbox, linked: Linked) -> None:
    intent = paid(sandbox, linked, amount=1_000)
    sandbox.api.refunds.create({"payment_intent": intent.id, "amount": 600})

    with pytest.raises(stripe.InvalidRequestError):
        sandbox.api.refunds.create({"payment_intent": intent.id, "amount": 401})
    assert sandbox.api.refunds.create({"payment_intent": intent.id}).amount == 400
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.refunds.create({"payment_intent": intent.id})

    assert refused.value.code == "charge_already_refunded"


def test_a_refund_waits_for_its_charge(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)
    refund = sandbox.api.refunds.create({"payment_intent": intent.id})
    assert refund.pending_reason == "charge_pending"

    settle(sandbox, intent.id)
    assert sandbox.api.refunds.retrieve(refund.id).pending_reason == "processing"
    sandbox.post("/clock/advance", {"seconds": FORTNIGHT})

    assert sandbox.api.refunds.retrieve(refund.id).status == "succeeded"


def test_a_failed_refund_gives_the_amount_back(sandbox: Sandbox, linked: Linked) -> None:
    intent = paid(sandbox, linked)
    refund = sandbox.api.refunds.create({"payment_intent": intent.id})

    failed = sandbox.post(f"/refunds/{refund.id}/fail")

    assert failed["status"] == "failed"
    charge = sandbox.api.charges.retrieve(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert "refund.failed" in types(sandbox, "refund.")


def test_a_disputed_payment_is_not_refunded(sandbox: Sandbox, linked: Linked) -> None:
    intent = paid(sandbox, linked)
    sandbox.post(f"/payment_intents/{intent.id}/dispute")

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.refunds.create({"payment_intent": intent.id})

    assert refused.value.code == "charge_disputed"


def test_money_goes_to_a_connected_account(sandbox: Sandbox, linked: Linked) -> None:
    intent = paid(
        sandbox, linked, transfer_data={"destination": "acct_water"}, on_behalf_of="acct_water", transfer_group="may"
    )

    charge = sandbox.api.charges.retrieve(intent.latest_charge)

    assert (charge.transfer_data.destination, charge.on_behalf_of) == ("acct_water", "acct_water")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_payment(sandbox, linked, transfer_data={"destination": "water"})
    assert refused.value.param == "transfer_data[destination]"


def test_an_update_before_confirmation(sandbox: Sandbox, linked: Linked) -> None:
    intent = new_payment(sandbox, linked)

    updated = sandbox.api.payment_intents.update(intent.id, {"amount": 9_99, "metadata": {"bill": "7"}})

    assert (updated.amount, updated.metadata.bill) == (9_99, "7")
    confirmed = confirmed_payment(sandbox, linked)
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.api.payment_intents.update(confirmed.id, {"amount": 1})
    assert sandbox.api.payment_intents.update(confirmed.id, {"metadata": {"bill": "8"}}).metadata.bill == "8"


def test_a_typed_account_must_be_verified_first(sandbox: Sandbox, linked: Linked) -> None:
    data = {
        "type": "us_bank_account",
        "billing_details": {"name": "Ana"},
        "us_bank_account": {"account_number": "000123456789", "routing_number": "110000000"},
    }
    intent = sandbox.api.payment_intents.create(
        {
            "amount": 500,
            "currency": "usd",
            "customer": linked.customer,
            "payment_method_data": data,
            "mandate_data": MANDATE_DATA,
            "confirm": True,
        }
    )
    assert intent.next_action.type == "verify_with_microdeposits"

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.payment_intents.verify_microdeposits(intent.id, {"descriptor_code": "SM99ZZ"})
    assert refused.value.code == "payment_method_microdeposit_verification_descriptor_code_mismatch"

    verified = sandbox.api.payment_intents.verify_microdeposits(intent.id, {"descriptor_code": "SM11AA"})
    assert verified.status == "processing"


def test_cancelling_a_setup(sandbox: Sandbox, linked: Linked) -> None:
    intent = sandbox.api.setup_intents.create({"customer": linked.customer})

    assert sandbox.api.setup_intents.cancel(intent.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.setup_intents.confirm(
            intent.id, {"payment_method_data": method_data(linked.account), "mandate_data": MANDATE_DATA}
        )
    assert refused.value.code == "setup_intent_unexpected_state"


def test_a_setup_confirmed_in_two_steps(sandbox: Sandbox, linked: Linked) -> None:
    intent = sandbox.api.setup_intents.create(
        {"customer": linked.customer, "payment_method_data": method_data(linked.account)}
    )
    assert intent.status == "requires_confirmation"
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.api.setup_intents.confirm(intent.id)

    done = sandbox.api.setup_intents.confirm(intent.id, {"mandate_data": MANDATE_DATA})

    assert done.status == "succeeded"
    assert types(sandbox, "setup_intent", "payment_method") == [
        "setup_intent.created",
        "payment_method.attached",
        "setup_intent.succeeded",
    ]


def test_a_payment_starts_later_on_a_target_date(sandbox: Sandbox, linked: Linked) -> None:
    day = (datetime.now(UTC) + timedelta(days=10)).date()
    options = {"us_bank_account": {"target_date": day.isoformat()}}
    intent = confirmed_payment(sandbox, linked, payment_method_options=options)

    bank = sandbox.api.charges.retrieve(intent.latest_charge).payment_method_details.us_bank_account
    assert date.fromisoformat(bank.expected_debit_date) == bank_days.later(day, 0)
    now = sandbox.post("/clock/advance", {"seconds": 0})["now"]
    posted = bank_days.opening(bank_days.later(day, 0))
    too_late = confirmed_payment(sandbox, linked, payment_method_options=options)
    sandbox.post("/clock/advance", {"seconds": posted - now - 60})
    assert sandbox.api.payment_intents.cancel(intent.id).status == "canceled"
    sandbox.post("/clock/advance", {"seconds": 120})
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.api.payment_intents.cancel(too_late.id)


def test_an_account_is_debited_on_the_next_bank_day(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)

    charge = sandbox.api.charges.retrieve(intent.latest_charge)

    debited = date.fromisoformat(charge.payment_method_details.us_bank_account.expected_debit_date)
    assert debited == bank_days.later(bank_days.day_of(charge.created), 1)


def test_another_customer_is_unaffected_by_a_deleted_one(sandbox: Sandbox, linked: Linked) -> None:
    other = link(sandbox)
    saved = save_method(sandbox, linked)

    sandbox.api.customers.delete(linked.customer)

    assert sandbox.api.customers.retrieve(linked.customer).deleted is True
    assert [each.id for each in sandbox.api.customers.list().data] == [other.customer]
    with pytest.raises(stripe.InvalidRequestError):
        new_payment_with(sandbox, linked, saved.payment_method)


def test_an_earlier_attempt_does_not_settle_a_later_one(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)
    settle(sandbox, intent.id, "failed")
    now = sandbox.post("/clock/advance", {"seconds": 1.5 * DAY})["now"]
    again = {"payment_method_data": method_data(linked.account), "mandate_data": MANDATE_DATA}
    sandbox.api.payment_intents.confirm(intent.id, again)

    settles = bank_days.opening(bank_days.later(bank_days.day_of(now), 4))
    sandbox.post("/clock/advance", {"seconds": settles - now - 60})

    assert sandbox.api.payment_intents.retrieve(intent.id).status == "processing"


def test_a_refused_creation_leaves_nothing(sandbox: Sandbox, linked: Linked) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        new_payment(sandbox, linked, confirm=True)

    assert sandbox.api.payment_intents.list().data == []
    assert types(sandbox, "payment_intent") == []


def test_a_transfer_is_reversed_only_where_there_is_one(sandbox: Sandbox, linked: Linked) -> None:
    own, sent_on = paid(sandbox, linked), paid(sandbox, linked, transfer_data={"destination": "acct_water"})

    with pytest.raises(stripe.InvalidRequestError):
        sandbox.api.refunds.create({"payment_intent": own.id, "reverse_transfer": True})

    assert sandbox.api.refunds.create({"payment_intent": sent_on.id, "reverse_transfer": True}).status == "pending"
