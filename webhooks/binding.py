"""One database, one Stripe: the first call binds it to a mode and an account, any other is refused from then on.

Every id in the database is the account's own. With another key, each customer, bank account and payment would look
as if it had never been, and the repairs would make them anew.
"""

from __future__ import annotations

import logging

from django.conf import settings

from fcdash.gateway.errors import OtherStripe, WillNotWork
from fcdash.gateway.owner import account_of_key
from webhooks.models import StripeBinding

logger = logging.getLogger(__name__)
# Keys that this process has found to fit, with the addresses they go to: the binding cannot change under them.
_fitting: set[tuple[str, str]] = set()


def require() -> None:
    """Raise OtherStripe unless the secret key is of the Stripe that the database belongs to; the first call binds it.

    Asks Stripe once per process. A key that Stripe refuses binds nothing: the call it was for says so itself.
    """
    key = (settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)
    if key in _fitting:
        return
    refuse_other_mode()
    try:
        account = account_of_key()
    except WillNotWork:
        return
    _refuse(_bound_to(account), account)
    _fitting.add(key)


def refuse_other_mode() -> None:
    """Raise OtherStripe when the settings are of another mode than the database. Asks the database alone."""
    bound = StripeBinding.objects.first()
    if bound is not None:
        _refuse(bound, bound.account)


def _bound_to(account: str) -> StripeBinding:
    """The binding, made now if there is none; its account is filled in once a key tells it."""
    StripeBinding.objects.bulk_create(
        [StripeBinding(mode=settings.STRIPE_MODE, account=account)], ignore_conflicts=True
    )
    if account:
        StripeBinding.objects.filter(account="", mode=settings.STRIPE_MODE).update(account=account)
    return StripeBinding.objects.get()


def _refuse(bound: StripeBinding, account: str) -> None:
    words = contradiction(bound, account)
    if words:
        logger.critical("%s", words)
        raise OtherStripe(words)


def contradiction(bound: StripeBinding, account: str) -> str:
    """What is wrong and what to do, when settings and account are not those of the binding; else ""."""
    if bound.mode == settings.STRIPE_MODE and account in (bound.account, ""):
        return ""
    ours = StripeBinding.Mode(settings.STRIPE_MODE).label + (
        f", {account}" if bound.mode == settings.STRIPE_MODE else ""
    )
    return (
        f"This database belongs to {bound}; STRIPE_SECRET_KEY is for {ours}. Nothing was asked of Stripe. Set the key"
        " that this database began with, or give the other one a database of its own: DATABASE_URL (with make run:"
        " FCDASH_HOME)."
    )


def forget() -> None:
    """Ask Stripe again at the next call whose key it is."""
    _fitting.clear()
