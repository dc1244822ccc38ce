"""The inbox: nobody fools or fells it; an event is stored once and processed until it is done."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from banking.models import Account
from fcdash import tenancy
from fcdash.gateway.errors import TryAgain
from tests.cast import Cast
from tests.sandbox_client import Sandbox
from webhooks import inbox
from webhooks.models import EventCursor, StripeEvent

pytestmark = pytest.mark.django_db
URL = "/webhooks/stripe/"
SECRET = "whsec_sandbox"


def event(id: str = "evt_1", type: str = "customer.updated", **fields: Any) -> dict[str, Any]:
    return {
        "id": id,
        "object": "event",
        "type": type,
        "created": int(time.time()),
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": {"id": "cus_1", "object": "customer"}},
        **fields,
    }


def send(body: Any, secret: str = SECRET, at: int | None = None, **headers: str) -> int:
    """POST a body signed by the SDK's own helper; returns the status."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = stripe.WebhookSignature.generate_signature_header(
        raw.decode("utf-8", "replace"), secret, timestamp=at or int(time.time())
    )
    headers = {"HTTP_STRIPE_SIGNATURE": signature, **headers}
    client = Client(raise_request_exception=False)
    return client.post(URL, raw, content_type="application/json", **headers).status_code


def test_a_signed_event_is_stored_once_however_often_it_comes() -> None:
    assert [send(event()), send(event()), send(event())] == [200, 200, 200]
    assert StripeEvent.objects.get().stripe_id == "evt_1"


def test_either_secret_works_during_a_roll(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_old", "whsec_new"]

    assert send(event("evt_a"), "whsec_old") == send(event("evt_b"), "whsec_new") == 200
    assert send(event("evt_c"), "whsec_other") == 400


def test_forged_events_are_refused_and_leave_no_row(settings: Any) -> None:
    body = json.dumps(event()).encode()
    now = int(time.time())
    good = stripe.WebhookSignature.generate_signature_header(body.decode(), SECRET, timestamp=now)
    forged = [
        "",
        "v1=abc",
        f"t={now}",
        f"t={now},v0=" + good.split("v1=")[1],
        good[:-1],
        good.replace(str(now), str(now - 1)),
        "t=,v1=",
        "t=99999999999999999999,v1=a",
        f"t={now},v1=\xe9",
        good + ",\x00",
    ]

    client = Client(raise_request_exception=False)
    for signature in forged:
        answer = client.post(URL, body, content_type="application/json", HTTP_STRIPE_SIGNATURE=signature)
        assert answer.status_code == 400 or signature.startswith(good), signature
    assert send(event("evt_old"), at=now - 301) == 400
    assert send(event("evt_future"), at=now + 330) == 400
    settings.STRIPE_WEBHOOK_SECRETS = [""]
    assert send(event("evt_empty"), "") == 400
    assert not StripeEvent.objects.exclude(stripe_id="evt_1").exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"object":"event","id":"evt_x","type":"t","created":NaN,"livemode":false,"data":{"object":{}}}',
        {"object": "event"},
        event(data=[]),
        event(data={"object": []}),
        event(id={"a": 1}),
        event(type=None),
        event(created="now"),
        event(created=10**30),
        event(livemode="no"),
        event(id="e" * 300),
        {**event(), "object": "v2.core.event"},
        {**event(), "data": {"object": {"text": "x" * 300_000}}},
    ],
)
def test_malformed_bodies_are_4xx_even_when_signed(body: Any) -> None:
    assert 400 <= send(body) < 500
    assert not StripeEvent.objects.exists()


@hypothesis(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    ),
    st.sampled_from(["whole", "id", "type", "created", "livemode", "account", "api_version", "data", "object"]),
)
def test_no_signed_json_whatsoever_is_a_5xx(value: Any, place: str) -> None:
    if place == "whole":
        body = value
    elif place == "object":
        body = event(data={"object": value})
    else:
        body = {**event(), place: value}

    raw = json.dumps(body).encode()
    assert send(raw) in (200, 400)


