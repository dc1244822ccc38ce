"""What staff may ask for of linked accounts."""

from __future__ import annotations

from banking import refreshing
from banking.models import Account, Feature
from fcdash import tenancy
from fcdash.staffing import Asked, CannotBeDone, verb


@verb(
    "accounts.refresh",
    "Ask for a refresh",
    "The bank is asked for new balances and transactions, where the person permitted them. Owners are left alone.",
    "banking.change_account",
    makes_sense=lambda account: account.status == Account.Status.ACTIVE,
)
def refresh(asked: Asked) -> str:
    household_id = asked.household_id or 0
    with tenancy.scope(household_id):
        permitted = Account.objects.for_household(household_id).get(pk=asked.object_id).permissions
    features = [f for f in (Feature.BALANCE, Feature.TRANSACTIONS) if f.permission in permitted]
    try:
        answer = refreshing.ask(household_id, asked.object_id, features, cause="staff")
    except refreshing.TooEarly as problem:
        raise CannotBeDone(
            f"the bank gives new data from {problem.allowed_at or 'the end of the running one'}"
        ) from None
    except refreshing.NotRefreshable as problem:
        raise CannotBeDone(str(problem)) from None
    return f"asked for {', '.join(answer.features)}"


@verb(
    "accounts.reread",
    "Read again from Stripe",
    "We read the account's state at Stripe, and the rows that wait there. The bank is asked only for what is due.",
    "banking.change_account",
    makes_sense=lambda account: account.status not in (Account.Status.DISCONNECTED, Account.Status.DUPLICATE),
)
def reread(asked: Asked) -> str:
    household_id = asked.household_id or 0
    refreshing.catch_up(household_id, asked.object_id)
    with tenancy.scope(household_id):
        return f"read: {Account.objects.for_household(household_id).get(pk=asked.object_id).status}"


OF_ACCOUNTS = (refresh, reread)
