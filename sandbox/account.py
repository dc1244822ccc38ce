"""The Stripe account that the sandbox's keys belong to."""

from __future__ import annotations

from stripe.params import AccountRetrieveCurrentParams, AccountRetrieveParams

from sandbox.store import Body
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation

ACCOUNT_ID = "acct_sandbox"


def retrieve(call: Call) -> Body:
    return {
        "id": ACCOUNT_ID,
        "object": "account",
        "capabilities": {"transfers": "active", "us_bank_account_ach_payments": "active"},
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": "operator@example.com",
        "payouts_enabled": True,
        "type": "standard",
    }


def retrieve_connected(call: Call) -> Body:
    """The own account by its id; no other is connected to it."""
    if call.id == ACCOUNT_ID:
        return retrieve(call)
    raise ApiError(
        f"The provided key 'sk_test_***' does not have access to account '{call.id}' (or that account does not exist)."
        " Application access may have been revoked.",
        status=403,
        code="account_invalid",
    )


OPERATIONS = (
    Operation("GET", "/v1/account", retrieve, AccountRetrieveCurrentParams),
    Operation("GET", "/v1/accounts/*", retrieve_connected, AccountRetrieveParams),
)
