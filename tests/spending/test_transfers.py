"""Transfers: two legs become one object, no total changes, and what a person says stands."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banking.models import Account, Transaction
from fcdash import tenancy
from spending import totals, transfers
from spending.models import Transfer
from tests.cast import AccountFactory, Cast, TransactionFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 10)
SINCE = date(2026, 1, 1)


@pytest.fixture
def savings(cast: Cast) -> Account:
    with tenancy.scope(cast.household):
        return AccountFactory(
            household=cast.household, holder=cast.alice, name="Savings", subcategory="savings", last4="7720"
        )


def leg(account: Account, cents: int, day: date = DAY, **fields: object) -> Transaction:
    fields = {"guessed_category": "transfer", "description": "ONLINE TRANSFER", "merchant": "Transfer", **fields}
    return TransactionFactory(
        household_id=account.household_id, account=account, amount_cents=cents, booked_on=day, **fields
    )


def transfer_of(row: Transaction) -> int | None:
    return Transaction.objects.values_list("transfer_id", flat=True).get(household_id=row.household_id, pk=row.pk)


def test_opposite_legs_between_own_accounts_become_one_transfer(cast: Cast, savings: Account) -> None:
    with tenancy.scope(cast.household):
        gone, come = leg(cast.checking, -500_00), leg(savings, 500_00, DAY + timedelta(days=2))

        assert transfers.match(cast.household.pk, SINCE) == 1
        assert transfer_of(gone) == transfer_of(come) is not None
        assert transfers.match(cast.household.pk, SINCE) == 0


MISFITS = [
    {"cents": 500_01},
    {"currency": "eur"},
    {"day": DAY + timedelta(days=6)},
    {"status": "void"},
    {"guessed_category": "income"},
    {"chosen_category": "income"},
    {"chosen_category": "transfer"},
    {"excluded": True},
]


@pytest.mark.parametrize("change", MISFITS)
def test_a_leg_that_does_not_fit_is_left_alone(cast: Cast, savings: Account, change: dict) -> None:
    with tenancy.scope(cast.household):
        leg(cast.checking, -500_00)
        leg(savings, **{"cents": 500_00, **change})

        assert transfers.match(cast.household.pk, SINCE) == 0


def test_two_accounts_that_fit_alike_are_not_guessed_between(cast: Cast, savings: Account) -> None:
    with tenancy.scope(cast.household):
        other = AccountFactory(household=cast.household, holder=cast.alice, subcategory="savings", last4="9035")
        leg(cast.checking, -500_00)
        leg(savings, 500_00)
        leg(other, 500_00)

        assert transfers.match(cast.household.pk, SINCE) == 0


def test_the_last_four_digits_decide_between_two_that_fit(cast: Cast, savings: Account) -> None:
    with tenancy.scope(cast.household):
        other = AccountFactory(household=cast.household, holder=cast.alice, subcategory="savings", last4="9035")
        leg(cast.checking, -500_00, description="TRANSFER TO SAV 9035")
        not_meant, meant = leg(savings, 500_00), leg(other, 500_00)

        assert transfers.match(cast.household.pk, SINCE) == 1
        assert (transfer_of(not_meant), transfer_of(meant) is not None) == (None, True)


def test_twins_are_two_transfers(cast: Cast, savings: Account) -> None:
    with tenancy.scope(cast.household):
        for _ in range(2):
            leg(cast.checking, -500_00)
            leg(savings, 500_00)

        assert transfers.match(cast.household.pk, SINCE) == 2


@pytest.mark.parametrize("change", [{"status": "void"}, {"amount_cents": -400_00}])
def test_a_leg_that_changes_dissolves_the_transfer(cast: Cast, savings: Account, change: dict) -> None:
    with tenancy.scope(cast.household):
        gone, come = leg(cast.checking, -500_00), leg(savings, 500_00)
        transfers.match(cast.household.pk, SINCE)
        Transaction.objects.filter(household_id=cast.household.pk, pk=gone.pk).update(**change)

        transfers.match(cast.household.pk, SINCE)

        assert (transfer_of(gone), transfer_of(come), Transfer.objects.count()) == (None, None, 0)


def test_what_a_person_parts_is_never_matched_again(cast: Cast, savings: Account) -> None:
    with tenancy.scope(cast.household):
        gone = leg(cast.checking, -500_00)
        leg(savings, 500_00)
        transfers.match(cast.household.pk, SINCE)

        transfers.part(cast.household.pk, transfer_of(gone) or 0)

        assert transfers.match(cast.household.pk, SINCE) == 0
        assert totals.spending(cast.household.pk, DAY, DAY, "usd").cents == 0


def test_a_person_joins_what_we_did_not_see(cast: Cast, savings: Account) -> None:
    with tenancy.scope(cast.household):
        gone, come = (
            leg(cast.checking, -500_00, guessed_category="other"),
            leg(savings, 500_00, DAY - timedelta(days=9)),
        )

        made = transfers.join(cast.household.pk, gone.pk, come.pk)

        assert transfer_of(gone) == transfer_of(come) == made
        with pytest.raises(transfers.NotATransfer):
            transfers.join(cast.household.pk, gone.pk, come.pk)


LEGS = st.lists(st.tuples(st.integers(1, 900_00), st.integers(0, 40), st.integers(0, 5)), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(legs=LEGS)
def test_adding_any_transfer_changes_no_spending_total(cast: Cast, savings: Account, legs: list) -> None:
    with tenancy.scope(cast.household):
        Transaction.objects.filter(household_id=cast.household.pk).delete()
        TransactionFactory(household=cast.household, account=cast.checking, guessed_category="groceries")
        before = [figures(cast, by) for by in totals.GROUPINGS]
        for cents, days, apart in legs:
            leg(cast.checking, -cents, DAY - timedelta(days=days))
            leg(savings, cents, DAY - timedelta(days=days - apart))
        assert [figures(cast, by) for by in totals.GROUPINGS] == before

        transfers.match(cast.household.pk, SINCE)

        assert [figures(cast, by) for by in totals.GROUPINGS] == before


def figures(cast: Cast, by: totals.By) -> list:
    found = totals.spending(cast.household.pk, date(2026, 9, 3), date(2026, 12, 20), "usd", by)
    return [(group.key, group.cents, group.count) for group in found.groups]


def test_a_new_leg_finds_its_older_partner(cast: Cast, savings: Account) -> None:
    with tenancy.scope(cast.household):
        leg(cast.checking, -500_00, DAY - timedelta(days=5))
        leg(savings, 500_00)

        assert transfers.match(cast.household.pk, DAY) == 1


def test_older_rows_alone_are_not_judged_again(cast: Cast, savings: Account) -> None:
    with tenancy.scope(cast.household):
        leg(cast.checking, -500_00, DAY - timedelta(days=2))
        leg(savings, 500_00, DAY - timedelta(days=1))

        assert transfers.match(cast.household.pk, DAY) == 0


def test_an_older_rival_of_the_partner_leaves_a_new_leg_alone(cast: Cast, savings: Account) -> None:
    with tenancy.scope(cast.household):
        third = AccountFactory(household=cast.household, holder=cast.alice, name="Third", last4="")
        leg(third, 500_00, DAY - timedelta(days=10))
        leg(cast.checking, -500_00, DAY - timedelta(days=5))
        leg(savings, 500_00)

        assert transfers.match(cast.household.pk, DAY) == 0, "either may be the other side"


@given(
    rows=st.lists(
        st.tuples(st.sampled_from([0, 1, 2]), st.sampled_from([-5_00, 5_00, -7_00, 7_00]), st.integers(0, 25)),
        max_size=10,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_day_by_day_finds_what_all_at_once_would_for_what_is_new(
    cast: Cast, savings: Account, rows: list[tuple[int, int, int]]
) -> None:
    """Looking from a day on joins exactly those of all the pairs then open that have a leg since that day."""
    with tenancy.scope(cast.household):
        Transaction.objects.all().delete()
        Transfer.objects.all().delete()
        accounts = [cast.checking, savings, AccountFactory(household=cast.household, holder=cast.alice, last4="")]
        legs = [leg(accounts[at], cents, DAY + timedelta(days=day)) for at, cents, day in rows]
        with transaction.atomic():
            transfers.match(cast.household.pk, SINCE)
            whole = {row.pk: transfer_of(row) for row in legs}
            transaction.set_rollback(True)
        since = DAY + timedelta(days=15)
        partners = {pk: {other for other, t in whole.items() if t and t == of} for pk, of in whole.items()}
        newest = {pk: max((row.booked_on for row in legs if row.pk in partners[pk]), default=None) for pk in whole}

        transfers.match(cast.household.pk, since)

        assert {row.pk for row in legs if transfer_of(row)} == {
            pk for pk, day in newest.items() if day and day >= since
        }
