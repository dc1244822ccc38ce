"""What a person changes about themselves."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from fcdash.celery import nudge


def rename(user_id: int, name: str) -> None:
    """Set the user's legal name; their Customer at Stripe follows in the background."""
    from accounts.tasks import sync_customer

    with transaction.atomic():
        User.objects.filter(pk=user_id).update(name=" ".join(name.split()))
        nudge(sync_customer, user_id)
