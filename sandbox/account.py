"""The Stripe account that the sandbox's keys belong to."""

from __future__ import annotations

from stripe.params import AccountRetrieveCurrentParams

from sandbox.store import Body
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


OPERATIONS = (Operation("GET", "/v1/account", retrieve, AccountRetrieveCurrentParams),)
