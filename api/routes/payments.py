"""Payments: approving one, following it, calling it back."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from ninja import Query, Router, Schema, Status
from pydantic import Field

from api import shapes
from api.callers import ApiRequest
from api.pages import DEFAULT_LIMIT, cursor_of, id_of
from api.parsing import Body, Day, Id, Limit, as_id
from api.problems import Problem
from api.replies import asks_stripe
from fcdash import tenancy
from fcdash.gateway.errors import TryAgain
from payments import listing, paying
from payments.models import Bill
from payments.reasons import message_of

router = Router()
State = Literal[
    "scheduled",
    "held",
    "submitted",
    "unknown",
    "processing",
    "paid",
    "failed",
    "returned",
    "disputed",
    "refunded",
    "canceled",
]
CAME_BACK = ("failed", "returned", "disputed")


class Failure(Schema):
    """`code` is Stripe's, `network_code` Nacha's."""

    code: str
    network_code: str | None
    message: str


class Change(Schema):
    state: State
    at: dt.datetime
    cause: str


class Payment(Schema):
    """`failed`: it never succeeded. `returned`: the bank took it back after `paid`. `disputed`: the person's claim."""

    id: str
    state: State
    amount: shapes.Money
    bill: str
    account: str
    mandate: str
    on: dt.date
    receives: str
    payment_intent: str | None
    failure: Failure | None
    history: list[Change]


class PaymentIn(Body):
    bill: Id
    account: Id
    mandate: Id
    on: Day | None = Field(None, description="The day to send it; today when absent.")


@router.get("/payments", response=shapes.Page[Payment], summary="Payments, newest first")
def payments(
    request: ApiRequest,
    bill: Annotated[str | None, Query(description="Of this bill only.")] = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> shapes.Page[Payment]:
    before = None if cursor is None else id_of(cursor)
    with tenancy.scope(request.place.household_id) as household_id:
        bill_id = None if bill is None else Bill.objects.for_household(household_id).get(pk=as_id(bill)).pk
        rows = listing.payments(household_id, before, limit + 1, bill_id)
    following = cursor_of(str(rows[limit - 1].payment.pk)) if len(rows) > limit else None
    return shapes.Page(data=[_shown(row) for row in rows[:limit]], next=following)


@router.post("/payments", response={201: Payment}, summary="Approve a payment")
def pay(request: ApiRequest, body: PaymentIn) -> Status[Payment]:
    """Pays the bill's open period; the debit follows in the background.

    A second payment of the period is a 409 that names the first in `payment`.
    """
    try:
        approved = paying.claim(
            request.place, request.user, as_id(body.bill), as_id(body.account), as_id(body.mandate), body.on
        )
    except paying.AlreadyClaimed as claimed:
        standing = str(claimed.payment.pk)
        raise Problem(409, "already_paying", "This bill has a payment already.", payment=standing) from None
    except paying.ClaimRefused as refused:
        raise Problem(422, refused.code, str(refused)) from None
    return Status(201, _load(request, approved.pk))


@router.get("/payments/{payment_id}", response=Payment, summary="One payment")
def payment(request: ApiRequest, payment_id: str) -> Payment:
    return _load(request, as_id(payment_id))


@router.post("/payments/{payment_id}/cancel", response={200: Payment, 202: Payment}, summary="Call a payment back")
@asks_stripe()
def cancel(request: ApiRequest, payment_id: str) -> Status[Payment]:
    """202 when Stripe gave no answer: the wish is kept. 409 when the debit has reached the bank."""
    status = 200
    try:
        paying.cancel(request.place, as_id(payment_id))
    except paying.TooLate as late:
        raise Problem(409, "too_late", str(late)) from None
    except TryAgain:
        status = 202
    return Status(status, _load(request, as_id(payment_id)))


def _load(request: ApiRequest, payment_id: int) -> Payment:
    with tenancy.scope(request.place.household_id) as household_id:
        return _shown(listing.payment(household_id, payment_id))


def _shown(now: listing.PaymentNow) -> Payment:
    row = now.payment
    failure = None
    if row.state in CAME_BACK:
        failure = Failure(
            code=row.failure_code or row.state,
            network_code=row.failure_network_code or None,
            message=message_of(row.failure_code, row.failure_network_code, row.account.name),
        )
    return Payment.model_validate(
        {
            "id": str(row.pk),
            "state": row.state,
            "amount": shapes.money(row.amount_cents, row.currency),
            "bill": str(row.bill_id),
            "account": str(row.account_id),
            "mandate": str(row.mandate_id),
            "on": row.on,
            "receives": row.receives,
            "payment_intent": row.stripe_payment_intent_id,
            "failure": failure,
            "history": [Change.model_validate({"state": e.state, "at": e.at, "cause": e.cause}) for e in now.history],
        }
    )
