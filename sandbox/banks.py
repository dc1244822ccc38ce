"""The sandbox's banks: who they are, whose accounts they hold, and what is in their books at an instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from sandbox.books import household, property, quiet
from sandbox.books.ledger import BANK_ZONE, Entry, Ledger

Behaviour = Literal["ok", "down", "refuses", "no_accounts", "wrong_password_once"]

HISTORY_DAYS = 180
"""As far back as Stripe reads: https://docs.stripe.com/financial-connections/transactions."""
TEST_ROUTING = "110000000"
"""Stripe's routing number for test bank accounts; the account numbers below decide how a debit ends."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A holder of an account as the bank knows them."""

    name: str
    email: str | None
    phone: str | None
    raw_address: str | None


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An account at an institution; `category` and `subcategory` are Stripe's words."""

    key: str
    name: str
    category: str
    subcategory: str
    last4: str
    routing_number: str | None
    account_number_hint: str | None
    owners: tuple[Owner, ...]
    supports_payments: bool


@dataclass(frozen=True, slots=True)
class Institution:
    """A bank. `oauth`: sign-in happens in a window of the bank; `asks_code`: a security code follows the password."""

    key: str
    name: str
    accounts: tuple[BankAccount, ...]
    behaviour: Behaviour = "ok"
    oauth: bool = False
    asks_code: bool = False


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


ANA = Owner("Ana Rivera", "ana.rivera@example.com", "+12065550142", "418 Fernwood Ave N, Seattle, WA 98103")
SAM = Owner("Sam Rivera", "sam.rivera@example.com", "+12065550188", "418 Fernwood Ave N, Seattle, WA 98103")
LEE = Owner("Lee Marsh", "lee.marsh@example.com", "+12535550117", "77 Harbor View Rd, Tacoma, WA 98402")
NOOR = Owner("Noor Haddad", None, None, "9 Mill Pond Ln, Bellingham, WA 98225")


def _checking(key: str, name: str, last4: str, number: str, *owners: Owner) -> BankAccount:
    return BankAccount(key, name, "cash", "checking", last4, TEST_ROUTING, number, owners, supports_payments=True)


def _savings(key: str, name: str, last4: str, number: str, *owners: Owner) -> BankAccount:
    return BankAccount(key, name, "cash", "savings", last4, TEST_ROUTING, number, owners, supports_payments=True)


def _credit(key: str, name: str, subcategory: str, last4: str, *owners: Owner) -> BankAccount:
    return BankAccount(key, name, "credit", subcategory, last4, None, None, owners, supports_payments=False)


DEBIT_OUTCOMES = (
    ("success", "Success", "000123456789"),
    ("insufficient-funds", "Insufficient Funds", "000222222227"),
    ("account-closed", "Account Closed", "000111111113"),
    ("no-account", "No Account", "000111111116"),
    ("not-authorized", "Debit Not Authorized", "000333333335"),
    ("dispute", "Dispute", "000555555559"),
    ("processing", "Processing", "000000000009"),
)

INSTITUTIONS: tuple[Institution, ...] = (
    Institution(
        "cascade",
        "Cascade Credit Union",
        (
            _checking(household.CHECKING, "Everyday Checking", "4410", "000123454410", ANA),
            _savings(household.SAVINGS, "Day Savings", "7720", "000123457720", ANA),
            _credit(household.CARD, "Everyday Card", "credit_card", "2051", ANA),
        ),
    ),
    Institution(
        "northline",
        "Northline Bank",
        (
            _checking(property.JOINT, "Joint Checking", "6789", "000123456789", ANA, SAM),
            _credit(property.CREDIT_LINE, "Home Credit Line", "line_of_credit", "3308", ANA, SAM),
        ),
    ),
    Institution(
        "harbor",
        "Harbor Savings",
        (
            _checking("harbor-checking", "Harbor Checking", "9034", "000123459034", LEE),
            _savings("harbor-savings", "Rainy Day", "9035", "000123459035", LEE),
        ),
        oauth=True,
    ),
    Institution(
        "bluepine",
        "Bluepine Bank",
        (_checking("bluepine-checking", "Bluepine Checking", "5561", "000123455561", LEE),),
        asks_code=True,
    ),
    Institution(
        "mill-pond",
        "Mill Pond Community Bank",
        (_checking("mill-pond-checking", "Mill Pond Checking", "8127", "000123458127", NOOR),),
        behaviour="wrong_password_once",
    ),
    Institution(
        "outcomes",
        "Outcome Test Bank",
        tuple(_checking(f"outcome-{key}", name, number[-4:], number, NOOR) for key, name, number in DEBIT_OUTCOMES),
    ),
    Institution("granite", "Granite Peak Bank", (), behaviour="down"),
    Institution("old-harbor", "Old Harbor Trust", (), behaviour="refuses"),
    Institution("empty-nest", "Empty Nest Savings", (), behaviour="no_accounts"),
)

_BOOKS: dict[str, Callable[[], Ledger]] = {
    "cascade": household.household,
    "northline": property.property_account,
}


def find_account(key: str) -> tuple[Institution, BankAccount]:
    """The account and its institution; KeyError when no bank holds it."""
    for institution in INSTITUTIONS:
        for account in institution.accounts:
            if account.key == key:
                return institution, account
    raise KeyError(key)


def rows_for(account_key: str, until: datetime) -> list[Row]:
    """What the bank shows at `until` of the last 180 days, oldest first; a row keeps its key for ever."""
    first_day = until.astimezone(BANK_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    since = (first_day - timedelta(days=HISTORY_DAYS)).timestamp()
    entries = _ledger_of(account_key).entries(account_key, until)
    return [_row(entry, until) for entry in entries if entry.transacted_at >= since]


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
    return Balance(current, available=with_pending, used=None)


def _row(entry: Entry, until: datetime) -> Row:
    posted = entry.posted_at <= until.timestamp()
    return Row(
        key=entry.key,
        amount=entry.amount,
        currency="usd",
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
