"""Figures: what was spent, and what came in and went out."""

from __future__ import annotations

import datetime as dt
from datetime import date, timedelta
from typing import Annotated, Literal

from ninja import Query, Router, Schema
from pydantic import Field

from api import shapes
from api.callers import ApiRequest
from api.parsing import Day
from api.problems import invalid
from fcdash import tenancy
from spending import cashflow, networth, totals
from spending.periods import Span

router = Router()
DEFAULT_DAYS = timedelta(days=180)
MOST_POINTS = 400
From = Annotated[Day | None, Query(alias="from", description="The first day; by default 180 days before `to`.")]
To = Annotated[Day | None, Query(alias="to", description="The last day; by default today.")]
Currency = Annotated[str | None, Query(pattern="^[a-z]{3}$", description="By default the household's.")]


class Group(Schema):
    """Money out is positive, refunds are taken off; `count` is how many rows make it up."""

    key: str
    name: str
    amount: shapes.Money
    count: int


class Spending(Schema):
    """`total` is the sum of `groups`. Transfers, voids and excluded rows are left out."""

    total: shapes.Money
    groups: list[Group]


class MonthFlow(Schema):
    """One month, all positive: money in from outside, spent, put aside; `left` is what stayed where it came in."""

    month: str = Field(description="Such as 2026-11.")
    earned: shapes.Money = Field(serialization_alias="in")
    spent: shapes.Money = Field(serialization_alias="out")
    saved: shapes.Money
    left: shapes.Money


class Worth(Schema):
    """What the linked accounts come to at the end of a day."""

    date: dt.date
    amount: shapes.Money


def span_of(request: ApiRequest, since: date | None, until: date | None) -> Span:
    """The days asked for, the last 180 by default. Raises Problem 422 when they are the wrong way round."""
    last = until or max(request.place.today, since or date.min)
    first = since or last - DEFAULT_DAYS
    if first > last:
        raise invalid("from", "must not be after to")
    return Span(first, last)


@router.get("/spending", response=Spending, summary="What was spent")
def spent(
    request: ApiRequest,
    since: From = None,
    until: To = None,
    currency: Currency = None,
    by: Literal["category", "merchant", "month", "account"] = "category",
) -> Spending:
    """In one currency, the household's by default; currencies are never added together."""
    span = span_of(request, since, until)
    with tenancy.scope(request.place.household_id) as household_id:
        found = totals.spending(household_id, span.first, span.last, currency or request.place.currency, by)
    return Spending(
        total=shapes.money(found.cents, found.currency),
        groups=[
            Group(key=g.key, name=g.name, amount=shapes.money(g.cents, found.currency), count=g.count)
            for g in found.groups
        ],
    )


@router.get("/cashflow", response=shapes.Page[MonthFlow], by_alias=True, summary="Money in and out by month")
def cash_flow(
    request: ApiRequest, since: From = None, until: To = None, currency: Currency = None
) -> shapes.Page[MonthFlow]:
    """Whole months, from that of `from` to that of `to`."""
    span, currency = span_of(request, since, until), currency or request.place.currency
    with tenancy.scope(request.place.household_id) as household_id:
        months = cashflow.cash_flow(household_id, span.first, span.last, currency)
    return shapes.Page(
        data=[
            MonthFlow(
                month=f"{m.month:%Y-%m}",
                earned=shapes.money(m.in_cents, currency),
                spent=shapes.money(m.out_cents, currency),
                saved=shapes.money(m.saved_cents, currency),
                left=shapes.money(m.left_cents, currency),
            )
            for m in months
        ],
        next=None,
    )


@router.get("/net-worth", response=shapes.Page[Worth], summary="What the accounts come to, day by day")
def net_worth(
    request: ApiRequest, since: From = None, until: To = None, currency: Currency = None
) -> shapes.Page[Worth]:
    """At most about a year of days; of longer spans every so many. Days before the first known row are left out."""
    span, currency = span_of(request, since, until), currency or request.place.currency
    step = (span.last - span.first).days // MOST_POINTS + 1
    with tenancy.scope(request.place.household_id) as household_id:
        found = networth.net_worth(household_id, span.first, span.last, currency, step)
    return shapes.Page(
        data=[Worth(date=p.on, amount=shapes.money(p.cents, found.currency)) for p in found.points], next=None
    )
