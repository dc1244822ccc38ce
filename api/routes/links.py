"""Linking banks: open a session for the person's device, then save what came of it."""

from __future__ import annotations

import json
from typing import Any, Literal

from ninja import Router, Schema, Status
from pydantic import Field

from api import shapes
from api.callers import ApiRequest
from api.parsing import Body
from api.problems import Problem, not_found
from api.replies import asks_stripe
from banking import linking, overview
from fcdash import tenancy
from fcdash.gateway.errors import WillNotWork

router = Router()
Permission = Literal["balances", "ownership", "payment_method", "transactions"]


class LinkSessionIn(Body):
    mode: Literal["web", "sheet", "webview", "hosted"] = "web"
    permissions: list[Permission] = Field(
        ["balances", "ownership", "payment_method", "transactions"], min_length=1, max_length=4
    )
    return_url: str | None = Field(None, max_length=500, description="webview: one of the operator's return URLs.")


USUAL = LinkSessionIn.model_validate({})


class LinkSession(Schema):
    """`client_secret` opens Stripe's dialog on the person's device; keep it nowhere. `url` is Stripe's own page."""

    id: str
    mode: str
    client_secret: str | None
    publishable_key: str
    url: str | None


class Linked(Schema):
    accounts: list[shapes.Account]


def _shown(started: linking.StartedLink) -> LinkSession:
    return LinkSession(
        id=started.session_id,
        mode=started.mode,
        client_secret=started.client_secret,
        publishable_key=started.publishable_key,
        url=started.url,
    )


def _same_session(request: ApiRequest, kept: dict[str, Any]) -> dict[str, Any]:
    """For a replay: the session that the first answer named, with its secret from Stripe, where alone it is kept."""
    return_url = json.loads(request.body or b"{}").get("return_url")
    return _shown(linking.reopen(request.place.household_id, request.user, kept["id"], return_url)).model_dump()


@router.post("/link-sessions", response={201: LinkSession}, summary="Open a link session")
@asks_stripe(secrets=("client_secret", "url"), again=_same_session)
def start(request: ApiRequest, body: LinkSessionIn = USUAL) -> Status[LinkSession]:
    """Makes the caller's Stripe Customer first if there is none yet."""
    try:
        started = linking.start(request.place.household_id, request.user, body.mode, body.permissions, body.return_url)
    except linking.NotAllowed as problem:
        raise Problem(422, "not_allowed", str(problem)) from None
    return Status(201, _shown(started))


@router.post("/link-sessions/{session_id}/complete", response=Linked, summary="Save what was linked")
@asks_stripe()
def complete(request: ApiRequest, session_id: str) -> Linked:
    """Repeatable. Stripe's webhook alone brings the accounts too; this only hurries it."""
    household_id = request.place.household_id
    try:
        saved = linking.complete(household_id, request.user, session_id)
    except WillNotWork as problem:
        if problem.is_missing:
            raise not_found() from problem
        raise
    ids = {account.pk for account in saved}
    with tenancy.scope(household_id):
        rows = overview.accounts(household_id)
    return Linked(accounts=[shapes.account(row) for row in rows if row.id in ids])
