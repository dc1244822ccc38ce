"""Transactions: the list with its filters, one row, and what a person says about it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from ninja import Query, Router, Schema
from ninja import Status as Created
from pydantic import Field

from api import shapes
from api.callers import ApiRequest
from api.pages import DEFAULT_LIMIT, bad_cursor, cursor_of, position_of
from api.parsing import Body, Day, Id, Limit, Signed, as_id
from api.problems import Problem, invalid, not_found
from api.routes.spending import From, To, span_of
from banking import manual
from banking.models import Account
from banking.statements import AHEAD, EARLIEST
from fcdash import tenancy
from spending import filing, listing
from spending.categories import BY_KEY
from spending.searching import Position

router = Router()
POSITION = re.compile(r"(\d{4}-\d{2}-\d{2})\.([0-9]{1,18})", re.ASCII)
Status = Literal["pending", "posted", "void"]


class Category(Schema):
    """`why` says in words why the row is filed there."""

    id: str
    name: str
    why: str


class Transaction(Schema):
    """Amounts are negative for money out. `date` is its day in the household's zone."""

    id: str
    stripe_id: str | None
    account: str
    date: dt.date
    amount: shapes.Money
    description: str
    merchant: str
    category: Category
    status: Status
    transfer: str | None = Field(description="The same on both of its rows, when money moved between own accounts.")
    note: str
    tags: list[str]
    excluded: bool
    reviewed: bool


class TransactionIn(Body):
    """Only what is sent is changed."""

    category: str | None = Field(None, max_length=64, description="null lets our guess stand again.")
    note: str = Field("", max_length=filing.LONGEST_NOTE)
    excluded: bool = Field(False, strict=True, description="Leave it out of all figures.")
    reviewed: bool = Field(False, strict=True)


class RowIn(Body):
    """A row of an account that is kept by hand."""

    account: Id
    date: Day
    amount: Signed = Field(description="Minor units of the account's currency; negative is money out.")
    description: str = Field(min_length=1, max_length=200)


Smallest = Annotated[Signed | None, Query(alias="min", description="Minor units; negative is money out.")]
Largest = Annotated[Signed | None, Query(alias="max", description="Minor units; negative is money out.")]


@router.get("/transactions", response=shapes.Page[Transaction], summary="Transactions, newest first")
def transactions(
    request: ApiRequest,
    q: Annotated[str, Query(max_length=200, description="Words; each is looked for as the beginning of one.")] = "",
    account: str | None = None,
    category: str | None = None,
    since: From = None,
    until: To = None,
    smallest: Smallest = None,
    largest: Largest = None,
    status: Status | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> shapes.Page[Transaction]:
    """A part of a search may be shorter than `limit` while `next` is not null."""
    span = span_of(request, since, until)
    before = None if cursor is None else _position(cursor)
    if category is not None and category not in BY_KEY:
        raise not_found()
    with tenancy.scope(request.place.household_id) as household_id:
        wanted = listing.RowFilter(
            text=q.strip(),
            account_ids=() if account is None else (_account(household_id, account),),
            categories=() if category is None else (category,),
            first=span.first,
            last=span.last,
            lowest_cents=smallest,
            highest_cents=largest,
            status=status or "",
        )
        page = listing.page(household_id, wanted, before, limit)
    following = cursor_of(f"{page.next.on}.{page.next.id}") if page.next else None
    return shapes.Page(data=[_shown(row) for row in page.rows], next=following)


@router.post("/transactions", response={201: Transaction}, summary="Write a row by hand")
def write(request: ApiRequest, body: RowIn) -> Created[Transaction]:
    """409 `not_by_hand` for a linked account: its bank writes its rows. 409 `account_closed` for a closed one."""
    if not EARLIEST <= body.date <= request.place.today + AHEAD:
        raise invalid("date", "must lie between 1950 and today")
    row = manual.HandRow(body.date, body.amount, body.description)
    with tenancy.scope(request.place.household_id) as household_id:
        try:
            made = manual.add_row(household_id, as_id(body.account), row)
        except manual.NotByHand:
            raise Problem(409, "not_by_hand", "This account is linked: its bank writes its rows.") from None
        except manual.Closed:
            raise Problem(409, "account_closed", "This account is closed: it takes no rows.") from None
        return Created(201, _shown(_load(household_id, str(made.pk))))


@router.get("/transactions/{transaction_id}", response=Transaction, summary="One transaction")
def transaction(request: ApiRequest, transaction_id: str) -> Transaction:
    with tenancy.scope(request.place.household_id) as household_id:
        return _shown(_load(household_id, transaction_id))


@router.patch("/transactions/{transaction_id}", response=Transaction, summary="Say what a row is")
def change(request: ApiRequest, transaction_id: str, body: TransactionIn) -> Transaction:
    """What a person says is never overwritten by a machine."""
    given, user = body.model_fields_set, request.user
    with tenancy.scope(request.place.household_id) as household_id:
        row_id = _load(household_id, transaction_id).id
        if "category" in given:
            try:
                filing.set_category(household_id, row_id, body.category, user)
            except filing.UnknownCategory:
                raise not_found() from None
        if "note" in given:
            filing.set_note(household_id, row_id, body.note, user)
        if "excluded" in given:
            filing.set_excluded(household_id, row_id, body.excluded, user)
        if "reviewed" in given:
            filing.set_reviewed(household_id, row_id, body.reviewed, user)
        return _shown(_load(household_id, transaction_id))


def _load(household_id: int, transaction_id: str) -> listing.Row:
    row = listing.row(household_id, as_id(transaction_id))
    if row is None:
        raise not_found()
    return row


def _account(household_id: int, account_id: str) -> int:
    account: Account = Account.objects.for_household(household_id).get(pk=as_id(account_id))
    return account.pk


def _position(cursor: str) -> Position:
    match = POSITION.fullmatch(position_of(cursor))
    try:
        if match:
            return Position(dt.date.fromisoformat(match[1]), int(match[2]))
    except ValueError:
        pass
    raise bad_cursor()


def _shown(row: listing.Row) -> Transaction:
    return Transaction(
        id=str(row.id),
        stripe_id=row.stripe_id,
        account=str(row.account_id),
        date=row.booked_on,
        amount=shapes.money(row.amount_cents, row.currency),
        description=row.description,
        merchant=row.merchant,
        category=Category(id=row.category_key, name=row.category.name, why=row.why),
        status=_status(row.status),
        transfer=None if row.transfer_id is None else str(row.transfer_id),
        note=row.note,
        tags=[],
        excluded=row.excluded,
        reviewed=row.is_reviewed,
    )


def _status(value: str) -> Status:
    return value  # type: ignore[return-value]
