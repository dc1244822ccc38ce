"""Institutions as Stripe lists them: what a bank is called, and which features it supports. Seen by previews only."""

from __future__ import annotations

import hashlib

from typing_extensions import TypedDict

from sandbox import banks
from sandbox.institution import Institution
from sandbox.invented_banks import TEST_ROUTING
from sandbox.store import Body
from sandbox.wire import errors, listing
from sandbox.wire.operations import Call, Operation

KIND = "financial_connections.institution"


def id_of(institution: Institution) -> str:
    """The same in every sandbox, as the banks are."""
    return "fcinst_" + hashlib.sha256(institution.key.encode()).hexdigest()[:14]


def find(institution_id: str) -> Institution | None:
    return next((each for each in banks.INSTITUTIONS if id_of(each) == institution_id), None)


def body_of(institution: Institution) -> Body:
    payable = any(account.supports_payments for account in institution.accounts)
    supported = {"balances": True, "ownership": True, "payment_method": payable, "transactions": True}
    return {
        "id": id_of(institution),
        "object": KIND,
        "countries": [institution.country],
        "features": {name: {"supported": each} for name, each in supported.items()},
        "livemode": False,
        "name": institution.name,
        "routing_numbers": [TEST_ROUTING] if payable else [],
        "status": _status(institution),
        "url": None,
    }


def _status(institution: Institution) -> str:
    if institution.behaviour != "down":
        return "active"
    return "degraded" if institution.outage == "error" else "inactive"


class ListParams(TypedDict, total=False):
    """A page of institutions; no version of the SDK that is installed here knows them."""

    ending_before: str
    expand: list[str]
    limit: int
    starting_after: str


def list_institutions(call: Call) -> Body:
    return listing.page_of([body_of(each) for each in banks.INSTITUTIONS], call.params, call.url, KIND)


def retrieve(call: Call) -> Body:
    institution = find(call.id)
    if institution is None:
        raise errors.no_such(KIND, call.id)
    return body_of(institution)


_PATH = "/v1/financial_connections/institutions"

OPERATIONS = (
    Operation("GET", _PATH, list_institutions, ListParams, preview=True),
    Operation("GET", _PATH + "/*", retrieve, preview=True),
)
