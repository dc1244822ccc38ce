"""What a bank of the sandbox is: its accounts, how a person gets in, and what becomes of the access later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Behaviour = Literal["ok", "down", "refuses", "no_accounts", "wrong_password_once"]
Outage = Literal["scheduled", "unscheduled", "error"]
Word = Literal["options", "mfa", "confirm_mfa", "security_question", "error", "incorrect"]
"""A password that the bank takes as a wish: further prompts, the end of the session, another try."""
NumberState = Literal["transactable", "pending", "deactivated"]

DAY = 86_400
# What a bank does "shortly after" something: soon enough to wait for, late enough to see what was before.
SHORTLY = 2
# How long before an end that is known Stripe tells of it.
WARNED_BEFORE = 30 * DAY
PLAIN_WORDS: tuple[Word, ...] = ("mfa", "error", "incorrect")
ALL_WORDS: tuple[Word, ...] = ("options", "mfa", "confirm_mfa", "security_question", "error", "incorrect")


@dataclass(frozen=True, slots=True)
class Owner:
    """A holder of an account as the bank knows them."""

    name: str
    email: str | None
    phone: str | None
    raw_address: str | None


@dataclass(frozen=True, slots=True)
class AccountNumber:
    """The number that the bank gives out for debits; `expires_in` counts seconds from the consent."""

    number: str
    tokenized: bool = False
    state: NumberState = "transactable"
    expires_in: int | None = None


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An account at an institution; `category` and `subcategory` are Stripe's words.

    `gives_available`, `gives_owners`: whether the bank tells Stripe these at all.
    """

    key: str
    name: str
    category: str
    subcategory: str
    last4: str
    routing_number: str | None
    account_number: AccountNumber | None
    owners: tuple[Owner, ...]
    supports_payments: bool
    currency: str = "usd"
    gives_available: bool = True
    gives_owners: bool = True

    @property
    def payable(self) -> bool:
        """Whether it can be debited as soon as it is linked."""
        return self.supports_payments and self.account_number is not None and self.account_number.state != "pending"


@dataclass(frozen=True, slots=True)
class Consent:
    """How long a sign-in lasts at the bank, in seconds; None is for ever.

    `first` counts from the linking, `renewed` from each linking again. A consent of a day and more is known to end: its
    account carries the date.
    """

    first: int | None = None
    renewed: int | None = None


@dataclass(frozen=True, slots=True)
class Institution:
    """A bank.

    `oauth`: sign-in happens in a window of the bank; `chooses_in_window`: the accounts are chosen there too.
    `asks_code`: a security code follows the password; `words`: the passwords that ask for something.
    `outage`: what Stripe says about a bank that is down. `aliases`: further names by which a search finds it.
    """

    key: str
    name: str
    accounts: tuple[BankAccount, ...]
    behaviour: Behaviour = "ok"
    oauth: bool = False
    asks_code: bool = False
    note: str = ""
    aliases: tuple[str, ...] = ()
    words: tuple[Word, ...] = PLAIN_WORDS
    chooses_in_window: bool = False
    outage: Outage | None = None
    consent: Consent = Consent()
    country: str = "US"

    def answers_to(self, wanted: str) -> bool:
        """Whether a search for these letters finds the bank."""
        return any(wanted.strip().lower() in name.lower() for name in (self.name, *self.aliases))
