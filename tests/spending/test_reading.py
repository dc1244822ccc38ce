"""Readings: usual, safe to spend, forecast, cash flow and net worth, on rows that are counted by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from banking.models import Account
from fcdash import tenancy
from spending import cashflow, forecast, habits, networth, safe_to_spend, transfers, upcoming, usual
from spending.habits import Habits
from spending.safe_to_spend import NotYet, SafeToSpend
from tests.cast import AccountFactory, BalanceFactory, Cast
from tests.spending.rows import add, half_a_year

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 12)


# --- Usual ----------------------------------------------------------------------------------------------------


def test_usual_is_the_median_up_to_the_same_day(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        for month, cents in ((8, -100_00), (9, -120_00), (10, -500_00), (11, -130_00)):
            add(cast.checking, "SAFEWAY", -1_00, date(2026, month, 1))
            add(cast.checking, "SAFEWAY", cents, date(2026, month, 12))
            add(cast.checking, "SAFEWAY", -999_00, date(2026, month, 13))

        found = usual.standing(cast.household.pk, TODAY, "usd").usual

        assert found.months == 3
        assert [(line.key, line.spent_cents, line.usual_cents) for line in found.lines] == [
            ("groceries", 131_00, 121_00)
        ]


def test_a_month_that_is_known_in_part_is_not_usual(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        add(cast.checking, "SAFEWAY", -100_00, date(2026, 10, 9))
        add(cast.checking, "SAFEWAY", -100_00, TODAY)

        assert not usual.standing(cast.household.pk, TODAY, "usd").usual.is_known


def test_unsure_rows_are_counted_until_somebody_looked(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        add(cast.checking, "XPRESS RSN QZ 0071", -15_00, TODAY)
        add(cast.checking, "LOWRY AND SONS", -40_00, TODAY)
        add(cast.checking, "LOWRY AND SONS", -90_00, TODAY, chosen_category="home")
        add(cast.checking, "LOWRY AND SONS", -90_00, TODAY, excluded=True)

        found = usual.standing(cast.household.pk, TODAY, "usd").unsure

        assert (found.count, found.cents, found.rows[0]) == (2, 55_00, ("Lowry and Sons", 40_00))


# --- Safe to spend --------------------------------------------------------------------------------------------


def read(cast: Cast, have: int | None = 3000_00) -> SafeToSpend | NotYet:
    held = habits.read(cast.household.pk, TODAY, "usd")
    items = upcoming.upcoming(held.series, [], TODAY, TODAY + timedelta(days=45), "usd")
    return safe_to_spend.safe_to_spend(have, 1, items, held, TODAY)


def test_bills_before_payday_and_everyday_spending_are_taken_off(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        half_a_year(cast.checking, TODAY - timedelta(days=1))

        found = read(cast)

        assert isinstance(found, SafeToSpend)
        # Paid on Nov 8 and every two weeks; the power bill of today is still to come.
        assert (found.payday, found.days) == (date(2026, 11, 22), 10)
        assert (found.bills_low, found.bills_high) == (99_02, 111_70)
        assert found.low_cents == (3000_00 - found.bills_high - found.everyday_high) // 5_00 * 5_00
        assert 0 < found.low_cents <= found.high_cents < 3000_00 - found.bills_low


def test_without_a_balance_or_six_weeks_or_a_payday_there_is_no_range(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        add(cast.checking, "SAFEWAY", -10_00, TODAY - timedelta(days=20))
        assert isinstance(read(cast, None), NotYet)
        short = read(cast)
        add(cast.checking, "SAFEWAY", -10_00, TODAY - timedelta(days=60))
        unpaid = read(cast)

        assert isinstance(short, NotYet)
        assert "you have 3 weeks" in short.text
        assert isinstance(unpaid, NotYet)
        assert "payday" in unpaid.text


def test_less_than_the_bills_is_said_as_what_is_missing(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        half_a_year(cast.checking, TODAY - timedelta(days=1))

        found = read(cast, 10_00)

        assert isinstance(found, SafeToSpend)
        assert found.is_short
        assert (found.low, found.high) == (0, 0)
        assert 0 < found.short_low <= found.short_high


def test_the_forecast_ends_where_its_parts_lead() -> None:
    pay = upcoming.Item(TODAY + timedelta(days=2), "Pay", 500_00, 500_00, "usd", category="income")
    bill = upcoming.Item(TODAY, "Bill", -40_00, -60_00, "usd")
    held = Habits((), (10_00,) * 56, None)

    days = forecast.forecast(1000_00, [bill, pay], held, TODAY, TODAY + timedelta(days=3))

    assert [(day.low_cents, day.high_cents) for day in days] == [
        (1000_00, 1000_00), (930_00, 950_00), (1420_00, 1440_00), (1410_00, 1430_00),
    ]  # fmt: skip
    assert forecast.lowest(days).on == TODAY + timedelta(days=1)


# --- Cash flow and net worth ----------------------------------------------------------------------------------


@pytest.fixture
def savings(cast: Cast) -> Account:
    with tenancy.scope(cast.household):
        return AccountFactory(household=cast.household, holder=cast.alice, subcategory="savings", last4="7720")


def test_cash_flow_tells_in_out_saved_and_left(cast: Cast, savings: Account) -> None:
    with tenancy.scope(cast.household):
        add(cast.checking, "NORTHWIND PAYROLL", 2000_00, date(2026, 10, 3))
        add(cast.checking, "SAFEWAY", -300_00, date(2026, 10, 4))
        add(cast.checking, "SAFEWAY REFUND", 20_00, date(2026, 10, 6))
        add(cast.checking, "TRANSFER TO SAV 7720", -500_00, date(2026, 10, 9))
        add(savings, "TRANSFER FROM CHK 4410", 500_00, date(2026, 10, 9))
        add(cast.checking, "ACH TRANSFER TO ROUNDHOUSE INVEST", -100_00, date(2026, 10, 20))
        transfers.match(cast.household.pk, date(2026, 1, 1))

        [flow, _] = cashflow.cash_flow(cast.household.pk, date(2026, 10, 1), TODAY, "usd")

        assert (flow.in_cents, flow.out_cents, flow.saved_cents, flow.left_cents) == (2000_00, 280_00, 600_00, 1120_00)
        assert cashflow.income_by_payer(cast.household.pk, flow.month, "usd") == [("Northwind", 2000_00)]


def test_net_worth_carries_balances_on_and_works_back_from_the_first(cast: Cast, savings: Account) -> None:
    with tenancy.scope(cast.household):
        for account, on, cents in (
            (cast.checking, TODAY - timedelta(days=2), 100_00),
            (cast.checking, TODAY, 70_00),
            (savings, TODAY - timedelta(days=1), 500_00),
        ):
            BalanceFactory(household=cast.household, account=account, on=on, current_cents=cents)
        add(cast.checking, "SAFEWAY", -30_00, TODAY - timedelta(days=2))
        add(cast.checking, "SAFEWAY", -5_00, TODAY - timedelta(days=3), status="void")
        add(cast.checking, "NORTHWIND PAYROLL", 40_00, TODAY - timedelta(days=4))

        found = networth.net_worth(cast.household.pk, TODAY - timedelta(days=9), TODAY, "usd")

        # 100 after the purchase of 30, so 130 before it, and 90 before the pay; savings stood at 500 all along.
        assert [point.cents for point in found.points] == [630_00, 630_00, 600_00, 600_00, 570_00]
        assert found.change_since(TODAY - timedelta(days=1)) == -30_00
        assert found.given_since == TODAY - timedelta(days=1)


def test_a_disconnected_account_is_no_part_of_net_worth(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        BalanceFactory(household=cast.household, account=cast.checking, on=TODAY)
        Account.objects.filter(household_id=cast.household.pk).update(status="disconnected")

        assert networth.net_worth(cast.household.pk, TODAY, TODAY, "usd").points == ()
