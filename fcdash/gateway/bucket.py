"""Stripe's rate limit as one bucket that all processes share, in the cache's Valkey; refreshes leave room in it."""

from __future__ import annotations

import logging
import time
from contextvars import ContextVar

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
LONGEST_WAIT_SECONDS = 15.0
# Of the calls of a second, what only people and payments may use.
KEPT_FREE = 0.25

_yields: ContextVar[bool] = ContextVar("yields", default=False)


def give_way(yields: bool) -> None:
    """Say whether what this worker does next gives way to people and payments."""
    _yields.set(yields)


def take() -> None:
    """Wait until the current second has room for one more call. With STRIPE_REQUESTS_PER_SECOND=0 at once.

    Without the cache it does not wait: Stripe's own 429 is the second wall, and it is retried.
    """
    if not settings.STRIPE_REQUESTS_PER_SECOND:
        return
    until = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < until:
        now = time.time()
        try:
            if has_room(now):
                return
        except (RedisError, ValueError):
            logger.warning("the shared rate limit is unreachable")
            return
        time.sleep(1 - now % 1)


def has_room(now: float) -> bool:
    """Count one more call in the second of `now`; whether it may be made.

    Whoever gives way is counted apart first: what is refused there takes nothing from people and payments.
    """
    limit, second = settings.STRIPE_REQUESTS_PER_SECOND, int(now)
    if _yields.get() and _counted(f"stripe-refreshes-{second}") > max(1, int(limit * (1 - KEPT_FREE))):
        return False
    return _counted(f"stripe-calls-{second}") <= limit


def _counted(slot: str) -> int:
    cache.add(slot, 0, timeout=5)
    return int(cache.incr(slot))
