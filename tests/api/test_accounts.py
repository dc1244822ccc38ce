"""Linked accounts by the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from banking.models import Account, Freshness, Owner, Transaction
from fcdash import tenancy
from tests.api.calling import Api, ok, refused
from tests.cast import AccountFactory, BalanceFactory, Cast
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
SHAPE = {
    *("id", "stripe_id", "name", "institution", "last4", "category", "subcategory", "status", "permissions"),
    *("payable", "balance", "freshness", "by_hand", "lights"),
}
REFRESH = "POST /v1/financial_connections/accounts/*/refresh"
DISCONNECT = "POST /v1/financial_connections/accounts/*/disconnect"


@pytest.fixture
def account(link: Callable[..., list[Account]], settle: Callable[..., None]) -> Account:
    """Alice's checking account, read to its end."""
    [linked] = link()
    settle(linked)
    return linked


def test_an_account_as_the_bank_has_it(alice: Api, account: Account) -> None:
    shown = ok(alice.get(f"/accounts/{account.pk}"))

    assert set(shown) == SHAPE
    assert (shown["id"], shown["stripe_id"]) == (str(account.pk), account.stripe_id)
    assert (shown["status"], shown["payable"], shown["category"]) == ("active", True, "cash")
    assert set(shown["balance"]) == {"current", "available", "used", "as_of"}
    assert set(shown["balance"]["current"]) == {"amount", "currency"}
    assert shown["balance"]["used"] is None
    assert set(shown["freshness"]) == {"balance", "ownership", "transactions"}
    assert set(shown["freshness"]["balance"]) == {"status", "as_of", "next_allowed_at"}
    assert {state["status"] for state in shown["freshness"].values()} == {"succeeded"}
    assert {light["kind"]: (light["state"], light["fix"]) for light in shown["lights"]} == {
        "link": ("ok", None),
        "numbers": ("ok", None),
        "paying": ("ok", None),
    }


def test_an_account_by_hand_and_its_rows(alice: Api) -> None:
    wallet = {"name": "Wallet", "kind": "cash", "balance": 100_00, "on": "2026-11-01"}
    opened = ok(alice.post("/accounts", wallet), 201)
    kiosk = {"account": opened["id"], "date": "2026-11-02", "amount": -4_50, "description": "Kiosk"}

    row = ok(alice.post("/transactions", kiosk), 201)

    shown = ok(alice.get(f"/accounts/{opened['id']}"))
    assert (shown["by_hand"], shown["stripe_id"], shown["payable"], shown["freshness"]) == (True, None, False, {})
    assert shown["balance"]["current"] == {"amount": 95_50, "currency": "usd"}
    assert (row["stripe_id"], row["amount"]["amount"], row["status"]) == (None, -4_50, "posted")
    refused(alice.post(f"/accounts/{opened['id']}/refresh", {"features": ["balance"]}), 409, "not_refreshable")
    assert ok(alice.post(f"/accounts/{opened['id']}/disconnect"))["status"] == "disconnected"


def test_only_a_bank_writes_the_rows_of_a_linked_account(alice: Api, cast: Cast) -> None:
    row = {"account": str(cast.checking.pk), "date": "2026-11-02", "amount": -4_50, "description": "Kiosk"}

    refused(alice.post("/transactions", row), 409, "not_by_hand")
    refused(alice.post("/transactions", row | {"account": "99999999"}), 404, "not_found")
    refused(alice.post("/transactions", row | {"date": "2062-01-01"}), 422, "invalid")


def test_the_list_goes_on_where_it_stopped(alice: Api, cast: Cast) -> None:
    with tenancy.scope(cast.household):
        for n in range(5):
            AccountFactory(household=cast.household, holder=cast.alice, name=f"Account {n}")
    seen, cursor = [], ""
    while cursor is not None:
        part = ok(alice.get("/accounts", limit=2, **({"cursor": cursor} if cursor else {})))
        seen += [account["name"] for account in part["data"]]
        cursor = part["next"]

    assert seen == [f"Account {n}" for n in range(5)]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", ""])
def test_a_limit_that_cannot_be(alice: Api, limit: str) -> None:
    refused(alice.get("/accounts", limit=limit), 422, "invalid")


@pytest.mark.parametrize("cursor", ["x", "!", "%", "", "MTIz", "é", "MjAyNi0xMS0xMC4x" * 50])
@pytest.mark.parametrize("path", ["/accounts", "/transactions"])
def test_a_cursor_that_cannot_be(alice: Api, path: str, cursor: str) -> None:
    refused(alice.get(path, cursor=cursor), 422, "invalid_cursor")


def test_owners_are_those_that_the_bank_names(alice: Api, account: Account, cast: Cast) -> None:
    with tenancy.scope(cast.household):
        Owner.objects.create(household=cast.household, account=cast.checking, stripe_id="fcaown_x", name="Another's")

    [owner] = ok(alice.get(f"/accounts/{account.pk}/owners"))["data"]

    assert set(owner) == {"id", "name", "email", "phone", "address"}
    assert owner["name"] != "Another's"


