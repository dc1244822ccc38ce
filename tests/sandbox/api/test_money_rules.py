"""What Stripe refuses about money, and with which words: amounts, methods, mandates, states, refunds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from tests.sandbox.api.driving import (
    DAY,
    FORTNIGHT,
    MANDATE_DATA,
    SAVINGS,
    Linked,
    Sandbox,
    confirmed_payment,
    link,
    method_data,
    new_payment,
    save_method,
)

PAY = "/v1/payment_intents"


def refused(call: Callable[[], Any]) -> Any:
    with pytest.raises(stripe.StripeError) as caught:
        call()
    return caught.value


def in_days(days: int) -> dict[str, Any]:
    day = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
    return {"payment_method_options": {"us_bank_account": {"target_date": day}}}


TARGET = "payment_method_options[us_bank_account][target_date]"
DESCRIPTOR = "statement_descriptor"


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"amount": -5}, "parameter_invalid_integer", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"currency": "eur"}, "payment_intent_invalid_parameter", "currency"),
        ({"statement_descriptor": "A" * 23}, None, DESCRIPTOR),
        *[({"statement_descriptor": f"WATER {sign} CO"}, None, DESCRIPTOR) for sign in "<>'\""],
        ({"statement_descriptor": "1234567"}, None, DESCRIPTOR),
        ({"receipt_email": "nobody"}, "email_invalid", "receipt_email"),
        ({"capture_method": "manual"}, None, "capture_method"),
        (in_days(2), None, TARGET),
        (in_days(16), None, TARGET),
        ({"payment_method_options": {"us_bank_account": {"target_date": "20261231"}}}, None, TARGET),
        ({"application_fee_amount": 10}, None, "application_fee_amount"),
        ({"transfer_data": {"destination": "acct_water", "amount": 9_000}}, None, "transfer_data[amount]"),
        ({"mandate_data": MANDATE_DATA}, None, "mandate_data"),
        ({"mandate": "mandate_1"}, None, "mandate"),
        ({"off_session": True}, None, "off_session"),
        (
            {"payment_method_options": {"us_bank_account": {"verification_method": "microdeposits"}}},
            "payment_intent_invalid_parameter",
            "payment_method_options[us_bank_account][verification_method]",
        ),
    ],
)
def test_a_payment_out_of_bounds(
    sandbox: Sandbox, linked: Linked, change: dict[str, Any], code: str | None, param: str | None
) -> None:
    problem = refused(lambda: new_payment(sandbox, linked, **change))

    assert (problem.http_status, problem.code) == (400, code)
    assert problem.param == param
    assert sandbox.api.payment_intents.list().data == []


@pytest.mark.parametrize("amount", [50, 99_999_999])
def test_the_least_and_the_most(sandbox: Sandbox, linked: Linked, amount: int) -> None:
    assert new_payment(sandbox, linked, amount=amount, **in_days(15)).amount == amount


@pytest.mark.parametrize("off_session", ["true", "false", "one_off", "recurring"])
def test_off_session_has_four_values(sandbox: Sandbox, linked: Linked, off_session: str) -> None:
    saved = save_method(sandbox, linked)
    data = {
        "amount": "500",
        "currency": "usd",
        "customer": linked.customer,
        "payment_method": saved.payment_method,
        "mandate": saved.mandate,
        "confirm": "true",
        "off_session": off_session,
    }

    assert sandbox.raw("POST", PAY, data=data).json()["status"] == "processing"
    assert sandbox.raw("POST", PAY, data={**data, "off_session": "weekly"}).status_code == 400


def test_a_mandate_and_new_words_exclude_each_other(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    intent = new_payment(sandbox, linked)

    def confirm(**params: Any) -> Any:
        return refused(lambda: sandbox.api.payment_intents.confirm(intent.id, params))

    assert confirm(mandate=saved.mandate, mandate_data=MANDATE_DATA).code == "parameters_exclusive"
    assert confirm().param == "mandate_data"
    assert confirm(mandate="mandate_none").code == "resource_missing"
    offline = {"customer_acceptance": {"type": "offline", "offline": {}}}
    assert sandbox.api.payment_intents.confirm(intent.id, {"mandate_data": offline}).status == "processing"


def test_words_must_say_where_they_were_given(sandbox: Sandbox, linked: Linked) -> None:
    intent = new_payment(sandbox, linked)
    acceptance = {"type": "online", "online": {"ip_address": "203.0.113.7"}}

    problem = refused(
        lambda: sandbox.api.payment_intents.confirm(intent.id, {"mandate_data": {"customer_acceptance": acceptance}})
    )

    assert problem.param == "mandate_data[customer_acceptance][online][user_agent]"


def test_a_mandate_for_one_payment_is_for_its_amount(sandbox: Sandbox, linked: Linked) -> None:
    setup = sandbox.api.setup_intents.create(
        {
            "customer": linked.customer,
            "payment_method_data": method_data(linked.account),
            "single_use": {"amount": 500, "currency": "usd"},
            "mandate_data": MANDATE_DATA,
            "confirm": True,
        }
    )

    def pay(amount: int) -> Any:
        body = {"amount": amount, "currency": "usd", "customer": linked.customer, "confirm": True}
        return sandbox.api.payment_intents.create(
            {**body, "payment_method": setup.payment_method, "mandate": setup.single_use_mandate}
        )

    assert refused(lambda: pay(501)).code == "payment_intent_mandate_invalid"
    assert pay(500).status == "processing"
    assert refused(lambda: pay(500)).code == "payment_intent_mandate_invalid"


def test_an_attached_account_has_no_mandate(sandbox: Sandbox, linked: Linked) -> None:
    method = sandbox.api.payment_methods.create(method_data(linked.account))
    sandbox.api.payment_methods.attach(method.id, {"customer": linked.customer})
    body = {"amount": 500, "currency": "usd", "customer": linked.customer, "payment_method": method.id}

    problem = refused(lambda: sandbox.api.payment_intents.create({**body, "confirm": True, "off_session": True}))

    assert (problem.code, problem.param) == ("parameter_missing", "mandate_data")


def test_a_method_without_a_customer_serves_one_payment(sandbox: Sandbox, linked: Linked) -> None:
    method = confirmed_payment(sandbox, linked).payment_method
    body = {"amount": 500, "currency": "usd", "customer": linked.customer, "payment_method": method}

    assert refused(lambda: sandbox.api.payment_intents.create(body)).code == "payment_method_unexpected_state"
    assert (
        refused(lambda: sandbox.api.payment_methods.attach(method, {"customer": linked.customer})).code
        == "payment_method_unexpected_state"
    )
    assert "save this PaymentMethod" in str(
        refused(lambda: sandbox.api.payment_methods.update(method, {"metadata": {"a": "b"}}))
    )


def test_another_customers_account(sandbox: Sandbox, linked: Linked) -> None:
    other = link(sandbox)
    saved = save_method(sandbox, linked)

    stolen = refused(lambda: new_payment(sandbox, other, payment_method_data=method_data(linked.account)))
    lent = refused(
        lambda: sandbox.api.setup_intents.create({"customer": other.customer, "payment_method": saved.payment_method})
    )

    assert stolen.param == "payment_method_data[us_bank_account][financial_connections_account]"
    assert lent.code == "payment_method_invalid_parameter"


def test_an_account_without_the_permission(sandbox: Sandbox) -> None:
    reading = link(sandbox, permissions=["balances"])

    problem = refused(lambda: new_payment(sandbox, reading))

    assert "`payment_method` permission" in str(problem)


@pytest.mark.parametrize("end", ["inactive", "disconnected"])
def test_what_was_saved_outlives_the_access(sandbox: Sandbox, linked: Linked, end: str) -> None:
    saved = save_method(sandbox, linked)
    if end == "inactive":
        sandbox.post(f"/accounts/{linked.account}/state", {"status": "inactive"})
    else:
        sandbox.api.financial_connections.accounts.disconnect(linked.account)

    assert refused(lambda: new_payment(sandbox, linked)).code == "financial_connections_account_inactive"
    body = {"amount": 500, "currency": "usd", "customer": linked.customer, "payment_method": saved.payment_method}
    paid = sandbox.api.payment_intents.create({**body, "mandate": saved.mandate, "confirm": True})
    assert paid.status == "processing"


@pytest.mark.parametrize("state", ["processing", "succeeded", "canceled"])
def test_what_is_under_way_is_not_changed(sandbox: Sandbox, linked: Linked, state: str) -> None:
    intent = confirmed_payment(sandbox, linked)
    if state == "succeeded":
        sandbox.post(f"/payment_intents/{intent.id}/settle", {"outcome": "succeeded"})
    if state == "canceled":
        sandbox.api.payment_intents.cancel(intent.id)
    api = sandbox.api.payment_intents

    for attempt in (
        lambda: api.confirm(intent.id, {"mandate_data": MANDATE_DATA}),
        lambda: api.update(intent.id, {"amount": 600}),
        lambda: api.verify_microdeposits(intent.id, {"descriptor_code": "SM11AA"}),
    ):
        problem = refused(attempt)
        assert problem.code == "payment_intent_unexpected_state"
        assert problem.error.payment_intent.status == state
    if state != "processing":
        assert refused(lambda: api.cancel(intent.id)).code == "payment_intent_unexpected_state"
    assert api.update(intent.id, {"description": "water"}).description == "water"


def test_a_setup_is_confirmed_once(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    api = sandbox.api.setup_intents

    for attempt in (
        lambda: api.confirm(saved.id, {"mandate_data": MANDATE_DATA}),
        lambda: api.cancel(saved.id),
        lambda: api.update(saved.id, {"payment_method": saved.payment_method}),
    ):
        problem = refused(attempt)
        assert problem.code == "setup_intent_unexpected_state"
        assert problem.error.setup_intent.status == "succeeded"


def test_refunds_end_after_half_a_year(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)
    sandbox.post("/clock/advance", {"seconds": FORTNIGHT})
    assert sandbox.api.refunds.create({"payment_intent": intent.id, "amount": 100}).status == "pending"

    sandbox.post("/clock/advance", {"seconds": 167 * DAY})

    assert refused(lambda: sandbox.api.refunds.create({"payment_intent": intent.id})).code == "charge_not_refundable"


def test_a_refund_under_way_stops_at_a_dispute(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)
    sandbox.post(f"/payment_intents/{intent.id}/settle", {"outcome": "succeeded"})
    arrived = sandbox.api.refunds.create({"payment_intent": intent.id, "amount": 100})
    sandbox.post("/clock/advance", {"seconds": FORTNIGHT})
    under_way = sandbox.api.refunds.create({"payment_intent": intent.id, "amount": 200})

    sandbox.post(f"/payment_intents/{intent.id}/dispute")

    stopped = sandbox.api.refunds.retrieve(under_way.id)
    assert (stopped.status, stopped.failure_reason) == ("failed", "charge_for_pending_refund_disputed")
    # What had arrived was paid twice: nobody asks for it back.
    assert sandbox.api.refunds.retrieve(arrived.id).status == "succeeded"
    assert sandbox.api.charges.retrieve(intent.latest_charge).amount_refunded == 100


def test_every_cent_is_on_the_balance(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked, amount=100_000)
    assert sandbox.api.charges.retrieve(intent.latest_charge).balance_transaction is None
    sandbox.post(f"/payment_intents/{intent.id}/settle", {"outcome": "succeeded"})
    refund = sandbox.api.refunds.create({"payment_intent": intent.id, "amount": 300})
    sandbox.post(f"/refunds/{refund.id}/fail")
    sandbox.post(f"/payment_intents/{intent.id}/dispute")

    charge = sandbox.api.charges.retrieve(intent.latest_charge, {"expand": ["balance_transaction"]})
    moves = sandbox.api.balance_transactions.list().data

    assert (charge.balance_transaction.fee, charge.balance_transaction.net) == (500, 99_500)
    assert [(move.type, move.amount) for move in reversed(moves)] == [
        ("payment", 100_000),
        ("payment_refund", -300),
        ("refund_failure", 300),
        ("adjustment", -100_000),
    ]
    assert sandbox.api.balance_transactions.retrieve(moves[0].id).source.startswith("du_")


@pytest.mark.parametrize(
    ("reason", "shown", "network", "blocked", "mandate"),
    [
        ("insufficient_funds", "insufficient_funds", "R01", None, "active"),
        ("R09", "insufficient_funds", "R09", None, "active"),
        ("R02", "incorrect_account_details", "R02", "bank_account_closed", "active"),
        ("R16", "bank_cannot_process", "R16", "bank_account_frozen", "active"),
        ("R07", "debit_not_authorized", "R07", None, "inactive"),
    ],
)
def test_what_comes_back_late(
    sandbox: Sandbox, linked: Linked, reason: str, shown: str, network: str, blocked: str | None, mandate: str
) -> None:
    saved = save_method(sandbox, linked)
    body = {"amount": 500, "currency": "usd", "customer": linked.customer, "payment_method": saved.payment_method}
    intent = sandbox.api.payment_intents.create({**body, "mandate": saved.mandate, "confirm": True})
    sandbox.post(f"/payment_intents/{intent.id}/settle", {"outcome": "succeeded"})

    dispute = sandbox.post(f"/payment_intents/{intent.id}/dispute", {"reason": reason})

    assert (dispute["reason"], dispute["network_reason_code"]) == (shown, network)
    details = sandbox.api.payment_methods.retrieve(saved.payment_method).us_bank_account.status_details.to_dict()
    assert details.get("blocked", {}).get("reason") == blocked
    assert sandbox.api.mandates.retrieve(saved.mandate).status == mandate


def test_two_disputes_block_the_account_under_every_id(sandbox: Sandbox, linked: Linked) -> None:
    first, second = save_method(sandbox, linked), save_method(sandbox, linked)
    other = save_method(sandbox, link(sandbox, SAVINGS, customer=linked.customer))
    for saved in (first, second):
        body = {"amount": 500, "currency": "usd", "customer": linked.customer, "payment_method": saved.payment_method}
        intent = sandbox.api.payment_intents.create({**body, "mandate": saved.mandate, "confirm": True})
        sandbox.post(f"/payment_intents/{intent.id}/settle", {"outcome": "succeeded"})
        sandbox.post(f"/payment_intents/{intent.id}/dispute")

    def is_blocked(saved: Any) -> bool:
        details = sandbox.api.payment_methods.retrieve(saved.payment_method).us_bank_account.status_details
        return "blocked" in details.to_dict()

    assert [is_blocked(each) for each in (first, second, other)] == [True, True, False]


def test_a_mandate_that_ended_does_not_come_back(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    sandbox.post(f"/mandates/{saved.mandate}/state", {"status": "inactive"})

    sandbox.post(f"/mandates/{saved.mandate}/state", {"status": "active"}, ok=False)

    assert sandbox.api.mandates.retrieve(saved.mandate).status == "inactive"


def test_a_mandate_for_one_payment_ends_with_its_debit(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)

    mandate = sandbox.api.charges.retrieve(intent.latest_charge).payment_method_details.us_bank_account.mandate

    assert sandbox.api.mandates.retrieve(mandate).status == "inactive"
    assert len(sandbox.api.events.list({"type": "mandate.updated"}).data) == 1


def automatic(sandbox: Sandbox) -> list[Any]:
    return [each.to_dict() for each in sandbox.api.events.list({"type": "payment_method.automatically_updated"}).data]


def test_a_block_is_lifted(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    body = {"amount": 500, "currency": "usd", "customer": linked.customer, "payment_method": saved.payment_method}
    pay = {**body, "mandate": saved.mandate, "confirm": True}
    sandbox.post(f"/payment_methods/{saved.payment_method}/state", {"blocked": "bank_account_closed"})
    assert refused(lambda: sandbox.api.payment_intents.create(pay)).code == "bank_account_unusable"

    for _ in range(2):
        sandbox.post(f"/payment_methods/{saved.payment_method}/state", {"blocked": None})

    assert sandbox.api.payment_intents.create(pay).status == "processing"
    assert len(automatic(sandbox)) == 2


def test_a_bank_corrects_its_details(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    before = sandbox.api.payment_methods.retrieve(saved.payment_method).us_bank_account

    sandbox.post(f"/payment_methods/{saved.payment_method}/state", {"account_number": "000123450001"})

    after = sandbox.api.payment_methods.retrieve(saved.payment_method).us_bank_account
    assert (before.last4, after.last4) == ("4410", "0001")
    assert automatic(sandbox)[0]["data"]["previous_attributes"] == {
        "us_bank_account": {"fingerprint": before.fingerprint, "last4": "4410"}
    }
