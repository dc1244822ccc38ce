"""The sandbox's banks: who they are, whose accounts they hold, and what is in their books at an instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from sandbox import invented_banks, published_banks
from sandbox.books import household, property, quiet
from sandbox.books.ledger import BANK_ZONE, Entry, Ledger
from sandbox.institution import BankAccount, Institution

__all__ = ["INSTITUTIONS", "Balance", "BankAccount", "Institution", "Row", "balance_for", "find_account", "rows_for"]

HISTORY_DAYS = 180
"""As far back as Stripe reads: https://docs.stripe.com/financial-connections/transactions."""

INSTITUTIONS: tuple[Institution, ...] = (
    *invented_banks.WORKING,
    *published_banks.WORKING,
    *invented_banks.FAILING,
    *published_banks.FAILING,
)
"""The believable one first, those that link nothing last."""


@dataclass(frozen=True, slots=True)
class Row:
    """A transaction as the bank shows it at an instant; `amount` in cents, negative is money out."""

    key: str
    amount: int
    currency: str
    description: str
    status: Literal["pending", "posted"]
    transacted_at: int
    posted_at: int | None


@dataclass(frozen=True, slots=True)
class Balance:
    """Cents; what the holder owes is negative. `available` is a cash account's, `used` a credit account's."""

    current: int
    available: int | None
    used: int | None


_BOOKS: dict[str, Callable[[], Ledger]] = {
    "cascade": household.household,
    "northline": property.property_account,
}


def find_account(key: str) -> tuple[Institution, BankAccount]:
    """The account and its institution; KeyError when no bank holds it."""
    return _ACCOUNTS[key]


def find_institution(key: str) -> Institution | None:
    return next((institution for institution in INSTITUTIONS if institution.key == key), None)


_ACCOUNTS = {account.key: (institution, account) for institution in INSTITUTIONS for account in institution.accounts}


def rows_for(account_key: str, until: datetime) -> list[Row]:
    """What the bank shows at `until` of the last 180 days, oldest first; a row keeps its key for ever."""
    first_day = until.astimezone(BANK_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    since = (first_day - timedelta(days=HISTORY_DAYS)).timestamp()
    entries = _ledger_of(account_key).entries(account_key, until)
    _, account = find_account(account_key)
    return [_row(entry, account.currency, until) for entry in entries if entry.transacted_at >= since]


def balance_for(account_key: str, until: datetime) -> Balance:
    """The opening balance and every row since, posted ones in `current`, pending ones in `available` or `used` too."""
    _, account = find_account(account_key)
    ledger = _ledger_of(account_key)
    entries = ledger.entries(account_key, until)
    now = until.timestamp()
    current = ledger.openings[account_key] + sum(entry.amount for entry in entries if entry.posted_at <= now)
    with_pending = ledger.openings[account_key] + sum(entry.amount for entry in entries)
    if account.category == "credit":
        return Balance(current, available=None, used=with_pending)
    return Balance(current, available=with_pending if account.gives_available else None, used=None)


def _row(entry: Entry, currency: str, until: datetime) -> Row:
    posted = entry.posted_at <= until.timestamp()
    return Row(
        key=entry.key,
        amount=entry.amount,
        currency=currency,
        description=entry.description,
        status="posted" if posted else "pending",
        transacted_at=entry.transacted_at,
        posted_at=entry.posted_at if posted else None,
    )


def _ledger_of(account_key: str) -> Ledger:
    institution, account = find_account(account_key)
    shared = institution.key in _BOOKS
    return _open_book(institution.key if shared else account.key)


@cache
def _open_book(key: str) -> Ledger:
    if key in _BOOKS:
        return _BOOKS[key]()
    _, account = find_account(key)
    if account.subcategory == "savings":
        return quiet.saved(key, opening=4_200_00, monthly=150_00)
    return quiet.everyday(key, opening=1_840_00, wage=3_450_00)
