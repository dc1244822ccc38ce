"""API versions: which one a request speaks, what only a preview may say, and which names Stripe does not know."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from sandbox.wire.errors import ApiError

_DATED = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})(\.(?P<name>[a-z]+))?")

# The release that took `payment_method_types` out of the requests of PaymentIntents and SetupIntents.
_METHOD_TYPES_ENDED = "2026-09-30"

# Since when versions carry a release's name, and which one from when on.
_RELEASES = {
    "acacia": "2024-09-30",
    "basil": "2025-03-31",
    "clover": "2025-09-30",
    "dahlia": "2026-03-25",
    "endive": "2026-09-30",
}
_FIRST = "2011-01-01"

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
    if dated is None or not _released(dated["date"], dated["name"]):
        raise ApiError(f"Invalid Stripe API version: {label}")
    return Version(header, dated["date"], dated["name"] == "preview", dict(_beta(flag) for flag in flags if flag))


def _released(day: str, name: str | None) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    if not _FIRST <= day <= CURRENT.date:
        return False
    named = max((since, release) for release, since in [("", _FIRST), *_RELEASES.items()] if since <= day)[1]
    # Previews come between releases too, under the day on which they were made.
    return bool(named) if name == "preview" else (name or "") == named


def _beta(flag: str) -> tuple[str, str]:
    name, _, value = flag.partition("=")
    if _BETAS.get(name) != value:
        raise ApiError(f"You do not have permission to pass this beta header: {flag}")
    return name, value
