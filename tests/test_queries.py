"""No page and no call asks the database more than eight times, and none asks more often when there is more data."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast
from tests.test_access import URLS, Url, known
from tests.world import make

pytestmark = pytest.mark.django_db
MOST = 8
LITTLE, MUCH = 1, 6
# Kept out of the count: transactions, and the settings that say whose rows they may see.
NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT", "SELECT set_config(")
# Health checks look at the schema's history; that is not a page.
OTHERS = ("readyz",)

PAGES = [url for url in URLS if "GET" in url.methods.split() and url.route not in OTHERS]
SEARCHES = [
    Url("transactions/", "/transactions/?q=desc"),
    Url("transactions/", "/transactions/?open={transaction}"),
    Url("banks/<int:account_id>/", "/banks/{by_hand}/"),
    Url("banks/imports/<int:import_id>/", "/banks/imports/{import}/"),
    Url("spending/", "/spending/?by=merchant"),
    Url("api/v1/transactions", "/api/v1/transactions?q=desc&account={account}&limit=100"),
    Url("api/v1/spending", "/api/v1/spending?by=account"),
    Url("api/v1/payments", "/api/v1/payments?bill={bill}"),
]


def asked(cast: Cast, url: Url, copies: int) -> list[str]:
    """The statements of one GET by Alice, whose household has so many rows of each kind, with empty caches."""
    world = make(cast, copies)
    client = cast.client(cast.alice)
    _forget_all_but(client.session.session_key)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(world.path(url.path))
    assert response.status_code in (200, 302), response.status_code
    return [q["sql"] for q in captured.captured_queries if not q["sql"].startswith(NOT_COUNTED)]


def _forget_all_but(session_key: str | None) -> None:
    """Empty the cache, the session aside: its own reading is not the page's."""
    keys: Any = cache._cache.get_client()  # type: ignore[attr-defined]
    for name in keys.keys("*"):
        if session_key is None or session_key not in name.decode():
            keys.delete(name)


@pytest.mark.parametrize("url", [*PAGES, *SEARCHES], ids=lambda url: url.path)
def test_few_queries_whatever_the_data(url: Url, cast: Cast, settings: Any) -> None:
    known(url)
    settings.API_READS_PER_MINUTE = 10**9
    assert cast.household

    little = asked(cast, url, LITTLE)
    much = asked(cast, url, MUCH)

    assert len(much) <= MOST, "\n".join(much)
    assert len(much) == len(little), "\n".join(["with little:", *little, "with more:", *much])
