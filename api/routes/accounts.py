"""Linked accounts: how they stand, their owners, refreshing and disconnecting."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from django.utils import timezone
from ninja import Router, Status
from pydantic import Field

from api import shapes
from api.callers import ApiRequest
from api.pages import DEFAULT_LIMIT, cut
from api.parsing import Body, Limit, as_id
from api.problems import Problem
from api.replies import asks_stripe
from banking import disconnecting, overview, refreshing
from banking.models import Owner
from fcdash import tenancy
from fcdash.gateway.errors import WillNotWork

router = Router()
SOON = 60


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
