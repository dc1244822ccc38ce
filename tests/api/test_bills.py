"""Billers and bills by the API."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from payments.models import Biller
from tests.api.calling import Api, ok, refused
from tests.cast import Cast
from tests.payments.conftest import biller  # noqa: F401

pytestmark = pytest.mark.django_db
BILL = {"id", "biller", "amount", "recurrence", "autopay", "reference", "period"}
PERIOD = {"id", "due_on", "amount", "state", "payment"}


@pytest.fixture
def today(cast: Cast) -> date:
    """Today in the household's zone."""
    day: date = cast.household.today()
    return day


def body(biller: Biller, due_on: date, **more: Any) -> dict[str, Any]:  # noqa: F811
    return {"biller": str(biller.pk), "amount": 84_50, "currency": "usd", "due_on": due_on.isoformat(), **more}


def test_only_approved_billers_are_there(alice: Api, biller: Biller) -> None:  # noqa: F811
    Biller.objects.create(name="Waiting", receives="Waiting Inc.")

    shown = ok(alice.get("/billers"))["data"]

    assert shown == [{"id": str(biller.pk), "name": biller.name, "receives": biller.receives}]
    assert ok(alice.get("/billers", q="alder water"))["data"] == shown
    assert ok(alice.get("/billers", q="100%"))["data"] == []


def test_the_directory_goes_on_where_it_stopped(alice: Api) -> None:
    names = [f"Biller {n:02}" for n in range(7)]
    Biller.objects.bulk_create(Biller(name=n, receives=n, approved_at="2026-01-01T00:00Z") for n in names)
    seen, cursor = [], None
    while True:
        part = ok(alice.get("/billers", limit=3, **({"cursor": cursor} if cursor else {})))
        seen += [shown["name"] for shown in part["data"]]
        if (cursor := part["next"]) is None:
            break

    assert seen == names


def test_a_bill_is_added(alice: Api, biller: Biller, today: date) -> None:  # noqa: F811
    due_on = today + timedelta(days=9)
    added = ok(alice.post("/bills", body(biller, due_on, recurrence={"freq": "monthly"})), 201)

    assert set(added) == BILL
    assert set(added["period"]) == PERIOD
    assert added["biller"] == {"id": str(biller.pk), "name": biller.name, "receives": biller.receives}
    assert added["amount"] == added["period"]["amount"] == {"amount": 84_50, "currency": "usd"}
    assert (added["recurrence"], added["autopay"]) == ({"freq": "monthly"}, None)
    assert (added["period"]["due_on"], added["period"]["state"]) == (due_on.isoformat(), "due")
    assert added["period"]["payment"] is None
    assert ok(alice.get(f"/bills/{added['id']}")) == added
    assert ok(alice.get("/bills"))["data"] == [added]


def test_a_day_in_the_past_is_late(alice: Api, biller: Biller, today: date) -> None:  # noqa: F811
    added = ok(alice.post("/bills", body(biller, today - timedelta(days=3))), 201)

    assert added["period"]["state"] == "late"


def test_the_list_goes_on_where_it_stopped(alice: Api, biller: Biller, today: date) -> None:  # noqa: F811
    added = [ok(alice.post("/bills", body(biller, today)), 201)["id"] for _ in range(5)]
    seen, cursor = [], None
    while True:
        part = ok(alice.get("/bills", limit=2, **({"cursor": cursor} if cursor else {})))
        seen += [shown["id"] for shown in part["data"]]
        if (cursor := part["next"]) is None:
            break

    assert seen == added


def test_a_bill_is_changed(alice: Api, biller: Biller, today: date) -> None:  # noqa: F811
    path = f"/bills/{ok(alice.post('/bills', body(biller, today)), 201)['id']}"
    later = (today + timedelta(days=4)).isoformat()

    changed = ok(alice.patch(path, {"amount": 90_00, "due_on": later, "recurrence": {"freq": "weekly"}}))
    once = ok(alice.patch(path, {"recurrence": None, "reference": "A-1"}))

    assert (changed["amount"]["amount"], changed["period"]["amount"]["amount"]) == (90_00, 90_00)
    assert (changed["period"]["due_on"], changed["recurrence"]) == (later, {"freq": "weekly"})
    assert (once["recurrence"], once["reference"], once["amount"]["amount"]) == (None, "A-1", 90_00)


@pytest.mark.parametrize(
    "change",
    [{"amount": 0}, {"due_on": "1999-01-01"}, {"biller": "1"}, {"autopay": {}}, {"period": {}}, {"amount": 1.5}],
)
def test_what_cannot_be_changed(alice: Api, biller: Biller, today: date, change: Any) -> None:  # noqa: F811
    path = f"/bills/{ok(alice.post('/bills', body(biller, today)), 201)['id']}"
    before = ok(alice.get(path))

    problem = refused(alice.patch(path, change), 422, "invalid")

    assert [error["field"] for error in problem["errors"]] == list(change)
    assert ok(alice.get(path)) == before


def test_a_bill_is_removed(alice: Api, biller: Biller, today: date) -> None:  # noqa: F811
    bill = ok(alice.post("/bills", body(biller, today)), 201)["id"]

    response = alice.delete(f"/bills/{bill}")

    assert (response.status_code, response.content) == (204, b"")
    refused(alice.get(f"/bills/{bill}"), 404, "not_found")
    refused(alice.delete(f"/bills/{bill}"), 404, "not_found")
    assert ok(alice.get("/bills"))["data"] == []


def test_a_biller_that_is_not_approved_is_not_there(alice: Api, today: date) -> None:
    waiting = Biller.objects.create(name="Waiting", receives="Waiting Inc.")

    refused(alice.post("/bills", body(waiting, today)), 404, "not_found")
