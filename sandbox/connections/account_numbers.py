"""The number under which an account is debited: given at each consent, expiring, taken back, given anew."""

from __future__ import annotations

from collections.abc import Callable

from sandbox import banks, clock, events, ids, timers
from sandbox.institution import SHORTLY, WARNED_BEFORE, AccountNumber
from sandbox.store import Body, store
from sandbox.wire.errors import ApiError

KIND = "financial_connections.account"
UPDATED = "financial_connections.account.account_numbers_updated"
UPCOMING_EXPIRY = "financial_connections.account.upcoming_account_number_expiry"
TYPES_UPDATED = "financial_connections.account.supported_payment_method_types_updated"
EMITS = (UPDATED, UPCOMING_EXPIRY, TYPES_UPDATED)

STATUSES = ("pending", "transactable", "deactivated", "expired")
SUCCESS = "000123456789"
DEAD = "000888888885"
"""Stripe's test number for a tokenized number that was taken back: a debit of it fails."""
# What else follows from the end of a tokenized number; money adds itself.
ON_DEAD: list[Callable[[Body], None]] = []
_TIMERS = ("number_warning", "number_expires", "number_comes")


def issue(account: Body) -> None:
    """The number that a consent brings; a tokenized one is another each time. The caller saves, and emits."""
    given = _given(account)
    if given is None or "payment_method" not in account["permissions"]:
        account["account_numbers"] = None
        return
    account["account_numbers"] = [
        {
            "expected_expiry_date": None if given.expires_in is None else clock.stamp() + given.expires_in,
            "identifier_type": "tokenized_account_number" if given.tokenized else "account_number",
            "status": given.state,
            "supported_networks": ["ach"],
        }
    ]
    account["_"]["token"] = ids.token(12) if given.tokenized else None
    account["_"]["number_issues"] = account["_"].get("number_issues", 0) + 1
    _set_timers(account, given)


def reissue(account: Body) -> None:
    """What linking again brings: a fresh number in place of a tokenized one, which expired or not is over."""
    before = account["account_numbers"]
    given = _given(account)
    if before and given and not given.tokenized and before[0]["status"] == given.state:
        return
    issue(account)
    store.save(account)
    fresh = account["account_numbers"] and given and given.tokenized
    if account["account_numbers"] != before or fresh:
        events.emit(UPDATED, account)


def _given(account: Body) -> AccountNumber | None:
    """What the bank gives out now: what is odd about a tokenized number ends with the first renewal."""
    _, bank_account = banks.find_account(account["_"]["bank_key"])
    given = bank_account.account_number
    if given is None or not given.tokenized or not account["_"].get("number_issues"):
        return given
    lasting = given.expires_in if given.expires_in and given.expires_in >= clock.DAY else None
    return AccountNumber(SUCCESS, tokenized=True, expires_in=lasting)


def _set_timers(account: Body, given: AccountNumber) -> None:
    timers.drop_timers(account["id"], *_TIMERS)
    if given.state == "pending":
        timers.set_timer("number_comes", account["id"], clock.now() + clock.DAY)
    if given.expires_in is not None:
        expect_expiry(account, clock.stamp() + given.expires_in)


def expect_expiry(account: Body, at: int | None) -> None:
    """From now on the number is known to end at that real time, or never. The caller saves, and emits."""
    account["account_numbers"][0]["expected_expiry_date"] = at
    timers.drop_timers(account["id"], "number_warning", "number_expires")
    if at is None:
        return
    left = at - clock.stamp()
    timers.set_timer("number_expires", account["id"], clock.now() + left)
    if left > SHORTLY:
        timers.set_timer("number_warning", account["id"], clock.now() + max(SHORTLY, left - WARNED_BEFORE))


def set_status(account: Body, status: str) -> None:
    """The bank gives the number, takes it back or lets it expire; saved and told."""
    number = _number(account)
    if number["status"] == status:
        return
    number["status"] = status
    if status in ("deactivated", "expired"):
        timers.drop_timers(account["id"], *_TIMERS)
        if number["expected_expiry_date"] is not None:
            number["expected_expiry_date"] = min(number["expected_expiry_date"], clock.stamp())
    store.save(account)
    events.emit(UPDATED, account)
    if status in ("deactivated", "expired") and number["identifier_type"] == "tokenized_account_number":
        for follow in ON_DEAD:
            follow(account)
    if status == "transactable":
        set_types(account, ["us_bank_account"])
    if status == "pending":
        set_types(account, [])


def set_expiry(account: Body, at: int | None) -> None:
    """The bank names another day on which the number expires; saved and told."""
    if _number(account)["expected_expiry_date"] == at:
        return
    expect_expiry(account, at)
    store.save(account)
    events.emit(UPDATED, account)


def set_types(account: Body, types: list[str]) -> None:
    """Whether the account can be debited at all, as Stripe sees it; saved and told."""
    if account["supported_payment_method_types"] == types:
        return
    account["supported_payment_method_types"] = types
    store.save(account)
    events.emit(TYPES_UPDATED, account)


def test_number(account: Body) -> str:
    """The test number that decides how a debit of the account ends."""
    numbers = account["account_numbers"]
    if numbers and numbers[0]["status"] in ("deactivated", "expired"):
        return DEAD
    given = _given(account)
    return given.number if given else SUCCESS


def _number(account: Body) -> Body:
    if not account["account_numbers"]:
        raise ApiError("This account has no account number.", param="account_numbers")
    number: Body = account["account_numbers"][0]
    return number


def _live(account_id: str) -> Body | None:
    account = store.find(KIND, account_id)
    return account if account and account["account_numbers"] else None


@timers.action("number_expires")
def _expire(account_id: str) -> None:
    if account := _live(account_id):
        set_status(account, "expired")


@timers.action("number_comes")
def _come(account_id: str) -> None:
    if account := _live(account_id):
        set_status(account, "transactable")


@timers.action("number_warning")
def _warn(account_id: str) -> None:
    if account := _live(account_id):
        events.emit(UPCOMING_EXPIRY, account)
