"""Remembering what costs more to read the more rows there are, under a key that names the figures it was read from.

A new or changed row changes the totals by month, so it makes a new key: nothing has to be cleared.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from spending.monthly import MonthRow

logger = logging.getLogger(__name__)

KEPT_SECONDS = 3600
# Pages are remembered too; whatever newer code or templates make is another page.
_SOURCES = [*Path(settings.BASE_DIR, "templates").rglob("*.html"), *Path(__file__).parent.glob("*.py")]
BUILD = int(max(path.stat().st_mtime for path in _SOURCES))
T = TypeVar("T")


def digest(totals: Sequence[MonthRow], besides: str = "") -> str:
    """A short name of these figures, and of what else the result hangs on."""
    held = (
        repr([(row.month.toordinal(), row.category, row.account_id, row.cents, row.count) for row in totals]) + besides
    )
    return hashlib.blake2b(held.encode(), digest_size=12).hexdigest()


def remembered(key: str, read: Callable[[], T]) -> T:
    """What `read` gave under this key, at most an hour ago. Without the cache it is read each time."""
    try:
        kept: T | None = cache.get(key)
        if kept is None:
            kept = read()
            cache.set(key, kept, KEPT_SECONDS)
    except (RedisError, OSError) as problem:
        # The cache saves time; it must not cost the page.
        logger.warning("cache unreachable: %s", type(problem).__name__)
        return read()
    return kept
