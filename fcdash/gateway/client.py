"""The one StripeClient, and the one way to call it: never inside a transaction, always with our own key on a write."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any, TypeVar
from urllib.parse import urlencode

import requests
import stripe
from django.conf import settings
from django.db import connection

from fcdash.gateway import bucket
from fcdash.gateway.errors import OutcomeUnknown, TryAgain, WillNotWork, translate

ResultT = TypeVar("ResultT")


class StripeInsideTransaction(AssertionError):
    """Stripe was called with a transaction open: a rollback could not take the call back, and locks would wait."""


def forbid_transaction() -> None:
    """Raise StripeInsideTransaction when an atomic block is open, the test case's own left aside."""
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise StripeInsideTransaction("Stripe must not be called inside a database transaction")


@lru_cache(maxsize=8)
def _client(key: str, base: str, version: str, connect: float, read: float, retries: int) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_version=version,
        base_addresses={"api": base},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=(connect, read)),
    )


def client() -> stripe.StripeClient:
    """The client for the settings in force."""
    return _client(
        settings.STRIPE_SECRET_KEY,
        settings.STRIPE_API_BASE,
        settings.STRIPE_API_VERSION,
        settings.STRIPE_CONNECT_SECONDS,
        settings.STRIPE_READ_SECONDS,
        settings.STRIPE_RETRIES,
    )


def read(call: Callable[[stripe.StripeClient], ResultT]) -> ResultT:
    """Make a reading call. Raises TryAgain or WillNotWork."""
    return _ask(call, writes=False)


def write(
    call: Callable[[stripe.StripeClient, stripe.RequestOptions], ResultT], key: str, version: str | None = None
) -> ResultT:
    """Make a writing call under our idempotency key. Raises TryAgain, WillNotWork or OutcomeUnknown."""
    options: stripe.RequestOptions = {"idempotency_key": key}
    if version:
        options["stripe_version"] = version
    return _ask(lambda stripe_client: call(stripe_client, options), writes=True)


def _enter() -> None:
    forbid_transaction()
    import_module(settings.STRIPE_BINDING).require()
    bucket.take()


def _ask(call: Callable[[stripe.StripeClient], ResultT], writes: bool) -> ResultT:
    _enter()
    try:
        return call(client())
    except stripe.StripeError as problem:
        raise translate(problem, writes) from problem


@lru_cache(maxsize=1)
def _session() -> requests.Session:
    return requests.Session()


def read_page(path: str, params: dict[str, Any]) -> dict[str, Any]:
    """A page of a list as plain JSON, without the SDK's typed objects (they cost 24 ms a page of 100).

    Raises TryAgain or WillNotWork.
    """
    _enter()
    try:
        answer = _session().get(
            f"{settings.STRIPE_API_BASE}{path}?{urlencode(params)}",
            headers={
                "Authorization": f"Bearer {settings.STRIPE_SECRET_KEY}",
                "Stripe-Version": settings.STRIPE_API_VERSION,
            },
            timeout=(settings.STRIPE_CONNECT_SECONDS, settings.STRIPE_READ_SECONDS),
        )
        body: dict[str, Any] = json.loads(answer.content)
    except (requests.RequestException, ValueError) as problem:
        raise TryAgain(f"no answer from Stripe ({type(problem).__name__})") from problem
    if answer.status_code == 200:
        return body
    error = body.get("error") or {}
    code = str(error.get("code") or error.get("type") or "refused")
    if answer.status_code in (409, 424, 429) or answer.status_code >= 500:
        raise TryAgain(code, after_seconds=10 if answer.status_code == 429 else 5)
    raise WillNotWork(code, str(error.get("message") or ""), answer.status_code, str(error.get("param") or ""))


__all__ = ["OutcomeUnknown", "StripeInsideTransaction", "TryAgain", "WillNotWork", "read", "read_page", "write"]
