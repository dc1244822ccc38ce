"""What PaymentIntents and SetupIntents share: payment method types, the method itself, client secrets, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox import ids
from sandbox.money import payment_methods
from sandbox.store import Body, store
from sandbox.wire import errors, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call
from sandbox.wire.params import listed
from sandbox.wire.versions import Version

TYPES = ["us_bank_account"]


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


def given_method(params: Mapping[str, Any], customer_id: str | None, intent_id: str | None = None) -> Body | None:
    """The payment method that a request names or describes; None when it does neither."""
    if params.get("payment_method") and params.get("payment_method_data"):
        raise errors.exclusive("payment_method", "payment_method_data")
    if params.get("payment_method"):
        method = payment_methods.named(params["payment_method"], "payment_method")
        payment_methods.usable_by(method, customer_id, "payment_method", intent_id)
        return method
    if params.get("payment_method_data"):
        method = payment_methods.build(params["payment_method_data"], "payment_method_data")
        payment_methods.usable_by(
            method, customer_id, "payment_method_data[us_bank_account][financial_connections_account]"
        )
        return method
    return None


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


def existing(kind: str, intent_id: str, param: str | None = None) -> Body:
    intent = store.find(kind, intent_id)
    if intent is None:
        raise errors.no_such(kind, intent_id, param)
    return intent


def unexpected(intent: Body, message: str) -> ApiError:
    """The refusal of what an intent in its state does not take; it shows the intent."""
    kind = intent["object"]
    return errors.unexpected_state(message, f"{kind}_unexpected_state", **{kind: rendering.shown(intent)})


def refuse_method(intent: Body, method: Body) -> None:
    """Refuses a way of verification that the intent does not allow."""
    wanted = intent["payment_method_options"]["us_bank_account"]["verification_method"]
    linked = method["us_bank_account"]["financial_connections_account"] is not None
    if (wanted == "instant" and not method["_"]["verified"]) or (wanted == "microdeposits" and linked):
        raise ApiError(
            f"The `verification_method` of this intent is `{wanted}`, which does not fit this bank account.",
            code=f"{intent['object']}_invalid_parameter" if intent["object"] == "payment_intent" else None,
            param="payment_method_options[us_bank_account][verification_method]",
        )


def refused_action(method: Body) -> Body:
    """The error of an attempt that would need the customer, who is not there."""
    return {
        "code": "payment_intent_action_required",
        "doc_url": "https://stripe.com/docs/error-codes/payment-intent-action-required",
        "message": "The provided payment method requires customer actions to complete, but the customer is not there.",
        "payment_method": rendering.shown(method),
        "type": "card_error",
    }
