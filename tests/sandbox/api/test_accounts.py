"""Linked accounts: refreshes and their rules, subscriptions, and the ends of access."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from tests.sandbox.api.driving import (
    CARD,
    DAY,
    SAVINGS,
    Linked,
    Sandbox,
    eventually,
    link,
    new_payment,
    refresh,
    refreshed,
    rows_of,
    save_method,
)


def ask(sandbox: Sandbox, account: str, *features: str) -> Any:
    return sandbox.api.financial_connections.accounts.refresh(account, {"features": list(features)})


def state(sandbox: Sandbox, account: str, **body: Any) -> Any:
    return sandbox.post(f"/accounts/{account}/state", body)


def types(sandbox: Sandbox) -> list[str]:
    """Event types of linked accounts, oldest first, without their common beginning."""
    prefix = "financial_connections.account."
    events = sandbox.api.events.list({"type": prefix + "*", "limit": 100}).data
    return [event.type.removeprefix(prefix) for event in reversed(events)]


def test_linking_again_gives_a_new_id(sandbox: Sandbox, linked: Linked) -> None:
    again = link(sandbox, customer=linked.customer)

    listed = sandbox.api.financial_connections.accounts.list({"account_holder": {"customer": linked.customer}}).data

    assert {each.id for each in listed} == {linked.account, again.account}
    assert len({each.last4 for each in listed}) == 1


def test_accounts_are_listed_by_session_and_holder(sandbox: Sandbox, linked: Linked) -> None:
    link(sandbox, SAVINGS)
    accounts = sandbox.api.financial_connections.accounts

    assert [each.id for each in accounts.list({"session": linked.session}).data] == [linked.account]
    assert [each.id for each in accounts.list({"account_holder": {"customer": linked.customer}}).data] == [
        linked.account
    ]
    assert len(accounts.list().data) == 2


def test_a_session_embeds_ten_accounts_and_pages_the_rest(sandbox: Sandbox) -> None:
    customer = sandbox.api.customers.create({}).id
    session = sandbox.api.financial_connections.sessions.create(
        {"account_holder": {"type": "customer", "customer": customer}, "permissions": ["balances"]}
    )
    keys = [account["key"] for bank in sandbox.get("/banks") for account in bank["accounts"]][:12]
    sandbox.post(f"/link-sessions/{session.id}/authorize", {"accounts": keys})

    accounts = sandbox.api.financial_connections.sessions.retrieve(session.id).accounts

    assert (len(accounts.data), accounts.has_more) == (10, True)
    assert len({each.id for each in accounts.auto_paging_iter()}) == 12


def test_prefetch_starts_refreshes_when_the_account_is_linked(sandbox: Sandbox) -> None:
    linked = link(sandbox, prefetch=["balances", "transactions"])

    account = refreshed(sandbox, linked.account, "balance", "transactions")

    assert account.balance.current.to_dict()
    assert account.ownership_refresh is None
    assert types(sandbox)[0] == "created"


def test_a_running_refresh_cannot_be_asked_for_again(sandbox: Sandbox, linked: Linked) -> None:
    state(sandbox, linked.account, refresh="hang")
    ask(sandbox, linked.account, "balance")

    with pytest.raises(stripe.InvalidRequestError, match="pending"):
        ask(sandbox, linked.account, "balance", "transactions")

    account = sandbox.api.financial_connections.accounts.retrieve(linked.account)
    assert account.transaction_refresh is None


def test_the_next_refresh_waits_until_it_is_available(sandbox: Sandbox, linked: Linked) -> None:
    account = refresh(sandbox, linked.account, "balance")
    wait = account.balance_refresh.next_refresh_available_at - account.balance_refresh.last_attempted_at
    assert 4 <= wait <= 7
    with pytest.raises(stripe.InvalidRequestError, match="next_refresh_available_at"):
        ask(sandbox, linked.account, "balance")

    sandbox.post("/clock/advance", {"seconds": 10})

    assert ask(sandbox, linked.account, "balance").balance_refresh.status == "pending"


def test_an_ended_cool_down_does_not_promise_the_future(sandbox: Sandbox, linked: Linked) -> None:
    refresh(sandbox, linked.account, "balance")
    done = sandbox.post("/clock/advance", {"seconds": DAY})

    account = sandbox.api.financial_connections.accounts.retrieve(linked.account)

    assert account.balance_refresh.next_refresh_available_at <= done["now"] - DAY + 2


def test_a_feature_without_its_permission_cannot_be_refreshed(sandbox: Sandbox) -> None:
    linked = link(sandbox, permissions=["balances"])

    with pytest.raises(stripe.InvalidRequestError, match="ownership"):
        ask(sandbox, linked.account, "ownership")
    with pytest.raises(stripe.InvalidRequestError, match="transactions"):
        rows_of(sandbox, linked.account)


def test_a_failed_refresh_keeps_the_old_figure(sandbox: Sandbox, linked: Linked) -> None:
    before = refresh(sandbox, linked.account, "balance").balance.to_dict()
    state(sandbox, linked.account, refresh="fail", balance=1_00)
    sandbox.post("/clock/advance", {"seconds": 10})

    account = refresh(sandbox, linked.account, "balance")

    assert account.balance_refresh.status == "failed"
    assert account.balance.to_dict() == before
    assert types(sandbox).count("refreshed_balance") == 2


def test_a_hanging_refresh_ends_when_it_is_let_go(sandbox: Sandbox, linked: Linked) -> None:
    state(sandbox, linked.account, refresh="hang")
    ask(sandbox, linked.account, "balance")
    sandbox.post("/clock/advance", {"seconds": DAY})
    account = sandbox.api.financial_connections.accounts.retrieve(linked.account)
    assert account.balance_refresh.status == "pending"

    state(sandbox, linked.account, refresh="succeed")

    assert refreshed(sandbox, linked.account, "balance").balance_refresh.status == "succeeded"


@pytest.mark.parametrize(
    ("which", "given", "current", "other"),
    [
        (0, 12_34, 12_34, 12_34),
        (0, {"current": 12_34, "available": None}, 12_34, None),
        (0, {"current": {"usd": 5}, "available": {"usd": 4}}, 5, 4),
        (CARD, {"current": -7_00, "used": -8_00}, -7_00, -8_00),
    ],
)
def test_a_balance_that_a_control_set_comes_with_the_next_refresh(
    sandbox: Sandbox, which: int, given: Any, current: int, other: int | None
) -> None:
    linked = link(sandbox, which)
    state(sandbox, linked.account, balance=given)

    balance = refresh(sandbox, linked.account, "balance").balance.to_dict()

    assert balance["current"] == {"usd": current}
    part = balance["credit"]["used"] if which == CARD else balance["cash"]["available"]
    assert part == (None if other is None else {"usd": other})


def test_a_bank_that_gives_no_balance(sandbox: Sandbox, linked: Linked) -> None:
    refresh(sandbox, linked.account, "balance")
    state(sandbox, linked.account, balance=None)
    sandbox.post("/clock/advance", {"seconds": 10})

    assert refresh(sandbox, linked.account, "balance").balance is None


def test_an_inactive_account_keeps_its_data_and_takes_no_orders(sandbox: Sandbox, linked: Linked) -> None:
    refresh(sandbox, linked.account, "transactions")
    state(sandbox, linked.account, status="inactive")
    accounts = sandbox.api.financial_connections.accounts

    assert rows_of(sandbox, linked.account)
    assert accounts.retrieve(linked.account).transaction_refresh.next_refresh_available_at is None
    for order in (
        lambda: ask(sandbox, linked.account, "balance"),
        lambda: accounts.subscribe(linked.account, {"features": ["transactions"]}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            order()
        assert refused.value.code == "financial_connections_account_inactive"


def test_an_account_comes_back(sandbox: Sandbox, linked: Linked) -> None:
    refresh(sandbox, linked.account, "balance")
    state(sandbox, linked.account, status="inactive")
    state(sandbox, linked.account, status="active")

    account = sandbox.api.financial_connections.accounts.retrieve(linked.account)
    assert account.balance_refresh.next_refresh_available_at <= time.time()
    assert refresh(sandbox, linked.account, "balance").balance_refresh.status == "succeeded"
    assert types(sandbox) == ["created", "refreshed_balance", "deactivated", "reactivated", "refreshed_balance"]


def test_a_disconnected_account_cannot_be_read(sandbox: Sandbox, linked: Linked) -> None:
    owned = refresh(sandbox, linked.account, "transactions", "ownership").ownership
    accounts = sandbox.api.financial_connections.accounts
    row = rows_of(sandbox, linked.account)[0].id

    accounts.disconnect(linked.account)
    accounts.disconnect(linked.account)

    assert types(sandbox).count("disconnected") == 1
    assert accounts.retrieve(linked.account).status == "disconnected"
    for reading in (
        lambda: rows_of(sandbox, linked.account),
        lambda: sandbox.api.financial_connections.transactions.retrieve(row),
        lambda: accounts.owners.list(linked.account, {"ownership": owned}),
        lambda: ask(sandbox, linked.account, "balance"),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            reading()


def test_disconnecting_does_not_stop_debits(sandbox: Sandbox, linked: Linked) -> None:
    saved = save_method(sandbox, linked)
    sandbox.api.financial_connections.accounts.disconnect(linked.account)

    intent = sandbox.api.payment_intents.create(
        {"amount": 500, "currency": "usd", "customer": linked.customer, "payment_method": saved.payment_method}
    )

    assert sandbox.api.payment_intents.confirm(intent.id, {"mandate": saved.mandate}).status == "processing"
    with pytest.raises(stripe.InvalidRequestError):
        new_payment(sandbox, linked)


def test_disconnected_is_for_good(sandbox: Sandbox, linked: Linked) -> None:
    sandbox.api.financial_connections.accounts.disconnect(linked.account)

    answer = sandbox.post(f"/accounts/{linked.account}/state", {"status": "active"}, ok=False)

    assert "error" in answer
    assert sandbox.api.financial_connections.accounts.retrieve(linked.account).status == "disconnected"


def test_a_subscription_refreshes_at_once_and_daily(sandbox: Sandbox, linked: Linked) -> None:
    accounts = sandbox.api.financial_connections.accounts
    first = accounts.subscribe(linked.account, {"features": ["transactions"]})
    assert first.subscriptions == ["transactions"]
    assert first.transaction_refresh.status == "pending"
    refreshed(sandbox, linked.account, "transactions")

    sandbox.post("/clock/advance", {"seconds": 3 * DAY + 60})

    assert types(sandbox).count("refreshed_transactions") == 4
    assert accounts.retrieve(linked.account).transaction_refresh.id != first.transaction_refresh.id


def test_an_ended_subscription_refreshes_no_more(sandbox: Sandbox, linked: Linked) -> None:
    accounts = sandbox.api.financial_connections.accounts
    accounts.subscribe(linked.account, {"features": ["transactions"]})
    refreshed(sandbox, linked.account, "transactions")

    assert accounts.unsubscribe(linked.account, {"features": ["transactions"]}).subscriptions == []
    sandbox.post("/clock/advance", {"seconds": 3 * DAY})

    assert types(sandbox).count("refreshed_transactions") == 1


def test_a_refresh_event_shows_the_account_as_it_was(sandbox: Sandbox, linked: Linked) -> None:
    account = refresh(sandbox, linked.account, "balance")

    eventually(lambda: "financial_connections.account.refreshed_balance" in sandbox.receiver.types)

    number = sandbox.receiver.types.index("financial_connections.account.refreshed_balance")
    snapshot = sandbox.receiver.events[number]["data"]["object"]
    assert snapshot["balance"] == account.balance.to_dict()
    assert snapshot["balance_refresh"]["status"] == "succeeded"
    assert "_" not in snapshot
