"""What a payment may be: its amount, currency, descriptor, target date and the account it goes to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sandbox.store import Body
from sandbox.wire import errors
from sandbox.wire.errors import ApiError

MINIMUM, MAXIMUM = 50, 99_999_999
# What the bank statement says when the payment does not say otherwise.
ACCOUNT_DESCRIPTOR = "SANDBOX"

_DESCRIPTOR_FORBIDS = re.compile(r"[<>\\'\"*]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def amount(cents: int) -> int:
    if cents < 1:
        raise ApiError(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    if cents < MINIMUM:
        raise ApiError("Amount must be at least $0.50 usd", code="amount_too_small", param="amount")
    if cents > MAXIMUM:
        raise ApiError("Amount must be no more than $999,999.99", code="amount_too_large", param="amount")
    return cents


def currency(code: str) -> str:
    code = code.lower()
    if not re.fullmatch(r"[a-z]{3}", code):
        raise errors.invalid("currency", f"{code} is no currency.")
    if code != "usd":
        raise ApiError(
            f"The currency provided ({code}) is invalid for one or more payment methods on this PaymentIntent. "
            "Payment method type us_bank_account only supports these currencies: usd.",
            code="payment_intent_invalid_parameter",
            param="currency",
        )
    return code


def capture_method(params: Mapping[str, Any]) -> str:
    method = params.get("capture_method", "automatic_async")
    if method == "manual":
        raise ApiError("`us_bank_account` payments cannot be captured manually.", param="capture_method")
    return str(method)


def descriptor(text: str | None, param: str = "statement_descriptor") -> str | None:
    """What the bank statement says: at most 22 characters, a letter among them, none that banks refuse."""
    if not text:
        return None
    if len(text) > 22:
        raise errors.invalid(param, "must be at most 22 characters.")
    if _DESCRIPTOR_FORBIDS.search(text):
        raise errors.invalid(param, "must not contain < > \\ ' \" *.")
    if not re.search(r"[A-Za-z]", text):
        raise errors.invalid(param, "must contain a letter.")
    return text


def email(text: str | None, param: str) -> str | None:
    if text and not _EMAIL.fullmatch(text):
        raise ApiError(f"Invalid email address: {text}", code="email_invalid", param=param)
    return text or None


def connected(account_id: str | None, param: str) -> str | None:
    if account_id and not re.fullmatch(r"acct_\w{3,}", account_id):
        raise errors.no_such("account", account_id, param)
    return account_id or None


def refuse_overreach(intent: Body) -> None:
    """What is passed on or kept of a payment is never more than the payment."""
    transfer, fee = intent["transfer_data"] or {}, intent["application_fee_amount"]
    if transfer.get("amount") is not None and transfer["amount"] > intent["amount"]:
        raise errors.invalid("transfer_data[amount]", "must not exceed the payment's amount.")
    if fee is None:
        return
    if not transfer and not intent["on_behalf_of"]:
        raise ApiError(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using "
            "an OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).",
            param="application_fee_amount",
        )
    if not 0 <= fee <= intent["amount"]:
        raise errors.invalid("application_fee_amount", "must not exceed the payment's amount.")


def target_date(intent: Body) -> date | None:
    """The day on which the account is to be debited, where one was asked for; refuses one too near or too far."""
    target = intent["payment_method_options"]["us_bank_account"].get("target_date")
    if target is None:
        return None
    param = "payment_method_options[us_bank_account][target_date]"
    try:
        day = datetime.strptime(target, "%Y-%m-%d").date()
    except ValueError:
        raise errors.invalid(param, "must be a date as YYYY-MM-DD.") from None
    if not 3 <= (day - datetime.now(UTC).date()).days <= 15:
        raise errors.invalid(param, "must be 3 to 15 days ahead.")
    return day
