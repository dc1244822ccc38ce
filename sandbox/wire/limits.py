"""Stripe's rate limits: a token bucket for the account, one for each endpoint; off until a control turns them on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sandbox.store import store
from sandbox.wire import errors
from sandbox.wire.errors import ApiError

_SETTING = "rate_limit"
# Stripe's own for a sandbox; `per_endpoint` is one operation, whatever ids it is called with.
DEFAULTS = {"per_second": 25.0, "per_endpoint": 25.0}


@dataclass
class Bucket:
    """Holds as much as flows in within a second."""

    rate: float
    level: float
    filled_at: float

    def take(self, now: float) -> bool:
        self.level = min(self.rate, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


_rates: dict[str, float] = {}
_buckets: dict[str, Bucket] = {}


def refused(operation: str) -> str | None:
    """Why this call is one too many, as the header of Stripe's answer says it; None when it may go on."""
    if not _rates:
        return None
    now = time.monotonic()
    if not _bucket("", _rates["per_second"], now).take(now):
        return "global-rate"
    if not _bucket(operation, _rates["per_endpoint"], now).take(now):
        return "endpoint-rate"
    return None


def _bucket(name: str, rate: float, now: float) -> Bucket:
    return _buckets.setdefault(name, Bucket(rate, rate, now))


def error() -> ApiError:
    return ApiError(
        "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.",
        status=429,
        code="rate_limit",
    )


def set_rates(body: dict[str, Any]) -> None:
    """Turns the limits on, each at its default unless named; `per_second` null turns them off."""
    for name in body:
        if name not in DEFAULTS:
            raise errors.unknown(name, known=tuple(DEFAULTS))
    rates = {} if body.get("per_second", 0) is None else {name: _rate(name, body) for name in DEFAULTS}
    store.set_setting(_SETTING, rates)
    restore()


def _rate(name: str, body: dict[str, Any]) -> float:
    rate = body.get(name, DEFAULTS[name])
    if not isinstance(rate, int | float) or isinstance(rate, bool) or rate < 1:
        raise errors.invalid(name, "must be a number of requests, at least 1.")
    return float(rate)


def listed() -> dict[str, float | None]:
    return {name: _rates.get(name) for name in DEFAULTS}


def restore() -> None:
    _rates.clear()
    _rates.update(store.setting(_SETTING) or {})
    _buckets.clear()
