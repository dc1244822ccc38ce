"""Rows that two links of one bank account brought: recognised in order, twins as twins."""

from __future__ import annotations

from typing import Any

import pytest

from banking import ingesting, succeeding
from banking.models import Account, Freshness, Transaction
from fcdash import tenancy
from tests.cast import Cast

pytestmark = pytest.mark.django_db
NOON = 1_762_000_000


def bank_row(number: int, **facts: Any) -> dict[str, Any]:
    row = {"id": f"fctxn_{number}", "amount": -4_50, "currency": "usd", "description": "COFFEE", "status": "posted"}
    return {**row, "transacted_at": NOON + number, "updated": NOON + number, **facts}


def read(account: Account, *rows: dict[str, Any]) -> None:
    """A whole list, as a reader stores it."""
    with tenancy.scope(account.household_id):
        tenancy.lock_household(account.household_id)
        held = Account.objects.get(pk=account.pk)
        if held.rows_before is not None:
            succeeding.adopt(held, rows)
        ingesting.ingest(held, held.household, rows, is_first=True)
        succeeding.conclude(held.household_id, held.pk, is_first=True)


def go_on(account: Account, stripe_id: str) -> None:
    with tenancy.scope(account.household_id):
        tenancy.lock_household(account.household_id)
        Freshness.objects.create(household_id=account.household_id, account=account, feature="transactions", cursor="x")
        succeeding.go_on(Account.objects.get(pk=account.pk), stripe_id)


def held(account: Account) -> list[tuple[int, str, str, str]]:
    with tenancy.scope(account.household_id):
        rows = Transaction.objects.filter(account=account).order_by("pk")
        return list(rows.values_list("pk", "stripe_id", "status", "note"))


def test_twins_of_a_day_stay_as_many_as_the_bank_says(cast: Cast) -> None:
    account = cast.checking
    read(account, bank_row(1), bank_row(2), bank_row(3))
    first, second, third = held(account)
    with tenancy.scope(cast.household):
        Transaction.objects.filter(pk=second[0]).update(note="with Sam")
    go_on(account, "fca_new")

    read(account, bank_row(11), bank_row(12), bank_row(13))

    assert held(account) == [
        (first[0], "fctxn_11", "posted", ""),
        (second[0], "fctxn_12", "posted", "with Sam"),
        (third[0], "fctxn_13", "posted", ""),
    ]


def test_a_new_twin_is_a_row_of_its_own(cast: Cast) -> None:
    account = cast.checking
    read(account, bank_row(1))
    go_on(account, "fca_new")

    read(account, bank_row(11), bank_row(12))

    assert [row[1] for row in held(account)] == ["fctxn_11", "fctxn_12"]


def test_a_pending_row_that_posted_meanwhile_is_the_same_row(cast: Cast) -> None:
    account = cast.checking
    read(account, bank_row(1, status="pending"))
    [(pk, *_)] = held(account)
    go_on(account, "fca_new")

    read(account, bank_row(11))

    assert held(account) == [(pk, "fctxn_11", "posted", "")]


def test_other_rows_of_that_day_are_not_mistaken_for_it(cast: Cast) -> None:
    account = cast.checking
    read(account, bank_row(1), bank_row(2, amount=-9_00))
    go_on(account, "fca_new")

    read(account, bank_row(11), bank_row(12, amount=-9_00, description="LUNCH"), bank_row(13, amount=-8_00))

    assert len(held(account)) == 3
