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
    limit = settings.STRIPE_REQUESTS_PER_SECOND
    if not limit:
        return
    if _yields.get():
        limit = max(1, int(limit * (1 - KEPT_FREE)))
    until = time.monotonic() + LONGEST_WAIT_SECONDS
    while time.monotonic() < until:
        now = time.time()
        slot = f"stripe-calls-{int(now)}"
        try:
            cache.add(slot, 0, timeout=5)
            if cache.incr(slot) <= limit:
                return
        except (RedisError, ValueError):
            logger.warning("the shared rate limit is unreachable")
            return
        time.sleep(1 - now % 1)
