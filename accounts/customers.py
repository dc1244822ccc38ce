"""Each user is a Customer at Stripe: made in the background, once, kept in step with the user's words, repaired."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from accounts.models import CUSTOMER_DUE, User
from fcdash.gateway import customers
from fcdash.gateway.errors import OutcomeUnknown, WillNotWork

# Stripe may forget an idempotency key after 24 hours.
KEY_LIFE = timedelta(hours=23)


def ensure_customer(user_id: int) -> str:
    """The user's Customer id, made now if there is none. Writes, calls Stripe; call it outside any transaction.

    Raises TryAgain, WillNotWork, OutcomeUnknown. Safe to repeat and to run twice at once.
    """
    # The words of the first request are kept before it is made: under one key they must never change.
    User.objects.filter(pk=user_id, customer_email="").update(customer_email=F("email"), customer_name=F("name"))
    user = User.objects.get(pk=user_id)
    if user.stripe_customer_id:
        return user.stripe_customer_id
    try:
        customer_id = _create_or_find(user)
    except WillNotWork as problem:
        _keep_refusal(user_id, problem)
        raise
    User.objects.filter(pk=user_id, stripe_customer_id=None).update(stripe_customer_id=customer_id, customer_error="")
    return customer_id


def _create_or_find(user: User) -> str:
    key, attempt = str(user.key), user.customer_attempt
    if timezone.now() - user.date_joined > KEY_LIFE and (found := customers.find_customer(user.customer_email, key)):
        return found
    try:
        return customers.create_customer(user.customer_email, user.customer_name, key, attempt)
    except OutcomeUnknown as problem:
        # Stripe repeats a stored 500 for a day, whether the Customer was made or not: asking again would not tell.
        if found := customers.find_customer(user.customer_email, key):
            return found
        if problem.answered:
            # It came to its end and made none: the next try is another request.
            User.objects.filter(pk=user.pk, customer_attempt=attempt).update(customer_attempt=attempt + 1)
        raise


def sync_customer(user_id: int) -> None:
    """Make the user's Customer if there is none, and tell Stripe their address and name if those have changed.

    Raises TryAgain, WillNotWork, OutcomeUnknown.
    """
    customer_id = ensure_customer(user_id)
    user = User.objects.get(pk=user_id)
    if (user.customer_email, user.customer_name) == (user.email, user.name):
        return
    try:
        customers.update_customer(customer_id, user.email, user.name)
    except WillNotWork as problem:
        _keep_refusal(user_id, problem)
        raise
    User.objects.filter(pk=user_id).update(customer_email=user.email, customer_name=user.name, customer_error="")


def _keep_refusal(user_id: int, problem: WillNotWork) -> None:
    User.objects.filter(pk=user_id).update(customer_error=str(problem)[:300])


def due() -> list[int]:
    """Ids of active users whose Customer is to be made or told new words; those that Stripe refused come last."""
    rows = User.objects.filter(CUSTOMER_DUE, is_active=True).order_by("customer_error", "pk")
    return list(rows.values_list("pk", flat=True)[:200])
