"""Accounts kept by hand: opening one, saying what it holds, writing its rows. Closing is `disconnecting`'s.

Inside the household's scope. Every writer takes the household's lock first. What an account holds on a day is what a
person last said, and the rows since; no row is ever invented to make the two meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db import connection
from django.db.models import Max

from accounts.models import Household, User
from banking import ingesting
from banking.models import Account, Balance, Import, ImportedRow, StatedBalance, Transaction
from fcdash import tenancy


@dataclass(frozen=True, slots=True)
class Kind:
    """What an account can be, in a person's word and in Stripe's two."""

    key: str
    name: str
    category: str
    subcategory: str


KINDS = (
    Kind("checking", "Checking account", "cash", "checking"),
    Kind("savings", "Savings account", "cash", "savings"),
    Kind("cash", "Cash, or another account", "cash", "other"),
    Kind("credit_card", "Credit card", "credit", "credit_card"),
    Kind("line_of_credit", "Line of credit", "credit", "line_of_credit"),
    Kind("mortgage", "Mortgage", "credit", "mortgage"),
    Kind("loan", "Another loan", "credit", "other"),
    Kind("investment", "Investments", "investment", "other"),
    Kind("other", "House, car or another thing of worth", "other", "other"),
)
BY_KEY = {kind.key: kind for kind in KINDS}


class NotByHand(Exception):
    """The account is linked: its bank says what it holds."""


class Closed(Exception):
    """The account is closed: it takes no rows, and nobody says what it holds."""


class Written(Exception):
    """The row came from the bank, and nobody else writes it."""


@dataclass(frozen=True, slots=True)
class Face:
    """What a person says that an account is. `kind` is a key of KINDS."""

    name: str
    kind: str
    institution: str = ""
    last4: str = ""


def open_account(household_id: int, user: User, face: Face, currency: str, cents: int, on: date) -> Account:
    """Open an account that held so much at the beginning of a day: rows from that day on change it."""
    tenancy.lock_household(household_id)
    account = Account(household_id=household_id, holder=user)
    _put_on(account, face)
    account.save()
    StatedBalance.objects.create(
        household_id=household_id, account=account, on=on, currency=currency, cents=cents, user=user
    )
    work_out(account, on)
    return account


def change(household_id: int, account_id: int, face: Face) -> Account:
    """Change what it is called and what it is. Raises Account.DoesNotExist, NotByHand."""
    account = held(household_id, account_id)
    _put_on(account, face)
    account.save(update_fields=["name", "category", "subcategory", "institution", "last4"])
    return account


def _put_on(account: Account, face: Face) -> None:
    kind = BY_KEY[face.kind]
    account.name, account.institution, account.last4 = face.name, face.institution, face.last4
    account.category, account.subcategory = kind.category, kind.subcategory


def kind_of(account: Any) -> str:
    """The key of an account's kind."""
    same = (k.key for k in KINDS if (k.category, k.subcategory) == (account.category, account.subcategory))
    return next(same, "other")


def held(household_id: int, account_id: int) -> Account:
    """The account, with the household locked. Raises Account.DoesNotExist, NotByHand."""
    tenancy.lock_household(household_id)
    account: Account = Account.objects.for_household(household_id).get(pk=account_id)
    if not account.by_hand:
        raise NotByHand
    return account


def _open(household_id: int, account_id: int) -> Account:
    """The account, if rows can be written into it. Raises Account.DoesNotExist, NotByHand, Closed."""
    account = held(household_id, account_id)
    if account.status == Account.Status.DISCONNECTED:
        raise Closed
    return account


def currency_of(account: Account) -> str:
    """The currency that the account is kept in; of a linked one, of its newest balance; "" when none is known."""
    of_account = {"household_id": account.household_id, "account": account}
    found = StatedBalance.objects.filter(**of_account).values_list("currency", flat=True).first()
    return (
        found or Balance.objects.filter(**of_account).order_by("-on").values_list("currency", flat=True).first() or ""
    )


# --- What it holds ---------------------------------------------------------------------------------------------


def state_balance(
    household_id: int, account_id: int, user: User, cents: int, on: date, source: Import | None = None
) -> None:
    """Say what it held at the end of a day, with the rows of that day that are here; said twice, the last counts.

    Raises Account.DoesNotExist, NotByHand, Closed.
    """
    account = _open(household_id, account_id)
    rows = Transaction.objects.filter(household_id=household_id, account=account, booked_on=on)
    StatedBalance.objects.update_or_create(
        household_id=household_id,
        account=account,
        on=on,
        defaults={
            "currency": currency_of(account),
            "cents": cents,
            "after_row": rows.aggregate(newest=Max("pk"))["newest"] or 0,
            "user": user,
            "source": source,
        },
    )
    work_out(account, on)


