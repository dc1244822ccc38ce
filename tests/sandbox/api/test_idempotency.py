"""Idempotency keys: the first answer again, other parameters refused, twins in flight refused."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import stripe

from tests.sandbox.api.driving import Sandbox, link, new_payment

KEY = {"idempotency_key": "bill-1-create"}


def test_the_same_key_gives_the_first_answer_again(sandbox: Sandbox) -> None:
    first = sandbox.api.customers.create({"name": "Ana"}, KEY)
    again = sandbox.api.customers.create({"name": "Ana"}, KEY)

    assert again.id == first.id
    assert len(sandbox.api.customers.list().data) == 1
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.last_response.headers["Original-Request"] == first.last_response.headers["Request-Id"]


@pytest.mark.parametrize("params", [{"name": "Bob"}, {}, {"name": "Ana", "email": "a@example.com"}])
def test_other_parameters_under_the_key_are_refused(sandbox: Sandbox, params: dict[str, str]) -> None:
    sandbox.api.customers.create({"name": "Ana"}, KEY)

    with pytest.raises(stripe.IdempotencyError):
        sandbox.api.customers.create(params, KEY)


def test_another_endpoint_under_the_key_is_refused(sandbox: Sandbox) -> None:
    sandbox.api.customers.create({}, KEY)

    with pytest.raises(stripe.IdempotencyError):
        sandbox.api.setup_intents.create({}, KEY)


def test_a_validation_error_is_not_kept(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.api.payment_intents.create({"amount": 1, "currency": "usd"}, KEY)

    assert sandbox.api.payment_intents.create({"amount": 500, "currency": "usd"}, KEY).amount == 500


def test_a_refused_state_is_kept(sandbox: Sandbox) -> None:
    linked = link(sandbox)
    intent = new_payment(sandbox, linked)
    sandbox.api.payment_intents.cancel(intent.id)

    answers = [
        sandbox.raw("POST", f"/v1/payment_intents/{intent.id}/cancel", headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert "Idempotent-Replayed" not in answers[0].headers
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_twins_in_flight_are_refused(sandbox: Sandbox) -> None:
    sandbox.control(
        "PUT", "/faults", {"api": [{"match": "POST /v1/customers", "kind": "slow", "seconds": 1.5, "times": 1}]}
    )
    created: list[Any] = []
    slow = threading.Thread(target=lambda: created.append(sandbox.api.customers.create({"name": "Ana"}, KEY)))
    slow.start()
    while sandbox.control("GET", "/faults")["api"][0]["left"]:
        pass

    twin = sandbox.raw("POST", "/v1/customers", data={"name": "Ana"}, headers={"Idempotency-Key": "bill-1-create"})
    slow.join()

    assert (twin.status_code, twin.json()["error"]["code"]) == (409, "idempotency_key_in_use")
    assert sandbox.api.customers.create({"name": "Ana"}, KEY).id == created[0].id


def test_forgotten_keys_run_anew(sandbox: Sandbox) -> None:
    first = sandbox.api.customers.create({}, KEY)

    sandbox.post("/idempotency/forget")

    assert sandbox.api.customers.create({}, KEY).id != first.id


@pytest.mark.parametrize("length", [256, 300])
def test_a_long_key_is_refused(sandbox: Sandbox, length: int) -> None:
    answer = sandbox.raw("POST", "/v1/customers", headers={"Idempotency-Key": "k" * length})

    assert answer.status_code == 400


def test_the_log_of_requests_shows_keys_and_parameters(sandbox: Sandbox) -> None:
    sandbox.api.customers.create({"preferred_locales": ["en", "de"], "address": {"city": "Reno"}}, KEY)

    entry = sandbox.get("/requests")[-1]

    assert entry["method"] == "POST"
    assert entry["path"] == "/v1/customers"
    assert entry["params"] == {"preferred_locales": ["en", "de"], "address": {"city": "Reno"}}
    assert (entry["idempotency_key"], entry["status"]) == ("bill-1-create", 200)
