"""What a person says about a row: kept, undone, and never written over."""

from __future__ import annotations

from datetime import date

import pytest

from banking.models import Transaction
from fcdash import tenancy
from spending import filing, rollups, transfers
from spending.models import Edit, Transfer
from tests.cast import AccountFactory, Cast, TransactionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(cast: Cast) -> Transaction:
    with tenancy.scope(cast.household):
        return TransactionFactory(household=cast.household, account=cast.checking)


def now(row: Transaction) -> Transaction:
    return Transaction.objects.get(household_id=row.household_id, pk=row.pk)


CHANGES = [
    (filing.set_category, "home", lambda row: row.category),
    (filing.set_note, "for Sam", lambda row: row.note),
    (filing.set_excluded, True, lambda row: row.excluded),
    (filing.set_reviewed, True, lambda row: row.reviewed_at is not None),
]


@pytest.mark.parametrize(("verb", "value", "held"), CHANGES)
def test_a_change_is_kept_with_who_made_it_and_undone(cast: Cast, row: Transaction, verb, value, held) -> None:
    with tenancy.scope(cast.household):
        before = held(now(row))

        edit = verb(cast.household.pk, row.pk, value, cast.alice)
        assert (held(now(row)), edit.user) == (value, cast.alice)

        filing.undo(cast.household.pk, edit.pk)
        filing.undo(cast.household.pk, edit.pk)
        assert held(now(row)) == before
        assert rollups.drifts(cast.household.pk) == []


@pytest.mark.parametrize(("verb", "value", "held"), CHANGES)
def test_the_same_change_again_is_no_change(cast: Cast, row: Transaction, verb, value, held) -> None:
    with tenancy.scope(cast.household):
        verb(cast.household.pk, row.pk, value, cast.alice)

        assert verb(cast.household.pk, row.pk, value, cast.bob) is None
        assert Edit.objects.count() == 1


def test_undoing_what_was_changed_again_since_is_refused(cast: Cast, row: Transaction) -> None:
    with tenancy.scope(cast.household):
        edit = filing.set_category(cast.household.pk, row.pk, "home", cast.alice)
        filing.set_category(cast.household.pk, row.pk, "fun", cast.bob)

        with pytest.raises(filing.Overtaken):
            filing.undo(cast.household.pk, edit.pk)
        assert now(row).category == "fun"


def test_no_category_lets_the_guess_stand(cast: Cast, row: Transaction) -> None:
    with tenancy.scope(cast.household):
        filing.set_category(cast.household.pk, row.pk, "home", cast.alice)
        filing.set_category(cast.household.pk, row.pk, None, cast.alice)

        assert now(row).category == row.guessed_category


def test_an_unknown_category_and_a_foreign_row_are_refused(cast: Cast, row: Transaction) -> None:
    with tenancy.scope(cast.household), pytest.raises(filing.UnknownCategory):
        filing.set_category(cast.household.pk, row.pk, "yachts", cast.alice)
    with tenancy.scope(cast.strange_household), pytest.raises(Transaction.DoesNotExist):
        filing.set_category(cast.strange_household.pk, row.pk, "home", cast.charlie)


def test_a_leg_that_is_filed_leaves_its_transfer(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        savings = AccountFactory(household=cast.household, holder=cast.alice, subcategory="savings")
        legs = [
            TransactionFactory(
                household=cast.household, account=account, amount_cents=cents, guessed_category="transfer"
            )
            for account, cents in ((cast.checking, -9_00), (savings, 9_00))
        ]
        transfers.match(cast.household.pk, date(2026, 1, 1))

        filing.set_category(cast.household.pk, legs[0].pk, "home", cast.alice)

        assert [now(leg).transfer_id for leg in legs] == [None, None]
        assert not Transfer.objects.exists()
        assert transfers.match(cast.household.pk, date(2026, 1, 1)) == 0


def test_a_leg_that_counts_again_is_joined_again(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        savings = AccountFactory(household=cast.household, holder=cast.alice, subcategory="savings")
        legs = [
            TransactionFactory(
                household=cast.household, account=account, amount_cents=cents, guessed_category="transfer"
            )
            for account, cents in ((cast.checking, -9_00), (savings, 9_00))
        ]
        filing.set_excluded(cast.household.pk, legs[0].pk, True, cast.alice)
        transfers.match(cast.household.pk, date(2026, 1, 1))
        assert not Transfer.objects.exists()

        filing.set_excluded(cast.household.pk, legs[0].pk, False, cast.alice)

        assert Transfer.objects.count() == 1
