"""Figures by the API: they are the sums of the rows that the API lists."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from fcdash import tenancy
from tests.api.calling import Api, ok, refused
from tests.cast import BalanceFactory, Cast, TransactionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def today(cast: Cast) -> date:
    """Today in the household's zone."""
    day: date = cast.household.today()
    return day


@pytest.fixture
def rows(cast: Cast, today: date) -> None:
    """Two months of Alice's rows, with all that a total must leave out or net."""
    book = [
        (-100_00, "groceries", 2, {"merchant": "Safeway"}),
        (-40_00, "groceries", 33, {"merchant": "Safeway"}),
        (15_00, "groceries", 1, {"merchant": "Safeway"}),
        (-1900_00, "home", 5, {"merchant": "Maple Homes", "status": "pending"}),
        (3000_00, "income", 6, {"merchant": "Acme"}),
        (-250_00, "saving", 7, {"merchant": "Vanguard"}),
        (-77_00, "transfer", 8, {}),
        (-66_00, "groceries", 9, {"status": "void"}),
        (-55_00, "groceries", 10, {"excluded": True}),
        (-44_00, "groceries", 11, {"currency": "eur"}),
        (-33_00, "groceries", 200, {}),
    ]
    with tenancy.scope(cast.household):
        for cents, category, days, more in book:
            TransactionFactory(
                household=cast.household,
                account=cast.checking,
                amount_cents=cents,
                guessed_category=category,
                booked_on=today - timedelta(days=days),
                **more,
            )


def usd(cents: int) -> dict[str, Any]:
    return {"amount": cents, "currency": "usd"}


def test_what_was_spent(alice: Api, rows: None) -> None:
    spent = ok(alice.get("/spending"))

    assert set(spent) == {"total", "groups"}
    assert spent["total"] == usd(2025_00)
    assert spent["groups"] == [
        {"key": "home", "name": "Home", "amount": usd(1900_00), "count": 1},
        {"key": "groceries", "name": "Groceries", "amount": usd(125_00), "count": 3},
    ]


@pytest.mark.parametrize("by", ["category", "merchant", "month", "account"])
def test_the_total_is_the_sum_of_the_groups(alice: Api, rows: None, by: str) -> None:
    spent = ok(alice.get("/spending", by=by))

    assert spent["total"]["amount"] == sum(g["amount"]["amount"] for g in spent["groups"]) == 2025_00
    assert sum(g["count"] for g in spent["groups"]) == 4


def test_a_span_and_a_currency(alice: Api, rows: None, today: date) -> None:
    week = {"from": (today - timedelta(days=3)).isoformat(), "to": today.isoformat()}

    assert ok(alice.get("/spending", **week))["total"] == usd(85_00)
    assert ok(alice.get("/spending", currency="eur"))["total"] == {"amount": 4400, "currency": "eur"}
    assert ok(alice.get("/spending", currency="jpy")) == {"total": {"amount": 0, "currency": "jpy"}, "groups": []}


@pytest.mark.parametrize("query", [{"currency": "USD"}, {"currency": "us"}, {"from": "x"}])
def test_what_cannot_be_asked(alice: Api, query: dict[str, str]) -> None:
    for path in ("/spending", "/cashflow", "/net-worth"):
        refused(alice.get(path, **query), 422, "invalid")
    refused(alice.get("/spending", by="day"), 422, "invalid")


def test_a_households_own_currency_is_the_usual(alice: Api, cast: Cast, rows: None) -> None:
    with tenancy.scope(cast.household):
        cast.household.currency = "eur"
        cast.household.save()

    assert ok(alice.get("/spending"))["total"] == {"amount": 4400, "currency": "eur"}


def test_cash_flow_by_month(alice: Api, rows: None, today: date) -> None:
    months = ok(alice.get("/cashflow"))["data"]

    assert all(set(month) == {"month", "in", "out", "saved", "left"} for month in months)
    assert [month["month"] for month in months][-1] == f"{today:%Y-%m}"
    assert sum(month["in"]["amount"] for month in months) == 3000_00
    assert sum(month["saved"]["amount"] for month in months) == 250_00
    for month in months:
        amounts = {name: month[name]["amount"] for name in ("in", "out", "saved", "left")}
        assert amounts["left"] == amounts["in"] - amounts["out"] - amounts["saved"]


def test_net_worth_day_by_day(alice: Api, cast: Cast, today: date) -> None:
    with tenancy.scope(cast.household):
        BalanceFactory(
            household=cast.household, account=cast.checking, on=today - timedelta(days=2), current_cents=1_00
        )
        BalanceFactory(household=cast.household, account=cast.checking, on=today, current_cents=3_00)

    days = ok(alice.get("/net-worth", **{"from": (today - timedelta(days=2)).isoformat()}))["data"]

    assert [(day["date"], day["amount"]["amount"]) for day in days] == [
        ((today - timedelta(days=2)).isoformat(), 100),
        ((today - timedelta(days=1)).isoformat(), 100),
        (today.isoformat(), 300),
    ]


def test_a_long_span_is_thinned_out(alice: Api, cast: Cast, today: date) -> None:
    with tenancy.scope(cast.household):
        BalanceFactory(household=cast.household, account=cast.checking, on=date(1990, 1, 1), current_cents=1_00)

    days = ok(alice.get("/net-worth", **{"from": "1950-01-01"}))["data"]

    assert 0 < len(days) <= 400
    assert days[-1]["date"] == today.isoformat()
