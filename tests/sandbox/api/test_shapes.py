"""Every object that the sandbox shows has the shape that Stripe describes, in answers and in events."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.api import schema
from tests.sandbox.api.driving import (
    CARD,
    DAY,
    MANDATE_DATA,
    Sandbox,
    confirmed_payment,
    link,
    new_payment,
    refresh,
    save_method,
)

pytestmark = pytest.mark.skipif(not schema.FILE.exists(), reason=f"Stripe's schema is not at {schema.FILE}")


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    return schema.load()["components"]["schemas"]


@pytest.fixture(scope="module")
def event_types() -> set[str]:
    return set(schema.load()["x-stripeEventTypes"])


def live_a_life(sandbox: Sandbox) -> dict[str, str]:
    """One of everything that can happen; returns paths that show what came of it."""
    linked = link(sandbox, prefetch=["balances"])
    card = link(sandbox, CARD, customer=linked.customer)
    refresh(sandbox, linked.account, "ownership", "transactions")
    refresh(sandbox, card.account, "balance")
    saved = save_method(sandbox, linked)
    sandbox.api.setup_intents.create(
        {"customer": linked.customer, "payment_method": saved.payment_method, "description": "open"}
    )
    paid = confirmed_payment(sandbox, linked, setup_future_usage="off_session", statement_descriptor="CITY WATER")
    sandbox.post(f"/payment_intents/{paid.id}/settle", {"outcome": "succeeded"})
    failed = confirmed_payment(sandbox, linked, transfer_data={"destination": "acct_water"})
    sandbox.post(f"/payment_intents/{failed.id}/settle", {"outcome": "failed", "failure_code": "R02"})
    refunded = confirmed_payment(sandbox, linked)
    refund = sandbox.api.refunds.create({"payment_intent": refunded.id, "amount": 100})
    sandbox.post(f"/payment_intents/{refunded.id}/settle", {"outcome": "succeeded"})
    failing = sandbox.api.refunds.create({"payment_intent": refunded.id, "amount": 200})
    sandbox.post("/clock/advance", {"seconds": 14 * DAY})
    sandbox.post(f"/refunds/{failing.id}/fail")
    canceled = new_payment(sandbox, linked)
    sandbox.api.payment_intents.cancel(canceled.id, {"cancellation_reason": "requested_by_customer"})
    dispute = sandbox.post(f"/payment_intents/{paid.id}/dispute")
    sandbox.post(f"/accounts/{card.account}/state", {"status": "inactive"})
    sandbox.api.financial_connections.accounts.disconnect(card.account)
    typed = sandbox.api.payment_intents.create(
        {
            "amount": 500,
            "currency": "usd",
            "customer": linked.customer,
            "payment_method_data": {
                "type": "us_bank_account",
                "billing_details": {"name": "Ana"},
                "us_bank_account": {"account_number": "000123456789", "routing_number": "110000000"},
            },
            "confirm": True,
            "mandate_data": MANDATE_DATA,
        }
    )
    return {
        "account": "/v1/account",
        "customer": f"/v1/customers/{linked.customer}",
        "session": f"/v1/financial_connections/sessions/{linked.session}",
        "linked account": f"/v1/financial_connections/accounts/{linked.account}?expand[]=ownership",
        "disconnected account": f"/v1/financial_connections/accounts/{card.account}",
        "transactions": f"/v1/financial_connections/transactions?account={linked.account}&limit=100",
        "setup intent": f"/v1/setup_intents/{saved.id}?expand[]=latest_attempt&expand[]=mandate",
        "payment method": f"/v1/payment_methods/{saved.payment_method}",
        "methods": f"/v1/payment_methods?customer={linked.customer}",
        "paid": f"/v1/payment_intents/{paid.id}?expand[]=latest_charge&expand[]=customer",
        "failed": f"/v1/payment_intents/{failed.id}?expand[]=latest_charge",
        "canceled": f"/v1/payment_intents/{canceled.id}",
        "unverified": f"/v1/payment_intents/{typed.id}",
        "refunds": "/v1/refunds",
        "refund": f"/v1/refunds/{refund.id}",
        "charges": "/v1/charges",
        "dispute": f"/v1/disputes/{dispute['id']}?expand[]=charge",
        "endpoints": "/v1/webhook_endpoints",
        "events": "/v1/events?limit=100",
    }


def test_everything_has_stripes_shape(sandbox: Sandbox, schemas: dict[str, Any], event_types: set[str]) -> None:
    found: list[str] = []
    for name, path in live_a_life(sandbox).items():
        answer = sandbox.raw("GET", path)
        assert answer.status_code == 200, (name, answer.text)
        for body in answer.json().get("data", [answer.json()]) if "data" in answer.json() else [answer.json()]:
            found += schema.complaints(body, schemas[body["object"]], schemas, name)
            if body["object"] == "event":
                snapshot = body["data"]["object"]
                found += schema.complaints(snapshot, schemas[snapshot["object"]], schemas, body["type"])
                found += [] if body["type"] in event_types else [f"no event type {body['type']}"]

    assert not found, "\n".join(sorted(set(found)))


def test_the_check_finds_what_is_wrong(schemas: dict[str, Any]) -> None:
    mandate = {"id": 5, "object": "mandate", "status": "gone", "color": "red", "livemode": None}

    found = set(schema.complaints(mandate, schemas["mandate"], schemas, "m"))

    assert {"m.id is 5, not string", "m.color is unknown", "m.livemode is null", "m.type is missing"} <= found
