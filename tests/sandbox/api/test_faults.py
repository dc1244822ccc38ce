"""API faults: each kind strikes as often as it was asked to, before the effect or after it."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.api.driving import Sandbox

CUSTOMERS = "POST /v1/customers"


def arm(sandbox: Sandbox, kind: str, match: str = CUSTOMERS, **more: Any) -> None:
    sandbox.control("PUT", "/faults", {"api": [{"match": match, "kind": kind, **more}]})


def count(sandbox: Sandbox) -> int:
    return len(sandbox.api.customers.list().data)


def create(sandbox: Sandbox, key: str = "k", **options: Any) -> requests.Response:
    return sandbox.raw("POST", "/v1/customers", data={"name": "Ana"}, headers={"Idempotency-Key": key}, **options)


@pytest.mark.parametrize(("kind", "effects"), [("500", 0), ("500_after_success", 1)])
def test_a_500_is_saved_under_its_key(sandbox: Sandbox, kind: str, effects: int) -> None:
    arm(sandbox, kind)

    answers = [create(sandbox).status_code, create(sandbox).status_code, create(sandbox, "other").status_code]

    assert answers == [500, 500, 200]
    assert count(sandbox) == effects + 1


def test_a_429_is_not_saved(sandbox: Sandbox) -> None:
    arm(sandbox, "429", should_retry=False)

    limited = create(sandbox)

    assert limited.status_code == 429
    assert limited.headers["Stripe-Should-Retry"] == "false"
    assert create(sandbox).status_code == 200
    assert count(sandbox) == 1


@pytest.mark.parametrize(
    ("kind", "effects"),
    [
        ("connection_reset", 0),
        ("connection_reset_after_success", 1),
    ],
)
def test_a_cut_connection_gives_no_answer(sandbox: Sandbox, kind: str, effects: int) -> None:
    arm(sandbox, kind)

    with pytest.raises(requests.ConnectionError):
        create(sandbox)

    assert count(sandbox) == effects
    assert create(sandbox).status_code == 200
    assert count(sandbox) == 1


@pytest.mark.parametrize(("kind", "effects"), [("timeout", 0), ("timeout_after_success", 1)])
def test_a_timeout_outlasts_the_client(sandbox: Sandbox, kind: str, effects: int) -> None:
    arm(sandbox, kind)

    with pytest.raises(requests.Timeout):
        requests.post(
            sandbox.base + "/v1/customers",
            data={"name": "Ana"},
            headers={"Authorization": "Bearer sk_test_sandbox", "Idempotency-Key": "k"},
            timeout=0.4,
        )

    assert count(sandbox) == effects
    assert create(sandbox).status_code == 200
    assert count(sandbox) == 1


def test_the_sdk_recovers_the_lost_answer_by_its_key(sandbox: Sandbox) -> None:
    arm(sandbox, "connection_reset_after_success")

    customer = sandbox.client(max_network_retries=1).v1.customers.create({"name": "Ana"})

    assert [each.id for each in sandbox.api.customers.list().data] == [customer.id]


def test_faults_count_down_and_match_one_segment(sandbox: Sandbox) -> None:
    arm(sandbox, "500", match="GET /v1/customers/*", times=2)
    customer = create(sandbox).json()["id"]

    assert sandbox.raw("GET", "/v1/customers").status_code == 200
    assert sandbox.raw("GET", f"/v1/customers/{customer}/payment_methods").status_code == 200
    statuses = [sandbox.raw("GET", f"/v1/customers/{customer}").status_code for _ in range(2)]

    assert statuses == [500, 500]
    assert sandbox.control("GET", "/faults")["api"][0]["left"] == 0
    assert sandbox.raw("GET", f"/v1/customers/{customer}").status_code == 200


def test_an_absent_half_stays_as_it_was(sandbox: Sandbox) -> None:
    arm(sandbox, "429", times=3)

    faults = sandbox.control("PUT", "/faults", {"webhooks": {"duplicate": 0.5}})

    assert faults["api"][0]["left"] == 3
    assert faults["webhooks"]["duplicate"] == 0.5
    assert sandbox.control("PUT", "/faults", {"api": []})["webhooks"]["duplicate"] == 0.5


@pytest.mark.parametrize("spec", [{"match": "/v1/customers", "kind": "500"}, {"match": CUSTOMERS, "kind": "flood"}])
def test_a_misspelt_fault_is_refused(sandbox: Sandbox, spec: dict[str, str]) -> None:
    assert "error" in sandbox.control("PUT", "/faults", {"api": [spec]}, ok=False)


def test_the_log_names_the_fault(sandbox: Sandbox) -> None:
    arm(sandbox, "connection_reset")
    with pytest.raises(stripe.APIConnectionError):
        sandbox.api.customers.create({"name": "Ana"})

    entry = sandbox.get("/requests")[-1]

    assert (entry["fault"], entry["status"]) == ("connection_reset", None)


def test_reset_ends_what_is_held(sandbox: Sandbox) -> None:
    arm(sandbox, "timeout")
    with requests.Session() as session:
        session.headers["Authorization"] = "Bearer sk_test_sandbox"
        with pytest.raises(requests.Timeout):
            session.post(sandbox.base + "/v1/customers", timeout=0.3)

    sandbox.post("/reset")

    assert sandbox.control("GET", "/faults")["api"] == []
