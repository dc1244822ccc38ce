"""What staff may ask for of users and mail."""

from __future__ import annotations

from django.db import transaction

from accounts import customers, mailing, sessions
from accounts.models import Mail, User
from fcdash.staffing import Asked, CannotBeDone, verb


@verb(
    "users.make_customer",
    "Make the missing Customer at Stripe",
    "The worker asks Stripe for the Customer. A user who has one keeps it.",
    "accounts.change_user",
    makes_sense=lambda user: not user.stripe_customer_id,
)
def make_customer(asked: Asked) -> str:
    return f"Customer {customers.ensure_customer(asked.object_id)}"


@verb(
    "users.sign_out",
    "End all sessions",
    "They have to sign in again everywhere.",
    "accounts.change_user",
    at_once=True,
)
def sign_out(asked: Asked) -> str:
    # After the commit: a session deleted before it could be read back into the cache by a request in between.
    transaction.on_commit(lambda: sessions.end_all(asked.object_id))
    return "sessions ended"


@verb(
    "users.deactivate",
    "Deactivate",
    "They can no longer sign in, every session of theirs ends now, and payments of theirs that were not sent yet will"
    " not be. What was sent goes on.",
    "accounts.change_user",
    at_once=True,
    makes_sense=lambda user: user.is_active,
)
def deactivate(asked: Asked) -> str:
    if asked.object_id == asked.staff_id:
        raise CannotBeDone("nobody deactivates themselves")
    User.objects.filter(pk=asked.object_id).update(is_active=False)
    transaction.on_commit(lambda: sessions.end_all(asked.object_id))
    return "deactivated"


@verb(
    "users.reactivate",
    "Reactivate",
    "They can sign in again.",
    "accounts.change_user",
    at_once=True,
    makes_sense=lambda user: not user.is_active,
)
def reactivate(asked: Asked) -> str:
    User.objects.filter(pk=asked.object_id).update(is_active=True)
    return "reactivated"


@verb(
    "mail.retry",
    "Send again",
    "Waiting and failed mail is tried again now.",
    "accounts.change_mail",
    makes_sense=lambda mail: mail.state != Mail.State.SENT,
)
def retry_mail(asked: Asked) -> str:
    if not mailing.revive(asked.object_id):
        raise CannotBeDone("it was sent, and its words are gone")
    mailing.send(asked.object_id)
    mail = Mail.objects.get(pk=asked.object_id)
    return "sent" if mail.state == Mail.State.SENT else f"{mail.state}: {mail.last_error}"


OF_USERS = (make_customer, sign_out, deactivate, reactivate)
OF_MAIL = (retry_mail,)
