"""SetupIntents: a bank account saved for later debits, with the mandate for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe.params import (
    SetupIntentCancelParams,
    SetupIntentConfirmParams,
    SetupIntentCreateParams,
    SetupIntentListParams,
    SetupIntentRetrieveParams,
    SetupIntentUpdateParams,
    SetupIntentVerifyMicrodepositsParams,
)

from sandbox import clock, customers, events, ids
from sandbox.money import intents, mandates, payment_methods
from sandbox.store import Body, store
from sandbox.wire import errors, listing
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation

KIND = "setup_intent"
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(call: Call) -> Body:
    params = call.params
    intents.refuse_other_types(params)
    customer_id = params.get("customer")
    if customer_id:
        customers.existing(customer_id, "customer")
    if params.get("mandate_data") and not params.get("confirm"):
        raise ApiError("`mandate_data` may be given only when `confirm` is true.", param="mandate_data")
    if "single_use" in params and params.get("usage", "off_session") != "off_session":
        raise errors.exclusive("single_use", "usage")
    intent = _new(params, customer_id)
    method = intents.given_method(params, customer_id)
    if method is not None:
        intent.update(payment_method=method["id"], status="requires_confirmation")
    store.add(intent)
    events.emit("setup_intent.created", intent)
    if params.get("confirm"):
        _confirm(intent, params)
    return intents.answer(intent, call)


def _new(params: Mapping[str, Any], customer_id: str | None) -> Body:
    intent_id = ids.new_id(KIND)
    allowed = params.get("allowed_payment_method_types")
    intent: Body = {
        "id": intent_id,
        "object": KIND,
        "allowed_payment_method_types": list(allowed) if allowed else None,
        "application": None,
        "automatic_payment_methods": params.get("automatic_payment_methods") or None,
        "cancellation_reason": None,
        "client_secret": intents.client_secret(intent_id),
        "created": clock.stamp(),
        "customer": customer_id,
        "customer_account": None,
        "description": params.get("description") or None,
        "excluded_payment_method_types": params.get("excluded_payment_method_types"),
        "flow_directions": params.get("flow_directions"),
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "managed_payments": None,
        "mandate": None,
        "metadata": customers.merged_metadata({}, params.get("metadata", {})),
        "next_action": None,
        "on_behalf_of": params.get("on_behalf_of"),
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": intents.options(params),
        "payment_method_types": list(intents.TYPES),
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": params.get("usage", "off_session"),
        "_": {"single_use": params.get("single_use")},
    }
    return intent


def existing(call: Call) -> Body:
    return intents.by_secret(KIND, call)


def confirm(call: Call) -> Body:
    intent = existing(call)
    if intent["status"] not in _OPEN:
        raise _unexpected(intent, f"You cannot confirm this SetupIntent because it has a status of {intent['status']}.")
    intents.refuse_other_types(call.params)
    method = intents.given_method(call.params, intent["customer"])
    if method is not None:
        intent["payment_method"] = method["id"]
    _confirm(intent, call.params)
    return intents.answer(intent, call)


def _confirm(intent: Body, params: Mapping[str, Any]) -> None:
    if intent["payment_method"] is None:
        raise _unexpected(intent, "You cannot confirm this SetupIntent because it's missing a payment method.")
    method = payment_methods.existing(intent["payment_method"], "payment_method")
    payment_methods.usable_by(method, intent["customer"], "payment_method")
    mandate_data = params.get("mandate_data") or None
    if mandate_data is None and intent["_"].get("mandate_data") is None:
        raise errors.missing("mandate_data")
    # What was agreed is kept through a verification by microdeposits.
    intent["_"]["mandate_data"] = mandate_data or intent["_"]["mandate_data"]
    if payment_methods.is_blocked(method):
        _fail_blocked(intent, method)
    if not method["_"]["verified"]:
        arrival = int(clock.business_days_after(clock.stamp(), 1))
        intent.update(status="requires_action", next_action=intents.microdeposits(arrival, intent))
        store.save(intent)
        events.emit("setup_intent.requires_action", intent)
        return
    finish(intent, method)


def verify_microdeposits(call: Call) -> Body:
    intent = existing(call)
    if intent["status"] != "requires_action":
        raise _unexpected(intent, f"There is nothing to verify: this SetupIntent is {intent['status']}.")
    method = payment_methods.existing(intent["payment_method"], None)
    over = intents.check_microdeposits(intent, call.params)
    if over is not None:
        problem: Body = {"type": "invalid_request_error", "code": over, "message": "The bank account was not verified."}
        shown = {key: value for key, value in method.items() if key != "_"}
        intent.update(status="requires_payment_method", next_action=None, payment_method=None)
        intent["last_setup_error"] = {**problem, "payment_method": shown}
        store.save(intent)
        events.emit("setup_intent.setup_failed", intent)
        raise ApiError(problem["message"], code=over, keep=True)
    payment_methods.set_verified(method)
    finish(intent, method)
    return intents.answer(intent, call)


def finish(intent: Body, method: Body) -> None:
    """The account is verified and the mandate accepted: saved."""
    single_use = intent["_"]["single_use"]
    mandate = mandates.accept(
        method, intent["_"]["mandate_data"], single_use=single_use, on_behalf_of=intent["on_behalf_of"]
    )
    intent["single_use_mandate" if single_use else "mandate"] = mandate["id"]
    intent.update(status="succeeded", next_action=None, last_setup_error=None)
    intent["latest_attempt"] = _attempt(intent, "succeeded", None)["id"]
    store.save(intent)
    if intent["customer"]:
        payment_methods.attach_to(method, intent["customer"])
    events.emit("setup_intent.succeeded", intent)


def _fail_blocked(intent: Body, method: Body) -> None:
    problem: Body = {
        "type": "card_error",
        "code": "bank_account_unusable",
        "message": "The bank account is blocked and cannot be debited.",
        "payment_method": {key: value for key, value in method.items() if key != "_"},
    }
    intent.update(status="requires_payment_method", payment_method=None, last_setup_error=problem)
    intent["latest_attempt"] = _attempt(intent, "failed", problem)["id"]
    store.save(intent)
    events.emit("setup_intent.setup_failed", intent)
    shown = {key: value for key, value in intent.items() if key != "_"}
    raise ApiError(
        problem["message"],
        status=402,
        code="bank_account_unusable",
        type="card_error",
        extra={"setup_intent": shown, "payment_method": problem["payment_method"]},
        keep=True,
    )


def _attempt(intent: Body, status: str, problem: Body | None) -> Body:
    return store.add(
        {
            "id": ids.new_id("setup_attempt"),
            "object": "setup_attempt",
            "application": None,
            "created": clock.stamp(),
            "customer": intent["customer"],
            "customer_account": None,
            "flow_directions": intent["flow_directions"],
            "livemode": False,
            "on_behalf_of": intent["on_behalf_of"],
            "payment_method": (problem or {}).get("payment_method", {}).get("id") or intent["payment_method"],
            "payment_method_details": {"type": "us_bank_account", "us_bank_account": {}},
            "setup_error": problem,
            "setup_intent": intent["id"],
            "status": status,
            "usage": intent["usage"],
        }
    )


def _unexpected(intent: Body, message: str) -> ApiError:
    shown = {key: value for key, value in intent.items() if key != "_"}
    return errors.unexpected_state(message, "setup_intent_unexpected_state", setup_intent=shown)


def retrieve(call: Call) -> Body:
    return intents.answer(existing(call), call)


def list_intents(call: Call) -> Body:
    return listing.page(
        KIND,
        call.params,
        call.url,
        call.version,
        places={"customer": call.params.get("customer")},
        equal={"payment_method": call.params.get("payment_method")},
    )


def update(call: Call) -> Body:
    intent = existing(call)
    params = call.params
    if intent["status"] not in _OPEN and set(params) - {"metadata", "description"}:
        raise _unexpected(intent, f"This SetupIntent cannot be updated: it has a status of {intent['status']}.")
    intents.refuse_other_types(params)
    if params.get("customer"):
        intent["customer"] = customers.existing(params["customer"], "customer")["id"]
    method = intents.given_method(params, intent["customer"])
    if method is not None:
        intent.update(payment_method=method["id"], status="requires_confirmation", last_setup_error=None)
    if "description" in params:
        intent["description"] = params["description"] or None
    if "metadata" in params:
        intent["metadata"] = customers.merged_metadata(intent["metadata"], params["metadata"])
    if "payment_method_options" in params:
        intent["payment_method_options"] = intents.options(params, intent["payment_method_options"])
    return intents.answer(store.save(intent), call)


def cancel(call: Call) -> Body:
    intent = existing(call)
    if intent["status"] not in _OPEN:
        raise _unexpected(intent, f"You cannot cancel this SetupIntent because it has a status of {intent['status']}.")
    intent.update(status="canceled", next_action=None, cancellation_reason=call.params.get("cancellation_reason"))
    store.save(intent)
    events.emit("setup_intent.canceled", intent)
    return intents.answer(intent, call)


_PATH = "/v1/setup_intents"

_BEYOND = ("attach_to_self", "confirmation_token", "customer_account")

_FOLLOWS = (
    "setup_intent.requires_action",
    "setup_intent.succeeded",
    "setup_intent.setup_failed",
    "payment_method.attached",
)

OPERATIONS = (
    Operation(
        "POST",
        _PATH,
        create,
        SetupIntentCreateParams,
        prepare=intents.without_method_types,
        beyond=_BEYOND,
        emits=("setup_intent.created", *_FOLLOWS),
    ),
    Operation("GET", _PATH, list_intents, SetupIntentListParams, beyond=("attach_to_self", "customer_account")),
    Operation("GET", _PATH + "/*", retrieve, SetupIntentRetrieveParams, publishable=True),
    Operation(
        "POST", _PATH + "/*", update, SetupIntentUpdateParams, prepare=intents.without_method_types, beyond=_BEYOND
    ),
    Operation(
        "POST",
        _PATH + "/*/confirm",
        confirm,
        SetupIntentConfirmParams,
        prepare=intents.without_method_types,
        beyond=_BEYOND,
        publishable=True,
        emits=_FOLLOWS,
    ),
    Operation("POST", _PATH + "/*/cancel", cancel, SetupIntentCancelParams, emits=("setup_intent.canceled",)),
    Operation(
        "POST",
        _PATH + "/*/verify_microdeposits",
        verify_microdeposits,
        SetupIntentVerifyMicrodepositsParams,
        publishable=True,
        emits=_FOLLOWS,
    ),
)
