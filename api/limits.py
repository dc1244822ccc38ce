"""How often one session may call: so many reads and so many writes a minute, counted in the cache."""

from __future__ import annotations

import hashlib
import time

from django.conf import settings
from django.core.cache import cache

from api.problems import Problem

WINDOW = 60


def take(session_key: str, writes: bool) -> None:
    """Count one call of the session. Raises Problem 429 with the seconds until the next minute."""
    allowed = settings.API_WRITES_PER_MINUTE if writes else settings.API_READS_PER_MINUTE
    now = time.time()
    minute = int(now // WINDOW)
    # The key itself opens the session: only its digest is written anywhere else.
    name = hashlib.sha256(session_key.encode()).hexdigest()[:32]
    counter = f"api:{'w' if writes else 'r'}:{name}:{minute}"
    cache.add(counter, 0, timeout=2 * WINDOW)
    try:
        count = cache.incr(counter)
    except ValueError:
        return  # evicted between the two
    if count > allowed:
        wait = (minute + 1) * WINDOW - now
        raise Problem(429, "too_many_requests", f"At most {allowed} such calls a minute.", retry_after=wait)
