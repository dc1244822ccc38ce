"""Transactions: what refreshes bring, the cursor over what changed, and pages over a changing list."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from tests.sandbox.api.driving import Linked, Sandbox, link, refresh, rows_of


def book(sandbox: Sandbox, account: str, *rows: dict[str, Any]) -> list[str]:
    now = int(time.time())
    rows = tuple({"amount": -100, "description": "x", "status": "posted", "transacted_at": now, **row} for row in rows)
    booked = sandbox.post(f"/accounts/{account}/transactions", {"transactions": rows})
    return [row["id"] for row in booked["data"]]


def again(sandbox: Sandbox, account: str) -> Any:
    """The next refresh, without waiting for its time."""
    sandbox.post("/clock/advance", {"seconds": 10})
    return refresh(sandbox, account, "transactions")


def since(sandbox: Sandbox, account: str, cursor: str) -> list[Any]:
    return rows_of(sandbox, account, transaction_refresh={"after": cursor})


def test_listing_before_any_refresh_is_refused(sandbox: Sandbox, linked: Linked) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        rows_of(sandbox, linked.account)

    assert refused.value.code == "financial_connections_no_successful_transaction_refresh"


def test_booked_rows_are_seen_after_the_next_refresh(sandbox: Sandbox, linked: Linked) -> None:
    refresh(sandbox, linked.account, "transactions")
    (new,) = book(sandbox, linked.account, {"amount": -12_34, "description": "BAKERY"})
    assert new not in {row.id for row in rows_of(sandbox, linked.account)}

    again(sandbox, linked.account)

    row = sandbox.api.financial_connections.transactions.retrieve(new)
    assert (row.amount, row.currency, row.description, row.status) == (-12_34, "usd", "BAKERY", "posted")


def test_the_cursor_brings_only_what_changed(sandbox: Sandbox, linked: Linked) -> None:
    cursor = refresh(sandbox, linked.account, "transactions").transaction_refresh.id
    assert since(sandbox, linked.account, cursor) == []
    (new,) = book(sandbox, linked.account, {})
    old = rows_of(sandbox, linked.account)[-1].id
    book(sandbox, linked.account, {"id": old, "amount": -9_99})

    later = again(sandbox, linked.account).transaction_refresh.id

    changed = since(sandbox, linked.account, cursor)
    assert {row.id for row in changed} == {new, old}
    assert {row.transaction_refresh for row in changed} == {later}
    assert since(sandbox, linked.account, later) == []


def test_an_unknown_cursor_is_refused(sandbox: Sandbox, linked: Linked) -> None:
    other = link(sandbox)
    theirs = refresh(sandbox, other.account, "transactions").transaction_refresh.id
    refresh(sandbox, linked.account, "transactions")

    for cursor in ("fctxnref_none", theirs):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            since(sandbox, linked.account, cursor)
        assert refused.value.param == "transaction_refresh[after]"


@pytest.mark.parametrize("end", ["posted", "void"])
def test_a_pending_row_ends_as_the_row_it_was(sandbox: Sandbox, linked: Linked, end: str) -> None:
    (row_id,) = book(sandbox, linked.account, {"status": "pending", "description": "HOTEL HOLD"})
    refresh(sandbox, linked.account, "transactions")
    retrieve = sandbox.api.financial_connections.transactions.retrieve
    assert retrieve(row_id).status_transitions.to_dict() == {"posted_at": None, "void_at": None}

    book(sandbox, linked.account, {"id": row_id, "status": end, "description": "HOTEL"})
    again(sandbox, linked.account)

    row = retrieve(row_id)
    assert (row.status, row.description) == (end, "HOTEL")
    assert row.status_transitions[f"{end}_at"] <= time.time()


def test_a_posted_row_may_be_voided(sandbox: Sandbox, linked: Linked) -> None:
    (row_id,) = book(sandbox, linked.account, {})
    refresh(sandbox, linked.account, "transactions")

    sandbox.post(f"/accounts/{linked.account}/transactions", {"transactions": [{"id": row_id, "status": "void"}]})
    again(sandbox, linked.account)

    row = sandbox.api.financial_connections.transactions.retrieve(row_id)
    assert (row.status, row.amount) == ("void", -100)
    assert row.status_transitions.posted_at


def test_pages_neither_repeat_nor_skip_while_rows_come_in(sandbox: Sandbox, linked: Linked) -> None:
    refresh(sandbox, linked.account, "transactions")
    before = [row.id for row in rows_of(sandbox, linked.account)]
    transactions = sandbox.api.financial_connections.transactions
    first = transactions.list({"account": linked.account, "limit": 50})

    book(sandbox, linked.account, *({"amount": -number} for number in range(1, 30)))
    again(sandbox, linked.account)

    seen = [row.id for row in first.auto_paging_iter()]
    assert seen == before


def test_pages_go_backwards_too(sandbox: Sandbox, linked: Linked) -> None:
    refresh(sandbox, linked.account, "transactions")
    rows = [row.id for row in rows_of(sandbox, linked.account)]
    transactions = sandbox.api.financial_connections.transactions

    page = transactions.list({"account": linked.account, "limit": 5, "ending_before": rows[20]})

    assert [row.id for row in page.data] == rows[15:20]
    assert page.has_more


def test_rows_of_one_instant_keep_their_places(sandbox: Sandbox, linked: Linked) -> None:
    instant = int(time.time()) - 50
    wanted = set(book(sandbox, linked.account, *({"transacted_at": instant, "amount": n} for n in range(1, 26))))
    refresh(sandbox, linked.account, "transactions")
    page = sandbox.api.financial_connections.transactions.list(
        {"account": linked.account, "limit": 3, "transacted_at": instant}
    )

    seen = [row.id for row in page.auto_paging_iter()]

    assert len(seen) == 25
    assert set(seen) == wanted


def test_filters_by_time_and_cursor_combine(sandbox: Sandbox, linked: Linked) -> None:
    cursor = refresh(sandbox, linked.account, "transactions").transaction_refresh.id
    now = int(time.time())
    old, new = book(sandbox, linked.account, {"transacted_at": now - 1000}, {"transacted_at": now})
    again(sandbox, linked.account)

    recent = rows_of(
        sandbox, linked.account, transaction_refresh={"after": cursor}, transacted_at={"gte": now - 10, "lt": now + 10}
    )

    assert [row.id for row in recent] == [new]
    assert old in {row.id for row in since(sandbox, linked.account, cursor)}


def test_a_refresh_without_news_changes_no_row(sandbox: Sandbox, linked: Linked) -> None:
    refresh(sandbox, linked.account, "transactions")
    before = [row.to_dict() for row in rows_of(sandbox, linked.account)]

    again(sandbox, linked.account)

    assert [row.to_dict() for row in rows_of(sandbox, linked.account)] == before


def test_more_rows_than_are_taken_over_at_once(sandbox: Sandbox, linked: Linked) -> None:
    now = int(time.time())
    booked = book(sandbox, linked.account, *({"transacted_at": now - n, "amount": -n} for n in range(1, 5_001)))

    cursor = refresh(sandbox, linked.account, "transactions").transaction_refresh.id
    again(sandbox, linked.account)

    listed = sandbox.raw(
        "GET",
        f"/v1/financial_connections/transactions?account={linked.account}&limit=1&transacted_at[lte]={now - 5_000}",
    ).json()
    assert listed["data"][0]["id"] == booked[-1]
    assert since(sandbox, linked.account, cursor) == []


def test_rows_by_the_thousand_are_the_same_for_the_same_seed(sandbox: Sandbox, linked: Linked) -> None:
    other = link(sandbox)
    path = "/accounts/{}/transactions/generate"
    for account in (linked.account, other.account):
        assert sandbox.post(path.format(account), {"count": 300, "days": 3_650, "seed": 7}) == {"booked": 300}
        refresh(sandbox, account, "transactions")

    first, second = (rows_of(sandbox, account) for account in (linked.account, other.account))

    assert len({row.id for row in first + second}) == 2 * len(first)
    assert [(row.amount, row.description) for row in first] == [(row.amount, row.description) for row in second]
    assert sum(row.transacted_at < time.time() - 3_600 * 24 * 3_600 for row in first) > 2
    assert "error" in sandbox.post(path.format(linked.account), {"count": 0}, ok=False)


def test_a_row_of_another_account_is_not_touched(sandbox: Sandbox, linked: Linked) -> None:
    other = link(sandbox)
    (theirs,) = book(sandbox, other.account, {})

    rows = [{"id": theirs, "amount": -1, "status": "void"}]
    answer = sandbox.post(f"/accounts/{linked.account}/transactions", {"transactions": rows}, ok=False)

    assert "error" in answer


def test_odd_descriptions_survive(sandbox: Sandbox, linked: Linked) -> None:
    odd = 'quote " backslash \\ tab \t line \n emoji \U0001f600 bidi \u202e nul \u0000 <script>'
    (row_id,) = book(sandbox, linked.account, {"description": odd})
    refresh(sandbox, linked.account, "transactions")

    row = next(row for row in rows_of(sandbox, linked.account) if row.id == row_id)

    assert row.description == odd
