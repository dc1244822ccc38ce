"""Webhooks: at least once, retried, spoilt on demand, and never in the API's way."""

from __future__ import annotations

import socket
import time
from collections import Counter
from typing import Any

import pytest
import stripe

from tests.sandbox.api.driving import DAY, Sandbox, confirmed_payment, eventually, link, save_method

OLDER = "2026-01-28.clover"


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


def verified(sandbox: Sandbox, secret: str) -> bool:
    try:
        sandbox.client().construct_event(sandbox.receiver.bodies[-1], sandbox.receiver.signatures[-1], secret)
    except stripe.SignatureVerificationError:
        return False
    return True


def test_both_secrets_sign_while_one_is_rolled(sandbox: Sandbox) -> None:
    rolled = sandbox.post("/webhook_endpoints/we_sandbox/roll", {"expires_in": 3600})

    sandbox.api.customers.create({})
    eventually(lambda: len(sandbox.receiver.bodies) == 1)
    assert sandbox.receiver.signatures[0].count("v1=") == 2
    assert verified(sandbox, "whsec_sandbox")
    assert verified(sandbox, rolled["secret"])

    sandbox.post("/clock/advance", {"seconds": 3601})
    sandbox.api.customers.create({})
    eventually(lambda: len(sandbox.receiver.bodies) == 2)
    assert sandbox.receiver.signatures[1].count("v1=") == 1
    assert verified(sandbox, rolled["secret"])
    assert not verified(sandbox, "whsec_sandbox")


@pytest.mark.parametrize("body", [{"expires_in": 90_000}, {"expires_in": "soon"}, {"secret": "mine"}])
def test_a_misspelt_roll_is_refused(sandbox: Sandbox, body: dict[str, object]) -> None:
    assert "error" in sandbox.post("/webhook_endpoints/we_sandbox/roll", body, ok=False)


@pytest.mark.parametrize("status", [301, 404, 500])
def test_only_2xx_is_a_delivery(sandbox: Sandbox, status: int) -> None:
    sandbox.receiver.status = status
    sandbox.api.customers.create({})
    eventually(lambda: sandbox.receiver.bodies)

    eventually(lambda: [entry["outcome"] for entry in sandbox.get("/deliveries")] == ["failed"])

    (event,) = sandbox.api.events.list({"delivery_success": False}).data
    assert event.pending_webhooks == 1
    assert sandbox.api.events.list({"delivery_success": True}).data == []


def test_each_endpoint_is_pending_until_it_has_the_event(sandbox: Sandbox) -> None:
    sandbox.api.webhook_endpoints.create({"url": sandbox.receiver.url, "enabled_events": ["customer.created"]})
    sandbox.receiver.statuses = [500]

    sandbox.api.customers.create({})

    eventually(lambda: len(sandbox.get("/deliveries")) == 2)
    assert [event["pending_webhooks"] for event in sandbox.receiver.events] in ([2, 2], [2, 1])
    assert sandbox.api.events.list().data[0].pending_webhooks == 1
    sandbox.post("/clock/advance", {"seconds": 60})
    eventually(lambda: sandbox.control("GET", "/deliveries")["waiting"] == 0)
    assert sandbox.receiver.events[-1]["pending_webhooks"] == 1
    assert sandbox.api.events.list({"delivery_success": True}).data[0].pending_webhooks == 0


def test_a_dead_endpoint_does_not_hold_up_another(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dead = sandbox.api.webhook_endpoints.create(
            {"url": f"http://127.0.0.1:{silent.getsockname()[1]}/", "enabled_events": ["*"]}
        )

        customers = [sandbox.api.customers.create({}).id for _ in range(12)]

        eventually(lambda: Counter(arrived(sandbox)) == Counter(customers))
        assert {entry["url"] for entry in sandbox.get("/deliveries")} == {sandbox.receiver.url}
        sandbox.api.webhook_endpoints.delete(dead.id)


def test_a_disabled_endpoint_hears_nothing_more(sandbox: Sandbox) -> None:
    endpoint = sandbox.api.webhook_endpoints.create(
        {"url": sandbox.receiver.url + "/mine", "enabled_events": ["customer.created"]}
    )
    sandbox.control("PUT", "/faults", {"webhooks": {"delay_s": 3600}})
    sandbox.api.customers.create({})

    sandbox.api.webhook_endpoints.update(endpoint.id, {"disabled": True})
    sandbox.post("/clock/advance", {"seconds": 3601})

    eventually(lambda: sandbox.control("GET", "/deliveries")["waiting"] == 0)
    assert [entry["url"] for entry in sandbox.get("/deliveries")] == [sandbox.receiver.url]


def test_an_endpoint_hears_in_its_own_version(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "/webhook", {"url": None})
    try:
        sandbox.api.webhook_endpoints.create(
            {
                "url": sandbox.receiver.url,
                "enabled_events": ["financial_connections.account.created"],
                "api_version": OLDER,
            }
        )
        account = link(sandbox).account

        eventually(lambda: sandbox.receiver.bodies)
        (event,) = sandbox.receiver.events
        then = sandbox.client(stripe_version=OLDER).v1.financial_connections.accounts.retrieve(account)
        assert event["api_version"] == OLDER
        assert event["data"]["object"].keys() == then.to_dict().keys()
        assert sandbox.api.events.list().data[0].api_version != OLDER
    finally:
        sandbox.control("PUT", "/webhook", {"url": sandbox.receiver.url})


def life(sandbox: Sandbox, **webhooks: Any) -> list[tuple[str, int]]:
    """Events of one course of things, each with the number of its object by its first appearance."""
    sandbox.post("/reset")
    sandbox.receiver.forget()
    sandbox.receiver.statuses = [500, 404, 302] if webhooks else []
    sandbox.control("PUT", "/faults", {"seed": 5, "webhooks": webhooks})
    linked = link(sandbox)
    sandbox.api.customers.update(linked.customer, {"name": "Ben"})
    sandbox.api.financial_connections.accounts.refresh(linked.account, {"features": ["balance", "transactions"]})
    sandbox.post("/clock/advance", {"seconds": 5})
    save_method(sandbox, linked)
    returned, paid = confirmed_payment(sandbox, linked), confirmed_payment(sandbox, linked)
    sandbox.post(f"/payment_intents/{returned.id}/settle", {"outcome": "failed", "failure_code": "R01"})
    sandbox.post(f"/payment_intents/{paid.id}/settle", {"outcome": "succeeded"})
    sandbox.post(f"/payment_intents/{paid.id}/dispute")
    sandbox.api.financial_connections.accounts.disconnect(linked.account)
    sandbox.post("/clock/advance", {"seconds": 10_000})
    events = list(sandbox.api.events.list({"limit": 100}).auto_paging_iter())[::-1]
    assert len({event.id for event in events}) == len(events)
    numbers: dict[str, int] = {}
    return [(event.type, numbers.setdefault(event.data.object.id, len(numbers))) for event in events]


@pytest.mark.parametrize(
    "webhooks",
    [{"drop": 1}, {"duplicate": 1, "shuffle": True}, {"drop": 0.3, "duplicate": 0.5, "delay_s": 900, "late": 0.5}],
)
def test_every_change_is_logged_once_whatever_befalls_its_delivery(sandbox: Sandbox, webhooks: dict[str, Any]) -> None:
    undisturbed = life(sandbox)

    assert life(sandbox, **webhooks) == undisturbed
    assert len(undisturbed) > 15
