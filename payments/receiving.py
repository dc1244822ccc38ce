"""Billers that receive money in a Stripe account of their own, and whether they still can."""

from __future__ import annotations

import logging

from fcdash.gateway.receivers import may_receive
from payments.models import Biller

logger = logging.getLogger(__name__)


def connected_accounts() -> list[str]:
    """The acct_… of all billers that have one."""
    return list(
        Biller.objects.exclude(stripe_account="").order_by("stripe_account").values_list("stripe_account", flat=True)
    )


def follow_account(account_id: str) -> None:
    """Hide the billers of an account that can receive nothing any more, until staff approve them again.

    A debit for it would be refused. Reads Stripe. Raises TryAgain, WillNotWork.
    """
    theirs = Biller.objects.filter(stripe_account=account_id, approved_at__isnull=False) if account_id else None
    if theirs is None or not theirs.exists() or may_receive(account_id):
        return
    hidden = theirs.update(approved_at=None, approved_by=None)
    logger.error("%s can receive no money: %s of its billers need a new approval", account_id, hidden)
