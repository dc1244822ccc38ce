"""Bank days, against the Federal Reserve's published calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from payments.calendar import add_bank_days, expected, holidays, holidays_between, is_bank_day, latest_start

# https://www.frbservices.org/about/holiday-schedules
PUBLISHED = {
    2026: ["01-01", "01-19", "02-16", "05-25", "06-19", "09-07", "10-12", "11-11", "11-26", "12-25"],  # Jul 4: Saturday
    2027: ["01-01", "01-18", "02-15", "05-31", "07-05", "09-06", "10-11", "11-11", "11-25"],  # Jun 19, Dec 25: Saturday
    2028: ["01-17", "02-21", "05-29", "06-19", "07-04", "09-04", "10-09", "11-23", "12-25"],  # Jan 1, Nov 11: Saturday
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_federal_reserves_holidays(year: int) -> None:
    assert sorted(f"{day:%m-%d}" for day in holidays(year)) == PUBLISHED[year]


def test_a_saturday_holiday_closes_no_friday() -> None:
    assert is_bank_day(date(2026, 7, 3))


@pytest.mark.parametrize(
    ("sent", "asked", "arrives", "disputable"),
    [
        (date(2026, 11, 12), date(2026, 11, 13), date(2026, 11, 18), date(2027, 1, 17)),
        (date(2026, 11, 9), date(2026, 11, 10), date(2026, 11, 16), date(2027, 1, 15)),  # Veterans Day on the way
        (date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 30), date(2027, 1, 29)),  # a Sunday; Thanksgiving
        (date(2026, 12, 24), date(2026, 12, 28), date(2026, 12, 31), date(2027, 3, 1)),
    ],
)
def test_four_bank_days_and_sixty_days(sent: date, asked: date, arrives: date, disputable: date) -> None:
    dates = expected(sent)

    assert (dates.asked_on, dates.arrives_by, dates.dispute_until) == (asked, arrives, disputable)


def test_after_nine_in_the_evening_eastern_it_counts_as_the_next_day() -> None:
    before, after = datetime(2026, 11, 13, 1, 59, tzinfo=UTC), datetime(2026, 11, 13, 2, 0, tzinfo=UTC)

    assert expected(before) == expected(date(2026, 11, 12))
    assert expected(after) == expected(date(2026, 11, 13))


@pytest.mark.parametrize("due", [date(2026, 11, day) for day in range(10, 31)])
def test_the_latest_start_arrives_on_time_and_a_day_later_does_not(due: date) -> None:
    start = latest_start(due)

    assert expected(start).arrives_by <= due
    assert expected(add_bank_days(start, 1)).arrives_by > due


def test_holidays_on_the_way_are_named() -> None:
    assert holidays_between(date(2026, 12, 24), date(2027, 1, 4)) == [
        (date(2026, 12, 25), "Christmas Day"),
        (date(2027, 1, 1), "New Year’s Day"),
    ]
