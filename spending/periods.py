"""Spans of days and the months in them."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def is_whole_months(self) -> bool:
        return self.first.day == 1 and self.last == month_end(self.last)

    def split(self) -> tuple[Span | None, list[Span]]:
        """(the whole months in it, the days before and after them). A total is the sum over all the parts."""
        start = self.first if self.first.day == 1 else next_month(self.first)
        end = self.last if self.last == month_end(self.last) else self.last.replace(day=1) - timedelta(days=1)
        if start > end:
            return None, [self]
        edges = []
        if self.first < start:
            edges.append(Span(self.first, start - timedelta(days=1)))
        if end < self.last:
            edges.append(Span(end + timedelta(days=1), self.last))
        return Span(start, end), edges


def month_start(day: date) -> date:
    return day.replace(day=1)


def month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def next_month(day: date) -> date:
    """The first day of the month after."""
    return month_end(day) + timedelta(days=1)


def months_back(day: date, count: int) -> date:
    """The first day of the month `count` months before the day's own."""
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def months_of(span: Span) -> list[date]:
    """The first days of the months that the span touches, in order."""
    months, month = [], month_start(span.first)
    while month <= span.last:
        months.append(month)
        month = next_month(month)
    return months


def whole_month(day: date) -> Span:
    return Span(month_start(day), month_end(day))
