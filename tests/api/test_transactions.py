"""Transactions by the API: filters, parts, and what a person says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from banking.models import Transaction
from fcdash import tenancy
from spending.models import Transfer
from tests.api.calling import Api, ok, refused
from tests.cast import AccountFactory, Cast, TransactionFactory

pytestmark = pytest.mark.django_db
SHAPE = {
    *("id", "stripe_id", "account", "date", "amount", "description", "merchant", "category", "status", "transfer"),
    *("note", "tags", "excluded", "reviewed"),
}


@pytest.fixture
def today(cast: Cast) -> date:
    """Today in the household's zone."""
    day: date = cast.household.today()
    return day


@pytest.fixture
def row(cast: Cast, today: date) -> Any:
    """`row(cents, days_ago, …)` books a row on Alice's checking account."""

    def make(cents: int = -12_50, days_ago: int = 1, **more: Any) -> Transaction:
        with tenancy.scope(cast.household):
            given = {"account": cast.checking, "household": cast.household, **more}
            return TransactionFactory(amount_cents=cents, booked_on=today - timedelta(days=days_ago), **given)

    return make


def ids(answer: Any) -> list[str]:
    return [shown["id"] for shown in ok(answer)["data"]]


def test_a_row_as_it_is(alice: Api, cast: Cast, row: Any) -> None:
    made = row(-12_50, guessed_category="eating_out", guessed_why="Corner Cafe is a place to eat")

    [shown] = ok(alice.get("/transactions"))["data"]

    assert set(shown) == SHAPE
    assert shown["amount"] == {"amount": -1250, "currency": "usd"}
    assert shown["category"] == {"id": "eating_out", "name": "Eating out", "why": "Corner Cafe is a place to eat"}
    assert (shown["account"], shown["date"]) == (str(cast.checking.pk), made.booked_on.isoformat())
    assert (shown["transfer"], shown["note"], shown["tags"], shown["excluded"]) == (None, "", [], False)
    assert ok(alice.get(f"/transactions/{made.pk}")) == shown


