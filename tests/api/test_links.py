"""Linking a bank by the API."""

from __future__ import annotations

import pytest

from tests.api.calling import Api, ok, refused
from tests.cast import Cast
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_bank_is_linked(alice: Api, sandbox: Sandbox, bank_keys: list[str]) -> None:
    session = ok(alice.post("/link-sessions", {"mode": "sheet"}), 201)
    sandbox.post(f"/sandbox/link-sessions/{session['id']}/authorize", {"accounts": bank_keys, "result": "success"})

    linked = ok(alice.post(f"/link-sessions/{session['id']}/complete"))

    assert session["client_secret"].startswith("fcsess_client_secret_")
    assert session["publishable_key"] == "pk_test_sandbox"
    assert [a["subcategory"] for a in linked["accounts"]] == ["checking", "savings", "credit_card"]
    assert ok(alice.get("/accounts"))["data"] == linked["accounts"]
    assert ok(alice.get("/me"))["stripe_customer"].startswith("cus_")


def test_a_session_of_somebody_else_is_not_there(
    alice: Api, charlie: Api, sandbox: Sandbox, bank_keys: list[str]
) -> None:
    session = ok(alice.post("/link-sessions"), 201)["id"]
    sandbox.post(f"/sandbox/link-sessions/{session}/authorize", {"accounts": bank_keys, "result": "success"})

    refused(charlie.post(f"/link-sessions/{session}/complete"), 404, "not_found")


def test_stripe_down_says_so(alice: Api, cast: Cast, sandbox: Sandbox) -> None:
    sandbox.put(
        "/sandbox/faults",
        {"api": [{"match": "POST /v1/financial_connections/sessions", "kind": "500", "times": 9}]},
    )

    response = alice.post("/link-sessions")

    refused(response, 503, "stripe_unavailable")
    assert int(response.headers["Retry-After"]) >= 1


def test_linking_for_reading_only(alice: Api, sandbox: Sandbox, bank_keys: list[str]) -> None:
    session = ok(alice.post("/link-sessions", {"permissions": ["balances"]}), 201)["id"]
    sandbox.post(f"/sandbox/link-sessions/{session}/authorize", {"accounts": bank_keys[:1], "result": "success"})

    [account] = ok(alice.post(f"/link-sessions/{session}/complete"))["accounts"]

    assert (account["permissions"], account["payable"]) == (["balances"], False)
    assert set(account["freshness"]) == {"balance"}


@pytest.mark.parametrize("result", ["cancel", "fail"])
def test_nothing_was_linked(alice: Api, sandbox: Sandbox, bank_keys: list[str], result: str) -> None:
    session = ok(alice.post("/link-sessions"), 201)["id"]
    sandbox.post(f"/sandbox/link-sessions/{session}/authorize", {"accounts": bank_keys[:1], "result": result})

    assert ok(alice.post(f"/link-sessions/{session}/complete")) == {"accounts": []}
    assert ok(alice.post(f"/link-sessions/{session}/complete")) == {"accounts": []}


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "popup"},
        {"permissions": ["everything"]},
        {"permissions": []},
        {"mode": "webview", "return_url": "https://evil.example/"},
        {"mode": "hosted", "return_url": "https://evil.example/"},
        {"permissions": ["balances"], "prefetch": ["transactions"]},
        {"filters": {"account_subcategories": ["brokerage"]}},
        {"filters": {"country": "FR"}},
        {"limits": {"accounts": 0}},
        {"limits": {"accounts": 1.5}},
    ],
)
def test_what_is_not_on_offer_is_refused(alice: Api, body: dict[str, object]) -> None:
    assert alice.post("/link-sessions", body).status_code == 422


def test_another_persons_account_cannot_be_linked_again(alice: Api, charlie: Api, cast: Cast) -> None:
    for account in (str(cast.checking.pk), "0", "nothing"):
        refused(charlie.post("/link-sessions", {"relink_account": account}), 404, "not_found")
