"""The bank account behind a payment method: that of a linked account, or one whose numbers were typed in."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from sandbox import ids
from sandbox.connections import account_numbers, accounts
from sandbox.money.returns import outcome_of
from sandbox.store import Body, store
from sandbox.wire import errors
from sandbox.wire.errors import ApiError

TEST_ROUTING = "110000000"


def described(given: Mapping[str, Any], prefix: str) -> Body:
    """`us_bank_account` of a payment method; under "_" what its method knows and never shows."""
    if "financial_connections_account" in given:
        if "account_number" in given:
            raise errors.exclusive(f"{prefix}[financial_connections_account]", f"{prefix}[account_number]")
        return _from_linked_account(given, f"{prefix}[financial_connections_account]")
    for name in ("account_number", "routing_number"):
        if not given.get(name):
            raise errors.missing(f"{prefix}[{name}]")
    return _from_numbers(given, prefix)


def _from_linked_account(given: Mapping[str, Any], param: str) -> Body:
    account = accounts.existing(given["financial_connections_account"], param)
    _refuse_undebitable(account, param)
    holder = account["account_holder"].get("customer")
    number = account_numbers.test_number(account)
    # A tokenized number is another at each consent, so the same bank account gets another fingerprint.
    given_out = account["_"].get("token") or number
    return {
        **_details(given_out, TEST_ROUTING, account["institution_name"]),
        "account_holder_type": given.get("account_holder_type", "individual"),
        "account_type": "savings" if account["subcategory"] == "savings" else "checking",
        "financial_connections_account": account["id"],
        "last4": account["last4"],
        "_": {"outcome": outcome_of(number), "holder": holder, "verified": True},
    }


def _refuse_undebitable(account: Body, param: str) -> None:
    if account["status"] != "active":
        raise ApiError(
            f"This Financial Connections account is {account['status']}.",
            code="financial_connections_account_inactive",
            param=param,
        )
    if "payment_method" not in account["permissions"]:
        raise ApiError("The `payment_method` permission was not granted for this account.", param=param)
    if any(number["status"] == "pending" for number in account["account_numbers"] or []):
        raise ApiError(
            "The account numbers of this Financial Connections account are not there yet. Try again later.",
            code="financial_connections_account_pending_account_numbers",
            param=param,
        )
    if account["category"] != "cash" or "us_bank_account" not in account["supported_payment_method_types"]:
        raise ApiError(
            "This Financial Connections account does not support `us_bank_account` payments.",
            code="financial_connections_account_unavailable_account_numbers",
            param=param,
        )


def _from_numbers(given: Mapping[str, Any], prefix: str) -> Body:
    number, routing = given["account_number"], given["routing_number"]
    if not number.isdigit() or len(number) > 17:
        raise errors.invalid(f"{prefix}[account_number]", "must be up to 17 digits.", code="account_number_invalid")
    if not _routing_is_valid(routing):
        raise errors.invalid(f"{prefix}[routing_number]", "is no routing number.", code="routing_number_invalid")
    return {
        **_details(number, routing, "STRIPE TEST BANK"),
        "account_holder_type": given.get("account_holder_type", "individual"),
        "account_type": given.get("account_type", "checking"),
        "financial_connections_account": None,
        "last4": number[-4:],
        "_": {"outcome": outcome_of(number), "holder": None, "verified": False},
    }


def _routing_is_valid(routing: str) -> bool:
    """Nine digits with the ABA's check sum."""
    if len(routing) != 9 or not routing.isdigit():
        return False
    return sum(int(digit) * weight for digit, weight in zip(routing, (3, 7, 1) * 3, strict=True)) % 10 == 0


def _details(number: str, routing: str, bank_name: str) -> Body:
    return {
        "bank_name": bank_name,
        "fingerprint": _fingerprint(routing, number),
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": routing,
        "status_details": {},
    }


def _fingerprint(routing: str, number: str) -> str:
    """The same for the same account, and no way back to its number: that is kept nowhere."""
    key = store.setting("fingerprint_key")
    if key is None:
        key = ids.token(32)
        store.set_setting("fingerprint_key", key)
    return hmac.new(key.encode(), f"{routing}/{number}".encode(), hashlib.sha256).hexdigest()[:16]