def test_the_newest_come_first_and_no_row_twice(alice: Api, row: Any) -> None:
    made = [row(-n, days_ago=n // 3) for n in range(1, 24)]
    seen, cursor = [], None
    while True:
        part = ok(alice.get("/transactions", limit=5, **({"cursor": cursor} if cursor else {})))
        seen += [shown["id"] for shown in part["data"]]
        if cursor is None:
            row(-1, days_ago=0)  # what is booked meanwhile does not shift the next part
        cursor = part["next"]
        if cursor is None:
            break

    expected = sorted(made, key=lambda r: (r.booked_on, r.pk), reverse=True)
    assert seen == [str(r.pk) for r in expected]


def test_without_days_the_last_180(alice: Api, row: Any, today: date) -> None:
    inside, outside = row(days_ago=180), row(days_ago=181)

    assert ids(alice.get("/transactions")) == [str(inside.pk)]
    older = {"from": outside.booked_on.isoformat(), "to": outside.booked_on.isoformat()}
    assert ids(alice.get("/transactions", **older)) == [str(outside.pk)]
    refused(alice.get("/transactions", **{"from": today.isoformat(), "to": "2020-01-01"}), 422, "invalid")


def test_each_filter_keeps_what_it_says(alice: Api, cast: Cast, row: Any) -> None:
    with tenancy.scope(cast.household):
        savings = AccountFactory(household=cast.household, holder=cast.alice, name="Savings")
    coffee = row(-4_50, merchant="Corner Cafe", guessed_category="eating_out")
    rent = row(-1900_00, merchant="Maple Homes", description="RENT 11", guessed_category="home", status="pending")
    pay = row(2400_00, merchant="Acme", description="PAYROLL", guessed_category="income", account=savings)
    gone = row(-9_99, merchant="Gone", status="void")

    def found(**query: Any) -> set[str]:
        return set(ids(alice.get("/transactions", **query)))

    def of(*rows: Transaction) -> set[str]:
        return {str(r.pk) for r in rows}

    assert found() == of(coffee, rent, pay, gone)
    assert found(q="payroll") == of(pay)
    assert found(q="maple ren") == of(rent)
    assert found(account=savings.pk) == of(pay)
    assert found(category="home") == of(rent)
    assert found(status="pending") == of(rent)
    assert found(status="void") == of(gone)
    assert found(min=0) == of(pay)
    assert found(max=-1000) == of(rent)
    assert found(min=-500, max=-400) == of(coffee)


@pytest.mark.parametrize(
    "query",
    [
        *({"status": "booked"}, {"min": "1.5"}, {"max": "x"}, {"min": 10**20}),
        *({"from": "yesterday"}, {"to": "2026-13-01"}),
        *({"from": "0001-01-01"}, {"to": "9999-12-31"}, {"from": "1899-12-31"}),
    ],
)
def test_a_filter_that_cannot_be(alice: Api, query: dict[str, Any]) -> None:
    refused(alice.get("/transactions", **query), 422, "invalid")


def test_what_a_filter_names_must_be_theirs(alice: Api, charlie: Api, cast: Cast) -> None:
    refused(charlie.get("/transactions", account=cast.checking.pk), 404, "not_found")
    refused(alice.get("/transactions", account="x"), 404, "not_found")
    refused(alice.get("/transactions", category="none_such"), 404, "not_found")


@pytest.mark.parametrize("q", ["%", "' & !", "a" * 200, "\\", "(", ":*", "\t", "é" * 50])
def test_a_search_never_fails(alice: Api, row: Any, q: str) -> None:
    row()

    ok(alice.get("/transactions", q=q))


def test_a_transfer_is_one_object_with_two_rows(alice: Api, cast: Cast, row: Any) -> None:
    with tenancy.scope(cast.household):
        transfer = Transfer.objects.create(household=cast.household, amount_cents=50_00, currency="usd")
    row(-50_00, transfer_id=transfer.pk)
    row(50_00, transfer_id=transfer.pk)

    shown = ok(alice.get("/transactions"))["data"]

    assert {s["transfer"] for s in shown} == {str(transfer.pk)}
    assert {s["category"]["id"] for s in shown} == {"transfer"}


# --- What a person says -----------------------------------------------------------------------------------------


def test_a_person_files_a_row_and_takes_it_back(alice: Api, row: Any) -> None:
    path = f"/transactions/{row(guessed_category='other').pk}"

    filed = ok(alice.patch(path, {"category": "groceries"}))
    back = ok(alice.patch(path, {"category": None}))

    assert filed["category"] == {"id": "groceries", "name": "Groceries", "why": "you filed it"}
    assert back["category"]["id"] == "other"


def test_all_that_a_person_may_say(alice: Api, row: Any) -> None:
    path = f"/transactions/{row().pk}"
    said = {"note": " for the party ", "excluded": True, "reviewed": True}

    ok(alice.patch(path, said))

    shown = ok(alice.get(path))
    assert (shown["note"], shown["excluded"], shown["reviewed"]) == ("for the party", True, True)
    assert shown["category"] == ok(alice.patch(path, {}))["category"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tags": ["x"]}, "tags"),
        ({"splits": []}, "splits"),
        ({"amount": 1}, "amount"),
        ({"household": 2}, "household"),
        ({"excluded": "yes"}, "excluded"),
        ({"excluded": None}, "excluded"),
        ({"note": None}, "note"),
        ({"note": "x" * 501}, "note"),
        ({"category": 7}, "category"),
    ],
)
def test_what_cannot_be_said_is_named(alice: Api, row: Any, body: dict[str, Any], field: str) -> None:
    path = f"/transactions/{row().pk}"
    before = ok(alice.get(path))

    problem = refused(alice.patch(path, {"excluded": True, **body}), 422, "invalid")

    assert [error["field"] for error in problem["errors"]] == [field]
    assert ok(alice.get(path)) == before


def test_an_unknown_category_changes_nothing(alice: Api, row: Any) -> None:
    path = f"/transactions/{row().pk}"
    before = ok(alice.get(path))

    refused(alice.patch(path, {"excluded": True, "category": "none_such"}), 404, "not_found")

    assert ok(alice.get(path)) == before


def test_the_last_day_is_the_households(alice: Api, cast: Cast, row: Any) -> None:
    """On the other side of the date line it is tomorrow already; by default the list goes that far."""
    ahead = timezone.now().astimezone(ZoneInfo("Pacific/Kiritimati")).date()
    with tenancy.scope(cast.household):
        made = TransactionFactory(household=cast.household, account=cast.checking, booked_on=ahead)
        cast.household.time_zone = "Pacific/Kiritimati"
        cast.household.save()

    assert ids(alice.get("/transactions")) == [str(made.pk)]
