"""Typed-in accounts: Stripe's test numbers and tokens, microdeposits, and what of a number is kept."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.sandbox.api.driving import DAY, FORTNIGHT, MANDATE_DATA, Linked, Sandbox, new_payment, start

CODE, AMOUNTS = "descriptor_code", "amounts"
FAMILIES = ("payment_intents", "setup_intents")


def typed(number: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "us_bank_account",
        "billing_details": {"name": "Ana Rivera", "email": "ana@example.com"},
        "us_bank_account": {"account_number": number, "routing_number": "110000000", **more},
    }


def unverified(sandbox: Sandbox, family: str, number: str = "000123456789", **more: Any) -> Any:
    """An intent that waits for its microdeposits."""
    amount = {"amount": 500, "currency": "usd"} if family == "payment_intents" else {}
    return getattr(sandbox.api, family).create(
        {
            **amount,
            "customer": sandbox.api.customers.create({}).id,
            "payment_method_data": typed(number, **more),
            "mandate_data": MANDATE_DATA,
            "confirm": True,
        }
    )


def verify(sandbox: Sandbox, family: str, intent: str, **said: Any) -> Any:
    return getattr(sandbox.api, family).verify_microdeposits(intent, said)


def events(sandbox: Sandbox, *types: str) -> list[str]:
    found = sandbox.api.events.list({"types": list(types), "limit": 100}).data
    return [event.type for event in found]


@pytest.mark.parametrize(
    ("token", "code", "decline", "network"),
    [
        ("success", None, None, None),
        ("accountClosed", "account_closed", "bank_account_closed", "R02"),
        ("noAccount", "no_account", "bank_account_invalid_details", "R03"),
        ("insufficientFunds", "insufficient_funds", "insufficient_funds", "R01"),
        ("debitNotAuthorized", "debit_not_authorized", "debit_not_authorized", "R10"),
        ("invalidCurrency", "payment_method_currency_mismatch", "currency_not_supported", None),
        ("weeklyLimitExceeded", "charge_exceeds_source_limit", "generic_decline", None),
    ],
)
def test_tokens_end_as_they_are_called(
    sandbox: Sandbox, token: str, code: str | None, decline: str | None, network: str | None
) -> None:
    intent = pay_by_token(sandbox, token)
    assert intent.status == "processing"

    sandbox.post("/clock/advance", {"seconds": FORTNIGHT})

    now = sandbox.api.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]}).to_dict()
    problem = now["last_payment_error"] or {}
    assert now["status"] == ("requires_payment_method" if code else "succeeded")
    assert (problem.get("code"), problem.get("decline_code")) == (code, decline)
    assert problem.get("network_decline_code") == now["latest_charge"]["outcome"]["network_decline_code"] == network
    assert now["latest_charge"]["failure_code"] == code


def pay_by_token(sandbox: Sandbox, token: str) -> Any:
    return sandbox.api.payment_intents.create(
        {
            "amount": 500,
            "currency": "usd",
            "payment_method": f"pm_usBankAccount_{token}",
            "mandate_data": MANDATE_DATA,
            "confirm": True,
        }
    )


def test_the_riskiest_is_refused_at_once(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.CardError) as refused:
        pay_by_token(sandbox, "riskLevelHighest")

    intent = refused.value.error.payment_intent
    charge = sandbox.api.charges.retrieve(refused.value.error.charge)
    assert (refused.value.http_status, intent.status) == (402, "requires_payment_method")
    assert (charge.status, charge.outcome.type, charge.outcome.risk_level) == ("failed", "blocked", "highest")
    assert charge.outcome.network_status == "not_sent_to_network"


def test_a_dead_tokenized_number_fails_and_is_blocked(sandbox: Sandbox) -> None:
    intent = unverified(sandbox, "payment_intents", "000888888885")
    verify(sandbox, "payment_intents", intent.id, descriptor_code="SM11AA")

    sandbox.post("/clock/advance", {"seconds": FORTNIGHT})

    problem = sandbox.api.payment_intents.retrieve(intent.id).last_payment_error
    method = sandbox.api.payment_methods.retrieve(problem.payment_method.id)
    assert problem.network_decline_code == "R04"
    assert method.us_bank_account.status_details.blocked.reason == "tokenized_account_number_deactivated"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("said", [{AMOUNTS: [45, 32]}, {CODE: "SM11AA"}])
def test_the_right_words_verify(sandbox: Sandbox, family: str, said: dict[str, Any]) -> None:
    intent = unverified(sandbox, family)
    assert intent.status == "requires_action"

    done = verify(sandbox, family, intent.id, **said)

    assert done.status == ("processing" if family == "payment_intents" else "succeeded")
    assert done.next_action is None
    method = sandbox.api.payment_methods.retrieve(done.payment_method)
    assert (method.us_bank_account.last4, method.us_bank_account.financial_connections_account) == ("6789", None)


@pytest.mark.parametrize(
    ("said", "code", "param"),
    [
        ({CODE: "SM00ZZ"}, "payment_method_microdeposit_verification_descriptor_code_mismatch", CODE),
        ({AMOUNTS: [1, 2]}, "payment_method_microdeposit_verification_amounts_mismatch", AMOUNTS),
        ({AMOUNTS: [32]}, "payment_method_microdeposit_verification_amounts_invalid", AMOUNTS),
        ({AMOUNTS: [0, 45]}, "payment_method_microdeposit_verification_amounts_invalid", AMOUNTS),
        ({AMOUNTS: [32, 45], CODE: "SM11AA"}, "parameters_exclusive", AMOUNTS),
        ({}, "parameter_missing", AMOUNTS),
    ],
)
def test_wrong_words_leave_it_open(sandbox: Sandbox, said: dict[str, Any], code: str, param: str) -> None:
    intent = unverified(sandbox, "payment_intents")

    with pytest.raises(stripe.InvalidRequestError) as refused:
        verify(sandbox, "payment_intents", intent.id, **said)

    assert (refused.value.code, refused.value.param) == (code, param)
    assert sandbox.api.payment_intents.retrieve(intent.id).status == "requires_action"


@pytest.mark.parametrize(("said", "attempts"), [({AMOUNTS: [1, 2]}, 3), ({CODE: "SM00ZZ"}, 10)])
def test_attempts_are_counted(sandbox: Sandbox, said: dict[str, Any], attempts: int) -> None:
    intent = unverified(sandbox, "setup_intents")

    codes = []
    for _ in range(attempts):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            verify(sandbox, "setup_intents", intent.id, **said)
        codes.append(str(refused.value.code).rpartition("_")[2])

    assert codes == ["mismatch"] * (attempts - 1) + ["exceeded"]
    assert sandbox.api.setup_intents.retrieve(intent.id).status == "requires_payment_method"
    assert events(sandbox, "setup_intent.setup_failed") == ["setup_intent.setup_failed"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("said", "end"),
    [
        ({AMOUNTS: [10, 11]}, "verification_attempts_exceeded"),
        ({CODE: "SM33CC"}, "verification_attempts_exceeded"),
        ({AMOUNTS: [41, 40]}, "verification_timeout"),
        ({CODE: "SM44DD"}, "verification_timeout"),
    ],
)
def test_words_that_end_it(sandbox: Sandbox, family: str, said: dict[str, Any], end: str) -> None:
    intent = unverified(sandbox, family)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        verify(sandbox, family, intent.id, **said)

    now = getattr(sandbox.api, family).retrieve(intent.id)
    problem = now.last_payment_error if family == "payment_intents" else now.last_setup_error
    assert refused.value.code == problem.code == f"payment_method_microdeposit_{end}"
    assert (now.status, now.payment_method, now.next_action) == ("requires_payment_method", None, None)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("number", "days", "end"), [("000123456789", 10, "verification_timeout"), ("000666666661", 4.5, "failed")]
)
def test_time_ends_it(sandbox: Sandbox, family: str, number: str, days: float, end: str) -> None:
    intent = unverified(sandbox, family, number)
    failed = "payment_intent.payment_failed" if family == "payment_intents" else "setup_intent.setup_failed"
    sandbox.post("/clock/advance", {"seconds": 10})
    assert events(sandbox, failed) == []

    sandbox.post("/clock/advance", {"seconds": days * DAY})

    now = getattr(sandbox.api, family).retrieve(intent.id)
    problem = now.last_payment_error if family == "payment_intents" else now.last_setup_error
    assert (now.status, problem.code) == ("requires_payment_method", f"payment_method_microdeposit_{end}")
    assert events(sandbox, failed) == [failed]


def test_an_account_with_no_attempts_left_stays_so(sandbox: Sandbox) -> None:
    intent = unverified(sandbox, "payment_intents")
    method = intent.payment_method
    with pytest.raises(stripe.InvalidRequestError):
        verify(sandbox, "payment_intents", intent.id, descriptor_code="SM33CC")

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.payment_intents.confirm(intent.id, {"payment_method": method, "mandate_data": MANDATE_DATA})

    assert refused.value.code == "payment_method_microdeposit_verification_attempts_exceeded"


def test_nobody_is_there_to_verify(sandbox: Sandbox, linked: Linked) -> None:
    intent = new_payment(sandbox, linked, payment_method_data=typed("000123456789"))

    with pytest.raises(stripe.CardError) as refused:
        sandbox.api.payment_intents.confirm(intent.id, {"mandate_data": MANDATE_DATA, "off_session": True})

    assert refused.value.code == "payment_intent_action_required"
    assert sandbox.api.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_instant_verification_takes_no_typed_account(sandbox: Sandbox, linked: Linked) -> None:
    options = {"us_bank_account": {"verification_method": "instant"}}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_payment(sandbox, linked, payment_method_data=typed("000123456789"), payment_method_options=options)

    assert refused.value.param == "payment_method_options[us_bank_account][verification_method]"


@pytest.mark.parametrize(("kind", "shown"), [("checking", "descriptor_code"), ("savings", "amounts")])
def test_what_is_to_be_done_next(sandbox: Sandbox, kind: str, shown: str) -> None:
    intent = unverified(sandbox, "payment_intents", account_type=kind)

    action = intent.next_action.verify_with_microdeposits

    assert action.microdeposit_type == shown
    assert action.arrival_date > intent.created
    assert action.hosted_verification_url.startswith(sandbox.base)
    assert intent.client_secret not in action.hosted_verification_url


def test_payers_with_an_address_are_written_to(sandbox: Sandbox) -> None:
    intent = unverified(sandbox, "setup_intents")
    verify(sandbox, "setup_intents", intent.id, descriptor_code="SM11AA")
    sandbox.api.payment_intents.create({"amount": 500, "currency": "usd", "payment_method": "pm_usBankAccount_success"})

    mails = sandbox.get("/mails")

    assert [(mail["about"], mail["to"], mail["last4"]) for mail in mails] == [
        ("microdeposits", "ana@example.com", "6789"),
        ("mandate", "ana@example.com", "6789"),
    ]
    assert mails[1]["mandate"] == sandbox.api.setup_intents.retrieve(intent.id).mandate


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"account_number": "12345x"}, "account_number_invalid", "account_number"),
        ({"account_number": "1" * 18}, "account_number_invalid", "account_number"),
        ({"routing_number": "110000001"}, "routing_number_invalid", "routing_number"),
        ({"routing_number": ""}, None, "routing_number"),
        ({"financial_connections_account": "fca_1"}, "parameters_exclusive", "financial_connections_account"),
    ],
)
def test_numbers_that_cannot_be(sandbox: Sandbox, change: dict[str, str], code: str | None, param: str) -> None:
    data = {f"us_bank_account[{name}]": value for name, value in {**typed("1234")["us_bank_account"], **change}.items()}
    answer = sandbox.raw(
        "POST", "/v1/payment_methods", data={"type": "us_bank_account", "billing_details[name]": "Ana", **data}
    )

    problem = answer.json()["error"]
    assert answer.status_code == 400
    assert code is None or problem["code"] == code
    assert problem["param"] == f"us_bank_account[{param}]"


def test_no_number_is_kept(tmp_path: Path) -> None:
    """Neither in the state nor in the log of requests; and the fingerprint is the same for the same account."""
    process, base = start(tmp_path)
    sandbox = Sandbox(base, None)  # type: ignore[arg-type]
    number = "000987654321"
    try:
        first, second = (sandbox.api.payment_methods.create(typed(number)) for _ in range(2))
        intent = unverified(sandbox, "payment_intents", number)
        sandbox.client("pk_test_sandbox").v1.payment_intents.retrieve(
            intent.id, {"client_secret": intent.client_secret}
        )
        logged = str(sandbox.get("/requests"))
    finally:
        process.terminate()
        process.wait(10)

    assert first.us_bank_account.fingerprint == second.us_bank_account.fingerprint
    assert "4321" in logged
    assert number not in logged
    assert intent.client_secret not in logged
    assert not [table for table, text in everything_in(tmp_path) if number in text]


def everything_in(folder: Path) -> list[tuple[str, str]]:
    """Each table's rows as text."""
    (file,) = folder.rglob("sandbox.sqlite3")
    with sqlite3.connect(file) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [(table, str(db.execute(f"SELECT * FROM {table}").fetchall())) for table in tables]
