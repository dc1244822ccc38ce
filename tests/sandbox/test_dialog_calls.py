"""What the dialog's server answers, call by call: who comes in, with what words and numbers, and what it refuses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.dialog_driving import PREVIEW, Body, NewSession, stripe_call
from tests.sandbox_client import Sandbox

PARAMS = {
    "payment_method_type": "us_bank_account",
    "payment_method_data": {"billing_details": {"name": "Ana Rivera", "email": "ana@example.com"}},
}
NUMBERS = {
    "routing_number": "110000000",
    "account_number": "000123456789",
    "account_number_again": "000123456789",
    "account_type": "checking",
}


class Dialog:
    """The calls of one dialog, with its secret."""

    def __init__(self, sandbox: Sandbox, secret: str, **order: Any) -> None:
        self.sandbox, self.secret = sandbox, secret
        self.opened = self.call("session", **order)
        self.secret = self.opened["client_secret"]

    def answer(self, path: str, **body: Any) -> requests.Response:
        address = f"{self.sandbox.url}/v3/dialog/{path}"
        return requests.post(address, json={"client_secret": self.secret, **body}, timeout=30)

    def call(self, path: str, **body: Any) -> Body:
        answer = self.answer(path, **body)
        assert answer.ok, answer.text
        said: Body = answer.json()
        return said

    def sign_in(self, bank: str, password: str = "any") -> Body:
        return self.call("sign-in", bank=bank, username="ana", password=password)

    def through_window(self, bank: str, word: str = "allow", accounts: list[str] | None = None) -> Body:
        window = self.call("windows", bank=bank)["window"]
        self.call(f"windows/{window}/answer", word=word, accounts=accounts)
        return self.call("sign-in", bank=bank, window=window)


@pytest.fixture
def dialog(sandbox: Sandbox, new_session: NewSession) -> Dialog:
    return Dialog(sandbox, new_session()["client_secret"])


def new_intent(sandbox: Sandbox, kind: str = "payment", **more: str) -> Body:
    asked = {"allowed_payment_method_types[]": "us_bank_account", **more}
    money = {"amount": "8450", "currency": "usd"} if kind == "payment" else {}
    return stripe_call(sandbox, f"{kind}_intents", {**money, **asked})


def for_intent(sandbox: Sandbox, intent: Body, kind: str = "payment", **order: Any) -> Dialog:
    return Dialog(sandbox, intent["client_secret"], kind=kind, params=PARAMS, **order)


# Signing in


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        (["mfa", "123456"], ["code", "accounts"]),
        (["options", "email", "123456"], ["options", "code", "accounts"]),
        (["confirm_mfa", "confirmed"], ["confirm", "accounts"]),
        (["security_question", "Rex"], ["question", "accounts"]),
        (["mfa", "options", "phone", "security_question", "Rex"], ["code", "options", "code", "question", "accounts"]),
        (["mfa", "incorrect", "123456"], ["code", "again", "accounts"]),
        (["mfa", "error"], ["code", "stop"]),
        (["mfa", " "], ["code", "again"]),
        (["incorrect", "any"], ["again", "accounts"]),
        (["error"], ["stop"]),
    ],
)
def test_the_words_of_stripes_test_bank(dialog: Dialog, words: list[str], answers: list[str]) -> None:
    given = [dialog.sign_in("bank-non-oauth", words[0])]
    for word in words[1:]:
        field = "password" if given[-1]["next"] == "again" and len(given) == 1 else "answer"
        given.append(dialog.call("sign-in", bank="bank-non-oauth", username="ana", **{field: word}))

    assert [each["kind"] if each["next"] == "prompt" else each["next"] for each in given] == answers


def test_an_answer_that_nobody_asked_for_is_no_sign_in(dialog: Dialog) -> None:
    assert dialog.call("sign-in", bank="bluepine", answer="123456")["next"] == "again"


@pytest.mark.parametrize(
    ("bank", "outage"), [("down-scheduled", "scheduled"), ("down-unscheduled", "unscheduled"), ("down-error", "error")]
)
def test_a_bank_that_is_down_says_how(dialog: Dialog, bank: str, outage: str) -> None:
    down = dialog.sign_in(bank)["down"]

    listed = {each["key"]: each["down"] for each in dialog.opened["banks"]}
    assert down["kind"] == outage
    assert (down["until"] is not None) == (outage == "scheduled")
    assert (listed[bank] is None) == (outage == "error")


def test_only_what_was_picked_at_the_bank_is_offered(dialog: Dialog) -> None:
    offered = dialog.through_window("bank-oauth", accounts=["bank-oauth-savings"])["accounts"]

    assert [(each["key"], each["preselected"]) for each in offered] == [("bank-oauth-savings", True)]
    keys = ["bank-oauth-checking"]
    assert dialog.answer("finish", accounts=keys, result="success").json()["error"]["param"] == "accounts"


def test_a_window_lets_in_nobody_before_it_is_answered(dialog: Dialog) -> None:
    window = dialog.call("windows", bank="harbor")["window"]

    assert dialog.call("windows/state", window=window) == {"word": None}
    assert dialog.answer("sign-in", bank="harbor", window=window).status_code == 400


def test_a_window_lets_in_only_the_session_that_opened_it(dialog: Dialog, new_session: NewSession) -> None:
    window = dialog.call("windows", bank="harbor")["window"]
    dialog.call(f"windows/{window}/answer", word="allow")
    other = Dialog(dialog.sandbox, new_session()["client_secret"])

    assert other.answer("windows/state", window=window).status_code == 404
    assert other.answer("sign-in", bank="harbor", window=window).status_code == 400


def test_accounts_need_a_sign_in(dialog: Dialog) -> None:
    answer = dialog.answer("finish", accounts=["cascade-checking"], result="success")

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "accounts"


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"client_secret": 1}', '{"client_secret": "x"}'])
def test_hostile_bodies_are_refused(sandbox: Sandbox, body: str) -> None:
    for path in ("session", "sign-in", "finish", "numbers", "recognise", "windows", "windows/state"):
        answer = requests.post(f"{sandbox.url}/v3/dialog/{path}", data=body, timeout=30)

        assert 400 <= answer.status_code < 500
        assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_key_that_is_not_the_sandboxs_opens_nothing(sandbox: Sandbox, new_session: NewSession) -> None:
    asked = {"client_secret": new_session()["client_secret"], "key": "pk_test_other"}

    assert requests.post(f"{sandbox.url}/v3/dialog/session", json=asked, timeout=30).status_code == 401


def test_a_session_ends_once(dialog: Dialog) -> None:
    dialog.call("finish", accounts=[], result="cancel")

    for path in ("session", "sign-in", "finish", "windows"):
        error = dialog.answer(path, bank="cascade", accounts=[]).json()["error"]
        assert error["code"] == "session_expired"


# Which accounts


def test_accounts_that_do_not_fit_are_shown_with_why(sandbox: Sandbox, new_session: NewSession) -> None:
    wanted = {"filters[account_subcategories][0]": "savings"}
    dialog = Dialog(sandbox, new_session(**wanted)["client_secret"])

    offered = dialog.sign_in("cascade")["accounts"]

    assert [each["unfit"] for each in offered] == ["Not asked for", None, "Not asked for"]
    assert [each["preselected"] for each in offered] == [False, True, False]


def test_a_bank_where_nothing_fits_is_a_dead_end(sandbox: Sandbox) -> None:
    dialog = for_intent(sandbox, new_intent(sandbox))

    assert dialog.sign_in("lakeshore") == {"next": "stop", "reason": "none_fits"}


# Somebody who was here before


@pytest.fixture
def known(sandbox: Sandbox, new_session: NewSession) -> Dialog:
    """A second dialog of a person who has linked accounts at two banks, under another customer."""
    first = new_session()
    keys = ["cascade-checking", "harbor-checking"]
    sandbox.post(f"/sandbox/link-sessions/{first['id']}/authorize", {"accounts": keys, "result": "success"})
    return Dialog(sandbox, new_session()["client_secret"])


def test_nobody_is_greeted_the_first_time(dialog: Dialog) -> None:
    assert dialog.opened["returning"] is None


def test_a_returning_person_links_without_a_sign_in(known: Dialog) -> None:
    assert known.opened["returning"] == {"to": "a•••@example.com"}
    offered = known.call("recognise", code="123 456")["accounts"]

    keys = [each["key"] for each in offered]
    session = known.call("finish", accounts=keys, result="success")["result"]["financialConnectionsSession"]
    assert sorted(keys) == ["cascade-checking", "harbor-checking"]
    assert sorted(each["display_name"] for each in session["accounts"]) == ["Everyday Checking", "Harbor Checking"]


def test_without_the_code_nothing_of_then_is_linked(known: Dialog) -> None:
    assert known.answer("finish", accounts=["cascade-checking"], result="success").status_code == 400


@pytest.mark.parametrize(
    ("code", "then"), [("12", "again"), ("000001", "again"), ("000002", "again"), ("000003", "new")]
)
def test_a_code_that_is_not_right(known: Dialog, code: str, then: str) -> None:
    assert known.call("recognise", code=code)["next"] == then


def test_codes_cannot_be_tried_for_ever(known: Dialog) -> None:
    answers = [known.call("recognise", code="000001")["next"] for _ in range(5)]

    assert answers == ["again"] * 4 + ["new"]
    assert known.call("recognise", code="123456")["next"] == "new"


def test_a_disconnected_account_is_not_offered_again(known: Dialog) -> None:
    linked = known.call("recognise", code="123456")["accounts"]
    for account in stripe_call(known.sandbox, "financial_connections/accounts")["data"]:
        if account["display_name"] == "Harbor Checking":
            stripe_call(known.sandbox, f"financial_connections/accounts/{account['id']}/disconnect", {})

    assert len(linked) == 2
    assert [each["key"] for each in known.call("recognise", code="123456")["accounts"]] == ["cascade-checking"]


# Intents, tokens, numbers


@pytest.mark.parametrize(("kind", "result"), [("payment", "paymentIntent"), ("setup", "setupIntent")])
def test_an_account_becomes_the_payment_method_of_an_intent(sandbox: Sandbox, kind: str, result: str) -> None:
    intent = new_intent(sandbox, kind)
    dialog = for_intent(sandbox, intent, kind, expand=["payment_method"])
    dialog.sign_in("cascade")

    given = dialog.call("finish", accounts=["cascade-checking"], result="success")["result"][result]

    method = given["payment_method"]
    assert given["status"] == "requires_confirmation"
    assert method["billing_details"]["name"] == "Ana Rivera"
    assert method["us_bank_account"]["financial_connections_account"].startswith("fca_")
    assert "metadata" not in given


def test_leaving_keeps_the_intent_as_it_was(sandbox: Sandbox) -> None:
    dialog = for_intent(sandbox, new_intent(sandbox))

    left = dialog.call("finish", accounts=[], result="cancel")["result"]["paymentIntent"]

    assert (left["status"], left["payment_method"]) == ("requires_payment_method", None)


def test_a_payment_takes_one_account(sandbox: Sandbox) -> None:
    dialog = for_intent(sandbox, new_intent(sandbox))

    offered = dialog.sign_in("cascade")

    assert offered["limit"] == 1
    assert [each["unfit"] for each in offered["accounts"]] == [None, None, "Cannot be debited"]


@pytest.mark.parametrize(
    ("method", "manual", "banks"),
    [("automatic", "allowed", True), ("instant", "none", True), ("microdeposits", "only", False)],
)
def test_the_verification_method_decides_the_way(sandbox: Sandbox, method: str, manual: str, banks: bool) -> None:
    asked = {"payment_method_options[us_bank_account][verification_method]": method}

    opened = for_intent(sandbox, new_intent(sandbox, **asked)).opened

    assert (opened["manual"], bool(opened["banks"])) == (manual, banks)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"routing_number": "11000000"}, "routing_number"),
        ({"routing_number": "110000001"}, "routing_number"),
        ({"routing_number": "000000000"}, "routing_number"),
        ({"routing_number": "１１００００００００"[:9]}, "routing_number"),
        ({"account_number": "123"}, "account_number"),
        ({"account_number": "12a45"}, "account_number"),
        ({"account_number_again": "000123456780"}, "account_number_again"),
        ({"account_type": "loan"}, "account_type"),
    ],
)
def test_wrong_numbers_are_said_where_they_stand(sandbox: Sandbox, wrong: Body, where: str) -> None:
    dialog = for_intent(sandbox, new_intent(sandbox))

    assert list(dialog.call("numbers", **{**NUMBERS, **wrong})["problems"]) == [where]


def test_typed_numbers_become_an_unverified_method(sandbox: Sandbox) -> None:
    dialog = for_intent(sandbox, new_intent(sandbox), expand=["payment_method"])

    given = dialog.call("numbers", **NUMBERS)["result"]["paymentIntent"]

    account = given["payment_method"]["us_bank_account"]
    assert given["status"] == "requires_confirmation"
    assert (account["last4"], account["financial_connections_account"]) == ("6789", None)


@pytest.mark.parametrize(
    ("more", "manual"),
    [
        ({}, "none"),
        ({"manual_entry[mode]": "disabled"}, "none"),
        ({"manual_entry[mode]": "automatic"}, "allowed"),
    ],
)
def test_a_session_takes_numbers_only_where_it_asks(
    sandbox: Sandbox, new_session: NewSession, more: dict[str, str], manual: str
) -> None:
    dialog = Dialog(sandbox, new_session(**more)["client_secret"])

    assert dialog.opened["manual"] == manual
    assert dialog.answer("numbers", **NUMBERS).ok == (manual == "allowed")


def test_a_token_is_given_with_the_session(sandbox: Sandbox, new_session: NewSession) -> None:
    session = new_session()
    dialog = Dialog(sandbox, session["client_secret"], kind="token")
    dialog.sign_in("cascade")

    result = dialog.call("finish", accounts=["cascade-checking"], result="success")["result"]

    stored = stripe_call(sandbox, f"financial_connections/sessions/{session['id']}", version=PREVIEW)
    assert result["token"]["bank_account"]["last4"] == "4410"
    assert result["token"] == stored["bank_account_token"]
    assert stored["status"] == "succeeded"


def test_no_number_that_was_typed_is_kept(sandbox: Sandbox) -> None:
    dialog = for_intent(sandbox, new_intent(sandbox))
    number = "987650004321"

    dialog.call("numbers", **{**NUMBERS, "account_number": number, "account_number_again": number})

    written = [file.read_bytes() for file in Path(os.environ["FCDASH_HOME"]).glob("sandbox*/*") if file.is_file()]
    assert any(b"4321" in each for each in written)
    assert not any(number.encode() in each for each in written)


@pytest.mark.parametrize(
    ("kind", "secret"),
    [("payment", "pi_1_secret_2"), ("setup", "pi_1_secret_2"), ("accounts", "pi_1_secret_2"), ("x", "y")],
)
def test_a_secret_of_nothing_opens_nothing(sandbox: Sandbox, kind: str, secret: str) -> None:
    asked = {"client_secret": secret, "kind": kind, "params": PARAMS}

    assert requests.post(f"{sandbox.url}/v3/dialog/session", json=asked, timeout=30).status_code == 400


@pytest.mark.parametrize(
    "billing", [None, {}, {"name": ""}, {"name": {"x": "y"}}, "Ana", {"name": "Ana", "nickname": "A"}]
)
def test_a_payment_needs_a_name_and_nothing_unknown(sandbox: Sandbox, billing: Any) -> None:
    params = {"payment_method_type": "us_bank_account", "payment_method_data": {"billing_details": billing}}
    asked = {"client_secret": new_intent(sandbox)["client_secret"], "kind": "payment", "params": params}

    refused = requests.post(f"{sandbox.url}/v3/dialog/session", json=asked, timeout=30)

    assert refused.status_code == 400
    assert refused.json()["error"]["param"].startswith("payment_method_data[billing_details]")


def test_an_intents_id_alone_opens_nothing(sandbox: Sandbox) -> None:
    asked = {"client_secret": f"{new_intent(sandbox)['id']}_secret_guessed", "kind": "payment", "params": PARAMS}

    assert requests.post(f"{sandbox.url}/v3/dialog/session", json=asked, timeout=30).status_code == 400


def test_an_intent_that_is_under_way_collects_no_more(sandbox: Sandbox) -> None:
    intent = new_intent(sandbox)
    stripe_call(sandbox, f"payment_intents/{intent['id']}/cancel", {})
    asked = {"client_secret": intent["client_secret"], "kind": "payment", "params": PARAMS}

    refused = requests.post(f"{sandbox.url}/v3/dialog/session", json=asked, timeout=30).json()["error"]

    assert refused["code"] == "payment_intent_unexpected_state"
