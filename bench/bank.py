"""The sandbox's controls, as benchmarks use them: what a person does in the dialog, and what their bank does."""

from __future__ import annotations

import json
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

# The server closes a connection that was idle for 5 s: one that may be closed is opened anew.
IDLE_SECONDS = 2
SOUND = ("cascade", "northline", "harbor", "bluepine")
OTHER_VERSION = "2026-09-30.endive"


class Bank:
    """A running sandbox; one connection, kept."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self.used_at = 0.0

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A control that takes and gives JSON."""
        text = None if body is None else json.dumps(body)
        return json.loads(self._ask(method, path, text, {"Content-Type": "application/json"}))

    def stripe(self, method: str, path: str, body: str | None = None) -> bytes:
        """A call of Stripe's API, plain."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        # Another version than the product's, so that its calls can be told from these.
        marks = {"Authorization": "Bearer sk_test_sandbox", "Stripe-Version": OTHER_VERSION}
        return self._ask(method, path, body, {**marks, **kind})

    def made(self, path: str, form: str) -> str:
        """Creates an object of Stripe's; returns its id."""
        made: str = json.loads(self.stripe("POST", path, form))["id"]
        return made

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> bytes:
        if time.monotonic() - self.used_at > IDLE_SECONDS:
            self.connection.close()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        self.used_at = time.monotonic()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return text

    def account_keys(self) -> list[str]:
        """Every account of the banks that just work."""
        banks = [bank for bank in self.control("GET", "/sandbox/banks")["data"] if bank["key"] in SOUND]
        return [account["key"] for bank in banks for account in bank["accounts"]]

    def authorize(self, session: str, keys: list[str]) -> list[dict[str, Any]]:
        """The person's end of the dialog; returns the linked accounts as Stripe's JSON."""
        done = self.control("POST", f"/sandbox/link-sessions/{session}/authorize", {"accounts": keys})
        accounts: list[dict[str, Any]] = done["accounts"]
        return accounts

    def book(self, account: str, rows: list[dict[str, Any]]) -> None:
        """The bank books rows; they are seen after the next refresh."""
        self.control("POST", f"/sandbox/accounts/{account}/transactions", {"transactions": rows})

    def account(self, account: str) -> dict[str, Any]:
        """The account as Stripe shows it."""
        body: dict[str, Any] = json.loads(self.stripe("GET", f"/v1/financial_connections/accounts/{account}"))
        return body
