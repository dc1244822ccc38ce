"""Each user is a Customer at Stripe: made in the background, idempotent, repaired."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from fcdash.gateway import customers
from fcdash.gateway.errors import OutcomeUnknown, WillNotWork

# Stripe may forget an idempotency key after 24 hours.
KEY_LIFE = timedelta(hours=23)


def ensure_customer(user_id: int) -> str:
    """The user's Customer id, made now if there is none. Writes, calls Stripe; call it outside any transaction.

    Raises TryAgain, WillNotWork, OutcomeUnknown. Safe to repeat and to run twice at once.
    """
    user = User.objects.get(pk=user_id)
    if user.stripe_customer_id:
        return user.stripe_customer_id
    try:
        customer_id = _create_or_find(user)
    except WillNotWork as problem:
        User.objects.filter(pk=user_id).update(customer_error=str(problem)[:300])
        raise
    User.objects.filter(pk=user_id, stripe_customer_id=None).update(stripe_customer_id=customer_id, customer_error="")
    return customer_id


def _create_or_find(user: User) -> str:
    key, attempt = str(user.key), user.customer_attempt
    if timezone.now() - user.date_joined > KEY_LIFE and (found := customers.find_customer(user.email, key)):
        return found
    try:
        return customers.create_customer(user.email, user.name, key, attempt)
    except OutcomeUnknown as problem:
        # Stripe repeats a stored 500 for a day, whether the Customer was made or not: asking again would not tell.
        if found := customers.find_customer(user.email, key):
            return found
        if problem.answered:
            # It came to its end and made none: the next try is another request.
            User.objects.filter(pk=user.pk, customer_attempt=attempt).update(customer_attempt=attempt + 1)
        raise
    except WillNotWork as refusal:
        # An earlier try under this key reached Stripe with other words: its answer was lost, then the name changed.
        if refusal.reason != "idempotency_error" or not (found := customers.find_customer(user.email, key)):
            raise
        customers.update_customer(found, user.email, user.name)
        return found


def update_customer(user_id: int) -> None:
    """Tell Stripe the user's name and address as they are now. A user without a Customer gets one instead.

    Raises TryAgain, WillNotWork, OutcomeUnknown.
    """
    user = User.objects.get(pk=user_id)
    if not user.stripe_customer_id:
        ensure_customer(user_id)
        return
    customers.update_customer(user.stripe_customer_id, user.email, user.name)


def without_customer() -> list[int]:
    """Ids of active users whose Customer is still to be made."""
    return list(
        User.objects.filter(stripe_customer_id=None, is_active=True).order_by("pk").values_list("pk", flat=True)[:200]
    )
