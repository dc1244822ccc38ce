"""Webhooks: at least once, retried, spoilt on demand, and never in the API's way."""

from __future__ import annotations

import socket
import time
from collections import Counter

import pytest
import stripe

from tests.sandbox.api.driving import DAY, Sandbox, eventually


def three_customers(sandbox: Sandbox) -> list[str]:
    return [sandbox.api.customers.create({"name": name}).id for name in "abc"]


def arrived(sandbox: Sandbox) -> list[str]:
    return [event["data"]["object"]["id"] for event in sandbox.receiver.events]


def quiet(sandbox: Sandbox) -> bool:
    return bool(sandbox.control("GET", "/deliveries")["waiting"] == 0)


def test_a_refused_delivery_is_tried_three_times(sandbox: Sandbox) -> None:
    sandbox.receiver.status = 500
    sandbox.api.customers.create({})
    eventually(lambda: len(sandbox.receiver.bodies) == 1)

    sandbox.post("/clock/advance", {"seconds": 3600})

    eventually(lambda: quiet(sandbox))
    log = sandbox.get("/deliveries")
    assert [(entry["attempt"], entry["outcome"], entry["status"]) for entry in log] == [
        (1, "failed", 500),
        (2, "failed", 500),
        (3, "failed", 500),
    ]
    assert len({event["id"] for event in sandbox.receiver.events}) == 1


def test_a_retry_comes_by_itself(sandbox: Sandbox) -> None:
    sandbox.receiver.statuses = [503]

    sandbox.api.customers.create({})

    eventually(lambda: [entry["outcome"] for entry in sandbox.get("/deliveries")] == ["failed", "delivered"])
    assert sandbox.api.events.list({"delivery_success": False}).data == []


def test_what_never_arrived_is_listed_as_undelivered(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "/faults", {"webhooks": {"drop": 1}})
    lost = sandbox.api.customers.create({}).id
    sandbox.control("PUT", "/faults", {"webhooks": {}})
    sandbox.api.customers.create({})
    eventually(lambda: len(sandbox.receiver.bodies) == 1)
    eventually(lambda: quiet(sandbox))

    undelivered = sandbox.api.events.list({"delivery_success": False}).data

    assert [event.data.object.id for event in undelivered] == [lost]
    assert lost not in arrived(sandbox)


def test_duplicates_carry_the_same_event(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "/faults", {"webhooks": {"duplicate": 1}})

    customers = three_customers(sandbox)

    eventually(lambda: Counter(arrived(sandbox)) == dict.fromkeys(customers, 2))
    assert len({event["id"] for event in sandbox.receiver.events}) == 3


def test_shuffled_events_all_arrive_in_another_order(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "/faults", {"webhooks": {"shuffle": True}})

    customers = [sandbox.api.customers.create({}).id for _ in range(12)]

    eventually(lambda: sorted(arrived(sandbox)) == sorted(customers))
    assert arrived(sandbox) != customers


def test_a_receiver_that_never_answers_holds_nothing_up(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sandbox.control("PUT", "/webhook", {"url": f"http://127.0.0.1:{silent.getsockname()[1]}/"})
        try:
            # More than are sent at once; each call would outlast its client's timeout if it waited for a delivery.
            assert len({sandbox.api.customers.create({}).id for _ in range(8)}) == 8
        finally:
            sandbox.control("PUT", "/webhook", {"url": sandbox.receiver.url})


def test_an_endpoint_made_by_the_api_has_its_own_secret_and_types(sandbox: Sandbox) -> None:
    endpoint = sandbox.api.webhook_endpoints.create(
        {"url": sandbox.receiver.url + "/mine", "enabled_events": ["customer.deleted"]}
    )
    sandbox.control("PUT", "/webhook", {"url": None})
    try:
        customer = sandbox.api.customers.create({})
        sandbox.api.customers.delete(customer.id)

        eventually(lambda: sandbox.receiver.types == ["customer.deleted"])
        sandbox.client().construct_event(sandbox.receiver.bodies[0], sandbox.receiver.signatures[0], endpoint.secret)
        assert "secret" not in sandbox.api.webhook_endpoints.retrieve(endpoint.id)
    finally:
        sandbox.control("PUT", "/webhook", {"url": sandbox.receiver.url})


def test_events_filter_by_type_and_name_their_request(sandbox: Sandbox) -> None:
    customer = sandbox.api.customers.create({}, {"idempotency_key": "k"})
    sandbox.api.customers.update(customer.id, {"name": "Ana"})

    created = sandbox.api.events.list({"types": ["customer.created"]}).data
    both = sandbox.api.events.list({"type": "customer.*"}).data

    assert [event.type for event in both] == ["customer.updated", "customer.created"]
    assert created[0].request.idempotency_key == "k"
    assert created[0].request.id == customer.last_response.headers["Request-Id"]
    assert both[0].data.previous_attributes.to_dict() == {"name": None}
    assert sandbox.api.events.retrieve(created[0].id).data.object.id == customer.id


def test_events_page_by_cursor_in_both_directions(sandbox: Sandbox) -> None:
    three_customers(sandbox)
    newest, middle, oldest = sandbox.api.events.list({"limit": 3}).data

    assert [event.id for event in sandbox.api.events.list({"starting_after": newest.id, "limit": 1}).data] == [
        middle.id
    ]
    assert [event.id for event in sandbox.api.events.list({"ending_before": oldest.id, "limit": 1}).data] == [middle.id]
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.api.events.list({"starting_after": "evt_none"})


def test_events_are_out_of_reach_after_thirty_days(sandbox: Sandbox) -> None:
    sandbox.api.customers.create({})
    event = sandbox.api.events.list().data[0]

    sandbox.post("/clock/advance", {"seconds": 31 * DAY})

    assert sandbox.api.events.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.api.events.retrieve(event.id)


def test_stamps_do_not_follow_the_clock(sandbox: Sandbox) -> None:
    sandbox.post("/clock/advance", {"seconds": 300 * DAY})
    before = int(time.time())

    customer = sandbox.api.customers.create({})

    eventually(lambda: sandbox.receiver.bodies)
    assert before <= customer.created <= time.time()
    sandbox.client().construct_event(sandbox.receiver.bodies[0], sandbox.receiver.signatures[0], "whsec_sandbox")


def test_two_events_may_tell_of_one_change(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "/faults", {"webhooks": {"twins": 1}})

    customer = sandbox.api.customers.create({}).id

    eventually(lambda: arrived(sandbox) == [customer, customer])
    assert len({event["id"] for event in sandbox.receiver.events}) == 2


def test_a_webhook_may_come_before_the_answer(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "/faults", {"webhooks": {"before_answer": True}})

    for _ in range(5):
        customer = sandbox.api.customers.create({}).id
        assert customer in arrived(sandbox)


def test_a_delayed_event_waits(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "/faults", {"webhooks": {"delay_s": 3600}})

    sandbox.api.customers.create({})

    assert sandbox.control("GET", "/deliveries")["waiting"] == 1
    sandbox.post("/clock/advance", {"seconds": 3700})
    eventually(lambda: sandbox.receiver.bodies)


@pytest.mark.parametrize("webhooks", [{"dropp": 0.1}, {"drop": "much"}, [1], "x"])
def test_misspelt_webhook_faults_are_refused(sandbox: Sandbox, webhooks: object) -> None:
    assert "error" in sandbox.control("PUT", "/faults", {"webhooks": webhooks}, ok=False)
