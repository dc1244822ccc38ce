"""The inbox's background work."""

from __future__ import annotations

from celery import shared_task

from fcdash.gateway.errors import TryAgain
from webhooks import inbox


@shared_task
def work_off() -> None:
    """Process the events that are due."""
    inbox.work_off()


@shared_task
def sweep() -> None:
    """Process what is due, also what a lost message or a killed worker left behind."""
    for event_pk in inbox.due():
        inbox.process(event_pk)


@shared_task(autoretry_for=(TryAgain,), retry_backoff=5, max_retries=2)
def catch_up() -> None:
    """Fetch events that were never delivered."""
    inbox.catch_up()


@shared_task
def prune() -> None:
    """Drop the bodies of old events."""
    inbox.prune()