# From the last time that a person said what it holds before `since`: that, and the sum of its rows by day since then.
START = """
    SELECT COALESCE(max("on") FILTER (WHERE "on" <= %(since)s), min("on")) FROM banking_statedbalance
    WHERE household_id = %(household)s AND account_id = %(account)s
"""
DROP = """
    DELETE FROM banking_balance WHERE household_id = %(household)s AND account_id = %(account)s
      AND "on" >= LEAST(%(start)s::date, %(since)s)
"""
WORK_OUT = """
    WITH stated AS (
        SELECT "on", currency, cents, after_row, lead("on") OVER (ORDER BY "on") AS until
        FROM banking_statedbalance
        WHERE household_id = %(household)s AND account_id = %(account)s AND "on" >= %(start)s
    ), changes AS (
        SELECT "on" AS start, currency, "on" AS day, cents FROM stated
        UNION ALL
        SELECT s."on", s.currency, r.booked_on, r.amount_cents FROM stated s
        JOIN banking_transaction r ON r.booked_on >= s."on" AND (s.until IS NULL OR r.booked_on < s.until)
            AND r.currency = s.currency AND NOT (r.booked_on = s."on" AND r.id <= s.after_row)
        WHERE r.household_id = %(household)s AND r.account_id = %(account)s AND r.status = 'posted'
            AND r.booked_on >= %(start)s
    )
    INSERT INTO banking_balance (household_id, account_id, currency, "on", as_of, current_cents)
    SELECT %(household)s, %(account)s, currency, day, least(now(), (day + time '12:00') AT TIME ZONE %(zone)s),
           sum(sum(cents)) OVER (PARTITION BY start ORDER BY day)::bigint
    FROM changes GROUP BY start, currency, day ORDER BY day
"""


def work_out(account: Account, since: date) -> None:
    """Write the account's balances by day anew from a day on; no day before the first stated one has any."""
    values: dict[str, Any] = {"household": account.household_id, "account": account.pk, "since": since}
    with connection.cursor() as cursor:
        cursor.execute(START, values)
        values["start"] = cursor.fetchone()[0]
        values["zone"] = Household.objects.get(pk=account.household_id).time_zone
        cursor.execute(DROP, values)
        cursor.execute(WORK_OUT, values)


# --- Its rows --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HandRow:
    """A row as a person writes it. Negative is money out."""

    on: date
    amount_cents: int
    description: str


def add_row(household_id: int, account_id: int, row: HandRow) -> Transaction:
    """Write a row. Raises Account.DoesNotExist, NotByHand, Closed."""
    account = _open(household_id, account_id)
    made: Transaction = Transaction(
        household_id=household_id, account=account, currency=currency_of(account), status=Transaction.Status.POSTED
    )
    _write(made, row, account)
    made.save()
    _follow(account, row.on)
    return made


def change_row(household_id: int, transaction_id: int, row: HandRow) -> None:
    """Write a row anew; what was said about it stays. Raises Transaction.DoesNotExist, Written."""
    found, account = held_row(household_id, transaction_id)
    before = found.booked_on
    _write(found, row, account)
    found.save(update_fields=[*BANKS, "merchant", "guessed_category", "guessed_why"])
    _follow(account, min(before, row.on))


def remove_row(household_id: int, transaction_id: int) -> None:
    """Take a row away; a file that holds it does not bring it back. Raises Transaction.DoesNotExist, Written."""
    found, account = held_row(household_id, transaction_id)
    ImportedRow.objects.filter(household_id=household_id, transaction=found).update(transaction=None)
    found.delete()
    _follow(account, found.booked_on)


# What the bank would say, which a person says here.
BANKS = ("amount_cents", "description", "booked_on", "transacted_at")


def held_row(household_id: int, transaction_id: int) -> tuple[Transaction, Account]:
    """A row of an account kept by hand. Raises Transaction.DoesNotExist, Written."""
    tenancy.lock_household(household_id)
    rows = Transaction.objects.for_household(household_id).select_related("account")
    row: Transaction = rows.get(pk=transaction_id)
    if not row.account.by_hand:
        raise Written
    return row, row.account


def _write(row: Transaction, said: HandRow, account: Account) -> None:
    zone = Household.objects.get(pk=account.household_id).zone
    row.description = ingesting.clean(said.description)[: ingesting.LONGEST_DESCRIPTION]
    row.amount_cents, row.booked_on = said.amount_cents, said.on
    row.transacted_at = datetime.combine(said.on, time(12), zone)
    [(row.merchant, row.guessed_category, row.guessed_why)] = ingesting.classified(
        [(row.description, row.amount_cents, account.subcategory)]
    )


def _follow(account: Account, since: date) -> None:
    """What follows from rows follows."""
    work_out(account, since)
    ingesting.after_ingest(account.household_id, since)


# --- Its end ---------------------------------------------------------------------------------------------------


class Emptied(Exception):
    """Its data was deleted when it was closed: there is nothing to open again."""


def can_reopen(account: Account) -> bool:
    """Whether it is closed and still says what it held."""
    said = StatedBalance.objects.filter(household_id=account.household_id, account=account)
    return account.status == Account.Status.DISCONNECTED and said.exists()


def reopen(household_id: int, account_id: int) -> Account:
    """A closed account counts again. Raises Account.DoesNotExist, NotByHand, Emptied."""
    account = held(household_id, account_id)
    if not can_reopen(account):
        raise Emptied
    account.status = Account.Status.ACTIVE
    account.save(update_fields=["status"])
    return account
