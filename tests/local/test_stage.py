"""The stage itself: database, queues and cache of a test are real and its own."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from celery import shared_task
from django.core.cache import cache
from django.db import connection

from fcdash.celery import app
from tests import tasks
from tests.waiting import until

SEEN: list[int] = []


@shared_task(bind=True, max_retries=2)
def note_number(self, number: int, *, fail_first: bool = False) -> None:
    if fail_first and self.request.retries == 0:
        raise self.retry(countdown=60)
    if number < 0:
        raise ValueError(number)
    SEEN.append(number)


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    SEEN.clear()


@pytest.mark.django_db
def test_application_role_is_neither_superuser_nor_above_row_security() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")

        assert cursor.fetchone() == ("fcdash_app", False, False)


def test_waiting_tasks_run_in_order(run_tasks: Callable[..., list[tasks.Ran]]) -> None:
    for number in (1, 2, 3):
        note_number.delay(number)

    assert [ran.end for ran in run_tasks()] == ["done"] * 3
    assert SEEN == [1, 2, 3]
    assert run_tasks() == []


def test_retry_waits_in_the_broker(run_tasks: Callable[..., list[tasks.Ran]]) -> None:
    note_number.delay(7, fail_first=True)

    assert [ran.end for ran in run_tasks()] == ["retried"]
    assert run_tasks() == []
    assert [ran.end for ran in run_tasks(later=True)] == ["done"]
    assert SEEN == [7]


def test_failing_task_raises_its_own_error(run_tasks: Callable[..., list[tasks.Ran]]) -> None:
    note_number.delay(-1)

    with pytest.raises(ValueError, match="-1"):
        run_tasks()


@pytest.mark.kill
@pytest.mark.django_db(transaction=True)
def test_real_worker_takes_tasks_and_comes_back_after_kill_9(worker: tasks.Worker) -> None:
    app.send_task("webhooks.tasks.sweep", queue="webhooks")
    until(lambda: "webhooks.tasks.sweep" in worker.log.read_text(), "the first sweep")

    worker.kill()
    worker.start()
    app.send_task("webhooks.tasks.sweep", queue="webhooks")

    until(lambda: re.search(r"Task webhooks\.tasks\.sweep\S+ succeeded", worker.log.read_text()), "the second sweep")


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_starts_with_an_empty_cache_and_queue(turn: int, run_tasks: Callable[..., list[tasks.Ran]]) -> None:
    assert cache.get("left_over") is None
    assert run_tasks() == []

    cache.set("left_over", turn)
    note_number.delay(turn)
