"""Our webhook endpoints at Stripe: what they should be, how they differ, and bringing them into line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string

from fcdash.addresses import is_loopback
from fcdash.gateway import endpoints
from fcdash.gateway.endpoints import CONNECT, OWN, Endpoint, MadeEndpoint
from webhooks import dispatch


@dataclass(frozen=True)
class Wanted:
    """What an endpoint of ours should be. `mark` tells the one for connected accounts from our own."""

    mark: str
    url: str
    events: tuple[str, ...]
    api_version: str


@dataclass(frozen=True)
class Standing:
    """How the endpoint that is wanted stands: the one at Stripe if any, how it differs, and older ones beside it."""

    wanted: Wanted
    endpoint: Endpoint | None
    differences: tuple[str, ...] = ()
    needs_new: bool = False
    superfluous: tuple[Endpoint, ...] = field(default=())

    @property
    def is_right(self) -> bool:
        return self.endpoint is not None and not self.differences and not self.superfluous


def wanted() -> list[Wanted]:
    """Our own endpoint and, when a biller has a Stripe account, the one for connected accounts."""
    url = f"{settings.PUBLIC_URL}{reverse('webhooks:stripe')}"
    version = settings.STRIPE_API_VERSION
    found = [Wanted(OWN, url, tuple(sorted(dispatch.handlers())), version)]
    connected: Callable[[], list[str]] = import_string(settings.CONNECTED_ACCOUNTS)
    if connected() and dispatch.connect_handlers():
        found.append(Wanted(CONNECT, url, tuple(sorted(dispatch.connect_handlers())), version))
    return found


def unreachable() -> str:
    """Why Stripe could not send anything to PUBLIC_URL; "" when it could."""
    if settings.STRIPE_SANDBOX:
        return ""
    if is_loopback(settings.PUBLIC_URL):
        return (
            f"PUBLIC_URL is {settings.PUBLIC_URL}: Stripe reaches public addresses only. Set the one that people type."
        )
    if settings.STRIPE_LIVEMODE and not settings.PUBLIC_URL.startswith("https://"):
        return "PUBLIC_URL is not https: in live mode Stripe sends events over TLS only."
    return ""


def standings() -> list[Standing]:
    """How each wanted endpoint stands. Asks Stripe. Raises TryAgain, WillNotWork."""
    return compared(endpoints.list_endpoints())


def compared(existing: Sequence[Endpoint]) -> list[Standing]:
    """How each wanted endpoint stands, of those that there are."""
    return [_standing(each, existing) for each in wanted()]


def _standing(wanted: Wanted, existing: Sequence[Endpoint]) -> Standing:
    candidates = [endpoint for endpoint in existing if _is_ours(wanted, endpoint)]
    if not candidates:
        return Standing(wanted, None)
    # The newest of those that need least.
    best = min(
        candidates, key=lambda e: (e.api_version != wanted.api_version, len(list(_differences(wanted, e))), -e.created)
    )
    return Standing(
        wanted,
        best,
        tuple(_differences(wanted, best)),
        needs_new=best.api_version != wanted.api_version,
        superfluous=tuple(e for e in candidates if e is not best and e.is_enabled),
    )


def _is_ours(wanted: Wanted, endpoint: Endpoint) -> bool:
    """Marked by us, or made by hand with our address."""
    if endpoint.mark:
        return endpoint.mark == wanted.mark
    return wanted.mark == OWN and endpoint.url.rstrip("/") == wanted.url.rstrip("/")


def _differences(wanted: Wanted, endpoint: Endpoint) -> Iterator[str]:
    if endpoint.url != wanted.url:
        yield f"it sends to {endpoint.url}, not to {wanted.url}"
    if not endpoint.is_enabled:
        yield "it is switched off"
    if endpoint.api_version != wanted.api_version:
        speaks = endpoint.api_version or "the account's default version"
        yield f"it speaks {speaks}, not {wanted.api_version}; a version cannot be changed"
    if "*" in endpoint.events:
        yield f"it sends every event there is, not the {len(wanted.events)} that are handled"
        return
    if missing := sorted(set(wanted.events) - set(endpoint.events)):
        yield f"it does not send {', '.join(missing)}"
    if extra := sorted(set(endpoint.events) - set(wanted.events)):
        yield f"it sends {', '.join(extra)}, which nobody handles"


def bring_into_line(standing: Standing, anew: bool = False) -> MadeEndpoint | None:
    """Make the endpoint, change it, or make a new one beside it; returns what was made, with its secret.

    A new one stands beside the old until its secret is in STRIPE_WEBHOOK_SECRETS; the next time the old one is
    switched off. Events that come by both are stored once. Writes at Stripe. Raises TryAgain, WillNotWork,
    OutcomeUnknown.
    """
    wanted, endpoint = standing.wanted, standing.endpoint
    if endpoint is None or standing.needs_new or anew:
        return endpoints.make_endpoint(wanted.url, wanted.events, wanted.api_version, wanted.mark)
    if standing.differences:
        endpoints.change_endpoint(endpoint.id, wanted.url, wanted.events, wanted.mark)
    for old in standing.superfluous:
        endpoints.switch_off(old.id)
    return None
