"""The version of an account's rows: another one after every change, whoever makes it, and of that account alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from banking import overview
from banking.models import Account, RowsVersion, Transaction
from fcdash import tenancy
from spending import filing
from tests.cast import AccountFactory, Cast, TransactionFactory

pytestmark = pytest.mark.django_db


def versions(cast: Cast) -> dict[int, int]:
    return {account.id: account.rows_version for account in overview.accounts(cast.household.pk)}


CHANGES: dict[str, Callable[[Cast, Transaction], object]] = {
    "new": lambda cast, row: TransactionFactory(household=cast.household, account=row.account),
    "filed": lambda cast, row: filing.set_category(cast.household.pk, row.pk, "home", cast.alice),
    "noted": lambda cast, row: filing.set_note(cast.household.pk, row.pk, "for the roof", cast.alice),
    "looked at": lambda cast, row: filing.set_reviewed(cast.household.pk, row.pk, True, cast.alice),
    "of another day": lambda cast, row: Transaction.objects.update(booked_on="2026-01-02"),
    "gone": lambda cast, row: Transaction.objects.all().delete(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_of_a_row_makes_a_new_version(cast: Cast, change: Callable[[Cast, Transaction], object]) -> None:
    with tenancy.scope(cast.household):
        other = AccountFactory(household=cast.household, holder=cast.alice)
        row = TransactionFactory(household=cast.household, account=cast.checking)
        before = versions(cast)

        change(cast, row)

        after = versions(cast)
    assert after[cast.checking.pk] > before[cast.checking.pk] > 0
    assert after[other.pk] == before[other.pk] == 0


def test_the_version_goes_with_its_account(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        account = AccountFactory(household=cast.household, holder=cast.alice)
        TransactionFactory(household=cast.household, account=account)

        account.delete()

        assert not RowsVersion.objects.exists()


def test_a_row_of_no_account_is_refused(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        row = TransactionFactory(household=cast.household, account=cast.checking)

        with pytest.raises(IntegrityError):
            committed(lambda: Transaction.objects.filter(pk=row.pk).update(account_id=2**40))


@pytest.mark.parametrize("model", [Account, RowsVersion])
def test_an_account_and_its_version_stay_as_long_as_its_rows(cast: Cast, model: type[Account | RowsVersion]) -> None:
    with tenancy.scope(cast.household):
        TransactionFactory(household=cast.household, account=cast.checking)
        committed(lambda: None)

        with pytest.raises(IntegrityError):
            committed(lambda: model.objects.filter(household_id=cast.household.pk)._raw_delete("default"))


def committed(change: Callable[[], object]) -> None:
    """Make the change and let what is checked at the end of a transaction be checked."""
    with transaction.atomic(), connection.cursor() as cursor:
        change()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
