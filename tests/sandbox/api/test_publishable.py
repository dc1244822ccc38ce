"""What a publishable key with a client secret may do and see: what Stripe.js lives on."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.api.driving import Linked, Sandbox, new_payment

Body = dict[str, Any]
INFERRED = {
    "mandate_data[customer_acceptance][type]": "online",
    "mandate_data[customer_acceptance][online][infer_from_client]": "true",
}


def as_browser(sandbox: Sandbox, method: str, path: str, **params: str) -> requests.Response:
    where = {"params": params} if method == "GET" else {"data": params}
    headers = {"Authorization": "Bearer pk_test_sandbox", "User-Agent": "A browser"}
    return requests.request(method, f"{sandbox.base}/v1/{path}", headers=headers, timeout=10, **where)  # type: ignore[arg-type]


def test_a_browser_sees_a_subset(sandbox: Sandbox, linked: Linked) -> None:
    intent = new_payment(sandbox, linked, metadata={"bill": "7"})

    seen = as_browser(sandbox, "GET", f"payment_intents/{intent.id}", client_secret=intent.client_secret).json()

    assert seen["status"] == "requires_confirmation"
    assert not {"metadata", "customer", "latest_charge", "on_behalf_of"} & set(seen)


@pytest.mark.parametrize("secret", [{}, {"client_secret": "pi_1_secret_2"}])
def test_without_its_secret_an_intent_is_not_there(sandbox: Sandbox, linked: Linked, secret: Body) -> None:
    intent = new_payment(sandbox, linked)

    assert as_browser(sandbox, "GET", f"payment_intents/{intent.id}", **secret).status_code == 404


def test_a_mandate_is_inferred_from_the_client(sandbox: Sandbox, linked: Linked) -> None:
    intent = new_payment(sandbox, linked)
    path = f"payment_intents/{intent.id}/confirm"

    confirmed = as_browser(sandbox, "POST", path, client_secret=intent.client_secret, **INFERRED).json()

    charge = sandbox.api.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]}).latest_charge
    mandate = sandbox.api.mandates.retrieve(charge.payment_method_details.us_bank_account.mandate)
    assert confirmed["status"] == "processing"
    assert mandate.customer_acceptance.online.to_dict() == {"ip_address": "127.0.0.1", "user_agent": "A browser"}


def test_only_a_browser_may_leave_the_mandate_to_be_inferred(sandbox: Sandbox, linked: Linked) -> None:
    intent = new_payment(sandbox, linked)

    refused = sandbox.raw("POST", f"/v1/payment_intents/{intent.id}/confirm", data=INFERRED)

    assert refused.status_code == 400
    assert "infer_from_client" in refused.json()["error"]["param"]


def test_no_log_keeps_secrets_or_whole_numbers(sandbox: Sandbox, linked: Linked) -> None:
    intent = new_payment(sandbox, linked)
    as_browser(sandbox, "GET", f"payment_intents/{intent.id}", client_secret=intent.client_secret)
    numbers = {"us_bank_account[account_number]": "000999123456", "us_bank_account[routing_number]": "110000000"}

    named = {"type": "us_bank_account", "billing_details[name]": "Ana"}
    as_browser(sandbox, "POST", "payment_methods", **named, **numbers)

    log = str(sandbox.get("/requests"))
    assert intent.client_secret not in log
    assert "000999123456" not in log
    assert "3456" in log
