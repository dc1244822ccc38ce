"""The official SDK makes every call that it has for the sandbox's operations, sync and async."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe

from sandbox.wire.table import TABLE
from tests.sandbox.api.driving import ALL, MANDATE_DATA, Sandbox, link, method_data
from tests.sandbox.api.world import TYPED_IN, World

Drive = Callable[..., Any]

# The SDK hands its forms to httpx as text.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

# What is part of previews is called without the SDK, which has no methods for it.
PREVIEWS = {operation.name for operation in TABLE if operation.preview}


@pytest.fixture(params=["sync", "async"])
def drive(request: pytest.FixtureRequest, running_sandbox: Sandbox) -> Iterator[Drive]:
    """Calls `service.method(…)` by its name, or its async twin; the answer either way."""
    if request.param == "sync":
        yield lambda name, *arguments: _method(running_sandbox.client(), name)(*arguments)
        return
    with asyncio.Runner() as runner:

        async def opened() -> stripe.StripeClient:
            http = stripe.HTTPXClient(timeout=5)
            return stripe.StripeClient(
                "sk_test_sandbox", base_addresses={"api": running_sandbox.base}, http_client=http
            )

        client = runner.run(opened())
        yield lambda name, *arguments: runner.run(_method(client, f"{name}_async")(*arguments))


def _method(client: stripe.StripeClient, name: str) -> Any:
    found: Any = client.v1
    for part in name.split("."):
        found = getattr(found, part)
    return found


def test_every_call(sandbox: Sandbox, drive: Drive) -> None:
    world = World(sandbox)
    customers_and_accounts(world, drive)
    money(world, drive)
    the_rest(drive)

    called = {_operation(entry["method"], entry["path"]) for entry in world.sandbox.get("/requests")}
    assert {operation.name for operation in TABLE} - PREVIEWS - called == set()


def _operation(method: str, path: str) -> str | None:
    found = TABLE.find(method, path)
    return found[0].name if found else None


def customers_and_accounts(world: World, drive: Drive) -> None:
    customer = drive("customers.create", {"name": "Ana", "email": "ana@example.com"}, {"idempotency_key": "ana"})
    assert (
        drive("customers.create", {"name": "Ana", "email": "ana@example.com"}, {"idempotency_key": "ana"}) == customer
    )
    assert drive("customers.retrieve", customer.id).email == "ana@example.com"
    assert drive("customers.update", customer.id, {"name": "Ana R"}).name == "Ana R"
    assert customer.id in [each.id for each in drive("customers.list", {"limit": 5}).data]
    assert drive("customers.delete", customer.id).deleted
    components = {"payment_element": {"enabled": True}}
    assert drive("customer_sessions.create", {"customer": world.customer, "components": components}).client_secret

    connections = "financial_connections"
    holder = {"type": "customer", "customer": world.customer}
    session = drive(f"{connections}.sessions.create", {"account_holder": holder, "permissions": ALL})
    assert drive(f"{connections}.sessions.retrieve", session.id).client_secret == session.client_secret
    account = world.linked.account
    listed = drive(f"{connections}.accounts.list", {"account_holder": {"customer": world.customer}})
    assert [each.id for each in listed.data] == [account]
    shown = drive(f"{connections}.accounts.retrieve", account, {"expand": ["ownership"]})
    owners = drive(f"{connections}.accounts.owners.list", account, {"ownership": shown.ownership.id})
    assert owners.data[0].name == shown.ownership.owners.data[0].name
    assert drive(f"{connections}.accounts.subscribe", account, {"features": ["transactions"]}).subscriptions
    assert not drive(f"{connections}.accounts.unsubscribe", account, {"features": ["transactions"]}).subscriptions
    rows = drive(f"{connections}.transactions.list", {"account": account, "limit": 100})
    assert drive(f"{connections}.transactions.retrieve", rows.data[0].id).amount == rows.data[0].amount
    fresh = link(world.sandbox, customer=world.customer).account
    assert drive(f"{connections}.accounts.refresh", fresh, {"features": ["balance"]}).balance_refresh
    assert drive(f"{connections}.accounts.disconnect", fresh).status == "disconnected"


def money(world: World, drive: Drive) -> None:
    named = {"customer": world.customer, "allowed_payment_method_types": ["us_bank_account"]}
    cents = {"amount": 84_50, "currency": "usd"}
    saved = drive("setup_intents.create", {**named, "payment_method_data": method_data(world.linked.account)})
    assert drive("setup_intents.update", saved.id, {"description": "rent"}).description == "rent"
    saved = drive("setup_intents.confirm", saved.id, {"mandate_data": MANDATE_DATA})
    assert drive("setup_intents.retrieve", saved.id).status == "succeeded"
    assert drive("setup_intents.list", {"customer": world.customer}).data
    assert drive("setup_intents.cancel", drive("setup_intents.create", {}).id).status == "canceled"
    typed = {"payment_method_data": TYPED_IN, "mandate_data": MANDATE_DATA, "confirm": True}
    unverified = drive("setup_intents.create", typed)
    verified = drive("setup_intents.verify_microdeposits", unverified.id, {"descriptor_code": "SM11AA"})
    assert (unverified.status, verified.status) == ("requires_action", "succeeded")
    assert drive("mandates.retrieve", saved.mandate).status == "active"

    method = drive("payment_methods.create", method_data(world.linked.account))
    method = drive("payment_methods.attach", method.id, {"customer": world.customer})
    assert drive("payment_methods.retrieve", method.id).customer == world.customer
    assert drive("payment_methods.update", method.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"
    assert drive("payment_methods.list", {"customer": world.customer}).data
    assert drive("customers.payment_methods.list", world.customer, {"type": "us_bank_account"}).data
    assert drive("customers.payment_methods.retrieve", world.customer, method.id).id == method.id
    assert drive("payment_methods.detach", method.id).customer is None

    intent = drive("payment_intents.create", {**cents, **named, "payment_method": saved.payment_method})
    assert drive("payment_intents.update", intent.id, {"amount": 90_00}).amount == 90_00
    intent = drive("payment_intents.confirm", intent.id, {"mandate": saved.mandate})
    assert drive("payment_intents.retrieve", intent.id, {"expand": ["latest_charge"]}).latest_charge.amount == 90_00
    assert drive("payment_intents.list", {"customer": world.customer}).data
    assert drive("payment_intents.search", {"query": "status:'processing'"}).data[0].id == intent.id
    assert drive("payment_intents.cancel", drive("payment_intents.create", cents).id).status == "canceled"
    unverified = drive("payment_intents.create", {**cents, **typed})
    verified = drive("payment_intents.verify_microdeposits", unverified.id, {"amounts": [32, 45]})
    assert (unverified.status, verified.status) == ("requires_action", "processing")

    world.sandbox.post(f"/payment_intents/{intent.id}/settle", {"outcome": "succeeded"})
    charge = drive("charges.retrieve", intent.latest_charge)
    assert drive("charges.list", {"payment_intent": intent.id}).data[0].id == charge.id
    booked = drive("balance_transactions.list", {"source": charge.id}).data[0]
    assert drive("balance_transactions.retrieve", booked.id).amount == 90_00
    refund = drive("refunds.create", {"payment_intent": intent.id, "amount": 1_00})
    assert drive("refunds.update", refund.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"
    assert drive("refunds.retrieve", refund.id).amount == 1_00
    assert drive("refunds.list", {"charge": charge.id}).data[0].id == refund.id
    dispute = drive("disputes.list", {"charge": world.dispute["charge"]}).data[0]
    assert drive("disputes.retrieve", dispute.id).charge == dispute.charge


def the_rest(drive: Drive) -> None:
    events = drive("events.list", {"types": ["payment_intent.succeeded"], "limit": 1})
    assert drive("events.retrieve", events.data[0].id).data.object.object == "payment_intent"
    assert drive("accounts.retrieve_current").id == drive("accounts.retrieve", "acct_sandbox").id
    hook = drive("webhook_endpoints.create", {"url": "http://127.0.0.1:9/", "enabled_events": ["*"]})
    assert re.fullmatch(r"whsec_\w{32}", hook.secret)
    assert drive("webhook_endpoints.update", hook.id, {"disabled": True}).status == "disabled"
    assert "secret" not in drive("webhook_endpoints.retrieve", hook.id).to_dict()
    assert hook.id in [each.id for each in drive("webhook_endpoints.list").data]
    assert drive("webhook_endpoints.delete", hook.id).deleted


def test_errors_are_the_sdks_own(drive: Drive) -> None:
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        drive("customers.create", {"emial": "x"})
    with pytest.raises(stripe.InvalidRequestError) as missing:
        drive("payment_intents.retrieve", "pi_none")

    assert (unknown.value.http_status, unknown.value.code, unknown.value.param) == (400, "parameter_unknown", "emial")
    assert (missing.value.http_status, missing.value.code, missing.value.param) == (404, "resource_missing", "intent")
    assert missing.value.request_id.startswith("req_")
