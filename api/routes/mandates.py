"""Permissions to debit an account: the words that must be shown, giving one, taking it back."""

from __future__ import annotations

from typing import Literal

from ninja import Router, Schema, Status
from pydantic import Field

from api import shapes
from api.callers import ApiRequest
from api.pages import DEFAULT_LIMIT, cut
from api.parsing import Body, Id, Limit, as_id
from api.problems import Problem
from api.replies import asks_stripe
from banking.models import Account
from fcdash import clients, tenancy
from payments import mandates, overview
from payments.models import Mandate as MandateRow

router = Router()


class Terms(Schema):
    """Show the text to the person, to the letter; send `version` with their agreement."""

    text: str
    version: str


class Mandate(Schema):
    """`failure` says why Stripe did not set it up, or why it ended."""

    id: str
    stripe_id: str | None
    status: Literal["pending", "active", "inactive"]
    account: str
    failure: str | None


class MandateIn(Body):
    account: Id
    version: str = Field(max_length=40)
    accept: Literal[True]
    name: str = Field("", max_length=200, description="The account holder's, when we do not know it.")


@router.get("/mandates/terms", response=Terms, summary="What the person must be shown")
def terms(request: ApiRequest, account: str) -> Terms:
    with tenancy.scope(request.place.household_id) as household_id:
        row: Account = Account.objects.for_household(household_id).get(pk=as_id(account))
        if reason := mandates.why_not(row, request.user):
            raise Problem(422, "not_payable", reason)
        found = mandates.terms(request.place, request.user, row)
    return Terms(text=found.text, version=found.version)


@router.get("/mandates", response=shapes.Page[Mandate], summary="All permissions")
def all_mandates(request: ApiRequest, cursor: str | None = None, limit: Limit = DEFAULT_LIMIT) -> shapes.Page[Mandate]:
    """Those in force first."""
    with tenancy.scope(request.place.household_id) as household_id:
        rows, following = cut(overview.permissions(household_id), limit, cursor, lambda row: row.pk)
    return shapes.Page(data=[_shown(row) for row in rows], next=following)


@router.post("/mandates", response={201: Mandate}, summary="Give a permission")
@asks_stripe()
def give(request: ApiRequest, body: MandateIn) -> Status[Mandate]:
    """The text, the time, and the caller's address and device are recorded. 503: send the same again, it goes on."""
    try:
        row = mandates.accept(
            request.place,
            request.user,
            as_id(body.account),
            body.version,
            body.name,
            clients.ip_address(request),
            clients.user_agent(request),
        )
    except mandates.TermsChanged as changed:
        raise Problem(409, "terms_changed", str(changed), version=changed.terms.version) from None
    except mandates.NameRequired as refused:
        raise Problem(422, "name_required", str(refused)) from None
    except mandates.MandateRefused as refused:
        raise Problem(422, "not_payable", str(refused)) from None
    return Status(201, _shown(row))


@router.get("/mandates/{mandate_id}", response=Mandate, summary="One permission")
def mandate(request: ApiRequest, mandate_id: str) -> Mandate:
    with tenancy.scope(request.place.household_id) as household_id:
        return _shown(overview.permission(household_id, as_id(mandate_id)))


@router.delete("/mandates/{mandate_id}", response=Mandate, summary="Take a permission back")
def revoke(request: ApiRequest, mandate_id: str) -> Mandate:
    """At once. What was approved under it and not yet sent is canceled; what was sent goes on."""
    return _shown(mandates.revoke(request.place, as_id(mandate_id)))


def _shown(row: MandateRow) -> Mandate:
    return Mandate.model_validate(
        {
            "id": str(row.pk),
            "stripe_id": row.stripe_id,
            "status": row.status,
            "account": str(row.account_id),
            "failure": row.failure_reason or None,
        }
    )
