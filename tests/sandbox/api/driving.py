"""A driver of the sandbox for tests: its process, the SDK's client, its controls, and steps that many tests take."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import stripe

ROOT = Path(__file__).parents[3]


@dataclass
class Receiver:
    """What arrived, and how to answer it: `status` for every delivery, or the next of `statuses` first."""

    url: str = ""
    status: int = 200
    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list, repr=False)
    signatures: list[str] = field(default_factory=list, repr=False)

    def forget(self) -> None:
        self.status = 200
        for part in (self.statuses, self.bodies, self.signatures):
            part.clear()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in list(self.bodies)]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]


@dataclass
class Sandbox:
    """The running sandbox: its address, a client of the SDK, and its controls."""

    base: str
    receiver: Receiver

    def client(self, key: str = "sk_test_sandbox", **options: Any) -> stripe.StripeClient:
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.base},
            http_client=stripe.RequestsClient(timeout=5),
            **options,
        )

    @property
    def api(self) -> Any:
        return self.client().v1

    def control(self, method: str, path: str, body: Any = None, *, ok: bool = True) -> Any:
        response = requests.request(method, f"{self.base}/sandbox{path}", json=body, timeout=20)
        if ok:
            response.raise_for_status()
        return response.json()

    def post(self, path: str, body: Any = None, *, ok: bool = True) -> Any:
        return self.control("POST", path, body or {}, ok=ok)

    def get(self, path: str) -> Any:
        return self.control("GET", path)["data"]

    def raw(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": "Bearer sk_test_sandbox", **options.pop("headers", {})}
        return requests.request(method, self.base + path, headers=headers, timeout=10, **options)


def start(data: Path, *options: str, stderr: int | None = None) -> tuple[subprocess.Popen[str], str]:
    """A sandbox process and its address, once it accepts."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(data), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("listening on "), line
    return process, line.removeprefix("listening on ").strip()


def eventually(happens: Callable[[], Any], within: float = 30.0) -> Any:
    """Waits for what takes the sandbox a moment; returns what `happens` gives once it is true."""
    end = time.monotonic() + within
    while True:
        result = happens()
        if result or time.monotonic() > end:
            assert result, "it did not happen"
            return result
        time.sleep(0.02)


ALL = ["balances", "ownership", "payment_method", "transactions"]
CHECKING, SAVINGS, CARD = 0, 1, 2


@dataclass
class Linked:
    """A customer with one linked account."""

    customer: str
    session: str
    account: str
    bank_key: str


def bank_accounts(sandbox: Sandbox) -> list[dict[str, Any]]:
    return sandbox.get("/banks")[0]["accounts"]


def link(sandbox: Sandbox, which: int = CHECKING, customer: str | None = None, **session: Any) -> Linked:
    customer = customer or sandbox.api.customers.create({"email": "ana@example.com", "name": "Ana"}).id
    key = bank_accounts(sandbox)[which]["key"]
    created = sandbox.api.financial_connections.sessions.create(
        {"account_holder": {"type": "customer", "customer": customer}, "permissions": ALL, **session}
    )
    done = sandbox.post(f"/link-sessions/{created.id}/authorize", {"accounts": [key], "result": "success"})
    return Linked(customer, created.id, done["accounts"][0]["id"], key)


MANDATE_DATA = {
    "customer_acceptance": {
        "type": "online",
        "accepted_at": 1_700_000_000,
        "online": {"ip_address": "203.0.113.7", "user_agent": "test"},
    }
}


def method_data(account: str) -> dict[str, Any]:
    return {
        "type": "us_bank_account",
        "billing_details": {"name": "Ana Rivera"},
        "us_bank_account": {"financial_connections_account": account},
    }


def save_method(sandbox: Sandbox, linked: Linked) -> Any:
    """A succeeded SetupIntent: payment method attached, mandate active."""
    return sandbox.api.setup_intents.create(
        {
            "customer": linked.customer,
            "allowed_payment_method_types": ["us_bank_account"],
            "payment_method_data": method_data(linked.account),
            "mandate_data": MANDATE_DATA,
            "confirm": True,
        }
    )


def new_payment(sandbox: Sandbox, linked: Linked, amount: int = 84_50, **more: Any) -> Any:
    """An unconfirmed PaymentIntent from the linked account."""
    return sandbox.api.payment_intents.create(
        {
            "amount": amount,
            "currency": "usd",
            "customer": linked.customer,
            "allowed_payment_method_types": ["us_bank_account"],
            "payment_method_data": method_data(linked.account),
            **more,
        }
    )


def confirmed_payment(sandbox: Sandbox, linked: Linked, **more: Any) -> Any:
    intent = new_payment(sandbox, linked, **more)
    return sandbox.api.payment_intents.confirm(intent.id, {"mandate_data": MANDATE_DATA})


DAY = 86_400
# Longer than four bank days ever take, holidays and all.
FORTNIGHT = 14 * DAY

_REFRESH = {"balance": "balance_refresh", "ownership": "ownership_refresh", "transactions": "transaction_refresh"}


def refresh(sandbox: Sandbox, account: str, *features: str) -> Any:
    """Asks for a refresh and waits for its end; the account as it is then."""
    sandbox.api.financial_connections.accounts.refresh(account, {"features": list(features)})
    return refreshed(sandbox, account, *features)


def refreshed(sandbox: Sandbox, account: str, *features: str) -> Any:
    """Waits for the end of refreshes that were begun; the account as it is then."""

    def ended() -> Any:
        body = sandbox.api.financial_connections.accounts.retrieve(account)
        return body if all(body[_REFRESH[each]].status != "pending" for each in features) else None

    return eventually(ended)


def rows_of(sandbox: Sandbox, account: str, **filters: Any) -> list[Any]:
    """Every transaction of an account that the filters let through."""
    page = sandbox.api.financial_connections.transactions.list({"account": account, "limit": 100, **filters})
    return list(page.auto_paging_iter())
