"""Remembering what costs more to read the more rows there are, under a key that names the rows it was read from.

Whoever changes a row gives its account's rows a new version, so it makes a new key: nothing has to be cleared.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from accounts.access import own_places
from accounts.households import Place
from banking.overview import AccountNow

logger = logging.getLogger(__name__)

KEPT_SECONDS = 3600
# Pages are remembered too; whatever newer code or templates make is another page.
_SOURCES = [*Path(settings.BASE_DIR, "templates").rglob("*.html"), *Path(__file__).parent.glob("*.py")]
BUILD = int(max(path.stat().st_mtime for path in _SOURCES))
T = TypeVar("T")


def digest(*held: object) -> str:
    """A short name of what a result hangs on."""
    return hashlib.blake2b(repr(held).encode(), digest_size=12).hexdigest()


def state_of(accounts: Sequence[AccountNow]) -> str:
    """A short name of the state of all rows, and of which accounts count."""
    return digest([(account.id, account.status, account.rows_version) for account in accounts])


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


def remembered_page(
    request: HttpRequest, place: Place, template: str, state: str, context: Callable[[], dict[str, Any]]
) -> HttpResponse:
    """The page for this person, made once for each `state` of what it shows.

    The frame around it is the person's own and so part of the name; the CSRF token is another in every answer and is
    put in afterwards. A page that has a message to show, or an address nobody links to, is made anew.
    """
    view = request.GET.get("view", "")
    if len(get_messages(request)) or request.get_full_path() not in (request.path, f"{request.path}?view={view}"):
        return HttpResponse(render_to_string(template, context(), request))
    cookies = request.COOKIES.get("theme"), request.COOKIES.get("amounts")
    person: Any = request.user
    frame = digest(request.path, view, cookies, person.pk, person.get_short_name(), place, len(own_places(request)))
    page = remembered(
        f"page:{BUILD}:{frame}:{state}",
        lambda: str(render_to_string(template, {**context(), "csrf_token": _token()}, request)),
    )
    return HttpResponse(page.replace(_token(), get_token(request)))


@lru_cache(maxsize=1)
def _token() -> str:
    """Stands for the CSRF token; nobody can guess it and write it into a bank's row."""
    return salted_hmac("spending.remembering", "token").hexdigest()
