"""What banks do with linked accounts by themselves, asked for by a control: each change is told once."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from tests.sandbox.api.connecting import advance, authorization_of, happened, link_at, relink, set_state, shown
from tests.sandbox.api.driving import CARD, DAY, Linked, Sandbox, link, refresh, refreshed, rows_of

DATE = "expected_deactivation_date_updated"


def test_an_expected_end_is_told_of_warned_about_and_comes(sandbox: Sandbox) -> None:
    first, second = link_at(sandbox, "cascade-checking", "cascade-savings")
    authorization = authorization_of(sandbox, first)["id"]
    at = int(time.time()) + 40 * DAY

    for _ in range(2):
        set_state(sandbox, first, expected_deactivation_date=at)
    advance(sandbox, 11 * DAY)

    for account in (first, second):
        assert shown(sandbox, account)["status_details"]["active"]["expected_deactivation_date"] == at
        assert happened(sandbox, account) == ["account.created", f"account.{DATE}", "account.upcoming_deactivation"]
    assert happened(sandbox, authorization) == [f"authorization.{DATE}", "authorization.upcoming_deactivation"]
    advance(sandbox, 29 * DAY + 5)
    assert {shown(sandbox, account)["status"] for account in (first, second)} == {"inactive"}


def test_an_expected_end_can_be_called_off(sandbox: Sandbox, linked: Linked) -> None:
    set_state(sandbox, linked.account, expected_deactivation_date=int(time.time()) + 3 * DAY)
    set_state(sandbox, linked.account, expected_deactivation_date=None)

    advance(sandbox, 10 * DAY)

    assert happened(sandbox, linked.account) == ["account.created", f"account.{DATE}", f"account.{DATE}"]
    assert shown(sandbox, linked.account)["status_details"] == {}


def test_numbers_come_and_go(sandbox: Sandbox, linked: Linked) -> None:
    set_state(sandbox, linked.account, account_numbers={"status": "deactivated"})
    set_state(sandbox, linked.account, account_numbers={"status": "deactivated"})
    assert shown(sandbox, linked.account)["supported_payment_method_types"] == ["us_bank_account"]

    set_state(sandbox, linked.account, account_numbers={"status": "pending"})
    set_state(sandbox, linked.account, account_numbers={"status": "transactable"})

    updated, types = "account.account_numbers_updated", "account.supported_payment_method_types_updated"
    assert happened(sandbox, linked.account) == ["account.created", updated, updated, types, updated, types]


def test_a_number_expires_on_the_day_that_was_named(sandbox: Sandbox, linked: Linked) -> None:
    set_state(sandbox, linked.account, account_numbers={"expected_expiry_date": int(time.time()) + 35 * DAY})
    advance(sandbox, 4 * DAY)
    assert "account.upcoming_account_number_expiry" not in happened(sandbox, linked.account)

    advance(sandbox, 2 * DAY)
    assert happened(sandbox, linked.account)[-1] == "account.upcoming_account_number_expiry"
    advance(sandbox, 29 * DAY + 5)

    assert shown(sandbox, linked.account)["account_numbers"][0]["status"] == "expired"


def test_an_account_may_stop_being_payable(sandbox: Sandbox, linked: Linked) -> None:
    body = set_state(sandbox, linked.account, supported_payment_method_types=[])

    assert body["supported_payment_method_types"] == []
    assert happened(sandbox, linked.account)[-1] == "account.supported_payment_method_types_updated"


def test_a_subscription_can_be_lost(sandbox: Sandbox, linked: Linked) -> None:
    accounts = sandbox.api.financial_connections.accounts
    accounts.subscribe(linked.account, {"features": ["transactions"]})
    refreshed(sandbox, linked.account, "transactions")

    assert set_state(sandbox, linked.account, subscriptions=[])["subscriptions"] == []
    advance(sandbox, 3 * DAY)
    assert happened(sandbox, linked.account).count("account.refreshed_transactions") == 1

    assert accounts.subscribe(linked.account, {"features": ["transactions"]}).transaction_refresh.status == "pending"


def test_a_subscription_sleeps_while_the_account_is_inactive(sandbox: Sandbox, linked: Linked) -> None:
    sandbox.api.financial_connections.accounts.subscribe(linked.account, {"features": ["transactions"]})
    refreshed(sandbox, linked.account, "transactions")
    set_state(sandbox, linked.account, status="inactive")
    advance(sandbox, 3 * DAY)
    assert happened(sandbox, linked.account).count("account.refreshed_transactions") == 1

    set_state(sandbox, linked.account, status="active")
    advance(sandbox, 2 * DAY)

    assert happened(sandbox, linked.account).count("account.refreshed_transactions") == 3


@pytest.mark.parametrize("end", ["inactive", "disconnected"])
def test_the_end_of_access_ends_a_running_refresh_first(sandbox: Sandbox, linked: Linked, end: str) -> None:
    set_state(sandbox, linked.account, refresh="hang")
    sandbox.api.financial_connections.accounts.refresh(linked.account, {"features": ["balance"]})

    body = set_state(sandbox, linked.account, status=end)

    assert (body["status"], body["balance_refresh"]["status"]) == (end, "failed")
    last = {"inactive": "account.deactivated", "disconnected": "account.disconnected"}[end]
    assert happened(sandbox, linked.account) == ["account.created", "account.refreshed_balance", last]


def test_a_person_can_cut_the_account_off_at_stripe(sandbox: Sandbox, linked: Linked) -> None:
    refresh(sandbox, linked.account, "transactions")

    set_state(sandbox, linked.account, status="disconnected")

    with pytest.raises(stripe.InvalidRequestError, match="disconnected"):
        rows_of(sandbox, linked.account)
    assert authorization_of(sandbox, linked.account)["status"] == "disconnected"


def test_an_account_stays_inactive_until_something_mends_it(sandbox: Sandbox, linked: Linked) -> None:
    body = set_state(sandbox, linked.account, status="inactive", cause="institution_requirement")
    assert body["status_details"] == {}
    again = set_state(sandbox, linked.account, status="inactive", cause="access_denied")

    assert shown(sandbox, again["id"])["status_details"]["inactive"]["cause"] == "institution_requirement"
    relink(sandbox, linked.account, "cascade-checking")
    assert happened(sandbox, linked.account).count("account.deactivated") == 1


@pytest.mark.parametrize(
    ("which", "given", "balance"),
    [
        (0, {"current": {"usd": 5, "eur": 7}, "available": {"usd": 4}}, {"cash": {"available": {"usd": 4}}}),
        (0, {"current": {"jpy": 5}}, {"cash": {"available": None}}),
        (CARD, {"current": {"usd": -5, "cad": -6}, "used": {"cad": -6}}, {"credit": {"used": {"cad": -6}}}),
    ],
)
def test_a_balance_may_be_in_several_currencies(
    sandbox: Sandbox, which: int, given: Any, balance: dict[str, Any]
) -> None:
    linked = link(sandbox, which)
    set_state(sandbox, linked.account, balance=given)

    body = refresh(sandbox, linked.account, "balance").balance.to_dict()

    assert body["current"] == given["current"]
    assert {name: body[name] for name in balance} == balance


@pytest.mark.parametrize(
    "state",
    [
        {"colour": "red"},
        {"status": "gone"},
        {"status": "inactive", "cause": "boredom"},
        {"refresh": "sometimes"},
        {"balance": {"available": 5}},
        {"balance": {"current": {"usd": "5"}}},
        {"expected_deactivation_date": 1},
        {"account_numbers": {"status": "lost"}},
        {"account_numbers": {"expected_expiry_date": 1}},
        {"account_numbers": {}},
        {"supported_payment_method_types": ["card"]},
        {"subscriptions": ["transactions"]},
    ],
)
def test_a_state_that_no_account_has_is_refused(sandbox: Sandbox, linked: Linked, state: dict[str, Any]) -> None:
    before = shown(sandbox, linked.account)

    assert "error" in set_state(sandbox, linked.account, ok=False, **state)

    assert shown(sandbox, linked.account) == before
