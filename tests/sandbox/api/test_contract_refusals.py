"""Every operation refuses what Stripe would: each parameter spoilt in each way, derived from the SDK's types."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.wire.operations import Operation
from sandbox.wire.table import TABLE
from tests.sandbox.api import parameters
from tests.sandbox.api.driving import Sandbox
from tests.sandbox.api.wire import Answer, Wire
from tests.sandbox.api.world import World, version_of

OPERATIONS = sorted(TABLE, key=lambda operation: (operation.path, operation.method))
LISTS = [each for each in OPERATIONS if "limit" in each.shape.__annotations__]
WITH_ID = [each for each in OPERATIONS if "*" in each.path]

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)


@pytest.fixture(scope="module")
def wire(world: World) -> Wire:
    return Wire(world.sandbox.base)


def send(wire: Wire, operation: Operation, path: str, params: dict[str, Any]) -> Answer:
    return wire.send(operation.method, path, params, Stripe_Version=version_of(operation))


def path_of(operation: Operation, *ids: str) -> str:
    path = operation.path
    for each in ids or ("id_0", "id_1"):
        path = path.replace("*", each, 1)
    return path


def required_of(operation: Operation, *without: str) -> dict[str, str]:
    needed = [each for each in parameters.parameters_of(operation.shape) if each.required]
    return parameters.samples([each for each in needed if each.path not in without])


def differences(answer: Answer, spoilt: parameters.Spoilt) -> list[str]:
    error = answer.error
    wanted: dict[str, Any] = {"status": 400, "type": "invalid_request_error", "code": spoilt.code}
    got = {"status": answer.status, "type": error["type"], "code": error.get("code")}
    wanted["param"], got["param"] = spoilt.param, error.get("param")
    wrong = [f"{name} is {got[name]}, not {wanted[name]}" for name in wanted if got[name] != wanted[name]]
    if not error["message"].startswith(spoilt.message):
        wrong.append(f"it says {error['message']!r}, not {spoilt.message!r}")
    if answer.headers["Request-Id"] not in error["request_log_url"]:
        wrong.append("the log URL does not name the request")
    return [f"{spoilt.param}: {each}" for each in wrong]


@every_operation
def test_each_parameter_is_checked(wire: Wire, operation: Operation) -> None:
    cases = list(parameters.spoilt(operation.shape, operation.beyond))

    found = []
    for case in cases:
        found += differences(send(wire, operation, path_of(operation), case.form), case)

    assert not found, f"{len(found)} of {len(cases)}:\n" + "\n".join(found[:20])


def test_one_letter_off_is_met_with_a_suggestion(wire: Wire) -> None:
    one = wire.send("POST", "/v1/customers", {"metdata": "x"}).error
    two = wire.send("POST", "/v1/customers", {"metdata": "x", "emial": "x"}).error

    assert one["message"] == "Received unknown parameter: metdata. Did you mean metadata?"
    assert (two["message"], two["param"]) == ("Received unknown parameters: metdata, emial", "metdata")


@every_operation
def test_what_the_sandbox_does_not_act_on_is_refused(wire: Wire, operation: Operation) -> None:
    known = {each.path: each for each in parameters.parameters_of(operation.shape)}
    for name in set(operation.beyond) & set(known):
        form = {**required_of(operation, name), **parameters.sample(known[name])}
        answer = send(wire, operation, path_of(operation), form)

        assert (answer.status, answer.error["param"]) == (400, name)


@pytest.mark.parametrize("operation", WITH_ID, ids=lambda each: each.name)
def test_an_id_in_the_path_that_is_nothing(wire: Wire, operation: Operation) -> None:
    # Only accounts that are connected can be looked at, whether they exist or not.
    refusal = (403, "account_invalid") if operation.path == "/v1/accounts/*" else (404, "resource_missing")
    for wrong in ("nonsense", "cus_00000000000000", "evt_'or'1", "%00"):
        answer = send(wire, operation, path_of(operation, wrong, wrong), required_of(operation))

        assert (answer.status, answer.error["code"]) == refusal, wrong
        assert answer.error["type"] == "invalid_request_error"
        if answer.status == 404:
            assert answer.error["message"].startswith("No such ")
            assert answer.error["param"] in ("id", "intent", "payment_method")


@pytest.mark.parametrize("operation", LISTS, ids=lambda each: each.name)
def test_a_page_that_cannot_be(wire: Wire, world: World, operation: Operation) -> None:
    path, params = world.of(operation)
    # What the operation cannot do without; the page is what is wrong.
    params = {name: params[name] for name in params if name in {*required_of(operation), "customer", "session"}}
    for form, code, message in pages(world.other_kind(operation)):
        if not set(form) <= set(operation.shape.__annotations__):
            # A search goes on by a page's own name instead.
            continue
        answer = send(wire, operation, path, {**params, **form})

        assert (answer.status, answer.error.get("code")) == (400, code), form
        assert answer.error["message"].startswith(message), form
        assert answer.error["param"] in form


def pages(other_kind: str) -> list[tuple[dict[str, str], str, str]]:
    too_few, too_many = "This value must be greater than or equal to 1.", "This value must be less than or equal to 100"
    empty = "You passed an empty string for 'starting_after'."
    return [
        ({"limit": "0"}, "parameter_invalid_integer", too_few),
        ({"limit": "-1"}, "parameter_invalid_integer", too_few),
        ({"limit": "101"}, "parameter_invalid_integer", too_many + " (it currently is '101')."),
        ({"limit": ""}, "parameter_invalid_empty", "You passed an empty string for 'limit'."),
        ({"starting_after": ""}, "parameter_invalid_empty", empty),
        ({"starting_after": "x_0"}, "resource_missing", "No such "),
        ({"ending_before": "x_0"}, "resource_missing", "No such "),
        ({"starting_after": other_kind}, "resource_missing", "No such "),
        ({"starting_after": "x_0", "ending_before": "x_1"}, "parameters_exclusive", "You may only specify one of"),
    ]


REFERENCES = {"charge", "customer", "financial_connections_account", "mandate", "payment_intent", "payment_method"}
REFERENCES |= {"account", "ownership", "session", "starting_after", "ending_before"}


@every_operation
def test_an_id_in_a_parameter_that_is_nothing(wire: Wire, world: World, operation: Operation) -> None:
    path, params = world.of(operation)
    known = {each.path for each in parameters.parameters_of(operation.shape)}
    for name in known & REFERENCES - set(operation.beyond):
        rest = {other: value for other, value in params.items() if other not in CONFLICTS.get(name, ())}
        rest |= {"confirm": True} if name == "mandate" and "confirm" in known else {}
        for wrong in ("nonsense", world.other_kind(operation) if name != "customer" else world.paid.id):
            answer = send(wire, operation, path, {**rest, name: wrong})

            assert (answer.status, answer.error.get("code")) == (400, "resource_missing"), (name, answer.body)
            assert answer.error["param"] == name


# What cannot be given together with a parameter.
CONFLICTS = {
    "payment_method": ("payment_method_data",),
    "mandate": ("mandate_data",),
    "charge": ("payment_intent",),
}


@every_operation
def test_what_cannot_be_expanded(wire: Wire, world: World, operation: Operation) -> None:
    path, params = world.of(operation)
    if operation.method == "DELETE":
        return
    deep = send(wire, operation, path, {**params, "expand": ["a.b.c.d.e"]})
    missing = send(wire, operation, path, {**params, "expand": ["no_such_thing"]})

    assert (deep.status, deep.error.get("code")) == (400, "property_expansion_max_depth")
    assert deep.error["message"] == "You cannot expand more than 4 levels of a property. Property: a.b.c.d.e"
    assert missing.status == 400
    assert missing.error["message"].startswith("This property cannot be expanded ")
    if operation in LISTS:
        assert missing.error["message"].endswith("You may want to try expanding 'data.no_such_thing' instead.")
        inside = send(wire, operation, path, {**params, "expand": ["data.no_such_thing"]})
        assert inside.status == 400


def test_what_can_be_expanded_can_be_on_an_empty_page(sandbox: Sandbox) -> None:
    wire = Wire(sandbox.base)
    query = {"query": "status:'succeeded'"}

    pages = [
        wire.send("GET", "/v1/payment_intents", {"expand": ["data.customer"]}),
        wire.send("GET", "/v1/payment_intents/search", {**query, "expand": ["data.latest_charge"]}),
        wire.send("GET", "/v1/financial_connections/accounts", {"expand": ["data.ownership"]}),
        wire.send("GET", "/v1/payment_intents", {"expand": ["data.amount"]}),
    ]

    assert [(each.status, each.body.get("data")) for each in pages] == [(200, [])] * 3 + [(400, None)]
