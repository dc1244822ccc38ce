"""Webhook endpoints: where Stripe sends its events, which, and in which API version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from fcdash.gateway.client import read, write

# Stripe's answer does not say whether an endpoint is for connected accounts: our own word stands in its metadata.
MARK = "fcdash"
OWN, CONNECT = "own", "connect"


@dataclass(frozen=True)
class Endpoint:
    """A webhook endpoint as Stripe has it. `api_version` "" is the account's default; `mark` is ours or ""."""

    id: str
    url: str
    events: tuple[str, ...]
    api_version: str
    is_enabled: bool
    mark: str
    created: int


@dataclass(frozen=True)
class MadeEndpoint:
    """An endpoint just made. Stripe tells its signing secret this once: show it, keep it nowhere."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"MadeEndpoint({self.id})"


def list_endpoints() -> tuple[Endpoint, ...]:
    """All endpoints of the account. Raises TryAgain, WillNotWork."""
    return tuple(
        as_endpoint(body) for body in read(lambda c: c.v1.webhook_endpoints.list({"limit": 100}).to_dict())["data"]
    )


def make_endpoint(url: str, events: Sequence[str], api_version: str, mark: str) -> MadeEndpoint:
    """Make an endpoint; its version can never be changed. Raises TryAgain, WillNotWork, OutcomeUnknown."""
    params: Any = {
        "url": url,
        "enabled_events": list(events),
        "api_version": api_version,
        "description": "fcdash" if mark == OWN else "fcdash: billers' accounts",
        "metadata": {MARK: mark},
    }
    if mark == CONNECT:
        params["connect"] = True
    body = write(
        lambda c, options: c.v1.webhook_endpoints.create(params, options).to_dict(), key=f"webhook-endpoint-{uuid4()}"
    )
    return MadeEndpoint(body["id"], str(body["secret"]))


def change_endpoint(endpoint_id: str, url: str, events: Sequence[str], mark: str) -> None:
    """Set address and events, and switch it on. Raises TryAgain, WillNotWork, OutcomeUnknown."""
    params: Any = {"url": url, "enabled_events": list(events), "disabled": False, "metadata": {MARK: mark}}
    write(
        lambda c, options: c.v1.webhook_endpoints.update(endpoint_id, params, options),
        key=f"webhook-endpoint-{uuid4()}",
    )


def switch_off(endpoint_id: str) -> None:
    """Have Stripe send nothing there any more; the endpoint stays and can be switched on again."""
    write(
        lambda c, options: c.v1.webhook_endpoints.update(endpoint_id, {"disabled": True}, options),
        key=f"webhook-endpoint-{uuid4()}",
    )


def as_endpoint(body: dict[str, Any]) -> Endpoint:
    """An endpoint's JSON in our words."""
    return Endpoint(
        id=body["id"],
        url=str(body["url"]),
        events=tuple(sorted(body.get("enabled_events") or ())),
        api_version=str(body.get("api_version") or ""),
        is_enabled=body.get("status") == "enabled",
        mark=str((body.get("metadata") or {}).get(MARK) or ""),
        created=int(body.get("created") or 0),
    )
