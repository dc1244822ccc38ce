"""Linking banks: open a session for the person's device, then save what came of it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from ninja import Router, Schema, Status
from pydantic import Field, Strict

from api import shapes
from api.callers import ApiRequest
from api.parsing import Body, Id, as_id
from api.problems import Problem, not_found
from api.replies import asks_stripe
from banking import asking, linking, overview
from banking.asking import Choice
from banking.models import Account
from fcdash import tenancy
from fcdash.gateway.errors import WillNotWork

router = Router()
Permission = Literal["balances", "ownership", "payment_method", "transactions"]
Prefetch = Literal["balances", "ownership", "transactions"]
Subcategory = Literal["checking", "savings", "credit_card", "line_of_credit", "mortgage"]


class Filters(Body):
    """Which accounts the person may choose. Stripe's own page (hosted) takes no filter by what can be debited."""

    account_subcategories: list[Subcategory] | None = Field(None, max_length=5)
    require_payment_method_support: Literal["all", "at_least_one", "none"] | None = None


class Limits(Body):
    accounts: Annotated[int, Strict(), Field(ge=1, le=asking.MOST_ACCOUNTS)] | None = Field(
        None, description="How many accounts may be chosen."
    )


class LinkSessionIn(Body):
    """What is left out is as the operator has set it."""

    mode: Literal["web", "sheet", "webview", "hosted"] = "web"
    permissions: list[Permission] | None = Field(None, min_length=1, max_length=4)
    prefetch: list[Prefetch] | None = Field(None, max_length=3, description="Read at once; of what is permitted.")
    filters: Filters | None = None
    limits: Limits | None = None
    return_url: str | None = Field(None, max_length=500, description="webview: one of the operator's return URLs.")
    relink_account: Id | None = Field(
        None, description="An account to sign in to again; with permissions: asks for those besides what it has."
    )


USUAL = LinkSessionIn.model_validate({})


class Asked(Schema):
    """A permission that the person is asked for and has not given yet, in words to show before the dialog opens."""

    permission: str
    opens: str
    why: str


class LinkSession(Schema):
    """`client_secret` opens Stripe's dialog on the person's device; keep it nowhere. `url` is Stripe's own page.

    With mode sheet the same two values stand under the names that Stripe's Android sample reads, too.
    """

    id: str
    mode: str
    client_secret: str | None
    publishable_key: str
    url: str | None
    asks: list[Asked]
    financialConnectionsSessionClientSecret: str | None = None
    publishableKey: str | None = None


class Linked(Schema):
    accounts: list[shapes.Account]


def _shown(started: linking.StartedLink) -> LinkSession:
    shown = LinkSession(
        id=started.session_id,
        mode=started.mode,
        client_secret=started.client_secret,
        publishable_key=started.publishable_key,
        url=started.url,
        asks=[Asked(permission=r.permission, opens=r.opens, why=r.why) for r in started.reasons],
    )
    if started.mode == "sheet":
        shown.financialConnectionsSessionClientSecret = started.client_secret
        shown.publishableKey = started.publishable_key
    return shown


def _same_session(request: ApiRequest, kept: dict[str, Any]) -> dict[str, Any]:
    """For a replay: the session that the first answer named, with its secret from Stripe, where alone it is kept."""
    return_url = json.loads(request.body or b"{}").get("return_url")
    started = linking.reopen(request.place.household_id, request.user, kept["id"], return_url)
    return _shown(started).model_dump(exclude_unset=True)


def _choice(body: LinkSessionIn) -> Choice:
    return Choice(
        permissions=body.permissions,
        prefetch=body.prefetch,
        subcategories=body.filters.account_subcategories if body.filters else None,
        payable=body.filters.require_payment_method_support if body.filters else None,
        accounts=body.limits.accounts if body.limits else None,
    )


@router.post("/link-sessions", response={201: LinkSession}, exclude_unset=True, summary="Open a link session")
@asks_stripe(
    secrets=("client_secret", "financialConnectionsSessionClientSecret", "url"),
    again=_same_session,
)
def start(request: ApiRequest, body: LinkSessionIn = USUAL) -> Status[LinkSession]:
    """Makes the caller's Stripe Customer first if there is none yet."""
    relink = as_id(body.relink_account) if body.relink_account is not None else None
    try:
        started = linking.start(
            request.place.household_id, request.user, body.mode, _choice(body), body.return_url, relink
        )
    except linking.NotAllowed as problem:
        raise Problem(422, "not_allowed", str(problem)) from None
    except Account.DoesNotExist:
        raise not_found() from None
    return Status(201, _shown(started))


@router.post("/link-sessions/{session_id}/complete", response=Linked, summary="Save what was linked")
@asks_stripe()
def complete(request: ApiRequest, session_id: str) -> Linked:
    """Repeatable. Stripe's webhook alone brings the accounts too; this only hurries it."""
    household_id = request.place.household_id
    try:
        saved = linking.complete(household_id, request.user, session_id)
    except linking.NotAllowed as problem:
        raise Problem(409, "linked_elsewhere", str(problem)) from None
    except WillNotWork as problem:
        if problem.is_missing:
            raise not_found() from problem
        raise
    ids = {account.pk for account in saved}
    with tenancy.scope(household_id):
        rows = overview.accounts(household_id)
    return Linked(accounts=[shapes.account(row) for row in rows if row.id in ids])
