"""The rows against the bank's balance: a match is said; a gap has its date and the rows that may explain it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from banking import reconciling
from banking.models import Account, Freshness, Transaction
from fcdash import tenancy
from tests.cast import BalanceFactory, Cast, TransactionFactory

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 2, 15, tzinfo=UTC)


class Book:
    """An account whose bank posts rows and says balances, by hand."""

    def __init__(self, cast: Cast) -> None:
        self.account = cast.checking
        with tenancy.scope(self.account.household_id):
            self.fresh = Freshness.objects.create(
                household_id=self.account.household_id,
                account=self.account,
                feature="transactions",
                status="succeeded",
                as_of=START,
            )

    def row(self, cents: int, at: datetime, **facts: Any) -> Transaction:
        with tenancy.scope(self.account.household_id):
            made: Transaction = TransactionFactory(
                household=self.account.household,
                account=self.account,
                amount_cents=cents,
                booked_on=at.date(),
                posted_at=at,
                **facts,
            )
            return made

    def balance(self, cents: int, as_of: datetime, read_until: datetime | None = None) -> None:
        with tenancy.scope(self.account.household_id):
            BalanceFactory(
                household=self.account.household,
                account=self.account,
                on=as_of.date(),
                as_of=as_of,
                current_cents=cents,
                available_cents=None,
            )
            Freshness.objects.filter(pk=self.fresh.pk).update(as_of=read_until or as_of)
            reconciling.check(Account.objects.get(pk=self.account.pk))

    def agreement(self) -> reconciling.Agreement | None:
        with tenancy.scope(self.account.household_id):
            return next(iter(reconciling.agreements(self.account.household_id, self.account.pk)), None)


@pytest.fixture
def book(cast: Cast) -> Book:
    found = Book(cast)
    found.row(-20_00, START - timedelta(days=3))
    found.balance(500_00, START)
    return found


def days(number: float) -> datetime:
    return START + timedelta(days=number)


def test_the_first_balance_says_nothing_yet_and_the_next_that_fits_matches(book: Book) -> None:
    assert book.agreement() is None
    book.row(-30_00, days(1))
    book.row(+5_00, days(1.2), status="pending")
    book.balance(470_00, days(2))

    found = book.agreement()
    assert found is not None
    assert found.matches


def test_a_gap_has_its_date_and_the_row_that_is_one_too_many(book: Book) -> None:
    book.row(-30_00, days(1))
    book.balance(470_00, days(2))
    twin = book.row(-30_00, days(2.5))
    book.balance(470_00, days(3))
    book.balance(470_00, days(4))

    found = book.agreement()
    assert found is not None
    assert (found.gap_cents, found.since, found.as_of) == (30_00, days(3), days(4))
    assert twin.pk in {row.pk for row in found.rows}


def test_a_row_still_pending_here_is_named(book: Book) -> None:
    late = book.row(-64_20, days(1), status="pending")
    book.balance(435_80, days(2))

    found = book.agreement()
    assert found is not None
    assert found.gap_cents == -64_20
    assert [row.pk for row in found.rows] == [late.pk]


def test_a_gap_that_closes_is_a_match_again(book: Book) -> None:
    late = book.row(-64_20, days(1), status="pending")
    book.balance(435_80, days(2))
    with tenancy.scope(book.account.household_id):
        Transaction.objects.filter(pk=late.pk).update(status="posted")
    book.balance(435_80, days(3))

    found = book.agreement()
    assert found is not None
    assert found.matches


def test_a_balance_newer_than_the_rows_waits_for_them(book: Book) -> None:
    book.balance(100_00, days(2), read_until=days(1))
    assert book.agreement() is None


def test_banks_that_stamp_days_are_believed_at_either_end_of_the_day(book: Book) -> None:
    # The bank's balance of the afternoon holds what it posts "at midnight" of that day.
    book.row(-10_00, days(2.4))
    book.balance(490_00, days(2))

    found = book.agreement()
    assert found is not None
    assert found.matches


def test_rows_from_files_are_none_of_the_banks_balance(book: Book) -> None:
    book.row(-999_00, days(-40), stripe_id=None)
    book.balance(500_00, days(1))

    found = book.agreement()
    assert found is not None
    assert found.matches


def test_taking_the_banks_word_starts_anew(book: Book) -> None:
    book.balance(1_00, days(1))
    reconciling.start_anew(book.account.household_id, book.account.pk)
    assert book.agreement() is None
    book.balance(1_00, days(2))

    found = book.agreement()
    assert found is not None
    assert found.matches


@pytest.mark.parametrize(
    ("stamped", "later_balance"),
    [(days(0.2), 470_00), (days(-0.2), 460_00)],
    ids=["the first balance had it already", "the first balance did not have it yet"],
)
def test_the_first_balance_too_is_believed_at_either_end_of_its_day(
    cast: Cast, stamped: datetime, later_balance: int
) -> None:
    book = Book(cast)
    book.row(-20_00, days(-3))
    book.row(-10_00, stamped)
    book.balance(500_00, START)
    book.row(-30_00, days(1))
    book.balance(later_balance, days(2))
    book.balance(later_balance, days(3))

    found = book.agreement()
    assert found is not None
    assert found.matches


def test_rows_that_wait_to_be_recognised_are_compared_with_nothing(book: Book) -> None:
    with tenancy.scope(book.account.household_id):
        reconciling.forget(book.account.household_id, book.account.pk)
        Account.objects.filter(pk=book.account.pk).update(rows_before=1)
        Transaction.objects.update(stripe_id=None)
    book.balance(480_00, days(1))
    with tenancy.scope(book.account.household_id):
        Account.objects.filter(pk=book.account.pk).update(rows_before=None)
        for number, row in enumerate(Transaction.objects.all()):
            Transaction.objects.filter(pk=row.pk).update(stripe_id=f"fctxn_again{number}")
    book.balance(480_00, days(2))
    book.balance(480_00, days(3))

    found = book.agreement()
    assert found is not None
    assert found.matches