def test_owners_that_were_not_permitted(alice: Api, cast: Cast) -> None:
    with tenancy.scope(cast.household):
        Account.objects.filter(pk=cast.checking.pk).update(permissions=["balances"])

    refused(alice.get(f"/accounts/{cast.checking.pk}/owners"), 403, "not_permitted")


def test_a_second_balance_replaces_the_first(alice: Api, cast: Cast) -> None:
    with tenancy.scope(cast.household):
        BalanceFactory(household=cast.household, account=cast.checking, current_cents=1_00)
        newer = timezone.now().date() + timedelta(days=1)
        BalanceFactory(household=cast.household, account=cast.checking, current_cents=-7_05, on=newer)

    assert ok(alice.get(f"/accounts/{cast.checking.pk}"))["balance"]["current"] == {"amount": -705, "currency": "usd"}


# --- Refreshing -------------------------------------------------------------------------------------------------


def _allow(account: Account) -> None:
    with tenancy.scope(account.household_id):
        Freshness.objects.update(next_allowed_at=None)


def test_a_refresh_is_taken_on(alice: Api, account: Account, sandbox: Sandbox) -> None:
    sandbox.post("/sandbox/clock/advance", {"seconds": 60})
    _allow(account)

    shown = ok(alice.post(f"/accounts/{account.pk}/refresh", {"features": ["balance", "transactions"]}), 202)

    assert shown["freshness"]["balance"]["status"] == "pending"


def test_too_early_says_when(alice: Api, account: Account) -> None:
    with tenancy.scope(account.household_id):
        Freshness.objects.update(next_allowed_at=timezone.now() + timedelta(minutes=5))

    response = alice.post(f"/accounts/{account.pk}/refresh", {"features": ["balance"]})

    problem = refused(response, 429, "too_early")
    assert problem["next_allowed_at"].endswith("Z")
    assert 200 < int(response.headers["Retry-After"]) <= 300


def test_too_early_for_stripe_says_when_too(alice: Api, account: Account, sandbox: Sandbox) -> None:
    """Our row thinks that it may be asked; Stripe knows better."""
    sandbox.post("/sandbox/clock/advance", {"seconds": 60})
    _allow(account)
    ok(alice.post(f"/accounts/{account.pk}/refresh", {"features": ["balance"]}), 202)
    with tenancy.scope(account.household_id):
        Freshness.objects.update(next_allowed_at=None, status="succeeded")

    response = alice.post(f"/accounts/{account.pk}/refresh", {"features": ["balance"]})

    assert response.status_code in (202, 429)
    if response.status_code == 429:
        assert int(response.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("body", [{}, {"features": []}, {"features": ["all"]}, {"features": "balance"}])
def test_features_that_cannot_be(alice: Api, cast: Cast, body: dict[str, Any]) -> None:
    refused(alice.post(f"/accounts/{cast.checking.pk}/refresh", body), 422, "invalid")


def test_an_account_that_is_not_active_is_not_refreshed(alice: Api, cast: Cast) -> None:
    with tenancy.scope(cast.household):
        Account.objects.filter(pk=cast.checking.pk).update(status="inactive")

    refused(alice.post(f"/accounts/{cast.checking.pk}/refresh", {"features": ["balance"]}), 409, "not_refreshable")


def test_stripe_away_while_refreshing(alice: Api, account: Account, sandbox: Sandbox) -> None:
    _allow(account)
    sandbox.put("/sandbox/faults", {"api": [{"match": REFRESH, "kind": "500", "times": 9}]})

    refused(alice.post(f"/accounts/{account.pk}/refresh", {"features": ["balance"]}), 503, "stripe_unavailable")


# --- Disconnecting ----------------------------------------------------------------------------------------------


def test_disconnecting_is_confirmed_by_stripe(alice: Api, account: Account) -> None:
    shown = ok(alice.post(f"/accounts/{account.pk}/disconnect", {"delete_data": True}))

    assert (shown["status"], shown["payable"]) == ("disconnected", False)
    with tenancy.scope(account.household_id):
        assert not Transaction.objects.exists()


def test_disconnecting_goes_on_when_stripe_is_away(
    alice: Api, account: Account, sandbox: Sandbox, run_tasks: Callable[[], object]
) -> None:
    sandbox.put("/sandbox/faults", {"api": [{"match": DISCONNECT, "kind": "500", "times": 3}]})
    ok(alice.post(f"/accounts/{account.pk}/disconnect"), 202)
    sandbox.put("/sandbox/faults", {"api": []})

    run_tasks()

    shown = ok(alice.get(f"/accounts/{account.pk}"))
    assert shown["status"] == "disconnected"
    with tenancy.scope(account.household_id):
        assert Transaction.objects.exists()
