"""Stripe's events: verifying those that come in, listing those that never came."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import stripe
from django.conf import settings

from fcdash.gateway.client import read_page

TOLERANCE_SECONDS = 300


class NotFromStripe(Exception):
    """The body is not an event that Stripe signed for us; the message says why and is safe to answer with."""


def verified(body: bytes, signature: str) -> dict[str, Any]:
    """The event in a webhook's raw body. Raises NotFromStripe for anything else, whatever is wrong with it.

    Any of STRIPE_WEBHOOK_SECRETS may have signed (old and new work during a roll). The SDK checks only that the
    stamp is not too old; we refuse one from the future as well.
    """
    try:
        text = body.decode("utf-8")
        if not signature.isascii():
            raise NotFromStripe("The signature is not valid.")
        _check_stamp(signature)
        if not any(_signed_with(secret, text, signature) for secret in settings.STRIPE_WEBHOOK_SECRETS if secret):
            raise NotFromStripe("The signature is not valid.")
        event = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise NotFromStripe("The body is not valid JSON.") from problem
    return _checked(event)


def _check_stamp(signature: str) -> None:
    stamps = [part[2:] for part in signature.split(",") if part.startswith("t=")]
    if not stamps or not stamps[0].isdigit() or len(stamps[0]) > 12:
        raise NotFromStripe("The signature carries no time.")
    if abs(time.time() - int(stamps[0])) > TOLERANCE_SECONDS:
        raise NotFromStripe("The signature's time is too far from ours.")


def _signed_with(secret: str, text: str, signature: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(text, signature, secret, TOLERANCE_SECONDS))
    except stripe.SignatureVerificationError:
        return False


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _checked(event: Any) -> dict[str, Any]:
    if not isinstance(event, dict) or event.get("object") != "event":
        raise NotFromStripe("The body is no event with its object (thin events are not taken).")
    data = event.get("data")
    shape = (
        (event.get("id"), str),
        (event.get("type"), str),
        (event.get("created"), int),
        (event.get("livemode"), bool),
        (data.get("object") if isinstance(data, dict) else None, dict),
    )
    if not all(isinstance(value, kind) for value, kind in shape):
        raise NotFromStripe("The event lacks its id, type, time, mode or object.")
    if len(event["id"]) > 255 or len(event["type"]) > 120 or not 0 < event["created"] < 2**33:
        raise NotFromStripe("The event's id, type or time is out of bounds.")
    return event


def list_events(since: datetime) -> Iterator[dict[str, Any]]:
    """Events that Stripe made at `since` or later, the newest first, as plain JSON. Raises TryAgain, WillNotWork.

    Stripe keeps them for 30 days.
    """
    params: dict[str, Any] = {"limit": 100, "created[gte]": int(since.timestamp())}
    while True:
        page = read_page("/v1/events", params)
        yield from page["data"]
        if not page["has_more"]:
            return
        params["starting_after"] = page["data"][-1]["id"]
