"""Customers, customer sessions, webhook endpoints and the Events list: what only they know of."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.api.driving import DAY, Sandbox, eventually
from tests.sandbox.api.wire import Wire


@pytest.fixture
def wire(sandbox: Sandbox) -> Wire:
    return Wire(sandbox.base)


# Customers


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"email": "nobody"}, "email_invalid", "Invalid email address: nobody"),
        ({"email": "a b@example.com"}, "email_invalid", "Invalid email address: a b@example.com"),
        ({"name": "n" * 257}, None, "Invalid string: nnnn...nnnn; must be at most 256 characters"),
        ({"phone": "5" * 21}, None, "Invalid string: 555555555555555555555; must be at most 20 characters"),
        ({"metadata": {"k": "v" * 501}}, None, "Invalid metadata[k]"),
        ({"metadata": {str(each): "v" for each in range(51)}}, None, "Invalid metadata"),
    ],
)
def test_a_malformed_customer(wire: Wire, params: dict[str, Any], code: str | None, message: str) -> None:
    answer = wire.send("POST", "/v1/customers", params)

    assert (answer.status, answer.error.get("code")) == (400, code)
    assert answer.error["message"].startswith(message[:40])
    assert answer.error["param"].startswith(next(iter(params)))


def test_a_customer_at_the_longest(wire: Wire) -> None:
    longest = {"name": "n" * 256, "description": "d" * 5000, "metadata": {"k" * 40: "v" * 500}}

    assert wire.send("POST", "/v1/customers", longest).status == 200


def test_emptying_takes_away(wire: Wire) -> None:
    address = {"city": "Reno", "country": "US"}
    made = wire.send("POST", "/v1/customers", {"name": "Ana", "phone": "+1555", "address": address})
    path = f"/v1/customers/{made.body['id']}"

    emptied = wire.send("POST", path, {"phone": "", "address": ""}).body

    assert made.body["address"] == {**dict.fromkeys(["line1", "line2", "postal_code", "state"]), **address}
    assert (emptied["name"], emptied["phone"], emptied["address"]) == ("Ana", None, None)


def test_only_what_changed_is_told(sandbox: Sandbox) -> None:
    customer = sandbox.api.customers.create({"name": "Ana", "email": "ana@example.com"})
    sandbox.api.customers.update(customer.id, {"name": "Ana R", "email": "ana@example.com"})
    sandbox.api.customers.update(customer.id, {"name": "Ana R"})

    (update,) = sandbox.api.events.list({"type": "customer.updated"}).data

    assert update.data.previous_attributes.to_dict() == {"name": "Ana"}


def test_a_deleted_customer_is_a_stub_and_no_parameter(sandbox: Sandbox, wire: Wire) -> None:
    customer = sandbox.api.customers.create({}).id
    sandbox.api.customers.delete(customer)

    stub = wire.send("GET", f"/v1/customers/{customer}")
    updated = wire.send("POST", f"/v1/customers/{customer}", {"name": "x"})
    named = wire.send("POST", "/v1/payment_intents", {"amount": 500, "currency": "usd", "customer": customer})

    assert stub.body == {"id": customer, "object": "customer", "deleted": True}
    assert (updated.status, named.status, named.error["param"]) == (404, 400, "customer")
    assert sandbox.api.customers.list().data == []


def test_customers_are_found_by_address_and_time(sandbox: Sandbox) -> None:
    made = [sandbox.api.customers.create({"email": f"{name}@example.com"}) for name in ("ana", "bob", "ana")]
    newest = made[-1].created

    by_email = sandbox.api.customers.list({"email": "ana@example.com"}).data
    future = sandbox.api.customers.list({"created": {"gt": newest}}).data
    until_now = sandbox.api.customers.list({"created": {"lte": newest}}).data

    assert [each.id for each in by_email] == [made[2].id, made[0].id]
    assert (future, len(until_now)) == ([], 3)


# Customer sessions


def test_a_customer_session_says_what_its_components_may(sandbox: Sandbox) -> None:
    customer = sandbox.api.customers.create({}).id
    sheet = {"enabled": True, "features": {"payment_method_remove": "enabled"}}

    session = sandbox.api.customer_sessions.create({"customer": customer, "components": {"customer_sheet": sheet}})

    assert session.client_secret.startswith("cuss_secret_")
    assert session.components.customer_sheet.features.payment_method_remove == "enabled"
    assert session.components.customer_sheet.features.payment_method_allow_redisplay_filters == ["always"]
    assert not session.components.payment_element.enabled
    assert session.expires_at > session.created


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"customer": "cus_none", "components": {"buy_button": {"enabled": True}}}, "customer"),
        ({"components": {"buy_button": {"enabled": True}}}, "customer"),
        ({"customer": "OWN", "components": {"buy_button": {"enabled": False}}}, "components"),
    ],
)
def test_a_customer_session_that_cannot_be(sandbox: Sandbox, params: dict[str, Any], param: str) -> None:
    if params.get("customer") == "OWN":
        params = {**params, "customer": sandbox.api.customers.create({}).id}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.customer_sessions.create(params)

    assert refused.value.param == param


# Webhook endpoints


HOOK = {"url": "http://127.0.0.1:9/", "enabled_events": ["customer.created"]}


def test_the_secret_is_shown_once(wire: Wire) -> None:
    made = wire.send("POST", "/v1/webhook_endpoints", {**HOOK, "api_version": "2026-04-22.dahlia"}).body
    path = f"/v1/webhook_endpoints/{made['id']}"

    later = [wire.send("GET", path).body, wire.send("POST", path, {"description": "ours"}).body]
    listed = wire.send("GET", "/v1/webhook_endpoints").body["data"]

    assert made["secret"].startswith("whsec_")
    assert made["api_version"] == "2026-04-22.dahlia"
    assert not any("secret" in each for each in [*later, *listed])


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"url": "nowhere"}, "url_invalid", "url"),
        ({"url": "ftp://example.com/"}, "url_invalid", "url"),
        ({"url": "https://"}, "url_invalid", "url"),
        ({"enabled_events": ["customer.baptised"]}, None, "enabled_events[0]"),
        ({"enabled_events": ["customer.*"]}, None, "enabled_events[0]"),
        ({"api_version": "2026-10-28"}, None, "api_version"),
    ],
)
def test_a_malformed_endpoint(wire: Wire, params: dict[str, Any], code: str | None, param: str) -> None:
    answer = wire.send("POST", "/v1/webhook_endpoints", {**HOOK, **params})

    assert (answer.status, answer.error.get("code"), answer.error["param"]) == (400, code, param)


def test_an_account_has_sixteen_endpoints(wire: Wire) -> None:
    statuses = [wire.send("POST", "/v1/webhook_endpoints", HOOK).status for _ in range(16)]

    # One is the application's own.
    assert statuses == [200] * 15 + [400]


def test_an_endpoint_is_told_what_it_asked_for_while_it_is_enabled(sandbox: Sandbox) -> None:
    quiet = sandbox.api.webhook_endpoints.create(HOOK)
    sandbox.api.webhook_endpoints.update(quiet.id, {"disabled": True})
    sandbox.api.customers.create({})
    sandbox.api.webhook_endpoints.update(quiet.id, {"disabled": False, "enabled_events": ["mandate.updated"]})
    sandbox.api.customers.create({})
    sandbox.api.webhook_endpoints.create({**HOOK, "connect": True})
    sandbox.api.customers.create({})

    eventually(lambda: sandbox.control("GET", "/deliveries")["waiting"] == 0)

    assert sandbox.receiver.types == ["customer.created"] * 3
    assert {each["url"] for each in sandbox.get("/deliveries")} == {sandbox.receiver.url}


# The Events list


def happen(sandbox: Sandbox) -> str:
    customer = sandbox.api.customers.create({"name": "Ana"})
    sandbox.api.customers.update(customer.id, {"name": "Bob"})
    sandbox.api.customers.delete(customer.id)
    return str(customer.id)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"type": "customer.*"}, ["deleted", "updated", "created"]),
        ({"type": "*.created"}, ["created"]),
        ({"type": "customer.updated"}, ["updated"]),
        ({"type": "customer.[cu]*"}, []),
        ({"type": "customer.?reated"}, []),
        ({"types": ["customer.created", "customer.deleted"]}, ["deleted", "created"]),
        ({"types": ["customer.*"]}, []),
        ({"created": {"gte": 1, "lt": 4_000_000_000}}, ["deleted", "updated", "created"]),
        ({"created": {"gt": 4_000_000_000}}, []),
        ({"type": "customer.*", "limit": 1}, ["deleted"]),
    ],
)
def test_events_are_found_by_type_and_time(sandbox: Sandbox, params: dict[str, Any], found: list[str]) -> None:
    happen(sandbox)

    events = sandbox.api.events.list(params).data

    assert [event.type for event in events] == [f"customer.{each}" for each in found]


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"type": "a", "types": ["b"]}, "parameters_exclusive", "type"),
        ({"types": [f"t{each}" for each in range(21)]}, None, "types"),
    ],
)
def test_events_that_cannot_be_asked_for(wire: Wire, params: dict[str, Any], code: str | None, param: str) -> None:
    answer = wire.send("GET", "/v1/events", params)

    assert (answer.status, answer.error.get("code"), answer.error["param"]) == (400, code, param)


def test_events_last_thirty_days(sandbox: Sandbox) -> None:
    happen(sandbox)
    event = sandbox.api.events.list({"limit": 1}).data[0].id

    sandbox.post("/clock/advance", {"seconds": 29 * DAY})
    kept = sandbox.api.events.retrieve(event).id
    sandbox.post("/clock/advance", {"seconds": 2 * DAY})

    assert kept == event
    assert sandbox.api.events.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.api.events.retrieve(event)


def test_an_event_is_as_things_were(sandbox: Sandbox) -> None:
    happen(sandbox)

    deleted, updated, created = sandbox.api.events.list({"type": "customer.*"}).data

    assert (created.data.object.name, updated.data.object.name, deleted.data.object.name) == ("Ana", "Bob", "Bob")
    assert created.request.id.startswith("req_")
    assert created.request.idempotency_key
    assert deleted.request.idempotency_key is None
