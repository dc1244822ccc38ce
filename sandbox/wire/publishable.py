"""What Stripe.js may send and see with a publishable key: a client secret in, a subset of the intent out."""

from __future__ import annotations

from typing import Any

from sandbox.store import Body

# Stripe: "If you retrieve a PaymentIntent with a publishable key, it only returns a subset of properties."
_OF_BOTH = frozenset(
    [
        "id",
        "object",
        "automatic_payment_methods",
        "cancellation_reason",
        "client_secret",
        "created",
        "description",
        "excluded_payment_method_types",
        "livemode",
        "next_action",
        "payment_method",
        "payment_method_configuration_details",
        "payment_method_types",
        "status",
    ]
)
SEEN = {
    "payment_intent": _OF_BOTH
    | frozenset(
        [
            "amount",
            "amount_details",
            "canceled_at",
            "capture_method",
            "confirmation_method",
            "currency",
            "last_payment_error",
            "processing",
            "receipt_email",
            "setup_future_usage",
            "shipping",
            "source",
        ]
    ),
    "setup_intent": _OF_BOTH | {"last_setup_error", "usage"},
}


def seen(body: Body) -> Body:
    """The object as a publishable key sees it; blocks of its bank account are for the secret key."""
    kind = body.get("object", "")
    if kind in SEEN:
        return seen_in({name: value for name, value in body.items() if name in SEEN[kind]})
    if kind == "payment_method" and "us_bank_account" in body:
        return {**body, "us_bank_account": {**body["us_bank_account"], "status_details": {}}}
    return body


def seen_in(holder: Body) -> Body:
    """An intent or an error, with the objects in it as a publishable key sees them."""
    return {name: seen(value) if isinstance(value, dict) else value for name, value in holder.items()}


def loggable(raw: dict[str, Any]) -> dict[str, Any]:
    """Parameters without what no log may keep: client secrets, and all but the end of an account number."""
    kept: dict[str, Any] = {}
    for name, value in raw.items():
        if isinstance(value, dict):
            kept[name] = loggable(value)
        elif name == "account_number":
            kept[name] = "•" * len(value[:-4]) + value[-4:]
        else:
            kept[name] = "[hidden]" if name == "client_secret" else value
    return kept


def inferred(raw: dict[str, Any], ip_address: str, user_agent: str) -> dict[str, Any]:
    """`infer_from_client`: the mandate names where the request came from, since no browser knows its own address."""
    acceptance = (raw.get("mandate_data") or {}).get("customer_acceptance") or {}
    online = acceptance.get("online") or {}
    if not isinstance(online, dict) or online.get("infer_from_client") != "true":
        return raw
    where = {"ip_address": ip_address, "user_agent": user_agent}
    return {**raw, "mandate_data": {"customer_acceptance": {**acceptance, "online": where}}}