def test_only_post_is_taken() -> None:
    assert Client().get(URL).status_code == 405


def test_no_client_secret_and_no_unstorable_character_is_kept() -> None:
    body = event(
        data={"object": {"id": "seti_1", "client_secret": "seti_1_secret_x", "deep": [{"client_secret": "y"}]}}
    )
    body["data"]["object"]["text"] = "a\x00b\ud800c"

    assert send(json.dumps(body).encode()) == 200
    assert "client_secret" not in json.dumps(StripeEvent.objects.get().body)


def test_another_mode_is_stored_and_never_processed(sandbox: Sandbox) -> None:
    send(event(type="financial_connections.account.created", livemode=True))

    row = StripeEvent.objects.get()
    assert row.state == "ignored"
    inbox.replay(row.pk)
    assert inbox.due() == []


def test_an_unknown_type_is_stored_and_left_alone() -> None:
    assert send(event(type="invoice.paid")) == 200
    assert StripeEvent.objects.get().state == "ignored"


@pytest.mark.django_db(transaction=True)
def test_an_event_brings_the_account_and_is_done_once(
    sandbox: Sandbox, cast: Cast, link: Callable[..., list[Account]], run_tasks: Callable[[], Any]
) -> None:
    [account] = link()
    body = event(type="financial_connections.account.refreshed_balance")
    body["data"]["object"]["id"] = account.stripe_id

    send(body)
    run_tasks()

    row = StripeEvent.objects.get(stripe_id="evt_1")
    assert (row.state, row.attempts) == ("processed", 0)


@pytest.mark.django_db(transaction=True)
def test_a_failing_event_is_kept_with_its_reason_and_comes_back(sandbox: Sandbox) -> None:
    body = event(type="financial_connections.account.created")
    body["data"]["object"]["id"] = "fca_unknown"
    send(body)
    [pk] = inbox.due()

    inbox.process(pk)

    row = StripeEvent.objects.get()
    assert (row.state, row.attempts) == ("received", 1)
    assert "resource_missing" in row.last_error
    assert row.next_attempt_at > timezone.now()
    assert inbox.due() == []


@pytest.mark.django_db(transaction=True)
def test_an_event_whose_worker_died_is_due_again_after_its_lease(sandbox: Sandbox) -> None:
    send(event(type="financial_connections.account.created"))
    [pk] = inbox.due()
    assert inbox._take(pk) is not None

    assert inbox.due() == []
    StripeEvent.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    assert inbox.due() == [pk]


@pytest.mark.django_db(transaction=True)
def test_events_that_never_came_are_fetched_from_the_list(
    sandbox: Sandbox, cast: Cast, link: Callable[..., list[Account]], run_tasks: Callable[[], Any]
) -> None:
    sandbox.put("/sandbox/faults", {"webhooks": {"drop": 1.0}})
    link()
    assert not StripeEvent.objects.exists()

    found = inbox.catch_up()

    assert found > 0
    assert set(StripeEvent.objects.values_list("source", flat=True)) == {"list"}
    assert inbox.catch_up() == 0, "the overlap is read again and stored once"
    run_tasks()
    with tenancy.scope(cast.household):
        assert Account.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_cursor_stays_when_the_list_cannot_be_read_to_its_end(sandbox: Sandbox) -> None:
    inbox.catch_up()
    before = EventCursor.objects.get().read_until
    sandbox.put("/sandbox/faults", {"api": [{"match": "GET /v1/events", "kind": "500", "times": 5}]})

    with pytest.raises(TryAgain):
        inbox.catch_up()

    assert EventCursor.objects.get().read_until == before


def test_old_bodies_are_pruned_and_the_fact_stays(settings: Any) -> None:
    send(event())
    StripeEvent.objects.update(received_at=timezone.now() - timedelta(days=settings.STRIPE_EVENT_DAYS + 1))

    inbox.prune()

    assert StripeEvent.objects.get().body == {}
