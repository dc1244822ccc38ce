"""Bank days: the Federal Reserve's holidays, and the dates that an ACH debit can be expected to keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
# Stripe: standard settlement is T+4, sent by 21:00 Eastern; a person may dispute for 60 days.
CUT_OFF_HOUR = 21
SETTLEMENT_DAYS = 4
DISPUTE_DAYS = 60
MONDAY, THURSDAY = 0, 3


@dataclass(frozen=True)
class Expected:
    """The days of a debit: when the bank is asked, when it has arrived at the latest, how long it can be disputed."""

    asked_on: date
    arrives_by: date
    dispute_until: date


@lru_cache(maxsize=32)
def holidays(year: int) -> dict[date, str]:
    """The days of the year on which the Federal Reserve's banks are closed, with their names.

    One on a Sunday is kept on Monday; one on a Saturday is not moved. https://www.frbservices.org/about/holiday-schedules
    """
    fixed = (
        (date(year, 1, 1), "New Year’s Day"),
        (date(year, 6, 19), "Juneteenth"),
        (date(year, 7, 4), "Independence Day"),
        (date(year, 11, 11), "Veterans Day"),
        (date(year, 12, 25), "Christmas Day"),
    )
    moving = (
        (_nth(year, 1, MONDAY, 3), "Martin Luther King Jr. Day"),
        (_nth(year, 2, MONDAY, 3), "Presidents’ Day"),
        (_nth(year, 6, MONDAY, 1) - timedelta(days=7), "Memorial Day"),
        (_nth(year, 9, MONDAY, 1), "Labor Day"),
        (_nth(year, 10, MONDAY, 2), "Columbus Day"),
        (_nth(year, 11, THURSDAY, 4), "Thanksgiving"),
    )
    kept = [(day + timedelta(days=day.weekday() == 6), name) for day, name in (*fixed, *moving)]
    return {day: name for day, name in kept if day.weekday() != 5}


def is_bank_day(day: date) -> bool:
    """Whether banks settle on this day."""
    return day.weekday() < 5 and day not in holidays(day.year)


def bank_day_from(day: date) -> date:
    """The day itself, or the next bank day after it."""
    while not is_bank_day(day):
        day += timedelta(days=1)
    return day


def add_bank_days(day: date, count: int) -> date:
    """The bank day that many after (before, when negative) the day."""
    step = timedelta(days=1 if count >= 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not is_bank_day(day):
            day += step
    return day


def expected(sent: datetime | date) -> Expected:
    """When a debit that is sent then will do what. A bare day is taken as sent in time on that day."""
    counted = _counted_from(sent) if isinstance(sent, datetime) else sent
    arrives_by = add_bank_days(bank_day_from(counted), SETTLEMENT_DAYS)
    return Expected(add_bank_days(counted, 1), arrives_by, arrives_by + timedelta(days=DISPUTE_DAYS))


def latest_start(due_on: date) -> date:
    """The last day on which to send so that the money has arrived when it is due."""
    return add_bank_days(due_on + timedelta(days=1), -1 - SETTLEMENT_DAYS)


def holidays_between(first: date, last: date) -> list[tuple[date, str]]:
    """Bank holidays on the way, from one day to another, both included."""
    years = range(first.year, last.year + 1)
    return [(day, name) for year in years for day, name in sorted(holidays(year).items()) if first <= day <= last]


def _counted_from(sent: datetime) -> date:
    local = sent.astimezone(EASTERN)
    return local.date() + timedelta(days=local.hour >= CUT_OFF_HOUR)


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))
