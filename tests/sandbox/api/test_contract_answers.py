"""Every operation takes a good request, in either encoding, and answers with what Stripe describes."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.wire.operations import Operation
from sandbox.wire.table import TABLE
from tests.sandbox.api import schema
from tests.sandbox.api.driving import MANDATE_DATA
from tests.sandbox.api.wire import Answer, Wire
from tests.sandbox.api.world import GOOD, World, version_of

OPERATIONS = sorted(TABLE, key=lambda operation: (operation.path, operation.method))
WITHOUT_SCHEMA = f"answers are not held against Stripe's schema: it is not at {schema.FILE}"

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)


@pytest.fixture(scope="module")
def document() -> dict[str, Any] | None:
    return schema.load() if schema.FILE.exists() else None


@every_operation
@pytest.mark.parametrize("basic", [False, True], ids=["bearer, a[0]", "basic, a[]"])
def test_a_good_request_is_taken(
    world: World, operation: Operation, basic: bool, document: dict[str, Any] | None
) -> None:
    path, params = world.of(operation)
    version = version_of(operation)

    answer = Wire(world.sandbox.base, basic=basic).send(operation.method, path, params, Stripe_Version=version)

    assert answer.status == 200, answer.body
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == version
    assert list(_complaints(answer, operation, document)) == []


def _complaints(answer: Answer, operation: Operation, document: dict[str, Any] | None) -> list[str]:
    if document is None:
        return []
    schemas = document["components"]["schemas"]
    described = _described(operation, document)
    if described is not None:
        return list(schema.complaints(answer.body, described, schemas, operation.name))
    found = schemas.get(answer.body["object"])
    return list(schema.complaints(answer.body, found, schemas, operation.name)) if found else []


def _described(operation: Operation, document: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of the operation's answer, when the document has it."""
    methods = schema.path_of(document, operation.path) or {}
    answer = methods.get(operation.method.lower(), {}).get("responses", {}).get("200")
    return answer["content"]["application/json"]["schema"] if answer else None


def test_the_schema_was_there() -> None:
    if not schema.FILE.exists():
        pytest.skip(WITHOUT_SCHEMA)


def test_every_operation_has_a_good_request() -> None:
    assert {operation.name for operation in TABLE} == set(GOOD)


def test_all_that_happened_is_described(world: World, document: dict[str, Any] | None) -> None:
    """The events of all of the above: declared, of Stripe's types, each with an object as Stripe describes it."""
    declared = {type for operation in TABLE for type in operation.emits}
    events = list(world.api.events.list({"limit": 100}).auto_paging_iter())

    assert {event.type for event in events} <= declared | {"financial_connections.account.created"}
    if document is None:
        pytest.skip(WITHOUT_SCHEMA)
    schemas = document["components"]["schemas"]
    found: list[str] = []
    for event in events:
        body = event.to_dict()
        snapshot = body["data"]["object"]
        found += schema.complaints(body, schemas["event"], schemas, event.type)
        found += schema.complaints(snapshot, schemas[snapshot["object"]], schemas, event.type)
        found += [] if event.type in document["x-stripeEventTypes"] else [f"no type {event.type}"]
    assert not found, "\n".join(sorted(set(found)))


def test_errors_have_stripes_shape(world: World, document: dict[str, Any] | None) -> None:
    if document is None:
        pytest.skip(WITHOUT_SCHEMA)
    schemas = document["components"]["schemas"]
    paid, closed = f"/v1/payment_intents/{world.paid.id}", {"payment_method": "pm_usBankAccount_accountClosed"}
    blocked = world.api.payment_intents.create({"amount": 500, "currency": "usd", **closed})
    world.api.payment_intents.confirm(blocked.id, {"mandate_data": MANDATE_DATA})
    failed = world.sandbox.post(f"/payment_intents/{blocked.id}/settle", {"outcome": "failed", "failure_code": "R02"})
    again = {"payment_method": failed["last_payment_error"]["payment_method"]["id"], "mandate_data": MANDATE_DATA}

    refused = [
        world.wire.send("POST", "/v1/payment_intents", {}),
        world.wire.send("GET", "/v1/payment_intents/pi_none"),
        world.wire.send("GET", "/v1/nothing"),
        world.wire.send("GET", "/v1/customers", Authorization="Bearer wrong"),
        world.wire.send("POST", f"{paid}/confirm", {"mandate_data": MANDATE_DATA}),
        world.wire.send("POST", f"/v1/payment_intents/{blocked.id}/confirm", again),
    ]

    assert [answer.status for answer in refused] == [400, 404, 404, 401, 400, 402]
    assert [answer.error["type"] for answer in refused] == ["invalid_request_error"] * 5 + ["card_error"]
    for answer in refused:
        assert list(schema.complaints(answer.body, schemas["error"], schemas, "error")) == []
