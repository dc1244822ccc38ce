"""Accounts: how they stand, their owners, refreshing and disconnecting; opening one that is kept by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from django.utils import timezone
from ninja import Router, Status
from pydantic import Field

from api import shapes
from api.callers import ApiRequest
from api.pages import DEFAULT_LIMIT, cut
from api.parsing import Body, Day, Limit, Signed, as_id
from api.problems import Problem, invalid
from api.replies import asks_stripe
from banking import disconnecting, manual, overview, refreshing
from banking.models import Owner
from banking.statements import AHEAD, EARLIEST
from fcdash import tenancy
from fcdash.gateway.errors import WillNotWork

router = Router()
SOON = 60


class AccountIn(Body):
    """An account that is kept by hand."""

    name: str = Field(min_length=1, max_length=200)
    kind: Literal[
        "checking", "savings", "cash", "credit_card", "line_of_credit", "mortgage", "loan", "investment", "other"
    ]
    balance: Signed = Field(description="Minor units at the beginning of the day `on`; negative is owed.")
    currency: str | None = Field(None, pattern="^[a-z]{3}$", description="The household's by default.")
    on: Day
    institution: str = Field("", max_length=200)
    last4: str = Field("", pattern="^[0-9A-Za-z]{0,4}$", description="Never the whole number.")


class RefreshIn(Body):
    features: list[Literal["balance", "ownership", "transactions"]] = Field(min_length=1, max_length=3)


class DisconnectIn(Body):
    delete_data: bool = Field(False, strict=True, description="Also delete what was read of this account.")


KEEPING = DisconnectIn.model_validate({})


@router.get("/accounts", response=shapes.Page[shapes.Account], summary="All accounts")
def accounts(
    request: ApiRequest, cursor: str | None = None, limit: Limit = DEFAULT_LIMIT
) -> shapes.Page[shapes.Account]:
    """Cash accounts first, then by name."""
    with tenancy.scope(request.place.household_id) as household_id:
        rows, following = cut(overview.accounts(household_id), limit, cursor, lambda row: row.id)
    return shapes.Page(data=[shapes.account(row) for row in rows], next=following)


@router.post("/accounts", response={201: shapes.Account}, summary="Keep an account by hand")
def open_by_hand(request: ApiRequest, body: AccountIn) -> Status[shapes.Account]:
    """No bank is asked, now or later. `on` lies between 1950 and today."""
    if not EARLIEST <= body.on <= request.place.today + AHEAD:
        raise invalid("on", "must lie between 1950 and today")
    face = manual.Face(body.name, body.kind, body.institution, body.last4)
    with tenancy.scope(request.place.household_id) as household_id:
        currency = body.currency or request.place.currency
        made = manual.open_account(household_id, request.user, face, currency, body.balance, body.on)
        return Status(201, shapes.account(overview.account(household_id, made.pk)))


@router.get("/accounts/{account_id}", response=shapes.Account, summary="One account")
def account(request: ApiRequest, account_id: str) -> shapes.Account:
    return _load(request, account_id)


@router.get("/accounts/{account_id}/owners", response=shapes.Page[shapes.Owner], summary="Its owners")
def owners(request: ApiRequest, account_id: str) -> shapes.Page[shapes.Owner]:
    """403 with the code `not_permitted` when the person did not permit reading them."""
    with tenancy.scope(request.place.household_id) as household_id:
        now = overview.account(household_id, as_id(account_id))
        if "ownership" not in now.permissions:
            raise Problem(403, "not_permitted", "Reading this account's owners was not permitted.")
        rows = list(Owner.objects.for_household(household_id).filter(account_id=now.id).order_by("pk"))
    return shapes.Page(data=[shapes.owner(row) for row in rows], next=None)


@router.post("/accounts/{account_id}/refresh", response={202: shapes.Account}, summary="Ask the bank for new data")
@asks_stripe()
def refresh(request: ApiRequest, account_id: str, body: RefreshIn) -> Status[shapes.Account]:
    """Joins a refresh that is under way. 429 says when the bank gives new data again."""
    features = list(dict.fromkeys(body.features))
    try:
        refreshing.ask(request.place.household_id, as_id(account_id), features)
    except refreshing.NotRefreshable as problem:
        raise Problem(409, "not_refreshable", str(problem)) from None
    except refreshing.TooEarly as early:
        raise _too_early(early.allowed_at) from None
    except WillNotWork as problem:
        # The account has been read anew: it says whether it was too early, and when it will not be.
        now = _load(request, account_id)
        times = [now.freshness[f].next_allowed_at for f in features if f in now.freshness]
        if not (later := [t for t in times if t and t > timezone.now()]):
            raise
        raise _too_early(min(later)) from problem
    return Status(202, _load(request, account_id))


@router.post(
    "/accounts/{account_id}/disconnect",
    response={200: shapes.Account, 202: shapes.Account},
    summary="Stop reading an account",
)
@asks_stripe()
def disconnect(request: ApiRequest, account_id: str, body: DisconnectIn = KEEPING) -> Status[shapes.Account]:
    """202 when Stripe could not be reached: finished in the background. Permissions to debit are another switch."""
    done = disconnecting.disconnect(request.place.household_id, as_id(account_id), body.delete_data)
    return Status(200 if done else 202, _load(request, account_id))


def _load(request: ApiRequest, account_id: str) -> shapes.Account:
    with tenancy.scope(request.place.household_id) as household_id:
        return shapes.account(overview.account(household_id, as_id(account_id)))


def _too_early(at: datetime | None) -> Problem:
    wait = (at - timezone.now()).total_seconds() if at else SOON
    when = at and at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return Problem(429, "too_early", "The bank gives no new data yet.", retry_after=wait, next_allowed_at=when)
