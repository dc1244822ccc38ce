"""The accounts app's background work."""

from __future__ import annotations

from celery import shared_task

from accounts import customers, mailing, oversight
from fcdash.gateway.errors import StripeProblem


@shared_task(autoretry_for=(StripeProblem,), retry_backoff=5, retry_backoff_max=600, max_retries=5)
def create_customer(user_id: int) -> None:
    """Make the user's Customer at Stripe."""
    customers.ensure_customer(user_id)


@shared_task(autoretry_for=(StripeProblem,), retry_backoff=5, retry_backoff_max=600, max_retries=5)
def update_customer(user_id: int) -> None:
    """Tell Stripe the user's name and address as they are now."""
    customers.update_customer(user_id)


@shared_task
def repair_customers() -> None:
    """Make the Customers that are still missing."""
    for user_id in customers.without_customer():
        create_customer.delay(user_id)


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
