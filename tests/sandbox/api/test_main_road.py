"""The road that the application takes, by the official SDK: customer, link, data, mandate, payment, paid."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.api.driving import (
    MANDATE_DATA,
    Linked,
    Sandbox,
    confirmed_payment,
    eventually,
    link,
    new_payment,
    save_method,
)


def refreshed(sandbox: Sandbox, account: str, feature: str) -> stripe.StripeObject:
    field = {"balance": "balance_refresh", "ownership": "ownership_refresh"}.get(feature, "transaction_refresh")

    def done() -> stripe.StripeObject | None:
        body = sandbox.api.financial_connections.accounts.retrieve(account)
        return body if body[field] and body[field].status != "pending" else None

    return eventually(done)


def test_linking_gives_an_account_of_the_customer(sandbox: Sandbox) -> None:
    linked = link(sandbox)

    account = sandbox.api.financial_connections.accounts.retrieve(linked.account)
    session = sandbox.api.financial_connections.sessions.retrieve(linked.session)

    assert account.account_holder.customer == linked.customer
    assert account.status == "active"
    assert [each.id for each in session.accounts.data] == [linked.account]


def test_a_refresh_is_pending_then_brings_the_balance(sandbox: Sandbox, linked: Linked) -> None:
    asked = sandbox.api.financial_connections.accounts.refresh(linked.account, {"features": ["balance"]})
    assert asked.balance_refresh.status == "pending"
    assert asked.balance_refresh.next_refresh_available_at is None
    assert asked.balance is None

    account = refreshed(sandbox, linked.account, "balance")
    assert account.balance_refresh.status == "succeeded"
    assert isinstance(account.balance.current.to_dict()["usd"], int)


def test_transactions_come_after_a_refresh_and_page_through(sandbox: Sandbox, linked: Linked) -> None:
    api = sandbox.api.financial_connections
    api.accounts.refresh(linked.account, {"features": ["transactions"]})
    assert api.transactions.list({"account": linked.account}).data == []

    refreshed(sandbox, linked.account, "transactions")
    rows = list(api.transactions.list({"account": linked.account, "limit": 100}).auto_paging_iter())

    assert len(rows) > 100
    assert len({row.id for row in rows}) == len(rows)
    assert [row.transacted_at for row in rows] == sorted((row.transacted_at for row in rows), reverse=True)


def test_owners_are_read_by_their_snapshot(sandbox: Sandbox, linked: Linked) -> None:
    api = sandbox.api.financial_connections
    api.accounts.refresh(linked.account, {"features": ["ownership"]})
    account = refreshed(sandbox, linked.account, "ownership")

    owners = api.accounts.owners.list(linked.account, {"ownership": account.ownership})

    assert owners.data[0].name


def test_a_setup_intent_saves_the_account_with_a_mandate(sandbox: Sandbox, linked: Linked) -> None:
    intent = save_method(sandbox, linked)

    assert intent.status == "succeeded"
    mandate = sandbox.api.mandates.retrieve(intent.mandate)
    assert (mandate.status, mandate.type) == ("active", "multi_use")
    assert sandbox.api.payment_methods.retrieve(intent.payment_method).customer == linked.customer


def test_a_payment_goes_from_confirmation_to_paid(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    intent = sandbox.api.payment_intents.create(
        {
            "amount": 84_50,
            "currency": "usd",
            "customer": linked.customer,
            "payment_method": saved.payment_method,
            "allowed_payment_method_types": ["us_bank_account"],
        }
    )
    assert intent.status == "requires_confirmation"

    confirmed = sandbox.api.payment_intents.confirm(intent.id, {"mandate": saved.mandate})
    assert confirmed.status == "processing"
    charge = sandbox.api.charges.retrieve(confirmed.latest_charge)
    assert charge.id.startswith("py_")
    assert charge.status == "pending"

    sandbox.post(f"/payment_intents/{intent.id}/settle", {"outcome": "succeeded"})
    assert sandbox.api.payment_intents.retrieve(intent.id).status == "succeeded"
    assert sandbox.api.charges.retrieve(charge.id).paid is True


def test_a_returned_debit_says_why_and_wants_another_method(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)

    sandbox.post(f"/payment_intents/{intent.id}/settle", {"outcome": "failed", "failure_code": "R01"})

    failed = sandbox.api.payment_intents.retrieve(intent.id)
    assert failed.status == "requires_payment_method"
    assert failed.last_payment_error.code == "insufficient_funds"
    assert failed.last_payment_error.network_decline_code == "R01"
    assert sandbox.api.charges.retrieve(intent.latest_charge).failure_code == "insufficient_funds"


def test_confirming_twice_is_refused(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.api.payment_intents.confirm(intent.id, {"mandate_data": MANDATE_DATA})

    assert refusal.value.code == "payment_intent_unexpected_state"
    assert sandbox.api.charges.list({"payment_intent": intent.id}).data[0].id == intent.latest_charge


def test_webhooks_are_signed_with_the_endpoints_secret(sandbox: Sandbox, linked: Linked) -> None:
    eventually(lambda: "financial_connections.account.created" in sandbox.receiver.types)

    number = sandbox.receiver.types.index("financial_connections.account.created")
    event = sandbox.client().construct_event(
        sandbox.receiver.bodies[number], sandbox.receiver.signatures[number], "whsec_sandbox"
    )
    assert event.data.object.id == linked.account
    assert event.api_version == "2026-10-28.endive"


def test_a_payments_events_arrive(sandbox: Sandbox, linked: Linked) -> None:
    intent = confirmed_payment(sandbox, linked)
    sandbox.post(f"/payment_intents/{intent.id}/settle", {"outcome": "succeeded"})

    eventually(lambda: "payment_intent.succeeded" in sandbox.receiver.types)
    wanted = {"payment_intent.created", "payment_intent.processing", "charge.pending", "charge.succeeded"}
    eventually(lambda: wanted <= set(sandbox.receiver.types))


def test_reset_leaves_nothing_behind(sandbox: Sandbox, linked: Linked) -> None:
    new_payment(sandbox, linked)
    sandbox.api.financial_connections.accounts.refresh(linked.account, {"features": ["transactions"]})

    sandbox.post("/reset")

    assert sandbox.api.customers.list().data == []
    assert sandbox.api.events.list().data == []
    assert [each["path"] for each in sandbox.get("/requests")] == ["/v1/customers", "/v1/events"]
