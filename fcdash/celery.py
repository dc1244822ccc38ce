"""The Celery application. The database is the queue of record; a message through the broker only nudges."""

from __future__ import annotations

import logging
import os
from importlib import import_module
from typing import Any

from celery import Celery
from celery.signals import task_prerun, worker_init
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from fcdash.gateway import bucket

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fcdash.settings")
logger = logging.getLogger(__name__)

app = Celery("fcdash")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["webhooks", "accounts", "banking", "spending", "payments", "api"])


@worker_init.connect
def _refuse_other_stripe(**_: Any) -> None:
    """A worker whose keys are of another Stripe than its database does not start."""
    from fcdash.gateway.errors import OtherStripe

    try:
        import_module(settings.STRIPE_BINDING).refuse_other_mode()
    except OtherStripe as problem:
        raise SystemExit(str(problem)) from None
    except DatabaseError as problem:
        logger.warning("the database is not there yet: %s", type(problem).__name__)
    finally:
        # The processes that it forks open connections of their own.
        connection.close()
        getattr(connection, "close_pool", lambda: None)()


@task_prerun.connect
def _rank(sender: Any, **kwargs: Any) -> None:
    # Money before refreshes, at Stripe's rate limit too.
    bucket.give_way(sender.name.startswith("banking."))


def nudge(task: Any, *args: Any) -> None:
    """Enqueue the task once the current transaction commits. Without a broker it only logs: the sweep finds the row."""
    transaction.on_commit(lambda: _send(task, args))


def _send(task: Any, args: tuple[Any, ...] = ()) -> None:
    try:
        task.apply_async(args, retry=False)
    except (OperationalError, ConnectionError, OSError) as problem:
        logger.warning("broker unreachable, left to the sweep: %s %s", task.name, type(problem).__name__)


# A message that was lost with its worker keeps later ones away no longer than this.
CALLED_SECONDS = 5


def call(task: Any) -> None:
    """Enqueue a task that finds its work itself, once the current transaction commits; not again before it has begun.

    The task says `begun(task)` first and looks for work then, so that whatever was committed before is found, and
    whatever comes later calls again: a storm of events is a few messages, spread over the workers that are free.
    """

    def send() -> None:
        try:
            is_waiting = not cache.add(f"called:{task.name}", 1, CALLED_SECONDS)
        except (RedisError, OSError):
            is_waiting = False
        if not is_waiting:
            _send(task)

    transaction.on_commit(send)


def begun(task: Any) -> None:
    """Say that the task looks for its work from now on."""
    try:
        cache.delete(f"called:{task.name}")
    except (RedisError, OSError) as problem:
        logger.warning("cache unreachable: %s", type(problem).__name__)
