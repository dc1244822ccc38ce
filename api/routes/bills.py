"""Billers and bills: whom one can pay, and what one owes them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from ninja import Query, Router, Schema, Status
from pydantic import Field

from api import shapes
from api.callers import ApiRequest
from api.pages import DEFAULT_LIMIT, cursor_of, id_of, position_of
from api.parsing import Body, Cents, Day, Id, Limit, as_id
from api.problems import Problem, invalid, not_found
from fcdash import tenancy
from payments import bills, listing
from payments.bills import CURRENCY, KEEP, BillRefused
from payments.models import Biller as BillerRow
from payments.models import BillPeriod

router = Router()
Frequency = Literal["weekly", "biweekly", "monthly", "yearly"]


class Biller(Schema):
    """`receives` is the legal entity that the money goes to."""

    id: str
    name: str
    receives: str


class Recurrence(Body):
    freq: Frequency


class Period(Schema):
    """One time that the bill is due. `payment` is the one that has claimed it."""

    id: str
    due_on: dt.date
    amount: shapes.Money
    state: Literal["due", "scheduled", "paid", "partly_paid", "skipped", "late"]
    payment: str | None


class Bill(Schema):
    """A bill with the period that a payment would be for."""

    id: str
    biller: Biller
    amount: shapes.Money
    recurrence: Recurrence | None
    autopay: None = Field(None, description="null: each payment is approved by a person.")
    reference: str
    period: Period | None


class BillIn(Body):
    biller: Id
    amount: Cents
    currency: str = CURRENCY
    due_on: Day
    recurrence: Recurrence | None = None
    autopay: None = None
    reference: str = Field("", max_length=60, description="The household's number with the biller.")


class BillChange(Body):
    """Only what is sent is changed. A payment that was approved keeps its amount."""

    amount: Cents | None = None
    currency: Literal["usd"] = "usd"
    due_on: Day | None = None
    recurrence: Recurrence | None = Field(None, description="null: once.")
    autopay: None = None
    reference: str | None = Field(None, max_length=60)


@router.get("/billers", response=shapes.Page[Biller], summary="Whom one can pay")
def billers(
    request: ApiRequest,
    q: Annotated[str, Query(max_length=200)] = "",
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> shapes.Page[Biller]:
    """Those that the operator has approved, by name."""
    rows = listing.billers(q, "" if cursor is None else position_of(cursor), limit + 1)
    following = cursor_of(rows[limit - 1].name) if len(rows) > limit else None
    return shapes.Page(data=[_biller(row) for row in rows[:limit]], next=following)


@router.get("/bills", response=shapes.Page[Bill], summary="All bills")
def all_bills(request: ApiRequest, cursor: str | None = None, limit: Limit = DEFAULT_LIMIT) -> shapes.Page[Bill]:
    with tenancy.scope(request.place.household_id):
        rows = listing.bills(request.place, 0 if cursor is None else id_of(cursor), limit + 1)
    following = cursor_of(str(rows[limit - 1].bill.pk)) if len(rows) > limit else None
    return shapes.Page(data=[_shown(request, row) for row in rows[:limit]], next=following)


@router.post("/bills", response={201: Bill}, summary="Add a bill")
def add(request: ApiRequest, body: BillIn) -> Status[Bill]:
    """A day in the past is accepted: the bill is late."""
    frequency = body.recurrence.freq if body.recurrence else None
    try:
        bill = bills.add_bill(
            request.place,
            request.user,
            as_id(body.biller),
            body.amount,
            body.due_on,
            frequency,
            body.reference,
            body.currency,
        )
    except BillRefused as refused:
        raise _refusal(refused) from None
    return Status(201, _load(request, bill.pk))


@router.get("/bills/{bill_id}", response=Bill, summary="One bill")
def bill(request: ApiRequest, bill_id: str) -> Bill:
    return _load(request, as_id(bill_id))


@router.patch("/bills/{bill_id}", response=Bill, summary="Change a bill")
def change(request: ApiRequest, bill_id: str, body: BillChange) -> Bill:
    """`due_on` moves the next period that is to be paid, and all later ones with it."""
    frequency: str | None = KEEP
    if "recurrence" in body.model_fields_set:
        frequency = body.recurrence.freq if body.recurrence else None
    try:
        bills.change_bill(request.place, as_id(bill_id), body.amount, body.due_on, frequency, body.reference)
    except BillRefused as refused:
        raise _refusal(refused) from None
    return _load(request, as_id(bill_id))


@router.delete("/bills/{bill_id}", response={204: None}, summary="Remove a bill")
def remove(request: ApiRequest, bill_id: str) -> Status[None]:
    """What was approved and not yet sent is canceled; what was paid keeps its history under /payments."""
    bills.end_bill(request.place, as_id(bill_id))
    return Status(204, None)


def _load(request: ApiRequest, bill_id: int) -> Bill:
    with tenancy.scope(request.place.household_id):
        return _shown(request, listing.bill(request.place, bill_id))


def _refusal(refused: BillRefused) -> Problem:
    return not_found() if refused.field == "biller" else invalid(refused.field, str(refused))


def _biller(row: BillerRow) -> Biller:
    return Biller(id=str(row.pk), name=row.name, receives=row.receives)


def _shown(request: ApiRequest, now: listing.BillNow) -> Bill:
    row = now.bill
    return Bill(
        id=str(row.pk),
        biller=_biller(row.biller),
        amount=shapes.money(row.amount_cents, row.currency),
        recurrence=None if row.frequency is None else Recurrence.model_validate({"freq": row.frequency}),
        autopay=None,
        reference=row.reference,
        period=None if now.period is None else _period(request, now.period, now.payment_id),
    )


def _period(request: ApiRequest, row: BillPeriod, payment_id: int | None) -> Period:
    return Period.model_validate(
        {
            "id": str(row.pk),
            "due_on": row.due_on,
            "amount": shapes.money(row.amount_cents, row.currency),
            "state": row.state_on(request.place.today),
            "payment": None if payment_id is None else str(payment_id),
        }
    )
