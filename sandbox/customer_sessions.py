"""Customer sessions: what a mobile app or Stripe's own elements are given to act for one customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe.params import CustomerSessionCreateParams

from sandbox import clock, customers, ids
from sandbox.store import Body
from sandbox.wire import errors
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation

LASTS = 1800

_REMOVING = {"payment_method_allow_redisplay_filters": ["always"], "payment_method_remove": "disabled"}
_MOBILE = {
    **_REMOVING,
    "payment_method_redisplay": "disabled",
    "payment_method_save": "disabled",
    "payment_method_save_allow_redisplay_override": None,
}
_ELEMENT = {
    **_REMOVING,
    "payment_method_redisplay": "disabled",
    "payment_method_redisplay_limit": 3,
    "payment_method_save": "disabled",
    "payment_method_save_usage": None,
}
# What each component may do unless it is told otherwise; None: it has no features.
_FEATURES: dict[str, Mapping[str, Any] | None] = {
    "active_entitlements": None,
    "buy_button": None,
    "customer_portal": None,
    "customer_sheet": _REMOVING,
    "mobile_payment_element": _MOBILE,
    "payment_element": _ELEMENT,
    "pricing_table": None,
}


def create(call: Call) -> Body:
    if "customer" not in call.params:
        raise errors.missing("customer")
    customer = customers.existing(call.params["customer"], "customer")
    given = call.params["components"]
    if not any(component["enabled"] for component in given.values()):
        raise ApiError("At least 1 component must be enabled.", param="components")
    return {
        "object": "customer_session",
        "client_secret": "cuss_secret_" + ids.token(40),
        "components": {name: _component(given.get(name), features) for name, features in _FEATURES.items()},
        "created": clock.stamp(),
        "customer": customer["id"],
        "customer_account": None,
        "expires_at": clock.stamp() + LASTS,
        "livemode": False,
    }


def _component(given: Mapping[str, Any] | None, features: Mapping[str, Any] | None) -> Body:
    enabled = bool(given and given["enabled"])
    if features is None:
        return {"enabled": enabled}
    chosen = (given or {}).get("features", {})
    return {"enabled": enabled, "features": {**features, **chosen} if enabled else None}


OPERATIONS = (
    Operation("POST", "/v1/customer_sessions", create, CustomerSessionCreateParams, beyond=("customer_account",)),
)
