"""Figures: what was spent, and what came in and went out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from ninja import Query, Router, Schema

from api import shapes
from api.callers import ApiRequest
from api.parsing import Day
from api.problems import invalid
from fcdash import tenancy
from spending import totals
from spending.periods import Span

router = Router()
DEFAULT_DAYS = timedelta(days=180)
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
