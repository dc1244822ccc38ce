"""Idempotency-Key: the same request gets the first answer again, however it went and whoever asks at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from api import replies
from api.models import ApiReply
from api.tasks import prune
from fcdash import tenancy
from payments.models import Bill, Biller
from tests.api.calling import Api, api_of, ok, refused
from tests.cast import Cast
from tests.payments.conftest import biller  # noqa: F401
from tests.sandbox_client import Sandbox
from tests.waiting import until
from tests.world import make

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "7c6bd8f0-order"


@pytest.fixture
def order(biller: Biller) -> dict[str, Any]:  # noqa: F811
    """The body of a bill to add."""
    day = (timezone.now() + timedelta(days=9)).date().isoformat()
    return {"biller": str(biller.pk), "amount": 84_50, "due_on": day}


def bills(cast: Cast) -> int:
    with tenancy.scope(cast.household):
        return int(Bill.objects.count())


def kept(cast: Cast) -> list[ApiReply]:
    with tenancy.scope(cast.household):
        return list(ApiReply.objects.order_by("pk"))


def test_the_same_again_is_the_first_answer(alice: Api, cast: Cast, order: dict[str, Any]) -> None:
    first = alice.post("/bills", order, Idempotency_Key=KEY)

    again = alice.post("/bills", dict(reversed(order.items())), Idempotency_Key=KEY)

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert bills(cast) == 1


def test_without_a_key_each_call_counts(alice: Api, cast: Cast, order: dict[str, Any]) -> None:
    ok(alice.post("/bills", order), 201)
    ok(alice.post("/bills", order), 201)

    assert bills(cast) == 2


@pytest.mark.parametrize(
    "other", [("/bills", {"amount": 1}), ("/payments", {}), ("/bills?x=1", {}), ("/accounts/1/disconnect", {})]
)
def test_another_request_under_the_key_is_a_conflict(
    alice: Api, cast: Cast, order: dict[str, Any], other: tuple[str, dict[str, Any]]
) -> None:
    ok(alice.post("/bills", order, Idempotency_Key=KEY), 201)
    path, change = other

    refused(alice.post(path, order | change, Idempotency_Key=KEY), 409, "idempotency_key_reused")
    assert bills(cast) == 1


def test_a_key_belongs_to_a_person_in_a_household(cast: Cast, alice: Api, charlie: Api, order: dict[str, Any]) -> None:
    ok(alice.post("/bills", order, Idempotency_Key=KEY), 201)

    ok(api_of(cast, cast.bob).post("/bills", order, Idempotency_Key=KEY), 201)
    ok(charlie.post("/bills", order, Idempotency_Key=KEY), 201)

    assert bills(cast) == 2


@pytest.mark.parametrize("key", ["", " ", "é", "x" * 256, "a\tb"])
def test_a_key_that_is_none(alice: Api, order: dict[str, Any], key: str) -> None:
    assert alice.post("/bills", order, Idempotency_Key=key).status_code == 422


def test_a_refusal_is_an_answer_too(alice: Api, cast: Cast, order: dict[str, Any]) -> None:
    late = order | {"due_on": "1999-01-01"}
    first = alice.post("/bills", late, Idempotency_Key=KEY)

    again = alice.post("/bills", late, Idempotency_Key=KEY)

    assert (first.status_code, again.content) == (422, first.content)
    assert again.headers["Content-Type"] == "application/problem+json"
    assert bills(cast) == 0


def test_an_answer_without_a_body_is_kept(alice: Api, order: dict[str, Any]) -> None:
    bill = ok(alice.post("/bills", order), 201)["id"]
    assert alice.delete(f"/bills/{bill}", Idempotency_Key=KEY).status_code == 204

    again = alice.delete(f"/bills/{bill}", Idempotency_Key=KEY)

    assert (again.status_code, again.content) == (204, b"")
    refused(alice.delete(f"/bills/{bill}"), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "/transactions/{transaction}", {"category": "fun", "note": "x"}),
        ("post", "/bills", {"biller": "{biller}", "amount": 1_00, "due_on": "2026-12-24"}),
        ("patch", "/bills/{bill}", {"reference": "A-1"}),
        ("delete", "/bills/{bill}", None),
        ("delete", "/mandates/{mandate}", None),
        ("post", "/payments", {"bill": "{unpaid}", "account": "{account}", "mandate": "{mandate}"}),
        ("post", "/payments/{payment}/cancel", None),
    ],
)
def test_every_unsafe_call_takes_a_key(
    alice: Api, cast: Cast, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """Those that write in one transaction with their reply must not ask Stripe in it: that would be a 500."""
    world = make(cast)
    call = getattr(alice, method)
    sent = [world.path(path)] if method == "delete" else [world.path(path), world.fill(body)]

    first, again = call(*sent, Idempotency_Key=KEY), call(*sent, Idempotency_Key=KEY)

    assert first.status_code in (200, 201, 204), first.content
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_our_fault_leaves_nothing_and_frees_the_key(
    alice: Api, cast: Cast, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from payments import listing

    alice.client.raise_request_exception = False
    with monkeypatch.context() as broken:
        # After the bill was written, in the same transaction as its reply.
        broken.setattr(listing, "bill", lambda *a: 1 // 0)
        refused(alice.post("/bills", order, Idempotency_Key=KEY), 500, "internal")
    assert (bills(cast), kept(cast)) == (0, [])

    ok(alice.post("/bills", order, Idempotency_Key=KEY), 201)
    assert bills(cast) == 1


def test_twins_at_once_make_one(cast: Cast, alice: Api, order: dict[str, Any]) -> None:
    """Eight at once: each gets the one answer."""

    def send(_: int) -> Any:
        try:
            return Api(alice.headers["X-Session-Token"]).post("/bills", order, Idempotency_Key=KEY)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert bills(cast) == 1


def test_a_twin_of_a_call_that_asks_stripe_is_told_to_wait(
    alice: Api, cast: Cast, sandbox: Sandbox, link: Callable[..., Any], settings: Any
) -> None:
    settings.STRIPE_READ_SECONDS = 2
    account = link()[0].pk
    sandbox.put("/sandbox/faults", {"api": [{"match": "POST /v1/*/*/*/disconnect", "kind": "timeout", "times": 1}]})
    slow = threading.Thread(target=lambda: (_disconnect(alice, account), connection.close()))
    slow.start()
    until(lambda: kept(cast), "the first's claim")

    response = _disconnect(alice, account)
    slow.join()

    refused(response, 409, "in_flight")
    assert int(response.headers["Retry-After"]) >= 1


def _disconnect(api: Api, account: int) -> Any:
    return Api(api.headers["X-Session-Token"]).post(f"/accounts/{account}/disconnect", {}, Idempotency_Key=KEY)


def test_a_link_session_again_is_the_same_and_its_secret_is_nowhere(alice: Api, cast: Cast, sandbox: Sandbox) -> None:
    first = ok(alice.post("/link-sessions", {"mode": "sheet"}, Idempotency_Key=KEY), 201)

    again = ok(alice.post("/link-sessions", {"mode": "sheet"}, Idempotency_Key=KEY), 201)

    assert again == first
    assert first["client_secret"]
    [reply] = kept(cast)
    assert first["client_secret"] not in reply.body
    assert _occurrences(first["client_secret"]) == []


def test_a_hosted_page_is_not_kept_either(alice: Api, cast: Cast, sandbox: Sandbox) -> None:
    first = ok(alice.post("/link-sessions", {"mode": "hosted"}, Idempotency_Key=KEY), 201)

    assert ok(alice.post("/link-sessions", {"mode": "hosted"}, Idempotency_Key=KEY), 201) == first
    assert first["url"]
    assert _occurrences(first["url"]) == []


def _occurrences(secret: str) -> list[str]:
    """The tables in which some row says the secret."""
    found = []
    with tenancy.system("looking for a secret"), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{secret}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_stripe_away_frees_the_key(alice: Api, cast: Cast, sandbox: Sandbox) -> None:
    path = "POST /v1/financial_connections/sessions"
    sandbox.put("/sandbox/faults", {"api": [{"match": path, "kind": "500", "times": 9}]})
    refused(alice.post("/link-sessions", {}, Idempotency_Key=KEY), 503, "stripe_unavailable")
    assert kept(cast) == []
    sandbox.put("/sandbox/faults", {"api": []})

    ok(alice.post("/link-sessions", {}, Idempotency_Key=KEY), 201)


def test_what_a_dead_process_left_is_taken_over(alice: Api, cast: Cast, sandbox: Sandbox) -> None:
    ok(alice.post("/link-sessions", {}, Idempotency_Key=KEY), 201)
    with tenancy.scope(cast.household):
        ApiReply.objects.update(status=None, body="", leased_until=timezone.now() + timedelta(minutes=1))
    refused(alice.post("/link-sessions", {}, Idempotency_Key=KEY), 409, "in_flight")
    with tenancy.scope(cast.household):
        ApiReply.objects.update(leased_until=timezone.now() - timedelta(seconds=1))

    ok(alice.post("/link-sessions", {}, Idempotency_Key=KEY), 201)
    assert [reply.status for reply in kept(cast)] == [201]


def test_who_lost_the_lease_does_not_write_over_the_answer(
    alice: Api, cast: Cast, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is so slow that its twin took over and answered: the first's answer is not kept."""
    from banking import linking

    real, twins = linking.start, []

    def slow(*args: Any) -> Any:
        monkeypatch.setattr(linking, "start", real)
        with tenancy.scope(cast.household):
            ApiReply.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        twin = Api(alice.headers["X-Session-Token"])
        twins.append(ok(twin.post("/link-sessions", {}, Idempotency_Key=KEY), 201)["id"])
        return real(*args)

    monkeypatch.setattr(linking, "start", slow)
    first = ok(alice.post("/link-sessions", {}, Idempotency_Key=KEY), 201)["id"]

    assert twins != [first]
    assert ok(alice.post("/link-sessions", {}, Idempotency_Key=KEY), 201)["id"] == twins[0]


def test_replies_are_pruned_after_their_time(alice: Api, cast: Cast, order: dict[str, Any]) -> None:
    ok(alice.post("/bills", order, Idempotency_Key="old"), 201)
    with tenancy.scope(cast.household):
        ApiReply.objects.update(created_at=timezone.now() - replies.KEPT - timedelta(minutes=1))
    ok(alice.post("/bills", order, Idempotency_Key="new"), 201)

    prune()

    assert [reply.key for reply in kept(cast)] == ["new"]
