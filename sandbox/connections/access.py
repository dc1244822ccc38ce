"""Access to linked accounts: how it ends, until when it is known to last, and how it comes back."""

from __future__ import annotations

from typing import Any

from sandbox import clock, events, timers
from sandbox.connections import authorizations, refreshing
from sandbox.institution import DAY, Consent
from sandbox.store import Body, store
from sandbox.wire import errors
from sandbox.wire.errors import ApiError

ACCOUNT = "financial_connections.account."
DEACTIVATED, REACTIVATED, DISCONNECTED = ACCOUNT + "deactivated", ACCOUNT + "reactivated", ACCOUNT + "disconnected"
DATE_UPDATED, WARNING = ACCOUNT + "expected_deactivation_date_updated", ACCOUNT + "upcoming_deactivation"
AUTHORIZATION_EMITS = (
    authorizations.EVENT + "expected_deactivation_date_updated",
    authorizations.EVENT + "upcoming_deactivation",
)

CAUSES = (
    "access_denied",
    "access_expired",
    "account_closed",
    "account_unavailable",
    "institution_requirement",
    "unspecified",
)
# What no linking again mends.
FINAL_CAUSES = ("account_closed",)


def deactivate(account: Body, cause: str = "access_expired", action: str | None = None) -> None:
    """The bank answers no more for this account; saved and told, running refreshes first."""
    refuse_if_disconnected(account)
    if account["status"] == "inactive":
        return
    refreshing.fail_running(account)
    refreshing.forbid_all(account)
    action = action or ("none" if cause in FINAL_CAUSES else "relink_required")
    account.update(status="inactive", status_details={"inactive": {"action": action, "cause": cause}})
    store.save(account)
    events.emit(DEACTIVATED, account)


def reactivate(account: Body) -> None:
    """The bank answers again; saved and told."""
    refuse_if_disconnected(account)
    if account["status"] == "active":
        return
    authorization = authorizations.existing(account["_"]["authorization"], None)
    account.update(status="active", status_details=authorizations.shown_on_account(authorization))
    refreshing.allow_all(account)
    store.save(account)
    events.emit(REACTIVATED, account)


def disconnect(account: Body) -> None:
    """Ends access for good: nothing that was read of the account can be read any more; saved and told."""
    if account["status"] == "disconnected":
        return
    refreshing.fail_running(account)
    refreshing.forbid_all(account)
    account.update(status="disconnected", status_details={}, subscriptions=[])
    account.update(balance=None, ownership=None, account_numbers=None)
    timers.drop_timers(account["id"])
    store.save(account)
    events.emit(DISCONNECTED, account)


def refuse_if_disconnected(account: Body) -> None:
    if account["status"] == "disconnected":
        raise ApiError("A disconnected account stays disconnected; link it again.")


# The bank's consent, which all accounts of a sign-in share


def start_consent(authorization: Body, consent: Consent) -> None:
    """What a first sign-in sets going, before its accounts are made: they are born with the date."""
    if consent.first is None:
        return
    if consent.first < DAY:
        authorizations.end_in(authorization, consent.first)
    else:
        authorizations.expect_end(authorization, clock.stamp() + consent.first)


def renew_consent(authorization: Body, consent: Consent) -> None:
    """What signing in again sets going, told of authorization and accounts."""
    expect_end(authorization, None if consent.renewed is None else clock.stamp() + consent.renewed)


def expect_end(authorization: Body, at: int | None) -> None:
    """Another date, or none, by which the consent is known to end; saved and told once for each that shows it."""
    before = authorizations.expected_end(authorization)
    # Also when the date is the same: the clock may have been advanced since it was set.
    authorizations.expect_end(authorization, at)
    if before != at:
        events.emit(AUTHORIZATION_EMITS[0], authorization)
    details = authorizations.shown_on_account(authorization)
    for account in authorizations.accounts_of(authorization):
        if account["status"] == "active" and account["status_details"] != details:
            account["status_details"] = details
            store.save(account)
            events.emit(DATE_UPDATED, account)


@timers.action("consent_ends")
def _end(authorization_id: str) -> None:
    authorization = store.find(authorizations.KIND, authorization_id)
    if authorization is None:
        return
    for account in authorizations.accounts_of(authorization):
        if account["status"] == "active":
            deactivate(account)
    authorizations.forget_end(authorization)


def date_of(given: Any, param: str) -> int | None:
    """A date that a control names: real seconds to come, or null for none."""
    if given is None:
        return None
    if not isinstance(given, int) or given <= clock.stamp():
        raise errors.invalid(param, "must be a time to come in Unix seconds, or null.")
    return given
