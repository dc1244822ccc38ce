"""Each session may call so often a minute, reading and writing counted apart."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.calling import Api, api_of, ok, refused
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def until_refused(call: Any) -> tuple[int, Any]:
    """How many calls went through, and the first that did not. A minute may turn meanwhile."""
    for count in range(10):
        response = call()
        if response.status_code == 429:
            return count, response
    raise AssertionError("ten calls went through")


def test_reading_is_limited(alice: Api, settings: Any) -> None:
    settings.API_READS_PER_MINUTE = 3

    count, response = until_refused(lambda: alice.get("/me"))

    refused(response, 429, "too_many_requests")
    assert count >= 3
    assert 1 <= int(response.headers["Retry-After"]) <= 60


def test_writing_is_counted_apart(alice: Api, settings: Any) -> None:
    settings.API_WRITES_PER_MINUTE = 2

    until_refused(lambda: alice.post("/bills", {}))

    ok(alice.get("/me"))


def test_each_session_has_its_own_limit(cast: Cast, alice: Api, settings: Any) -> None:
    settings.API_READS_PER_MINUTE = 2
    until_refused(lambda: alice.get("/me"))

    ok(api_of(cast, cast.alice).get("/me"))


def test_the_key_of_a_session_is_not_in_the_cache_names(alice: Api) -> None:
    from django.core.cache import cache

    ok(alice.get("/me"))

    names = [name.decode() for name in cache._cache.get_client().keys("*")]
    counters = [name for name in names if ":api:" in name]
    assert counters
    assert not any(alice.headers["X-Session-Token"] in name for name in counters)


def test_health_is_never_limited(alice: Api, settings: Any) -> None:
    settings.API_READS_PER_MINUTE = 0

    assert [alice.client.get("/healthz").status_code for _ in range(5)] == [200] * 5
