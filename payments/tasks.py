"""The payments app's background work. The database is the queue of record: the sweep finds what a lost message left."""

from __future__ import annotations

from celery import shared_task

from fcdash.gateway.errors import StripeProblem
from payments import bills, mandates, sending, settling


@shared_task
def advance(household_id: int, payment_id: int) -> None:
    """Bring one payment as far as it goes now."""
    sending.advance(household_id, payment_id)


@shared_task
def watch(household_id: int, payment_id: int) -> None:
    """Look whether a paid payment was taken back."""
    settling.follow(household_id, payment_id, "daily look at Stripe")


@shared_task(autoretry_for=(StripeProblem,), retry_backoff=20, retry_backoff_max=3600, max_retries=6)
def release_mandate(household_id: int, mandate_id: int) -> None:
    """Let go of a revoked permission's payment method at Stripe."""
    mandates.release(household_id, mandate_id)


@shared_task
def finish_mandate(household_id: int, mandate_id: int) -> None:
    """Go on with a permission whose setup was interrupted."""
    mandates.finish(household_id, mandate_id)


@shared_task
def sweep() -> None:
    """Hand on everything that stands unfinished and due."""
    for ids in sending.due():
        advance.delay(*ids)
    for ids in sending.unwatched():
        watch.delay(*ids)
    pending, revoked = mandates.unfinished()
    for ids in pending:
        finish_mandate.delay(*ids)
    for ids in revoked:
        release_mandate.delay(*ids)


@shared_task
def open_periods() -> None:
    """Open the periods that are to be open, household by household."""
    for household_id in bills.households_with_bills():
        bills.open_periods(household_id)
