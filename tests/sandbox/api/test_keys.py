"""What each kind of key may do, how often, and what is remembered under idempotency keys."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from sandbox.wire.limits import Bucket
from sandbox.wire.table import TABLE
from tests.sandbox.api.driving import Sandbox, link, method_data, new_payment
from tests.sandbox.api.wire import Wire

WORKER = "rk_test_worker"


def make(sandbox: Sandbox, **rights: str) -> Any:
    """A client with a restricted key of these rights."""
    sandbox.control("PUT", "/keys", {WORKER: rights})
    return sandbox.client(WORKER).v1


def test_a_restricted_key_may_do_what_it_was_given(sandbox: Sandbox) -> None:
    api = make(sandbox, customers="write", events="read")

    assert api.customers.create({"name": "Ana"}).id == api.customers.list().data[0].id
    assert api.events.list().data[0].type == "customer.created"


@pytest.mark.parametrize(
    ("rights", "operation", "permission"),
    [
        ({}, "GET /v1/customers", "Enabling Customers Read ('customer_read')"),
        ({"customers": "read"}, "POST /v1/customers", "Enabling Customers Write ('customer_write')"),
        ({"customers": "none"}, "GET /v1/customers", "Enabling Customers Read ('customer_read')"),
        ({"charges": "read"}, "POST /v1/refunds", "Enabling Charges and Refunds Write ('charge_write')"),
        ({"customers": "write"}, "GET /v1/webhook_endpoints", "Enabling Webhook Endpoints Read ('webhook_read')"),
        ({"customers": "write"}, "GET /v1/payment_methods", "Enabling PaymentMethods Read ('payment_method_read')"),
    ],
)
def test_a_missing_right_is_named(sandbox: Sandbox, rights: dict[str, str], operation: str, permission: str) -> None:
    make(sandbox, **rights)
    method, path = operation.split()

    answer = sandbox.raw(method, path, headers={"Authorization": f"Bearer {WORKER}", "Idempotency-Key": "k"})

    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (
        403,
        "invalid_request_error",
        "more_permissions_required",
    )
    assert permission in error["message"]
    assert WORKER not in error["message"]


def test_the_sdk_raises_its_permission_error(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.PermissionError):
        make(sandbox, customers="read").customers.create({})


def test_every_operation_asks_for_its_right(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "/keys", {WORKER: {}})
    wire = Wire(sandbox.base)
    preview = {"Stripe_Version": "2026-10-28.preview"}

    answers = {
        operation.name: wire.send(
            operation.method, operation.path.replace("*", "x"), Authorization=f"Bearer {WORKER}", **preview
        )
        for operation in TABLE
    }

    assert {name for name, answer in answers.items() if answer.status != 403} == set()


def test_a_key_that_was_not_made_is_no_key(sandbox: Sandbox) -> None:
    make(sandbox, customers="read")
    sandbox.control("PUT", "/keys", {})

    assert sandbox.raw("GET", "/v1/customers", headers={"Authorization": f"Bearer {WORKER}"}).status_code == 401


@pytest.mark.parametrize(
    "keys",
    [
        {"sk_test_x": {}},
        {"rk_live_x": {}},
        {"rk_test_": {}},
        {WORKER: {"customer": "read"}},
        {WORKER: {"customers": "all"}},
        {WORKER: "write"},
    ],
)
def test_keys_that_cannot_be_made(sandbox: Sandbox, keys: dict[str, Any]) -> None:
    assert "error" in sandbox.control("PUT", "/keys", keys, ok=False)
    assert sandbox.control("GET", "/keys") == {}


def test_the_publishable_key_calls_only_what_stripe_js_calls(sandbox: Sandbox) -> None:
    wire = Wire(sandbox.base)

    refused = {
        operation.name
        for operation in TABLE
        if wire.send(
            operation.method,
            operation.path.replace("*", "x"),
            Authorization="Bearer pk_test_sandbox",
            Stripe_Version="2026-10-28.preview",
        ).status
        == 401
    }

    assert refused == {operation.name for operation in TABLE if not operation.publishable}
    assert {operation.name for operation in TABLE if operation.publishable} == {
        "POST /v1/payment_methods",
        *(
            f"{method} /v1/{kind}_intents/*{call}"
            for kind in ("payment", "setup")
            for method, call in [("GET", ""), ("POST", "/confirm"), ("POST", "/verify_microdeposits")]
        ),
    }


# How often


def test_a_bucket_holds_a_second() -> None:
    bucket = Bucket(rate=2, level=2, filled_at=100.0)

    assert [bucket.take(100.0), bucket.take(100.0), bucket.take(100.0)] == [True, True, False]
    assert [bucket.take(100.5), bucket.take(100.5)] == [True, False]
    assert [bucket.take(200.0), bucket.take(200.0), bucket.take(200.0)] == [True, True, False]


def burst(sandbox: Sandbox, *calls: str) -> list[tuple[int, str | None]]:
    wire = Wire(sandbox.base)
    answers = [wire.send(*call.split(), Idempotency_Key=f"k{number}") for number, call in enumerate(calls)]
    return [(answer.status, answer.headers["Stripe-Rate-Limited-Reason"]) for answer in answers]


def test_the_limit_of_the_account_covers_every_call(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "/rate-limit", {"per_second": 1})

    answers = burst(sandbox, *["GET /v1/customers", "GET /v1/account", "POST /v1/customers"] * 4)

    assert answers[0] == (200, None)
    assert (429, "global-rate") in answers


def test_each_endpoint_has_its_own(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "/rate-limit", {"per_second": 100, "per_endpoint": 1})

    answers = burst(sandbox, *["GET /v1/customers"] * 12, "GET /v1/account")

    assert (429, "endpoint-rate") in answers
    assert answers[-1] == (200, None)


def test_one_call_too_many_is_as_if_it_had_not_been(sandbox: Sandbox) -> None:
    api = sandbox.client(max_network_retries=0).v1
    sandbox.control("PUT", "/rate-limit", {"per_second": 1})

    with pytest.raises(stripe.RateLimitError) as refused:
        [api.customers.create({"name": str(each)}, {"idempotency_key": f"customer-{each}"}) for each in range(20)]
    sandbox.control("PUT", "/rate-limit", {"per_second": None})
    last = len(api.customers.list({"limit": 100}).data)
    again = api.customers.create({"name": str(last)}, {"idempotency_key": f"customer-{last}"})

    assert refused.value.error.code == "rate_limit"
    assert "Idempotent-Replayed" not in again.last_response.headers


def test_limits_are_off_until_they_are_turned_on(sandbox: Sandbox) -> None:
    assert sandbox.control("GET", "/rate-limit") == {"per_second": None, "per_endpoint": None}
    assert sandbox.control("PUT", "/rate-limit", {}) == {"per_second": 25.0, "per_endpoint": 25.0}

    sandbox.post("/reset")

    assert {status for status, _ in burst(sandbox, *["GET /v1/account"] * 60)} == {200}
    assert "error" in sandbox.control("PUT", "/rate-limit", {"per_minute": 25}, ok=False)
    assert "error" in sandbox.control("PUT", "/rate-limit", {"per_second": 0}, ok=False)


# Idempotency keys


def test_keys_count_for_post_alone(sandbox: Sandbox) -> None:
    wire = Wire(sandbox.base)
    customer = sandbox.api.customers.create({}).id
    path = f"/v1/customers/{customer}"

    read = [wire.send("GET", path, Idempotency_Key="same") for _ in range(2)]
    deleted = [wire.send("DELETE", path, Idempotency_Key="same") for _ in range(2)]

    assert [answer.status for answer in read] == [200, 200]
    assert [answer.status for answer in deleted] == [200, 404]
    assert all("Idempotent-Replayed" not in answer.headers for answer in (*read, *deleted))


@pytest.mark.parametrize(("fault", "again"), [("500", 500), ("500_after_success", 500), ("429", 200)])
def test_a_500_is_saved_and_a_429_is_not(sandbox: Sandbox, fault: str, again: int) -> None:
    sandbox.control("PUT", "/faults", {"api": [{"match": "POST /v1/customers", "kind": fault, "times": 1}]})
    wire = Wire(sandbox.base)

    first, second = (wire.send("POST", "/v1/customers", {"name": "Ana"}, Idempotency_Key="k") for _ in range(2))

    assert (first.status, second.status) == (int(fault[:3]), again)
    assert (first.headers["Stripe-Rate-Limited-Reason"] == "global-rate") == (first.status == 429)
    assert (second.headers["Idempotent-Replayed"] == "true") == (again == 500)
    assert len(sandbox.api.customers.list().data) == (fault != "500")


@pytest.mark.parametrize("wrong", [{"no_such_thing": "x"}, {"expand": ["no_such_thing"]}, {"email": "nobody"}])
def test_a_refused_request_leaves_its_key_free(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    wire = Wire(sandbox.base)

    refused = wire.send("POST", "/v1/customers", wrong, Idempotency_Key="k")
    taken = wire.send("POST", "/v1/customers", {"name": "Ana"}, Idempotency_Key="k")

    assert (refused.status, taken.status) == (400, 200)


def test_a_key_belongs_to_the_account_not_to_the_api_key(sandbox: Sandbox) -> None:
    linked = link(sandbox)
    sandbox.control("PUT", "/keys", {WORKER: {"payment_intents": "write"}})
    intent = new_payment(sandbox, linked, payment_method_data=method_data(linked.account))
    wire = Wire(sandbox.base)
    path = f"/v1/payment_intents/{intent.id}/cancel"

    first = wire.send("POST", path, Idempotency_Key="k")
    other = wire.send("POST", path, {"cancellation_reason": "abandoned"}, Idempotency_Key="k")
    by_another_key = wire.send("POST", path, Idempotency_Key="k", Authorization=f"Bearer {WORKER}")

    assert (first.status, other.status, other.error["type"]) == (200, 400, "idempotency_error")
    assert (by_another_key.status, by_another_key.headers["Idempotent-Replayed"]) == (200, "true")


@pytest.mark.parametrize("length", [1, 255])
def test_a_key_may_have_up_to_255_characters(sandbox: Sandbox, length: int) -> None:
    wire = Wire(sandbox.base)

    answers = [wire.send("POST", "/v1/customers", Idempotency_Key="k" * length) for _ in range(2)]

    assert answers[0].body["id"] == answers[1].body["id"]
