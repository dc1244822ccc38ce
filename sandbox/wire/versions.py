"""API versions: which one a request speaks, what only a preview may say, and which names Stripe does not know."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from stripe.params import WebhookEndpointCreateParams

from sandbox.wire import params
from sandbox.wire.errors import ApiError

_DATED = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})(\.(?P<name>[a-z]+))?")

# The release that took `payment_method_types` out of the requests of PaymentIntents and SetupIntents.
_METHOD_TYPES_ENDED = "2026-09-30"

# Since when there are previews; they are made between releases too.
_FIRST_PREVIEW = "2024-09-30"

HOSTED_BETA = "financial_connections_hosted_beta"
_BETAS = {HOSTED_BETA: "v1"}


@dataclass(frozen=True)
class Version:
    """One `Stripe-Version` header; `betas` are the `name=v1` flags that may follow a preview version."""

    label: str
    date: str
    preview: bool
    betas: dict[str, str] = field(default_factory=dict)

    @property
    def hosted_sessions(self) -> bool:
        return self.preview and HOSTED_BETA in self.betas

    @property
    def relinking(self) -> bool:
        """Sessions that renew a connection, and what only they need to know of an account."""
        return self.previews_since("2026-01-28")

    @property
    def hosted_delivery(self) -> bool:
        """A hosted session that Stripe brings to the person by e-mail."""
        return self.hosted_sessions and self.previews_since("2026-03-25")

    @property
    def takes_payment_method_types(self) -> bool:
        return self.date < _METHOD_TYPES_ENDED

    def previews_since(self, day: str) -> bool:
        """Whether this is a preview version not older than that day."""
        return self.preview and self.date >= day


CURRENT = Version("2026-10-28.endive", "2026-10-28", preview=False)


def parse(header: str | None) -> Version:
    """The version named by a header; the account's own when there is none. Raises for what Stripe never released."""
    if not header or header == CURRENT.label:
        return CURRENT
    label, *flags = [part.strip() for part in header.split(";")]
    dated = _DATED.fullmatch(label)
    preview = dated is not None and dated["name"] == "preview"
    if dated is None or not _released(label, dated["date"], preview=preview):
        raise ApiError(f"Invalid Stripe API version: {label}")
    return Version(header, dated["date"], preview, dict(_beta(flag) for flag in flags if flag))


def _released(label: str, day: str, *, preview: bool) -> bool:
    if not preview:
        return label in _names()
    with contextlib.suppress(ValueError):
        date.fromisoformat(day)
        return _FIRST_PREVIEW <= day <= CURRENT.date
    return False


@cache
def _names() -> frozenset[str]:
    """Every version that Stripe has released: those that a webhook endpoint may be made with."""
    return frozenset(params.fields_of(WebhookEndpointCreateParams)["api_version"].rule.choices)


def _beta(flag: str) -> tuple[str, str]:
    name, _, value = flag.partition("=")
    if _BETAS.get(name) != value:
        raise ApiError(f"You do not have permission to pass this beta header: {flag}")
    return name, value
