"""The banks' calendar: the Federal Reserve's holidays, weekends, the cut-off of the evening."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from sandbox.money import bank_days


# https://www.frbservices.org/about/holiday-schedules
@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2024, "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25"),
        (2025, "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25"),
        # Independence Day falls on a Saturday: banks are open on the Friday before.
        (2026, "01-01 01-19 02-16 05-25 06-19 09-07 10-12 11-11 11-26 12-25"),
        # New Year's Day falls on a Sunday: banks are closed on the Monday after.
        (2023, "01-02 01-16 02-20 05-29 06-19 07-04 09-04 10-09 11-23 12-25"),
    ],
)
def test_holidays(year: int, days: str) -> None:
    weekdays = sorted(day for day in bank_days.holidays(year) if day.weekday() < 5)

    assert " ".join(day.strftime("%m-%d") for day in weekdays) == days


@pytest.mark.parametrize(
    ("sent", "goes_out", "settles"),
    [
        ("2026-03-02T12:00", "2026-03-02", "2026-03-06"),
        ("2026-03-02T20:59", "2026-03-02", "2026-03-06"),
        ("2026-03-02T21:00", "2026-03-03", "2026-03-09"),
        ("2026-03-06T21:30", "2026-03-09", "2026-03-13"),
        ("2026-03-07T09:00", "2026-03-09", "2026-03-13"),
        # Across the change to summer time.
        ("2026-03-09T20:59", "2026-03-09", "2026-03-13"),
        # Thanksgiving.
        ("2026-11-25T21:00", "2026-11-27", "2026-12-03"),
        ("2026-11-22T12:00", "2026-11-23", "2026-11-30"),
        # Christmas and New Year's Day.
        ("2026-12-24T22:00", "2026-12-28", "2027-01-04"),
    ],
)
def test_what_is_sent_goes_out_and_settles(sent: str, goes_out: str, settles: str) -> None:
    moment = datetime.fromisoformat(sent).replace(tzinfo=bank_days.EASTERN).timestamp()

    day = bank_days.day_of(moment)

    assert (day, bank_days.later(day, 4)) == (date.fromisoformat(goes_out), date.fromisoformat(settles))


def test_answers_are_there_in_the_morning() -> None:
    summer, winter = bank_days.opening(date(2026, 7, 1)), bank_days.opening(date(2026, 12, 1))

    assert [datetime.fromtimestamp(at, bank_days.EASTERN).hour for at in (summer, winter)] == [8, 8]
