"""Calling a worker for events: once for many, again for those that come later, and without the cache all the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from fcdash.celery import begun, call
from tests.tasks import Ran
from webhooks import inbox
from webhooks.models import StripeEvent
from webhooks.tasks import work_off

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY = "financial_connections.account.deactivated"


def store(count: int) -> None:
    for number in range(count):
        event = {
            "id": f"evt_{number}",
            "type": NOBODY,
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": {"id": "fca_of_nobody"}},
        }
        inbox.store(event)


def calls(ran: list[Ran]) -> int:
    return sum(one.name == work_off.name for one in ran)


def test_a_storm_of_events_is_worked_off_in_portions(sandbox: Any, run_tasks: Callable[..., list[Ran]]) -> None:
    store(inbox.PORTION * 2 + 5)

    assert calls(run_tasks()) == 3
    assert not StripeEvent.objects.filter(attempts=0, processed_at=None).exists()


def test_what_comes_after_the_task_has_begun_calls_again(run_tasks: Callable[..., list[Ran]]) -> None:
    call(work_off)
    call(work_off)
    begun(work_off)
    call(work_off)

    assert calls(run_tasks()) == 2


def test_without_the_cache_every_event_calls(settings: Any, run_tasks: Callable[..., list[Ran]]) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/valkey.sock"}}

    store(3)

    assert calls(run_tasks()) == 3
