"""Rows that two links of one bank account brought: recognised in order, twins as twins."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from banking import importing, ingesting, succeeding
from banking.importing import Decided
from banking.models import Account, Freshness, Import, Transaction
from fcdash import tenancy
from spending import filing, rollups
from spending.models import Edit
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


FILE = "Date,Description,Amount\n"
DAY = 86_400
# Banks give half a year.
LATELY = int(datetime.combine(date.today() - timedelta(days=20), time(18), UTC).timestamp())


def import_file(cast: Cast, *lines: tuple[int, str, str]) -> Import:
    """Rows of a file, by how many days after LATELY they are, while the bank cannot be read."""
    account = cast.checking
    with tenancy.scope(cast.household) as household:
        Account.objects.filter(pk=account.pk).update(status="inactive")
        text = FILE + "".join(
            f"{date.fromtimestamp(LATELY + at * DAY)},{words},{amount}\n" for at, words, amount in lines
        )
        brought = importing.bring(household, account.pk, cast.alice, "gap.csv", text.encode())
        importing.say_reading(household, brought.pk, {"day": 0, "description": 1, "amount": 2})
        shown = importing.look(importing.waiting(household, brought.pk))
        rest = Decided(shown.digest, {}, rest=importing.ADD)
        return importing.carry_out(household, brought.pk, cast.alice, rest)


def words(account: Account) -> list[tuple[str, str | None, str]]:
    with tenancy.scope(account.household_id):
        rows = Transaction.objects.filter(account=account).order_by("booked_on", "pk")
        return list(rows.values_list("description", "stripe_id", "note"))


def lately(number: int, **facts: Any) -> dict[str, Any]:
    return bank_row(number, transacted_at=LATELY + number, updated=LATELY + number, **facts)


def test_rows_of_a_file_give_way_to_the_banks_own(cast: Cast) -> None:
    """Two coffees and a bill of the gap; the bank knows the bill under a later day, and a row that the file has not."""
    account = cast.checking
    brought = import_file(cast, (0, "Coffee", "-4.50"), (0, "Coffee", "-4.50"), (1, "POWER CO 77", "-60.00"))
    with tenancy.scope(cast.household) as household:
        [first, *_] = Transaction.objects.filter(account=account).order_by("pk")
        filing.set_note(household, first.pk, "with Sam", cast.alice)

    read(
        account,
        lately(1),
        lately(2),
        lately(3 * DAY, amount=-60_00, description="ACH POWER CO"),
        lately(4 * DAY, amount=-4_50),
    )

    assert words(account) == [
        ("COFFEE", "fctxn_1", "with Sam"),
        ("COFFEE", "fctxn_2", ""),
        ("ACH POWER CO", f"fctxn_{3 * DAY}", ""),
        ("COFFEE", f"fctxn_{4 * DAY}", ""),
    ]
    with tenancy.scope(household):
        assert importing.undo(household, brought.pk).removed_count == 0
        assert rollups.drifts(household) == []
        assert Edit.objects.get().transaction_id == Transaction.objects.exclude(note="").get().pk
    assert len(words(account)) == 4


def test_rows_of_a_file_stay_where_the_bank_has_none_or_had_its_own_before(cast: Cast) -> None:
    """What was said to be another row than the bank's of that day is one; nor is another payee's of the day after."""
    account = cast.checking
    read(account, lately(1))
    import_file(cast, (0, "Coffee", "-4.50"), (1, "Bakery", "-9.00"))

    read(account, lately(1), lately(2 * DAY, amount=-9_00, description="SHOES"))

    assert [row[0] for row in words(account)] == ["COFFEE", "Coffee", "Bakery", "SHOES"]
