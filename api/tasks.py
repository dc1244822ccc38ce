"""The API's background work."""

from __future__ import annotations

from celery import shared_task

from api import replies


@shared_task
def prune() -> None:
    """Delete old replies."""
    replies.prune()
