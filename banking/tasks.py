"""The banking app's background work."""

from __future__ import annotations

from celery import shared_task

from banking import disconnecting, health, importing, linking, refreshing
from fcdash.gateway.errors import OutcomeUnknown, TryAgain

PASSING = (TryAgain, OutcomeUnknown)


@shared_task(autoretry_for=PASSING, retry_backoff=2, retry_backoff_max=60, max_retries=4)
def begin(household_id: int, account_id: int) -> None:
    """Start what follows a link."""
    linking.begin(household_id, account_id)


@shared_task(autoretry_for=PASSING, retry_backoff=2, retry_backoff_max=60, max_retries=4)
def read_transactions(household_id: int, account_id: int) -> None:
    """Read the rows that wait at Stripe."""
    refreshing.read_transactions(household_id, account_id)


@shared_task(autoretry_for=PASSING, retry_backoff=2, retry_backoff_max=60, max_retries=4)
def read_owners(household_id: int, account_id: int, ownership: str) -> None:
    """Read the owners in a snapshot."""
    refreshing.read_owners(household_id, account_id, ownership)


@shared_task(autoretry_for=PASSING, retry_backoff=2, retry_backoff_max=60, max_retries=4)
def look_into(household_id: int, account_id: int) -> None:
    """Learn whether an inactive account can be relinked."""
    health.look_into(household_id, account_id)


@shared_task(autoretry_for=PASSING, retry_backoff=2, retry_backoff_max=60, max_retries=4)
def catch_up(household_id: int, account_id: int) -> None:
    """Do what is due for an account."""
    refreshing.catch_up(household_id, account_id)


@shared_task(autoretry_for=PASSING, retry_backoff=2, retry_backoff_max=60, max_retries=4)
def finish_disconnect(household_id: int, account_id: int) -> None:
    """Carry out a disconnect that was asked for."""
    disconnecting.finish(household_id, account_id)


@shared_task(autoretry_for=PASSING, retry_backoff=2, retry_backoff_max=60, max_retries=4)
def end_former(household_id: int, former_id: int) -> None:
    """End a link that an account had before it went on under another."""
    linking.end_former(household_id, former_id)


@shared_task
def sweep() -> None:
    """Hand on what is due, also what a lost message or a killed worker left behind."""
    for household_id, account_id in refreshing.due():
        catch_up.delay(household_id, account_id)
    for household_id, account_id in disconnecting.unfinished():
        finish_disconnect.delay(household_id, account_id)
    for household_id, former_id in linking.unended():
        end_former.delay(household_id, former_id)


@shared_task
def forget_files() -> None:
    """Forget files that were brought and never imported."""
    importing.forget_old()
