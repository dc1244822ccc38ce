"""API versions: which one a request speaks, and what only a preview may say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sandbox.wire.errors import ApiError

_DATED = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})(\.(?P<name>[a-z]+))?")

# The release that took `payment_method_types` out of the requests of PaymentIntents and SetupIntents.
_METHOD_TYPES_ENDED = "2026-09-30"


@dataclass(frozen=True)
class Version:
    """One `Stripe-Version` header; `betas` are the `name=v1` flags that may follow a preview version."""

    label: str
    date: str
    preview: bool
    betas: dict[str, str] = field(default_factory=dict)

    @property
    def hosted_sessions(self) -> bool:
        return self.preview and self.betas.get("financial_connections_hosted_beta") == "v1"

    @property
    def takes_payment_method_types(self) -> bool:
        return self.date < _METHOD_TYPES_ENDED


CURRENT = Version("2026-10-28.endive", "2026-10-28", preview=False)


def parse(header: str | None) -> Version:
    """The version named by a header; the account's own when there is none."""
    if not header or header == CURRENT.label:
        return CURRENT
    label, *flags = [part.strip() for part in header.split(";")]
    dated = _DATED.fullmatch(label)
    if dated is None:
        raise ApiError(f"Invalid Stripe API version: {label}")
    betas = dict(flag.split("=", 1) for flag in flags if "=" in flag)
    return Version(header, dated["date"], dated["name"] == "preview", betas)
