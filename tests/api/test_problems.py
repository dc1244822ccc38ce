"""What goes wrong is told as problem+json, with a code, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from api import problems
from tests.api.calling import Api, ok, refused
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_without_a_session_nothing_is_told() -> None:
    response = Api().get("/me")

    refused(response, 401, "unauthorized")
    assert "X-Session-Token" in response.headers["WWW-Authenticate"]


def test_a_bad_token_is_not_helped_by_a_good_cookie(cast: Cast) -> None:
    browser = cast.client(cast.alice)

    assert browser.get("/api/v1/me").status_code == 200
    assert browser.get("/api/v1/me", headers={"X-Session-Token": "x"}).status_code == 401


def test_a_token_ends_with_its_session(cast: Cast) -> None:
    browser = cast.client(cast.alice)
    api = Api(browser.session.session_key)
    ok(api.get("/me"))

    browser.session.flush()

    refused(api.get("/me"), 401, "unauthorized")


def test_a_token_never_sets_a_cookie(alice: Api) -> None:
    response = alice.get("/me")

    assert not response.cookies
    assert response.headers["Cache-Control"] == "private, no-store"


def test_the_cookie_needs_the_csrf_token(cast: Cast) -> None:
    assert cast.household
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.alice, backend="accounts.signed_in.Backend")
    browser.get("/accounts/login/")
    browser.get("/settings/")
    token = browser.cookies["csrf"].value
    bad_body = {"data": "{}", "content_type": "application/json"}

    refused(browser.post("/api/v1/bills", **bad_body), 403, "csrf_failed")
    refused(browser.post("/api/v1/bills", **bad_body, headers={"X-CSRFToken": token}), 422, "invalid")


@pytest.mark.parametrize("path", ["/", "/nothing", "/me/", "/accounts/1/2/3", "/../admin", "/categories", "/forecast"])
def test_a_path_that_is_not_there(alice: Api, path: str) -> None:
    refused(alice.get(path), 404, "not_found")


@pytest.mark.parametrize(("method", "path", "allowed"), [("PUT", "/bills", "GET, POST"), ("DELETE", "/me", "GET")])
def test_a_method_that_is_not_there(alice: Api, method: str, path: str, allowed: str) -> None:
    response = alice.send(method, path)

    refused(response, 405, "method_not_allowed")
    assert sorted(response.headers["Allow"].split(", ")) == allowed.split(", ")


IDS = ["0", "1", "-1", "01", "1.0", "1e3", "abc", "9" * 19, "9" * 400, "%00", "１", "' OR 1=1", "null"]


@pytest.mark.parametrize("bad", IDS)
def test_what_is_no_id_of_theirs_is_one_and_the_same_404(alice: Api, bad: str) -> None:
    known = refused(alice.get("/accounts/77"), 404, "not_found")

    for path in (f"/accounts/{bad}", f"/transactions/{bad}", f"/bills/{bad}", f"/payments/{bad}", f"/mandates/{bad}"):
        assert refused(alice.get(path), 404, "not_found") == known
    assert refused(alice.with_headers(X_Household=bad.replace("１", "x")).get("/me"), 404, "not_found") == known
    body = {"biller": bad, "amount": 1, "due_on": "2026-12-01"}
    assert refused(alice.post("/bills", body), 404, "not_found") == known


@pytest.mark.parametrize(
    "raw",
    ["{", "[}", '{"amount": NaN}', '{"amount": Infinity}', "\xff", "[" * 30_000, '{"a": ' + "9" * 5_000 + "}"],
)
def test_a_body_that_is_no_json(alice: Api, raw: str) -> None:
    refused(alice.send("POST", "/bills", raw.encode("latin-1")), 400, "malformed")


@pytest.mark.parametrize("raw", ["[]", '"x"', "3", "null", "true", '{"a": ' * 25 + "1" + "}" * 25])
def test_json_that_is_no_body(alice: Api, raw: str) -> None:
    refused(alice.send("POST", "/bills", raw), 422, "invalid")


def test_a_call_whose_body_is_all_optional_needs_none(alice: Api, cast: Cast) -> None:
    refused(alice.send("POST", "/accounts/1/disconnect"), 404, "not_found")
    refused(alice.send("POST", "/bills"), 422, "invalid")


def test_a_body_that_is_too_large(alice: Api) -> None:
    refused(alice.post("/bills", {"reference": "x" * 70_000}), 413, "too_large")


@pytest.mark.parametrize("field", ["biller", "reference", "due_on", "x\x00"])
def test_nul_characters_are_refused_wherever_they_stand(alice: Api, field: str) -> None:
    refused(alice.post("/bills", {field: "a\x00b"}), 422, "nul_character")
    refused(alice.get("/transactions", q="a\x00b"), 422, "nul_character")
    refused(alice.get("/transactions", account="\x00"), 422, "nul_character")


def test_half_a_character_is_refused(alice: Api) -> None:
    for raw in ('{"reference": "\\ud800"}', '{"\\udfff": 1}'):
        refused(alice.send("POST", "/bills", raw), 422, "invalid")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 84.5}, "amount"),
        ({"amount": "8450"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 10**30}, "amount"),
        ({"due_on": 20}, "due_on"),
        ({"due_on": "2026-02-30"}, "due_on"),
        ({"due_on": "2026-12-01T00:00:00"}, "due_on"),
        ({"recurrence": {"freq": "hourly"}}, "recurrence.freq"),
        ({"recurrence": "monthly"}, "recurrence"),
        ({"autopay": {"limit": 1}}, "autopay"),
        ({"currency": "eur"}, "currency"),
        ({"household": "1"}, "household"),
        ({"biller": None}, "biller"),
        ({"biller": ["1"]}, "biller"),
    ],
)
def test_a_field_that_cannot_be_is_named(alice: Api, change: dict[str, Any], field: str) -> None:
    from payments.models import Biller

    biller = Biller.objects.create(name="W", receives="W", approved_at="2026-01-01T00:00Z")
    body = {"biller": str(biller.pk), "amount": 8450, "due_on": "2026-12-01", **change}

    problem = refused(alice.post("/bills", body), 422, "invalid")

    assert [error["field"] for error in problem["errors"]] == [field]
    assert ok(alice.get("/bills"))["data"] == []


def test_our_own_fault_tells_nothing_of_itself(alice: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from spending import totals

    monkeypatch.setattr(totals, "spending", lambda *a: 1 // 0)
    alice.client.raise_request_exception = False

    problem = refused(alice.get("/spending"), 500, "internal")

    assert "ZeroDivision" not in str(problem)
    assert problems.MEDIA_TYPE == "application/problem+json"


def test_a_database_that_is_away_is_a_503(alice: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from spending import totals

    def away(*_: object) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(totals, "spending", away)
    response = alice.get("/spending")

    refused(response, 503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_viewers_only_read(vera: Api) -> None:
    ok(vera.get("/bills"))
    for method, path in (("POST", "/bills"), ("PATCH", "/transactions/1"), ("DELETE", "/bills/1")):
        refused(vera.send(method, path, "{}"), 403, "forbidden")
