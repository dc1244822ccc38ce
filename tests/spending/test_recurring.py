"""What comes back, and when it is expected next."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from spending import recurring, upcoming
from spending.recurring import Occurrence, Rhythm, Series
from spending.upcoming import Item

TODAY = date(2026, 11, 22)


def find(days: list[date], cents: int | list[int] = -50_00, category: str = "bills") -> Series | None:
    amounts = cents if isinstance(cents, list) else [cents] * len(days)
    rows = [Occurrence(day, amount) for day, amount in zip(days, amounts, strict=True)]
    return recurring.find("Tidewater Power", category, 1, rows, TODAY)


def months(day: int, count: int = 6, last: int = 11) -> list[date]:
    return [date(2026, last - back, day) for back in reversed(range(count))]


def every(days: int, count: int, last: date = TODAY - timedelta(days=2)) -> list[date]:
    return [last - timedelta(days=days * back) for back in reversed(range(count))]


@pytest.mark.parametrize(
    ("days", "rhythm"),
    [
        (every(7, 5), Rhythm.WEEKLY),
        (every(14, 4), Rhythm.BIWEEKLY),
        (months(12), Rhythm.MONTHLY),
        ([date(2026, 7, 31), date(2026, 8, 31), date(2026, 10, 2), date(2026, 10, 31)], Rhythm.MONTHLY),
        ([date(2026, 5, 20), date(2026, 7, 20), date(2026, 9, 21), date(2026, 11, 20)], Rhythm.BIMONTHLY),
        ([date(2026, 3, 15), date(2026, 6, 15), date(2026, 9, 15)], Rhythm.QUARTERLY),
        ([date(2024, 10, 14), date(2025, 10, 14), date(2026, 10, 14)], Rhythm.YEARLY),
    ],
)
def test_rhythms_are_recognised(days: list[date], rhythm: Rhythm) -> None:
    found = find(days)

    assert found is not None
    assert found.rhythm is rhythm


@pytest.mark.parametrize(
    "days",
    [
        months(12, 2),
        every(7, 3),
        [date(2026, 9, 1), date(2026, 9, 20), date(2026, 10, 2), date(2026, 11, 20)],
        [date(2026, 3, 1), date(2026, 6, 20), date(2026, 7, 2), date(2026, 10, 13), date(2026, 11, 12)],
        months(12, 5, 8),
    ],
)
def test_too_few_irregular_or_ended_rows_are_no_series(days: list[date]) -> None:
    assert find(days) is None


def test_amounts_that_vary_are_a_range_of_the_last_six() -> None:
    found = find(months(12, 7), [-300_00, -128_00, -164_00, -131_00, -150_00, -140_00, -133_00])

    assert found is not None
    assert (found.low_cents, found.high_cents) == (-128_00, -164_00)


def test_a_price_that_rose_is_the_new_price() -> None:
    found = find(months(9), [-15_49] * 4 + [-17_49] * 2, "fun")

    assert found is not None
    assert (found.low_cents, found.high_cents) == (-17_49, -17_49)


def test_groceries_that_happen_weekly_are_no_bill() -> None:
    assert find(every(7, 8), [-31_00, -88_00, -45_00, -60_00, -12_00, -99_00, -51_00, -70_00], "groceries") is None


def test_one_price_comes_back_among_others_of_the_same_name() -> None:
    days = [*months(21), date(2026, 11, 2), date(2026, 9, 8), date(2026, 9, 30)]

    found = find(days, [-2_99] * 6 + [-14_00, -7_50, -60_00], "fun")

    assert found is not None
    assert (found.rhythm, found.low_cents) == (Rhythm.MONTHLY, -2_99)


def test_next_days_keep_the_day_of_the_month() -> None:
    found = find([date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)])

    assert found is not None
    assert found.dates(TODAY, date(2027, 3, 31)) == [
        date(2026, 11, 30), date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31),
    ]  # fmt: skip


def test_a_bill_that_is_a_few_days_late_is_expected_today_and_later_skipped() -> None:
    found = find(months(20, 5, 10))

    assert found is not None
    assert found.dates(TODAY, TODAY + timedelta(days=5)) == [TODAY]
    assert found.dates(TODAY + timedelta(days=9), TODAY + timedelta(days=20)) == []


def test_a_bill_that_is_paid_from_here_is_said_once() -> None:
    series = find(months(24, 5, 10))
    known = Item(on=date(2026, 11, 26), name="Tidewater Power", low_cents=-50_00, high_cents=-50_00, currency="usd")
    assert series is not None

    items = upcoming.upcoming([series], [known], TODAY, TODAY + timedelta(days=13), "usd")

    assert items == [known]


def test_small_income_is_no_payday() -> None:
    pay, rent, interest = (
        Item(on=TODAY + timedelta(days=days), name=name, low_cents=cents, high_cents=cents, currency="usd",
             category=category)
        for days, name, cents, category in (
            (8, "Pay", 2000_00, "income"), (3, "Rent", 300_00, "income"), (1, "Interest", 900_00, "interest"),
        )
    )  # fmt: skip

    assert upcoming.next_payday([interest, rent, pay], TODAY) == pay
