"""What PaymentIntents and SetupIntents share: payment method types, the method itself, client secrets, test tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox import address, ids
from sandbox.money import payment_methods
from sandbox.store import Body, store
from sandbox.wire import errors, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call
from sandbox.wire.params import listed
from sandbox.wire.versions import Version

TYPES = ["us_bank_account"]

# Stripe's ready-made test methods, by the number of the bank account behind them.
TEST_TOKENS = {
    "pm_usBankAccount_success": "000123456789",
    "pm_usBankAccount_accountClosed": "000111111113",
    "pm_usBankAccount_noAccount": "000111111116",
    "pm_usBankAccount_insufficientFunds": "000222222227",
    "pm_usBankAccount_debitNotAuthorized": "000333333335",
    "pm_usBankAccount_invalidCurrency": "000444444440",
    "pm_usBankAccount_dispute": "000555555559",
    "pm_usBankAccount_processing": "000000000009",
    "pm_usBankAccount_weeklyLimitExceeded": "000777777771",
}


def without_method_types(raw: dict[str, Any], version: Version) -> dict[str, Any]:
    """`payment_method_types` is taken from older versions; newer ones refuse it with a code of its own."""
    if "payment_method_types" not in raw:
        return raw
    if not version.takes_payment_method_types:
        raise ApiError(
            "`payment_method_types` is no longer supported. Use `allowed_payment_method_types` instead.",
            code="payment_method_types_no_longer_supported",
            param="payment_method_types",
        )
    if "us_bank_account" not in listed(raw["payment_method_types"]):
        raise ApiError("This sandbox takes `us_bank_account` payments only.", param="payment_method_types")
    return {name: value for name, value in raw.items() if name != "payment_method_types"}


def refuse_other_types(params: Mapping[str, Any]) -> None:
    allowed = params.get("allowed_payment_method_types")
    if allowed and "us_bank_account" not in allowed:
        raise ApiError("This sandbox takes `us_bank_account` payments only.", param="allowed_payment_method_types")
    if allowed:
        for other in ("automatic_payment_methods", "excluded_payment_method_types", "payment_method_configuration"):
            if params.get(other):
                raise errors.exclusive("allowed_payment_method_types", other)


def client_secret(intent_id: str) -> str:
    return f"{intent_id}_secret_{ids.token(25)}"


def given_method(params: Mapping[str, Any], customer_id: str | None) -> Body | None:
    """The payment method that a request names or describes; None when it does neither."""
    if params.get("payment_method") and params.get("payment_method_data"):
        raise errors.exclusive("payment_method", "payment_method_data")
    if params.get("payment_method"):
        method = _named(params["payment_method"])
        payment_methods.usable_by(method, customer_id, "payment_method")
        return method
    if params.get("payment_method_data"):
        method = payment_methods.build(params["payment_method_data"], "payment_method_data")
        payment_methods.usable_by(
            method, customer_id, "payment_method_data[us_bank_account][financial_connections_account]"
        )
        return method
    return None


def _named(method_id: str) -> Body:
    number = TEST_TOKENS.get(method_id)
    if number is None:
        return payment_methods.existing(method_id, "payment_method")
    data = {
        "type": "us_bank_account",
        "billing_details": {"name": "Test Account"},
        "us_bank_account": {"account_number": number, "routing_number": payment_methods.TEST_ROUTING},
    }
    method = payment_methods.build(data, "payment_method_data")
    # Stripe's tokens come verified.
    payment_methods.set_verified(method)
    return method


def options(params: Mapping[str, Any], before: Body | None = None) -> Body:
    """`payment_method_options` as an intent shows them."""
    given = params.get("payment_method_options") or {}
    bank = dict(given.get("us_bank_account") or {})
    kept: Body = dict((before or {}).get("us_bank_account", {"verification_method": "automatic"}))
    for name in ("setup_future_usage", "target_date", "transaction_purpose", "verification_method"):
        if bank.get(name):
            kept[name] = bank[name]
    if bank.get("mandate_options"):
        kept["mandate_options"] = dict(bank["mandate_options"])
    if bank.get("financial_connections"):
        linking = dict(bank["financial_connections"])
        if "payment_method" not in linking.get("permissions", ["payment_method"]):
            raise ApiError(
                "`permissions` must include `payment_method`.",
                param="payment_method_options[us_bank_account][financial_connections][permissions]",
            )
        kept["financial_connections"] = {"prefetch": None, **linking}
    return {"us_bank_account": kept}


def by_secret(kind: str, call: Call) -> Body:
    """The intent; a publishable key sees it only with its client secret."""
    intent = store.find(kind, call.id)
    if intent is None or (call.publishable and call.client_secret != intent["client_secret"]):
        raise errors.no_such(kind, call.id)
    return intent


def answer(intent: Body, call: Call) -> Body:
    return rendering.shown(intent, call.version)


# Stripe's test values: two amounts, or the code on the bank statement.
_VERIFIES = ([32, 45], "SM11AA")
_EXCEEDS = ([10, 11], "SM33CC")
_TIMES_OUT = ([40, 41], "SM44DD")
_ATTEMPTS = {"amounts": 3, "descriptor_code": 10}


def check_microdeposits(intent: Body, params: Mapping[str, Any]) -> str | None:
    """None when the deposits were named rightly; else why the verification is over. A mere mismatch is refused."""
    if ("amounts" in params) == ("descriptor_code" in params):
        raise errors.missing("descriptor_code")
    name = "amounts" if "amounts" in params else "descriptor_code"
    given = sorted(params["amounts"]) if name == "amounts" else params["descriptor_code"].upper()
    if given in _VERIFIES:
        return None
    if given in _TIMES_OUT:
        return "payment_method_microdeposit_verification_timeout"
    intent["_"]["attempts"] = intent["_"].get("attempts", 0) + 1
    if given in _EXCEEDS or intent["_"]["attempts"] >= _ATTEMPTS[name]:
        return "payment_method_microdeposit_verification_attempts_exceeded"
    store.save(intent)
    raise ApiError(
        "What you entered does not match what was sent to the bank account.",
        code=f"payment_method_microdeposit_verification_{name}_mismatch",
        param=name,
        keep=True,
    )


def microdeposits(arrival: int, intent: Body) -> Body:
    """The next action of an intent whose bank account was typed in: it must be verified first."""
    # The page is found by a token of its own: the client secret never stands in an address.
    intent["_"]["secret"] = "pacs_test_" + ids.token()
    return {
        "type": "verify_with_microdeposits",
        "verify_with_microdeposits": {
            "arrival_date": arrival,
            "hosted_verification_url": f"{address.base}/v3/microdeposits/{intent['_']['secret']}",
            "microdeposit_type": "descriptor_code",
        },
    }
