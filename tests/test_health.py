"""Liveness needs nothing; readiness names what does not answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.cast import Cast


@pytest.mark.django_db
def test_healthz_asks_no_database_whoever_asks_and_by_whatever_name(cast: Cast, django_assert_num_queries: Any) -> None:
    client = cast.client(cast.alice)

    with django_assert_num_queries(0):
        answers = [
            client.get("/healthz"),
            client.get("/healthz", headers={"host": "10.0.0.7"}),
            Client().get("/healthz"),
        ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


@pytest.mark.django_db
def test_readyz_says_that_all_answer() -> None:
    answer = Client().get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"ok": True, "failing": {}})


@pytest.mark.django_db
def test_readyz_names_the_part_that_does_not_answer(settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/valkey.sock?virtual_host=0"

    answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert list(answer.json()["failing"]) == ["broker"]
