"""The Celery application. The database is the queue of record; a message through the broker only nudges."""

from __future__ import annotations

import logging
import os
from typing import Any

from celery import Celery
from django.db import transaction
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fcdash.settings")
logger = logging.getLogger(__name__)

app = Celery("fcdash")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["webhooks", "accounts", "banking", "spending", "payments", "api"])


def nudge(task: Any, *args: Any) -> None:
    """Enqueue the task once the current transaction commits. Without a broker it only logs: the sweep finds the row."""

    def send() -> None:
        try:
            task.apply_async(args, retry=False)
        except (OperationalError, ConnectionError, OSError) as problem:
            logger.warning("broker unreachable, left to the sweep: %s %s", task.name, type(problem).__name__)

    transaction.on_commit(send)
