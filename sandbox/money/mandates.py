"""Mandates: a customer's word that an account may be debited, and what ends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe.params import MandateRetrieveParams

from sandbox import clock, events, ids
from sandbox.money import mails
from sandbox.store import Body, store
from sandbox.wire import errors, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation


def accept(intent: Body, payment_method: Body, mandate_data: Mapping[str, Any], *, single_use: Body | None) -> Body:
    """A new active mandate from the customer's acceptance, as the intent asks for it."""
    paper = intent["payment_method_options"]["us_bank_account"].get("mandate_options", {})
    mandate: Body = {
        "id": ids.new_id("mandate"),
        "object": "mandate",
        "customer_acceptance": acceptance(mandate_data),
        "livemode": False,
        "payment_method": payment_method["id"],
        "payment_method_details": {"type": "us_bank_account", "us_bank_account": dict(paper)},
        "status": "active",
        "type": "single_use" if single_use else "multi_use",
    }
    mandate["single_use" if single_use else "multi_use"] = single_use or {}
    if intent["on_behalf_of"]:
        mandate["on_behalf_of"] = intent["on_behalf_of"]
    mails.write(
        "mandate",
        payment_method,
        mandate=mandate["id"],
        accepted_at=mandate["customer_acceptance"]["accepted_at"],
        revocation="The authorization holds until you revoke it. Write to us 30 days ahead.",
    )
    return store.add(mandate)


def acceptance(mandate_data: Mapping[str, Any]) -> Body:
    """The customer's acceptance as a mandate shows it; refuses one that says too little."""
    path = "mandate_data[customer_acceptance]"
    given = mandate_data["customer_acceptance"]
    kind = given["type"]
    if kind not in ("online", "offline"):
        raise errors.invalid(f"{path}[type]", "must be one of online, or offline")
    accepted_at = given.get("accepted_at", clock.stamp())
    if accepted_at > clock.stamp() + 60:
        raise errors.invalid(f"{path}[accepted_at]", "must not lie in the future.")
    if kind == "offline":
        return {"accepted_at": accepted_at, "offline": {}, "type": "offline"}
    online = given.get("online")
    if online is None:
        raise errors.missing(f"{path}[online]")
    # A client-side confirmation leaves both to Stripe.js; the server must say them.
    for name in ("ip_address", "user_agent"):
        if not online.get(name):
            raise errors.missing(f"{path}[online][{name}]")
    return {
        "accepted_at": accepted_at,
        "online": {"ip_address": online["ip_address"], "user_agent": online["user_agent"]},
        "type": "online",
    }


def usable(mandate_id: str, payment_method: Body, amount: int) -> Body:
    """The mandate, when it is active, of that payment method, and good for that many cents."""
    mandate = store.find("mandate", mandate_id)
    if mandate is None:
        raise errors.no_such("mandate", mandate_id, "mandate")
    if mandate["payment_method"] != payment_method["id"]:
        raise _refused("The mandate supplied belongs to another payment method.")
    if mandate["status"] != "active":
        raise _refused(f"The mandate supplied is {mandate['status']}. Collect a new mandate from the customer.")
    if mandate["type"] == "single_use" and amount > mandate["single_use"]["amount"]:
        raise _refused("The mandate supplied was for one payment of a smaller amount.")
    return mandate


def _refused(message: str) -> ApiError:
    return ApiError(message, code="payment_intent_mandate_invalid", param="mandate", executed=True)


def use(mandate: Body) -> None:
    """One for a single payment has served it with its debit."""
    if mandate["type"] == "single_use":
        set_status(mandate, "inactive")


def set_status(mandate: Body, status: str) -> None:
    """Moves the mandate on, and tells; an inactive one is over for good."""
    if mandate["status"] == status:
        return
    if mandate["status"] == "inactive":
        raise ApiError("This mandate is inactive, and no mandate comes back.", param="status")
    previous = {"status": mandate["status"]}
    mandate["status"] = status
    store.save(mandate)
    events.emit("mandate.updated", mandate, previous=previous)


def retrieve(call: Call) -> Body:
    mandate = store.find("mandate", call.id)
    if mandate is None:
        raise errors.no_such("mandate", call.id)
    return rendering.shown(mandate, call.version)


OPERATIONS = (Operation("GET", "/v1/mandates/*", retrieve, MandateRetrieveParams),)
