"""What goes wrong at banks, on demand: odd rows, lists that shift, refreshes without an end, halves of balances."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sandbox.connections import bank_faults
from tests.sandbox.api.driving import CARD, CHECKING, Linked, Sandbox, eventually, link, refreshed, rows_of


def arm(sandbox: Sandbox, kind: str, **more: Any) -> None:
    sandbox.control("PUT", "/faults", {"banks": [{"kind": kind, **more}]})


def again(sandbox: Sandbox, account: str, feature: str = "transactions") -> Any:
    """A refresh whose end an advanced clock brings on at once, and the cool-down after it."""
    sandbox.api.financial_connections.accounts.refresh(account, {"features": [feature]})
    sandbox.post("/clock/advance", {"seconds": 10})
    return sandbox.api.financial_connections.accounts.retrieve(account)


def news(sandbox: Sandbox, linked: Linked, cursor: str) -> list[Any]:
    return rows_of(sandbox, linked.account, transaction_refresh={"after": cursor})


@pytest.fixture
def cursor(sandbox: Sandbox, linked: Linked) -> str:
    return str(again(sandbox, linked.account).transaction_refresh.id)


def test_hostile_text_comes_over_the_wire_as_the_bank_wrote_it(sandbox: Sandbox, linked: Linked, cursor: str) -> None:
    arm(sandbox, "hostile_text")

    again(sandbox, linked.account)

    assert {row.description for row in news(sandbox, linked, cursor)} == set(bank_faults.TEXTS.values())
    page = sandbox.raw(
        "GET", f"/v1/financial_connections/transactions?account={linked.account}&transaction_refresh[after]={cursor}"
    )
    assert page.content.isascii()
    assert sandbox.control("GET", "/faults")["banks"][0]["left"] == 0


def test_names_may_be_hostile_too(sandbox: Sandbox, linked: Linked) -> None:
    arm(sandbox, "hostile_names", only=["surrogate"], times=2)

    account = again(sandbox, linked.account, "ownership")

    owners = sandbox.api.financial_connections.accounts.owners.list(linked.account, {"ownership": account.ownership})
    assert {account.display_name, *(owner.name for owner in owners.data)} == {bank_faults.TEXTS["surrogate"]}
    # Controls and events carry it as well as the API does.
    state = sandbox.post(f"/accounts/{linked.account}/state", {"status": "inactive"})
    assert state["display_name"] == account.display_name
    told = "financial_connections.account.deactivated"
    eventually(lambda: told in sandbox.receiver.types)
    (event,) = (event for event in sandbox.receiver.events if event["type"] == told)
    assert event["data"]["object"]["display_name"] == account.display_name


@pytest.mark.parametrize(
    ("kind", "field", "wanted"),
    [
        ("extreme_amounts", "amount", sorted(bank_faults.AMOUNTS.values())),
        ("foreign_currencies", "currency", sorted(bank_faults.CURRENCIES)),
    ],
)
def test_odd_figures_come_exactly(
    sandbox: Sandbox, linked: Linked, cursor: str, kind: str, field: str, wanted: list[Any]
) -> None:
    arm(sandbox, kind)

    again(sandbox, linked.account)

    assert sorted(row[field] for row in news(sandbox, linked, cursor)) == wanted


def test_rows_of_odd_instants_page_and_filter(sandbox: Sandbox, linked: Linked, cursor: str) -> None:
    arm(sandbox, "odd_instants")
    now = int(time.time())

    again(sandbox, linked.account)

    rows = news(sandbox, linked, cursor)
    assert len(rows) == len(bank_faults.INSTANTS)
    assert [row.transacted_at for row in rows] == sorted((row.transacted_at for row in rows), reverse=True)
    future = rows_of(sandbox, linked.account, transacted_at={"gt": now + 60})
    assert len(future) == 3


def test_lookalikes_differ_in_nothing_but_their_ids(sandbox: Sandbox, linked: Linked, cursor: str) -> None:
    arm(sandbox, "lookalikes", only=["same_instant"])

    again(sandbox, linked.account)

    first, second = (row.to_dict() for row in news(sandbox, linked, cursor))
    assert first.pop("id") != second.pop("id")
    assert first == second


@pytest.mark.parametrize(
    ("sort", "changed", "ends"),
    [
        ("amount", {"amount", "status"}, ["posted"]),
        ("description", {"description", "status"}, ["posted"]),
        ("both", {"amount", "description", "status"}, ["posted"]),
        ("instant", {"transacted_at", "status"}, ["posted"]),
        ("void", {"status"}, ["void"]),
        ("renumbered", {"status"}, ["posted", "void"]),
    ],
)
def test_a_pending_row_ends_otherwise_than_it_began(
    sandbox: Sandbox, linked: Linked, cursor: str, sort: str, changed: set[str], ends: list[str]
) -> None:
    arm(sandbox, "pending", only=[sort])
    later = again(sandbox, linked.account).transaction_refresh.id
    (before,) = (row.to_dict() for row in news(sandbox, linked, cursor))
    assert before["status"] == "pending"

    again(sandbox, linked.account)

    after = {row.id: row.to_dict() for row in news(sandbox, linked, later)}
    assert sorted(row["status"] for row in after.values()) == ends
    names = ("amount", "description", "status", "transacted_at")
    assert {name for name in names if after[before["id"]][name] != before[name]} == changed


def test_a_fault_strikes_the_account_that_it_names(sandbox: Sandbox, linked: Linked, cursor: str) -> None:
    other = link(sandbox, CARD)
    arm(sandbox, "extreme_amounts", account=other.bank_key, times=2)

    again(sandbox, linked.account)
    begun = again(sandbox, other.account).transaction_refresh.id
    again(sandbox, other.account)

    assert news(sandbox, linked, cursor) == []
    assert len(news(sandbox, other, begun)) == len(bank_faults.AMOUNTS)


def test_a_refresh_may_never_end(sandbox: Sandbox, linked: Linked) -> None:
    arm(sandbox, "refresh_hangs", only=["transactions"])
    api = sandbox.api.financial_connections.accounts
    api.refresh(linked.account, {"features": ["balance", "transactions"]})

    sandbox.post("/clock/advance", {"seconds": 3 * 86_400})

    account = api.retrieve(linked.account)
    assert (account.balance_refresh.status, account.transaction_refresh.status) == ("succeeded", "pending")
    sandbox.post(f"/accounts/{linked.account}/state", {"refresh": "succeed"})
    assert refreshed(sandbox, linked.account, "transactions").transaction_refresh.status == "succeeded"


def test_a_refresh_may_fail_once(sandbox: Sandbox, linked: Linked) -> None:
    arm(sandbox, "refresh_fails")

    assert again(sandbox, linked.account).transaction_refresh.status == "failed"
    assert again(sandbox, linked.account).transaction_refresh.status == "succeeded"


@pytest.mark.parametrize(
    ("which", "sort", "wanted"),
    [
        (CHECKING, "null", lambda balance: balance is None),
        (CHECKING, "available", lambda balance: balance.current.usd and balance.cash.available is None),
        (CARD, "available", lambda balance: balance.current.usd and balance.credit.used is None),
        (CHECKING, "currencies", lambda balance: sorted(balance.current.to_dict()) == ["eur", "usd"]),
        (CHECKING, "empty", lambda balance: balance.current.to_dict() == {}),
        (CHECKING, "stale", lambda balance: balance.as_of < time.time() - 80_000),
    ],
)
def test_a_balance_may_be_missing_or_odd(sandbox: Sandbox, which: int, sort: str, wanted: Any) -> None:
    account = link(sandbox, which).account
    arm(sandbox, "balance", only=[sort])

    assert wanted(again(sandbox, account, "balance").balance)


@pytest.mark.parametrize("sort", bank_faults.SHIFTS)
def test_a_list_shifts_while_it_is_paged_and_nothing_is_lost(
    sandbox: Sandbox, linked: Linked, cursor: str, sort: str
) -> None:
    before = [row.id for row in rows_of(sandbox, linked.account)]
    arm(sandbox, "shift", only=[sort], times=3)
    transactions = sandbox.api.financial_connections.transactions

    met = [row.id for row in transactions.list({"account": linked.account, "limit": 40}).auto_paging_iter()]

    after = {row.id for row in rows_of(sandbox, linked.account)}
    assert met != before
    assert set(before) <= after
    # What the walk missed is what the cursor of the refresh before it brings.
    assert after <= set(met) | {row.id for row in news(sandbox, linked, cursor)}
    if sort == "cursor":
        assert len(met) > len(set(met))
    else:
        assert after - set(met)


def test_a_shift_is_a_refresh_of_its_own_with_its_event(sandbox: Sandbox, linked: Linked, cursor: str) -> None:
    arm(sandbox, "shift")
    told = "financial_connections.account.refreshed_transactions"
    first = sandbox.api.events.list({"type": told}).data

    rows_of(sandbox, linked.account)

    account = sandbox.api.financial_connections.accounts.retrieve(linked.account)
    event, *older = sandbox.api.events.list({"type": told}).data
    assert [each.id for each in older] == [each.id for each in first]
    assert event.data.object.transaction_refresh.id == account.transaction_refresh.id != cursor
    assert event.request.id is None


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "earthquake"},
        {"kind": "shift", "only": ["sideways"]},
        {"kind": "shift", "times": 0},
        {"kind": "shift", "acount": "*"},
        {"kind": "shift", "account": 3},
        "shift",
    ],
)
def test_a_misspelt_bank_fault_is_refused(sandbox: Sandbox, spec: Any) -> None:
    assert "error" in sandbox.control("PUT", "/faults", {"banks": [spec]}, ok=False)
