"""The whole road by the API, as an app goes it: from sign-up to paid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.accounts.letters import code_in, last_letter
from tests.api.calling import Api, ok, refused
from tests.payments.conftest import biller  # noqa: F401
from tests.sandbox_client import Sandbox
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL, PASSWORD = "dana@example.com", "a-long-walk-by-the-sea"


def headless(path: str, body: dict[str, str], token: str = "") -> Any:
    headers = {"X-Session-Token": token} if token else {}
    url = f"/_allauth/app/v1/auth/{path}"
    return Client().post(url, body, content_type="application/json", headers=headers)


def sign_up(run_tasks: Callable[[], object]) -> Api:
    """Sign up, verify with the mailed code, then sign in anew."""
    begun = headless("signup", {"email": EMAIL, "password": PASSWORD})
    assert begun.status_code == 401
    pending = begun.json()["meta"]["session_token"]
    refused(Api(pending).get("/me"), 401, "unauthorized")
    run_tasks()
    verified = headless("email/verify", {"key": code_in(last_letter(EMAIL))}, pending)
    assert verified.status_code == 200
    signed_in = headless("login", {"email": EMAIL, "password": PASSWORD})
    return Api(signed_in.json()["meta"]["session_token"])


def link_checking(api: Api, sandbox: Sandbox, bank_keys: list[str]) -> Any:
    session = ok(api.post("/link-sessions", {"mode": "sheet"}), 201)["id"]
    chosen = {"accounts": bank_keys[:1], "result": "success"}
    sandbox.post(f"/sandbox/link-sessions/{session}/authorize", chosen)
    [account] = ok(api.post(f"/link-sessions/{session}/complete"))["accounts"]
    return account


def test_from_sign_up_to_paid(
    sandbox: Sandbox,
    bank_keys: list[str],
    biller: Any,  # noqa: F811
    live_server: Any,
    webhooks_to: Callable[[str], None],
    run_tasks: Callable[[], object],
) -> None:
    webhooks_to(live_server.url)
    api = sign_up(run_tasks)
    account = link_checking(api, sandbox, bank_keys)

    def come() -> Any:
        run_tasks()
        return ok(api.get(f"/accounts/{account['id']}"))["freshness"]["transactions"]["status"] == "succeeded"

    until(come, "the first reading")
    rows = ok(api.get("/transactions", limit=100))
    spending = ok(api.get("/spending"))
    assert rows["next"]
    assert spending["total"]["amount"] == sum(group["amount"]["amount"] for group in spending["groups"]) > 0
    assert ok(api.get(f"/accounts/{account['id']}"))["balance"]["current"]["currency"] == "usd"

    [water] = ok(api.get("/billers", q="water"))["data"]
    due_on = (timezone.now() + timedelta(days=10)).date().isoformat()
    bill = ok(api.post("/bills", {"biller": water["id"], "amount": 84_50, "due_on": due_on}), 201)
    terms = ok(api.get("/mandates/terms", account=account["id"]))
    agreed = {"account": account["id"], "version": terms["version"], "accept": True, "name": "Dana Diaz"}
    mandate = ok(api.post("/mandates", agreed), 201)
    assert mandate["status"] == "active"

    order = {"bill": bill["id"], "account": account["id"], "mandate": mandate["id"]}
    payment = ok(api.post("/payments", order), 201)
    assert payment["state"] == "scheduled"
    assert refused(api.post("/payments", order), 409, "already_paying")["payment"] == payment["id"]
    run_tasks()
    payment = ok(api.get(f"/payments/{payment['id']}"))
    assert payment["state"] == "processing"

    sandbox.post(f"/sandbox/payment_intents/{payment['payment_intent']}/settle", {"outcome": "succeeded"})

    def paid() -> Any:
        run_tasks()
        return ok(api.get(f"/payments/{payment['id']}"))["state"] == "paid"

    until(paid, "the webhook")
    states = [change["state"] for change in ok(api.get(f"/payments/{payment['id']}"))["history"]]
    assert states == ["scheduled", "submitted", "processing", "paid"]
    period = ok(api.get(f"/bills/{bill['id']}"))["period"]
    assert (period["state"], period["payment"]) == ("paid", payment["id"])
