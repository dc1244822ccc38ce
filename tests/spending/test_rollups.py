"""Roll-ups against an independent count: whatever is written to the transactions, by whatever statement."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banking.models import Account, Transaction
from fcdash import tenancy
from spending import rollups
from spending.models import DayTotal, MonthTotal
from tests.cast import AccountFactory, Cast, TransactionFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)


def truth(household_id: int) -> tuple[dict, dict]:
    """Both roll-ups, added up in Python from the rows."""
    months: dict = defaultdict(lambda: [0, 0])
    days: dict = defaultdict(lambda: [0, 0])
    duplicates = set(Account.objects.filter(status="duplicate").values_list("pk", flat=True))
    for row in Transaction.objects.filter(household_id=household_id):
        if row.status == "void" or row.excluded or row.account_id in duplicates:
            continue
        for totals, key in (
            (months, (row.booked_on.replace(day=1), row.category, row.account_id, row.currency)),
            (days, (row.booked_on, row.category, row.currency)),
        ):
            totals[key][0] += row.amount_cents
            totals[key][1] += 1
    return dict(months), dict(days)


def held(household_id: int) -> tuple[dict, dict]:
    months = MonthTotal.objects.filter(household_id=household_id).exclude(row_count=0, total_cents=0)
    days = DayTotal.objects.filter(household_id=household_id).exclude(row_count=0, total_cents=0)
    return (
        {(m.month, m.category, m.account_id, m.currency): [m.total_cents, m.row_count] for m in months},
        {(d.day, d.category, d.currency): [d.total_cents, d.row_count] for d in days},
    )


def without_nothing(totals: tuple[dict, dict]) -> tuple[dict, ...]:
    return tuple({key: value for key, value in part.items() if value != [0, 0]} for part in totals)


STEP = st.tuples(
    st.sampled_from(["insert", "upsert", "amount", "void", "exclude", "file", "move", "delete", "duplicate"]),
    st.integers(0, 11),
    st.integers(-50_00, 50_00).filter(bool),
    st.integers(0, 45),
    st.sampled_from(["groceries", "transfer", "home"]),
)


def take(step: tuple[str, int, int, int, str], accounts: list[Account]) -> None:
    kind, number, cents, days, category = step
    account = accounts[number % len(accounts)]
    rows = Transaction.objects.filter(household_id=account.household_id, stripe_id=f"fctxn_{number}")
    if kind in ("insert", "upsert"):
        upsert(account, f"fctxn_{number}", cents, DAY + timedelta(days=days), category)
    elif kind == "amount":
        rows.update(amount_cents=cents)
    elif kind == "void":
        rows.update(status="void" if cents > 0 else "posted")
    elif kind == "exclude":
        rows.update(excluded=cents > 0)
    elif kind == "file":
        rows.update(chosen_category=category if cents > 0 else None)
    elif kind == "move":
        rows.update(booked_on=DAY + timedelta(days=days))
    elif kind == "delete":
        rows.delete()
    else:
        Account.objects.filter(household_id=account.household_id, pk=account.pk).update(
            status="duplicate" if cents > 0 else "active"
        )


UPSERT = """
    INSERT INTO banking_transaction (household_id, account_id, stripe_id, amount_cents, currency, description, status,
        transacted_at, booked_on, stripe_refresh, merchant, guessed_category, guessed_why, note, excluded)
    SELECT %s, %s, s, %s, 'usd', 'x', 'posted', %s, %s, '', '', %s, '', '', false FROM unnest(%s::text[]) s
    ON CONFLICT (household_id, account_id, stripe_id) DO UPDATE SET amount_cents = excluded.amount_cents,
        guessed_category = excluded.guessed_category
"""


def upsert(account: Account, stripe_id: str, cents: int, day: date, category: str) -> None:
    """As ingest writes: one statement that inserts or updates, and fires both triggers."""
    ids = [stripe_id, f"{stripe_id}b"]
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [account.household_id, account.pk, cents, day, day, category, ids])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=1, max_size=25))
def test_roll_ups_equal_the_rows_after_any_writes(cast: Cast, steps: list) -> None:
    with tenancy.scope(cast.household):
        Transaction.objects.filter(household_id=cast.household.pk).delete()
        accounts = [cast.checking, second_account(cast)]
        Account.objects.filter(household_id=cast.household.pk).update(status="active")
        for step in steps:
            take(step, accounts)

        assert held(cast.household.pk) == without_nothing(truth(cast.household.pk))
        assert rollups.drifts(cast.household.pk) == []


def second_account(cast: Cast) -> Account:
    found = Account.objects.filter(household_id=cast.household.pk, stripe_id="fca_second").first()
    return found or AccountFactory(household=cast.household, holder=cast.alice, stripe_id="fca_second")


def test_an_update_that_changes_no_figure_writes_no_roll_up(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        TransactionFactory(household=cast.household, account=cast.checking)
        before = versions()

        Transaction.objects.filter(household_id=cast.household.pk).update(description="the same money", merchant="x")

        assert versions() == before


def versions() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, ctid::text, xmin::text FROM spending_monthtotal ORDER BY id")
        months = cursor.fetchall()
        cursor.execute("SELECT id, ctid::text, xmin::text FROM spending_daytotal ORDER BY id")
        return months + cursor.fetchall()


def test_an_account_can_be_deleted_with_its_rows(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        TransactionFactory(household=cast.household, account=cast.checking)
        keep = second_account(cast)
        TransactionFactory(household=cast.household, account=keep, amount_cents=-1_00)

        cast.checking.delete()

        assert [m.total_cents for m in MonthTotal.objects.filter(household_id=cast.household.pk)] == [-1_00]
        assert rollups.drifts(cast.household.pk) == []


def test_recount_names_drift_and_repairs_it(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        TransactionFactory(household=cast.household, account=cast.checking)
        MonthTotal.objects.filter(household_id=cast.household.pk).update(total_cents=-1)
        DayTotal.objects.filter(household_id=cast.household.pk).delete()

    with pytest.raises(CommandError, match="2 roll-ups differ"):
        call_command("recount", check=True)
    call_command("recount")
    call_command("recount", check=True)


def test_another_households_roll_ups_are_out_of_sight(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        TransactionFactory(household=cast.household, account=cast.checking)

    with tenancy.scope(cast.strange_household), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM spending_monthtotal")
        assert cursor.fetchone() == (0,)


def test_a_household_can_be_deleted(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        TransactionFactory(household=cast.household, account=cast.checking)

    with tenancy.system("a household leaves"):
        cast.household.delete()

        assert not DayTotal.objects.filter(household_id=cast.household.pk).exists()
