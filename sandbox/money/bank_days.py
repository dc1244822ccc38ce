"""The banks' working days: Monday to Friday but for the Federal Reserve's holidays, with a cut-off in the evening."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
# What is sent later goes out with the next working day's: https://docs.stripe.com/payments/ach-direct-debit#timing.
CUT_OFF = time(21)
# By then the banks have worked through the night's files.
OPENING = time(8, 30)

_MONDAY, _THURSDAY = 0, 3


def day_of(moment: float) -> date:
    """The working day with which what is sent at `moment` goes out."""
    day = local(moment).date()
    return day if is_working(day) and local(moment).time() < CUT_OFF else later(day, 1)


def local(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, EASTERN)


def later(day: date, days: int) -> date:
    """That many working days later; with 0 the day itself, or the first working day after it."""
    while days or not is_working(day):
        day += timedelta(days=1)
        if days and is_working(day):
            days -= 1
    return day


def opening(day: date) -> float:
    """The instant at which the banks' answers of that day are there."""
    return datetime.combine(day, OPENING, EASTERN).timestamp()


def is_working(day: date) -> bool:
    return day.weekday() < 5 and day not in holidays(day.year)


@cache
def holidays(year: int) -> frozenset[date]:
    """The Federal Reserve's: one on a Sunday is kept on Monday, one on a Saturday not at all."""
    fixed = [date(year, month, day) for month, day in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))]
    kept = [day + timedelta(days=1) if day.weekday() == 6 else day for day in fixed]
    memorial_day = _nth(year, 6, _MONDAY, 1) - timedelta(days=7)
    mondays = [_nth(year, month, _MONDAY, number) for month, number in ((1, 3), (2, 3), (9, 1), (10, 2))]
    return frozenset([*kept, *mondays, memorial_day, _nth(year, 11, _THURSDAY, 4)])


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
