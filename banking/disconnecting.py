"""Disconnecting: the end of reading an account. Debits that a person allowed are another switch."""

from __future__ import annotations

import uuid

from django.utils import timezone

from banking import ingesting, refreshing, removing
from banking.models import (
    Account,
    Balance,
    BalanceCheck,
    Freshness,
    Import,
    ImportedRow,
    OpeningBalance,
    Owner,
    QuarantinedRow,
    Refresh,
    StatedBalance,
    Transaction,
)
from fcdash import tenancy
from fcdash.celery import nudge
from fcdash.gateway import connections
from fcdash.gateway.errors import StripeProblem, WillNotWork


def disconnect(household_id: int, account_id: int, delete_data: bool = False) -> bool:
    """Stop reading the account at Stripe; True when Stripe has confirmed, False when it is finished in the background.

    The wish is committed first. Raises Account.DoesNotExist.
    """
    with tenancy.scope(household_id):
        account = _held(household_id, account_id)
        if account.status != Account.Status.DISCONNECTED:
            account.disconnecting_since = account.disconnecting_since or timezone.now()
        account.deletes_data = account.deletes_data or delete_data
        account.save(update_fields=["disconnecting_since", "deletes_data"])
        if account.status == Account.Status.DISCONNECTED:
            _delete_if_asked(account)
            return True
    try:
        finish(household_id, account_id)
    except StripeProblem:
        from banking.tasks import finish_disconnect

        nudge(finish_disconnect, household_id, account_id)
        return False
    return True


def finish(household_id: int, account_id: int) -> None:
    """Carry out a disconnect that was asked for. Repeatable. Raises TryAgain, OutcomeUnknown."""
    with tenancy.scope(household_id):
        account = Account.objects.for_household(household_id).get(pk=account_id)
    if account.status != Account.Status.DISCONNECTED and not account.by_hand:
        try:
            # Twice does no harm, and under one key Stripe would repeat a 500 for a day: each try has its own.
            connections.disconnect(account.stripe_id, key=f"account-{account.stripe_id}-disconnect-{uuid.uuid4()}")
        except WillNotWork:
            # Already disconnected, by the person at Stripe or by an earlier call whose answer was lost.
            if connections.account(account.stripe_id).status != "disconnected":
                raise
    close(household_id, account_id)


def close(household_id: int, account_id: int) -> None:
    """Record that the account is disconnected: nothing is due any more."""
    with tenancy.scope(household_id):
        account = _held(household_id, account_id)
        account.status, account.disconnecting_since, account.subscribed = Account.Status.DISCONNECTED, None, False
        account.ended_at = account.ended_at or timezone.now()
        account.save(update_fields=["status", "disconnecting_since", "subscribed", "ended_at"])
        # Without target and lease a reader that is under way stops at its next batch.
        Freshness.objects.for_household(household_id).filter(account=account).update(
            due_at=None, leased_until=None, target="", target_attempted_at=None, page_after=""
        )
        Refresh.objects.for_household(household_id).filter(account=account, status=Refresh.Status.RUNNING).update(
            status=Refresh.Status.FAILED, finished_at=timezone.now(), error="The bank was disconnected."
        )
        _delete_if_asked(account)


def _held(household_id: int, account_id: int) -> Account:
    """The account, locked. The household's lock comes first, as where rows are stored. Raises Account.DoesNotExist."""
    tenancy.lock_household(household_id)
    account = refreshing.held(household_id, account_id)
    if account is None:
        raise Account.DoesNotExist
    return account


# All that came from the bank, or from a person in its place, beside the transactions.
DATA = (
    *(Balance, BalanceCheck, OpeningBalance, Owner, QuarantinedRow, Refresh, Freshness),
    *(StatedBalance, ImportedRow, Import),
)


def _delete_if_asked(account: Account) -> None:
    if not account.deletes_data:
        return
    rows = Transaction.objects.for_household(account.household_id).filter(account=account)
    removing.remove(account.household_id, list(rows.values_list("pk", flat=True)))
    for model in DATA:
        model.objects.for_household(account.household_id).filter(account=account).delete()
    # What stood in relation to these rows, however old, does so no more.
    ingesting.after_ingest(account.household_id, ingesting.LONG_AGO)


def unfinished() -> list[tuple[int, int]]:
    """(household, account) of disconnects that Stripe has not confirmed."""
    with tenancy.system("finish disconnects"):
        rows = Account.objects.filter(disconnecting_since__isnull=False).exclude(status=Account.Status.DISCONNECTED)
        return list(rows.values_list("household_id", "pk")[:200])
