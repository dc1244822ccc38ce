"""The accounts app's background work."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from accounts import customers, mailing, oversight
from fcdash.gateway.errors import OutcomeUnknown, TryAgain


@shared_task(autoretry_for=(TryAgain, OutcomeUnknown), retry_backoff=2, max_retries=2)
def sync_customer(user_id: int) -> None:
    """Make the user's Customer at Stripe, or tell it new words. What fails for longer is the repair's."""
    customers.sync_customer(user_id)


@shared_task
def repair_customers() -> None:
    """Make the Customers that are still missing, and bring those up to date that are not."""
    for user_id in customers.due():
        sync_customer.delay(user_id)


@shared_task
def send_mail(mail_id: int) -> None:
    """Send one mail."""
    mailing.send(mail_id)


@shared_task
def sweep_mail() -> None:
    """Send what is due, also what a lost message left behind."""
    for mail_id in mailing.due():
        send_mail.delay(mail_id)


@shared_task
def carry_out(action_id: int) -> None:
    """Do what staff asked for."""
    oversight.carry_out(action_id)


@shared_task
def sweep_staff_actions() -> None:
    """Do what a lost message left behind, and what is due again."""
    for action_id in oversight.open_actions():
        oversight.carry_out(action_id)


@shared_task
def clear_sessions() -> None:
    """Delete the sessions that have ended."""
    call_command("clearsessions")
