"""Totals of spending: exact over any days, the same by every grouping, and the sum of the rows that a list shows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banking.models import Account, Transaction
from fcdash import tenancy
from spending import listing, totals
from spending.listing import RowFilter
from spending.totals import Narrowing
from tests.cast import AccountFactory, Cast, TransactionFactory

pytestmark = pytest.mark.django_db
FIRST = date(2026, 1, 1)
CATEGORIES = ["groceries", "home", "income", "transfer", "saving", "other"]
ROWS = st.lists(
    st.tuples(
        st.integers(0, 120),
        st.integers(-90_00, 90_00),
        st.sampled_from(CATEGORIES),
        st.sampled_from(["posted", "posted", "pending", "void"]),
        st.booleans(),
        st.sampled_from(["Safeway", "Shell", ""]),
        st.booleans(),
    ),
    max_size=25,
)
DAYS = st.tuples(st.integers(0, 120), st.integers(0, 120)).map(sorted)


def fill(cast: Cast, rows: list) -> None:
    Transaction.objects.filter(household_id=cast.household.pk).delete()
    accounts = [cast.checking, card(cast)]
    for days, cents, category, status, excluded, merchant, second in rows:
        TransactionFactory(
            household=cast.household,
            account=accounts[second],
            booked_on=FIRST + timedelta(days=days),
            amount_cents=cents,
            guessed_category=category,
            status=status,
            excluded=excluded and cents % 3 == 0,
            merchant=merchant,
        )


def card(cast: Cast) -> Account:
    found = Account.objects.filter(household_id=cast.household.pk, stripe_id="fca_card").first()
    return found or AccountFactory(
        household=cast.household, holder=cast.alice, stripe_id="fca_card", category="credit", subcategory="credit_card"
    )


def spent(cast: Cast, first: date, last: date) -> int:
    """Counted in Python from the rows."""
    rows = Transaction.objects.filter(household_id=cast.household.pk, booked_on__range=(first, last), excluded=False)
    left_out = ("income", "transfer", "saving")
    return -sum(r.amount_cents for r in rows if r.status != "void" and r.category not in left_out)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, days=DAYS)
def test_every_grouping_of_any_days_is_the_sum_of_its_rows(cast: Cast, rows: list, days: list) -> None:
    first, last = FIRST + timedelta(days=days[0]), FIRST + timedelta(days=days[1])
    with tenancy.scope(cast.household):
        fill(cast, rows)
        true = spent(cast, first, last)

        for by in totals.GROUPINGS:
            found = totals.spending(cast.household.pk, first, last, "usd", by)
            assert found.cents == true
            for group in found.groups:
                sums = listing.sums(cast.household.pk, shown(by, group.key, first, last), "usd")
                assert sums is not None
                assert (sums.spent_cents, sums.count) == (group.cents, group.count)


def shown(by: str, key: str, first: date, last: date) -> RowFilter:
    """The rows that a group links to."""
    if by == "month":
        month = date.fromisoformat(f"{key}-01")
        end = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return RowFilter(first=max(first, month), last=min(last, end), spending=True)
    narrow = {
        "category": {"categories": (key,)},
        "account": {"account_ids": (int(key) if key.isdigit() else 0,)},
        "merchant": {"merchant": key},
    }[by]
    return RowFilter(first=first, last=last, spending=True, **narrow)


def test_narrowed_totals_are_parts_of_the_whole(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        fill(cast, [(3, -10_00, "groceries", "posted", False, "Safeway", second) for second in (False, True)])
        first, last = FIRST, FIRST + timedelta(days=20)

        for only in (Narrowing(account_id=cast.checking.pk), Narrowing(account_id=card(cast).pk)):
            assert totals.spending(cast.household.pk, first, last, "usd", "category", only).cents == 10_00
        assert totals.spending(cast.household.pk, first, last, "usd", "month", Narrowing(category="home")).cents == 0


def test_another_currency_is_never_added(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        TransactionFactory(household=cast.household, account=cast.checking, currency="eur", booked_on=FIRST)

        assert totals.spending(cast.household.pk, FIRST, FIRST, "usd").groups == ()
        assert totals.spending(cast.household.pk, FIRST, FIRST, "eur").cents == 12_50


def test_a_span_without_days_is_empty(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        assert totals.spending(cast.household.pk, FIRST, FIRST - timedelta(days=1), "usd").cents == 0
