"""Each way to link a bank, all the way from the session to the first figures; and what a session asks for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import stripe
from django.test import Client

from banking import refreshing
from banking.models import Account, Freshness
from fcdash import tenancy
from tests.api.calling import Api, ok
from tests.cast import Cast
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
BACK = "https://app.example/back"
SECRET = "fcsess_client_secret_"


@pytest.fixture(autouse=True)
def _return_urls(settings: Any) -> None:
    settings.MOBILE_RETURN_URLS = [BACK]


@pytest.fixture
def webhook(sandbox: Sandbox, run_tasks: Callable[[], Any]) -> Callable[[], None]:
    """`webhook()`: all events so far come in, signed, the newest first, and are worked off."""

    def deliver() -> None:
        for event in sandbox.get("/v1/events?limit=100")["data"]:
            body = json.dumps(event)
            signature = stripe.WebhookSignature.generate_signature_header(body, "whsec_sandbox")
            came = Client().post(
                "/webhooks/stripe/", body, content_type="application/json", headers={"Stripe-Signature": signature}
            )
            assert came.status_code == 200
        run_tasks()

    return deliver


@pytest.fixture
def banks_answer(sandbox: Sandbox, run_tasks: Callable[[], Any], webhook: Callable[[], None]) -> Callable[[], None]:
    """`banks_answer()`: the refreshes that the links began end at once, and what they brought is read."""

    def answer() -> None:
        run_tasks()
        sandbox.post("/sandbox/clock/advance", {"seconds": 4})
        webhook()
        with tenancy.system("a test's accounts"):
            accounts = list(Account.objects.values_list("household_id", "pk"))
        for household_id, account_id in accounts:
            refreshing.catch_up(household_id, account_id)
        run_tasks()

    return answer


def figures(alice: Api) -> tuple[list[str], bool, bool]:
    """Subcategories of the accounts, whether each has a balance, and whether spending is known."""
    accounts = ok(alice.get("/accounts"))["data"]
    spent = ok(alice.get("/spending"))["total"]["amount"]
    return [a["subcategory"] for a in accounts], all(a["balance"] for a in accounts), spent > 0


WAYS: dict[str, dict[str, Any]] = {
    "web": {"mode": "web"},
    "iOS, Android, React Native": {"mode": "sheet"},
    "WebView": {"mode": "webview", "return_url": BACK},
    "hosted": {"mode": "hosted"},
}


@pytest.mark.parametrize("calls_back", [True, False], ids=["the app calls back", "the webhook alone"])
@pytest.mark.parametrize("way", WAYS)
def test_each_way_of_an_app_ends_in_figures(
    alice: Api,
    sandbox: Sandbox,
    bank_keys: list[str],
    webhook: Callable[[], None],
    banks_answer: Callable[[], None],
    way: str,
    calls_back: bool,
) -> None:
    session = ok(alice.post("/link-sessions", WAYS[way]), 201)
    sandbox.post(f"/sandbox/link-sessions/{session['id']}/authorize", {"accounts": bank_keys, "result": "success"})
    if calls_back:
        assert len(ok(alice.post(f"/link-sessions/{session['id']}/complete"))["accounts"]) == 3
    else:
        webhook()
    banks_answer()

    assert figures(alice) == (["checking", "savings", "credit_card"], True, True)
    # Whoever comes late changes nothing.
    assert len(ok(alice.post(f"/link-sessions/{session['id']}/complete"))["accounts"]) == 3
    assert len(ok(alice.get("/accounts"))["data"]) == 3


@pytest.mark.parametrize("way", WAYS)
def test_each_client_finds_what_it_reads(alice: Api, sandbox: Sandbox, way: str) -> None:
    answer = alice.post("/link-sessions", WAYS[way])
    session = ok(answer, 201)

    # It opens a dialog in the person's name: no cache may keep it.
    assert "no-store" in answer.headers["Cache-Control"]
    if way == "hosted":
        assert session["client_secret"] is None
        assert session["url"].startswith(sandbox.url)
    else:
        assert session["client_secret"].startswith(SECRET)
        assert session["url"] is None
    assert session["publishable_key"] == "pk_test_sandbox"
    # The names that Stripe's Android sample reads.
    of_android = {"financialConnectionsSessionClientSecret", "publishableKey"}
    assert of_android & set(session) == (of_android if way.startswith("iOS") else set())
    if way.startswith("iOS"):
        assert session["financialConnectionsSessionClientSecret"] == session["client_secret"]
        assert session["publishableKey"] == session["publishable_key"]


@pytest.mark.parametrize("mode", ["web", "hosted"])
def test_the_page_links_with_and_without_javascript(
    cast: Cast, alice: Api, sandbox: Sandbox, bank_keys: list[str], banks_answer: Callable[[], None], mode: str
) -> None:
    browser = cast.client(cast.alice)
    accept = "application/json" if mode == "web" else "text/html"
    opened = browser.post("/banks/link/", headers={"Accept": accept})
    session_id = session_of(opened, mode, browser)
    sandbox.post(f"/sandbox/link-sessions/{session_id}/authorize", {"accounts": bank_keys, "result": "success"})

    if mode == "web":
        assert browser.post(opened.json()["complete_url"]).json() == {"next": "/"}
    else:
        assert browser.get("/banks/linked/").headers["Location"] == "/"
    banks_answer()

    assert figures(alice) == (["checking", "savings", "credit_card"], True, True)


def session_of(opened: Any, mode: str, browser: Client) -> str:
    if mode == "web":
        return str(opened.json()["complete_url"].split("/")[-3])
    return str(browser.session["hosted_link"])


def test_who_leaves_stripes_page_comes_back_kindly(cast: Cast, sandbox: Sandbox) -> None:
    assert cast.household
    browser = cast.client(cast.alice)
    opened = browser.post("/banks/link/")
    session_id = session_of(opened, "hosted", browser)
    sandbox.post(f"/sandbox/link-sessions/{session_id}/authorize", {"accounts": [], "result": "cancel"})

    page = browser.get("/banks/linked/", follow=True)

    assert page.redirect_chain == [("/banks/link/", 302)]
    assert "No bank was linked. Nothing is read and no money moves." in page.content.decode()


def test_who_is_signed_in_in_an_app_alone_is_sent_back_there(sandbox: Sandbox) -> None:
    page = Client().get("/banks/linked/")

    assert page.status_code == 200
    assert "Go back to the app" in page.content.decode()


# --- What is asked for ---------------------------------------------------------------------------------------------


def asked(sandbox: Sandbox) -> dict[str, Any]:
    """The parameters of the newest session, as the sandbox got them."""
    requests = [r for r in sandbox.get("/sandbox/requests")["data"] if r["path"].endswith("/sessions")]
    return {k: v for k, v in requests[-1]["params"].items() if k not in ("account_holder", "expand")}


@pytest.mark.parametrize("by", ["the operator's settings", "the call"])
def test_what_is_asked_for_is_chosen(alice: Api, sandbox: Sandbox, settings: Any, by: str) -> None:
    body: dict[str, Any] = {"mode": "sheet"}
    if by == "the call":
        body |= {
            "permissions": ["transactions", "balances"],
            "prefetch": ["balances"],
            "filters": {"account_subcategories": ["checking"], "require_payment_method_support": "at_least_one"},
            "limits": {"accounts": 2},
        }
    else:
        settings.LINK_PERMISSIONS, settings.LINK_PREFETCH = ["balances", "transactions"], ["balances", "ownership"]
        settings.LINK_ACCOUNT_SUBCATEGORIES, settings.LINK_PAYABLE = ["checking"], "at_least_one"
        settings.LINK_ACCOUNTS = 2

    answer = ok(alice.post("/link-sessions", body, Idempotency_Key="k"), 201)

    assert asked(sandbox) == {
        "permissions": ["balances", "transactions"],
        "prefetch": ["balances"],
        "filters": {
            "country": "US",
            "account_subcategories": ["checking"],
            "require_payment_method_support": "at_least_one",
        },
        "limits": {"accounts": "2"},
    }
    # The same request again is the same session, whatever the settings have become meanwhile.
    settings.LINK_PERMISSIONS, settings.LINK_ACCOUNTS = ["ownership"], 7
    assert ok(alice.post("/link-sessions", body, Idempotency_Key="k"), 201) == answer


@pytest.mark.parametrize("calls_back", [True, False], ids=["the app calls back", "the webhook alone"])
def test_more_is_asked_for_by_a_new_session_that_says_why(
    alice: Api,
    sandbox: Sandbox,
    bank_keys: list[str],
    webhook: Callable[[], None],
    banks_answer: Callable[[], None],
    calls_back: bool,
) -> None:
    first = ok(alice.post("/link-sessions", {"permissions": ["balances"]}), 201)["id"]
    sandbox.post(f"/sandbox/link-sessions/{first}/authorize", {"accounts": bank_keys[:1], "result": "success"})
    [before] = ok(alice.post(f"/link-sessions/{first}/complete"))["accounts"]
    assert before["payable"] is False

    body = {"relink_account": before["id"], "permissions": ["payment_method", "transactions"]}
    more = ok(alice.post("/link-sessions", body), 201)
    sandbox.post(f"/sandbox/link-sessions/{more['id']}/authorize", {"accounts": bank_keys[:1], "result": "success"})
    if calls_back:
        ok(alice.post(f"/link-sessions/{more['id']}/complete"))
    webhook()
    banks_answer()

    assert asked(sandbox)["permissions"] == ["balances", "payment_method", "transactions"]
    assert [reason["permission"] for reason in more["asks"]] == ["transactions", "payment_method"]
    assert all(reason["opens"] and reason["why"] for reason in more["asks"])
    [after] = ok(alice.get("/accounts"))["data"]
    assert (after["id"], after["status"], after["payable"]) == (before["id"], "active", True)
    with tenancy.system("a test's look"):
        assert Freshness.objects.filter(feature="transactions").exists()
    assert ok(alice.get("/spending"))["total"]["amount"] > 0


def test_an_account_is_signed_in_to_again_and_stays_the_same(
    alice: Api, sandbox: Sandbox, bank_keys: list[str], webhook: Callable[[], None], banks_answer: Callable[[], None]
) -> None:
    first = ok(alice.post("/link-sessions"), 201)["id"]
    sandbox.post(f"/sandbox/link-sessions/{first}/authorize", {"accounts": bank_keys[:1], "result": "success"})
    [before] = ok(alice.post(f"/link-sessions/{first}/complete"))["accounts"]
    sandbox.post(f"/sandbox/accounts/{before['stripe_id']}/state", {"status": "inactive"})
    webhook()
    assert ok(alice.get(f"/accounts/{before['id']}"))["status"] == "inactive"

    again = ok(alice.post("/link-sessions", {"mode": "sheet", "relink_account": before["id"]}), 201)
    sandbox.post(f"/sandbox/link-sessions/{again['id']}/authorize", {"accounts": bank_keys[:1], "result": "success"})
    ok(alice.post(f"/link-sessions/{again['id']}/complete"))
    webhook()
    banks_answer()

    assert again["asks"] == []
    [after] = ok(alice.get("/accounts"))["data"]
    assert (after["id"], after["status"]) == (before["id"], "active")
