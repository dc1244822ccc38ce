"""The stand-in Stripe.js as a page uses it: what its promises resolve to, and what it throws."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.sandbox.dialog_driving import Body, Link, NewSession, Stage, new_customer, stripe_call
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.browser

PARAMS = {
    "payment_method_type": "us_bank_account",
    "payment_method_data": {"billing_details": {"name": "Ana Rivera", "email": "ana@example.com"}},
}
SUBSET = {"amount", "client_secret", "currency", "id", "next_action", "object", "payment_method", "status"}


def new_intent(sandbox: Sandbox, kind: str = "payment") -> Body:
    money = {"amount": "8450", "currency": "usd"} if kind == "payment" else {}
    asked = {"customer": new_customer(sandbox), "allowed_payment_method_types[]": "us_bank_account"}
    return stripe_call(sandbox, f"{kind}_intents", {**money, **asked})


def collect(stage: Stage, host: str, intent: Body, noun: str = "Payment", **more: Any) -> Link:
    order = {"clientSecret": intent["client_secret"], "params": PARAMS, **more}
    return Link(stage, host, "", f"collectBankAccountFor{noun}", order)


def asked(link: Link, method: str, *arguments: Any) -> Body:
    link.call(method, *arguments)
    return link.answer()


def pick_account(link: Link, bank: str = "Cascade Credit Union") -> Body:
    link.to_sign_in(bank)
    link.sign_in()
    link.press("Use this account")
    link.press("Done")
    return link.answer()


def test_a_payment_from_collecting_to_processing(stage: Stage, host: str, sandbox: Sandbox) -> None:
    intent = new_intent(sandbox)
    link = collect(stage, host, intent)
    expect(link.dialog.locator("[data-screen=consent]")).to_contain_text("wants to debit $84.50")

    collected = pick_account(link)["paymentIntent"]
    confirmed = asked(link, "confirmUsBankAccountPayment", intent["client_secret"])["paymentIntent"]
    again = asked(link, "confirmUsBankAccountPayment", intent["client_secret"])["error"]

    assert [collected["status"], confirmed["status"]] == ["requires_confirmation", "processing"]
    assert again["code"] == "payment_intent_unexpected_state"
    assert again["payment_intent"]["status"] == "processing"


def test_a_permission_that_is_left_and_given_then(stage: Stage, host: str, sandbox: Sandbox) -> None:
    intent = new_intent(sandbox, "setup")
    left = collect(stage, host, intent, "Setup").stop()["setupIntent"]

    link = collect(stage, host, intent, "Setup", expand=["payment_method"])
    collected = pick_account(link)["setupIntent"]
    confirmed = asked(link, "confirmUsBankAccountSetup", intent["client_secret"])["setupIntent"]

    assert [each["status"] for each in (left, collected, confirmed)] == [
        "requires_payment_method",
        "requires_confirmation",
        "succeeded",
    ]
    assert collected["payment_method"]["us_bank_account"]["last4"] == "4410"


def test_numbers_by_hand_are_verified_by_a_deposit(stage: Stage, host: str, sandbox: Sandbox) -> None:
    intent = new_intent(sandbox)
    secret = intent["client_secret"]
    link = collect(stage, host, intent)
    link.to_banks()
    link.press("Enter your account by hand")
    link.type("Routing number", "110000001")
    link.type("Account number", "000123456789")
    link.type("Account number, once more", "000123456789")
    link.press("Continue")
    link.alert("No bank has this routing number. Check each digit.")
    expect(link.dialog.get_by_label("Routing number")).to_be_focused()

    link.type("Routing number", "110000000")
    link.press("Continue")
    link.title("Your bank account is entered")
    link.press("Done")
    assert link.answer()["paymentIntent"]["status"] == "requires_confirmation"
    waiting = asked(link, "confirmUsBankAccountPayment", secret)["paymentIntent"]
    assert waiting["status"] == "requires_action"

    wrong = asked(link, "verifyMicrodepositsForPayment", secret, {"descriptor_code": "SM99ZZ"})["error"]
    assert wrong["code"] == "payment_method_microdeposit_verification_descriptor_code_mismatch"
    verified = asked(link, "verifyMicrodepositsForPayment", secret, {"amounts": [32, 45]})["paymentIntent"]
    assert verified["status"] == "processing"


def test_confirming_with_numbers_of_the_page(stage: Stage, host: str, sandbox: Sandbox) -> None:
    intent = new_intent(sandbox)
    link = Link(
        stage,
        host,
        "",
        "confirmUsBankAccountPayment",
        intent["client_secret"],
        {
            "payment_method": {
                "us_bank_account": {"routing_number": "110000000", "account_number": "000123456789"},
                "billing_details": {"name": "Ana Rivera"},
            }
        },
    )

    assert link.answer()["paymentIntent"]["next_action"]["type"] == "verify_with_microdeposits"


def test_a_token_comes_beside_the_session(stage: Stage, host: str, new_session: NewSession) -> None:
    link = Link(stage, host, "", "collectBankAccountToken", {"clientSecret": new_session()["client_secret"]})
    link.to_accounts()

    answer = link.finish()

    assert answer["token"]["bank_account"]["last4"] == answer["financialConnectionsSession"]["accounts"][0]["last4"]


def test_a_token_is_null_when_the_person_leaves(stage: Stage, host: str, new_session: NewSession) -> None:
    link = Link(stage, host, "", "collectBankAccountToken", {"clientSecret": new_session()["client_secret"]})

    answer = link.stop()

    assert (answer["token"], answer["financialConnectionsSession"]["accounts"]) == (None, [])


@pytest.mark.parametrize(
    ("kind", "noun", "key"), [("payment", "Payment", "paymentIntent"), ("setup", "Setup", "setupIntent")]
)
def test_a_page_retrieves_a_subset(stage: Stage, host: str, sandbox: Sandbox, kind: str, noun: str, key: str) -> None:
    intent = new_intent(sandbox, kind)

    given = Link(stage, host, "", f"retrieve{noun}Intent", intent["client_secret"]).answer()[key]

    assert given["id"] == intent["id"]
    assert set(given) >= (SUBSET if kind == "payment" else SUBSET - {"amount", "currency"})
    assert not {"customer", "metadata", "latest_charge", "mandate", "latest_attempt"} & set(given)


def test_what_the_api_refuses_is_an_answer(stage: Stage, host: str, sandbox: Sandbox) -> None:
    answer = Link(stage, host, "", "retrievePaymentIntent", "pi_1_secret_2").answer()

    assert (answer["error"]["type"], answer["error"]["code"]) == ("invalid_request_error", "resource_missing")


def test_a_sandbox_that_cannot_be_reached_is_an_answer(stage: Stage, host: str, sandbox: Sandbox) -> None:
    stage.load(host)
    stage.page.route("**/v1/**", lambda route: route.abort())
    try:
        stage.page.evaluate("() => void window.callStripe('retrievePaymentIntent', ['pi_1_secret_2'])")
        said = stage.page.locator("#answer:not(:empty)").text_content()
    finally:
        stage.page.unroute("**/v1/**")

    assert said is not None
    assert "api_connection_error" in said


GOOD_SECRET = "pi_1_secret_2"
MISTAKES: list[tuple[str, list[Any]]] = [
    ("collectFinancialConnectionsAccounts", []),
    ("collectFinancialConnectionsAccounts", [{"clientsecret": "x"}]),
    ("collectFinancialConnectionsAccounts", ["fcsess_client_secret_1"]),
    ("collectBankAccountToken", [{"clientSecret": 7}]),
    ("collectBankAccountForPayment", [{"clientSecret": "pi_1", "params": PARAMS}]),
    ("collectBankAccountForPayment", [{"clientSecret": "seti_1_secret_2", "params": PARAMS}]),
    ("collectBankAccountForPayment", [{"clientSecret": GOOD_SECRET}]),
    ("collectBankAccountForPayment", [{"clientSecret": GOOD_SECRET, "params": {"payment_method_type": "card"}}]),
    ("collectBankAccountForSetup", [{"clientSecret": GOOD_SECRET, "params": PARAMS}]),
    ("confirmUsBankAccountPayment", []),
    ("confirmUsBankAccountPayment", [GOOD_SECRET, {"paymentMethod": "pm_1"}]),
    ("confirmUsBankAccountSetup", [GOOD_SECRET]),
    ("verifyMicrodepositsForPayment", [GOOD_SECRET, {"code": "SM11AA"}]),
    ("verifyMicrodepositsForSetup", ["seti"]),
    ("retrievePaymentIntent", [None]),
    ("retrieveSetupIntent", [GOOD_SECRET]),
]


def test_mistakes_in_the_code_are_thrown(stage: Stage, host: str, sandbox: Sandbox) -> None:
    stage.load(host)
    thrown = stage.page.evaluate(
        """mistakes => Promise.all(mistakes.map(([method, given]) => Stripe("pk_test_sandbox")[method](...given)
            .then(() => method + " took it", (error) => error.name)))""",
        MISTAKES,
    )

    assert thrown == ["IntegrationError"] * len(MISTAKES)


@pytest.mark.parametrize("how", ["Stripe", "new Stripe"])
def test_stripe_is_called_or_constructed(stage: Stage, host: str, sandbox: Sandbox, how: str) -> None:
    stage.load(host)

    assert stage.page.evaluate(f"typeof {how}('pk_test_sandbox').collectFinancialConnectionsAccounts") == "function"


@pytest.mark.parametrize(
    "given", ["", "''", "'sk_test_sandbox'", "'rk_test_1'", "'pk_live_1'", "'pk_test_sandbox', { apiversion: '1' }"]
)
def test_a_key_that_no_page_should_hold_is_thrown_back(stage: Stage, host: str, sandbox: Sandbox, given: str) -> None:
    stage.load(host)

    assert (
        stage.page.evaluate(f"() => {{ try {{ Stripe({given}); }} catch (e) {{ return e.name; }} }}")
        == "IntegrationError"
    )


def test_another_sandboxs_key_is_refused(stage: Stage, host: str, new_session: NewSession) -> None:
    stage.load(host)
    order = [{"clientSecret": new_session()["client_secret"]}]
    stage.page.evaluate(
        "order => void window.callStripe('collectFinancialConnectionsAccounts', order, 'pk_test_other')", order
    )

    said = stage.page.locator("#answer:not(:empty)").text_content()

    assert said is not None
    assert "Invalid API Key provided" in said
