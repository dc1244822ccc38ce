"""Plain questions to Stripe for a diagnosis: what it answers to a call, whatever that is, and its clock.

Unlike every other call of ours these bind nothing and are not refused for another account's key: it is what they are
to find out. None of them makes or changes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from django.conf import settings

from fcdash.gateway.client import forbid_transaction
from fcdash.gateway.errors import TryAgain


@dataclass(frozen=True)
class Answer:
    """Status and body of an answer; what its error says, "" without one; how far Stripe's clock is ahead of ours."""

    status: int
    body: dict[str, Any]
    ahead_seconds: float | None

    @property
    def code(self) -> str:
        return str(self._error.get("code") or "")

    @property
    def message(self) -> str:
        return str(self._error.get("message") or "")

    @property
    def param(self) -> str:
        return str(self._error.get("param") or "")

    @property
    def _error(self) -> dict[str, Any]:
        return self.body.get("error") or {}


def ask(method: str, path: str, params: Mapping[str, str] | None = None, version: str = "", key: str = "") -> Answer:
    """What Stripe answers. `params` are in Stripe's form; `key` stands in for the secret one. Raises TryAgain."""
    forbid_transaction()
    try:
        response = requests.request(
            method,
            f"{settings.STRIPE_API_BASE}{path}",
            params=params if method == "GET" else None,
            data=params if method == "POST" else None,
            headers={
                "Authorization": f"Bearer {key or settings.STRIPE_SECRET_KEY}",
                "Stripe-Version": version or settings.STRIPE_API_VERSION,
            },
            timeout=(settings.STRIPE_CONNECT_SECONDS, settings.STRIPE_READ_SECONDS),
        )
        body = response.json()
    except (requests.RequestException, ValueError) as problem:
        raise TryAgain(f"no answer from Stripe ({type(problem).__name__})") from problem
    return Answer(response.status_code, body if isinstance(body, dict) else {}, _ahead(response.headers.get("Date")))


def script_type() -> str:
    """The content type of STRIPE_JS_URL, or the status it answers with. Raises TryAgain when it cannot be loaded."""
    try:
        response = requests.get(settings.STRIPE_JS_URL, timeout=(settings.STRIPE_CONNECT_SECONDS, 10))
    except requests.RequestException as problem:
        raise TryAgain(type(problem).__name__) from problem
    return response.headers.get("Content-Type", "") if response.ok else str(response.status_code)


def _ahead(date: str | None) -> float | None:
    try:
        return (parsedate_to_datetime(date or "") - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
