"""The test institutions that Stripe publishes: each comes to the end that Stripe says, on the sandbox's clock."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
import stripe

from tests.sandbox.api.connecting import advance, authorization_of, call, happened, link_at, relink, shown
from tests.sandbox.api.driving import DAY, MANDATE_DATA, Sandbox, eventually, method_data, refresh

UPDATED = "account.account_numbers_updated"
DATE = "expected_deactivation_date_updated"


def number(sandbox: Sandbox, account: str) -> Any:
    (only,) = shown(sandbox, account)["account_numbers"]
    return only


def pay(sandbox: Sandbox, account: str) -> Any:
    customer = shown(sandbox, account)["account_holder"]["customer"]
    return sandbox.api.payment_intents.create(
        {
            "amount": 1000,
            "currency": "usd",
            "customer": customer,
            "allowed_payment_method_types": ["us_bank_account"],
            "payment_method_data": method_data(account),
        }
    )


def test_inactive_accounts_turn_inactive_by_themselves_and_stay_active_once_relinked(sandbox: Sandbox) -> None:
    (account,) = link_at(sandbox, "inactive-checking")
    assert shown(sandbox, account)["status"] == "active"

    eventually(lambda: shown(sandbox, account)["status"] == "inactive")
    assert shown(sandbox, account)["status_details"] == {
        "inactive": {"action": "relink_required", "cause": "access_expired"}
    }
    relink(sandbox, account, "inactive-checking")
    advance(sandbox, 25 * DAY)

    assert shown(sandbox, account)["status"] == "active"
    assert happened(sandbox, account) == ["account.created", "account.deactivated", "account.reactivated"]


def test_some_banks_want_another_sign_in_a_day_after_each(sandbox: Sandbox) -> None:
    (account,) = link_at(sandbox, "immediately-checking")
    advance(sandbox, 5)

    relink(sandbox, account, "immediately-checking")
    ending = shown(sandbox, account, "2026-10-28.endive")["status_details"]["active"]
    assert ending["expected_deactivation_date"] == pytest.approx(time.time() + DAY, abs=10)
    assert (ending["action"], ending["cause"]) == ("relink_required", "access_expired")
    advance(sandbox, DAY + 5)

    assert shown(sandbox, account)["status"] == "inactive"
    assert happened(sandbox, account) == [
        "account.created", "account.deactivated", "account.reactivated", f"account.{DATE}",
        "account.upcoming_deactivation", "account.deactivated",
    ]  # fmt: skip


def test_some_banks_want_another_sign_in_after_thirty_days(sandbox: Sandbox) -> None:
    first, second = link_at(sandbox, "eventually-checking", "eventually-savings")
    authorization = authorization_of(sandbox, first)
    ending = authorization["status_details"]["active"]["expected_deactivation_date"]
    assert ending == pytest.approx(time.time() + 30 * DAY, abs=10)

    advance(sandbox, 5)
    assert happened(sandbox, authorization["id"]) == ["authorization.upcoming_deactivation"]
    assert happened(sandbox, second) == ["account.created", "account.upcoming_deactivation"]
    advance(sandbox, 30 * DAY)

    assert {shown(sandbox, account)["status"] for account in (first, second)} == {"inactive"}
    ended = authorization_of(sandbox, first)
    assert (ended["status"], ended["status_details"]) == ("inactive", {"inactive": {"action": "relink_required"}})


def test_linking_again_in_time_moves_the_date(sandbox: Sandbox) -> None:
    first, second = link_at(sandbox, "eventually-checking", "eventually-savings")
    authorization = authorization_of(sandbox, first)
    advance(sandbox, 20 * DAY)

    relink(sandbox, first, "eventually-checking", "eventually-savings")
    advance(sandbox, 5)
    assert happened(sandbox, authorization["id"]).count("authorization.upcoming_deactivation") == 2
    advance(sandbox, 20 * DAY)

    assert {shown(sandbox, account)["status"] for account in (first, second)} == {"active"}


def test_an_expired_tokenized_number_is_mended_by_linking_again(sandbox: Sandbox) -> None:
    (account,) = link_at(sandbox, "tokenized-expired")
    assert number(sandbox, account)["status"] == "deactivated"
    assert number(sandbox, account)["identifier_type"] == "tokenized_account_number"

    relink(sandbox, account, "tokenized-expired")

    assert number(sandbox, account)["status"] == "transactable"
    assert happened(sandbox, account) == ["account.created", UPDATED]


def test_an_expired_tokenized_number_fails_its_debits(sandbox: Sandbox) -> None:
    (account,) = link_at(sandbox, "tokenized-expired")
    intent = pay(sandbox, account)

    with contextlib.suppress(stripe.CardError):
        sandbox.api.payment_intents.confirm(intent.id, {"mandate_data": MANDATE_DATA})
    advance(sandbox, 10 * DAY)

    assert sandbox.api.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_an_expiring_number_is_told_of_and_takes_its_payment_methods_with_it(sandbox: Sandbox) -> None:
    (account,) = link_at(sandbox, "tokenized-expiring")
    method = pay(sandbox, account).payment_method
    assert number(sandbox, account)["expected_expiry_date"] == pytest.approx(time.time() + 30 * DAY, abs=10)

    advance(sandbox, 5)
    assert happened(sandbox, account) == ["account.created", "account.upcoming_account_number_expiry"]
    advance(sandbox, 30 * DAY)

    assert number(sandbox, account)["status"] == "expired"
    assert number(sandbox, account)["expected_expiry_date"] <= time.time()
    assert happened(sandbox, account)[-1] == UPDATED
    blocked = sandbox.api.payment_methods.retrieve(method).us_bank_account.status_details.blocked
    assert blocked.reason == "tokenized_account_number_deactivated"


def test_a_number_that_expires_at_once_is_told_of_afterwards(sandbox: Sandbox) -> None:
    (account,) = link_at(sandbox, "tokenized-expiring-now")
    assert number(sandbox, account)["status"] == "transactable"

    eventually(lambda: number(sandbox, account)["status"] == "expired")

    assert happened(sandbox, account) == ["account.created", UPDATED]
    assert shown(sandbox, account)["status"] == "active"


def test_each_consent_gives_a_tokenized_number_of_its_own(sandbox: Sandbox) -> None:
    def fingerprint() -> str:
        method = sandbox.api.payment_methods.create(method_data(account))
        return str(method.us_bank_account.fingerprint)

    (account,) = link_at(sandbox, "tokenized-expiring")
    before = fingerprint()
    relink(sandbox, account, "tokenized-expiring")

    assert fingerprint() == fingerprint() != before


@pytest.mark.parametrize("key", ["unpayable-checking", "unpayable-savings"])
def test_invalid_payment_accounts_cannot_be_debited(sandbox: Sandbox, key: str) -> None:
    (account,) = link_at(sandbox, key)

    body = shown(sandbox, account)
    assert (body["category"], body["supported_payment_method_types"], body["account_numbers"]) == ("cash", [], None)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        pay(sandbox, account)
    assert refused.value.code == "financial_connections_account_unavailable_account_numbers"


def test_numbers_that_are_pending_come_a_day_later(sandbox: Sandbox) -> None:
    (account,) = link_at(sandbox, "unpayable-pending")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        pay(sandbox, account)
    assert refused.value.code == "financial_connections_account_pending_account_numbers"

    advance(sandbox, DAY + 5)

    assert pay(sandbox, account).status == "requires_confirmation"
    assert happened(sandbox, account)[1:] == [UPDATED, "account.supported_payment_method_types_updated"]


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("ownership-one", ["Jenny Rosen"]),
        ("ownership-two", ["Jenny Rosen", "John Rosen"]),
        ("ownership-name-only", ["Jane Diaz"]),
        ("ownership-nobody", []),
    ],
)
def test_ownership_accounts_have_the_owners_that_they_are_named_for(
    sandbox: Sandbox, key: str, names: list[str]
) -> None:
    (account,) = link_at(sandbox, key)
    first = refresh(sandbox, account, "ownership").ownership

    owners = sandbox.api.financial_connections.accounts.owners.list(account, {"ownership": first}).data
    assert [owner.name for owner in owners] == names
    advance(sandbox, 10)
    assert refresh(sandbox, account, "ownership").ownership != first


def test_owners_that_a_bank_withholds_fail_their_refresh(sandbox: Sandbox) -> None:
    (account,) = link_at(sandbox, "ownership-withheld")

    body = refresh(sandbox, account, "ownership")

    assert (body.ownership_refresh.status, body.ownership) == ("failed", None)


def test_owners_come_in_pages_and_only_with_their_snapshot(sandbox: Sandbox) -> None:
    (account,) = link_at(sandbox, "ownership-two")
    ownership = refresh(sandbox, account, "ownership").ownership
    owners = sandbox.api.financial_connections.accounts.owners

    page = owners.list(account, {"ownership": ownership, "limit": 1})

    assert page.has_more
    assert [owner.name for owner in page.auto_paging_iter()] == ["Jenny Rosen", "John Rosen"]
    path = f"/v1/financial_connections/accounts/{account}/owners"
    assert call(sandbox, "GET", path)["error"]["code"] == "parameter_missing"
    assert call(sandbox, "GET", path, ownership="fcaowns_no")["error"]["param"] == "ownership"


def test_a_foreign_bank_keeps_its_currency_and_gives_no_available_balance(sandbox: Sandbox) -> None:
    (account,) = link_at(sandbox, "lakeshore-chequing")

    balance = refresh(sandbox, account, "balance", "transactions").balance.to_dict()

    assert list(balance["current"]) == ["cad"]
    assert balance["cash"] == {"available": None}
    rows = sandbox.api.financial_connections.transactions.list({"account": account}).data
    assert {row.currency for row in rows} == {"cad"}


@pytest.mark.parametrize("key", ["down-scheduled", "down-unscheduled", "down-error"])
def test_banks_that_are_down_have_nothing_to_link(sandbox: Sandbox, key: str) -> None:
    (bank,) = [each for each in sandbox.get("/banks") if each["key"] == key]

    assert (bank["behaviour"], bank["accounts"]) == ("down", [])


def test_every_published_outcome_can_be_linked(sandbox: Sandbox) -> None:
    (bank,) = [each for each in sandbox.get("/banks") if each["key"] == "test-non-oauth"]
    last4s = {account["last4"] for account in bank["accounts"]}

    assert last4s == {
        "6789", "1113", "1116", "2227", "3335", "4440", "6661", "5559", "0009", "7771", "4954", "8885",
    }  # fmt: skip
