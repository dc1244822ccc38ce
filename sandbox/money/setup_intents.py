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
from sandbox.money import intents, mandates, microdeposits, payment_methods
from sandbox.store import Body, store
from sandbox.wire import errors, listing, rendering
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
    if not params.get("confirm"):
        for name in ("mandate_data", "return_url"):
            if params.get(name):
                raise ApiError(
                    f"The parameter `{name}` cannot be passed when creating a SetupIntent unless `confirm` is set "
                    "to true.",
                    param=name,
                )
    if "single_use" in params and params.get("usage", "off_session") != "off_session":
        raise errors.exclusive("single_use", "usage")
    intent = _new(params, customer_id)
    method = intents.given_method(params, customer_id)
    if method is not None:
        intents.refuse_method(intent, method)
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
        why = "already succeeded." if intent["status"] == "succeeded" else f"a status of {intent['status']}."
        raise intents.unexpected(intent, f"You cannot confirm this SetupIntent because it has {why}")
    intents.refuse_other_types(call.params)
    if "payment_method_options" in call.params:
        intent["payment_method_options"] = intents.options(call.params, intent["payment_method_options"])
    method = intents.given_method(call.params, intent["customer"])
    if method is not None:
        intent["payment_method"] = method["id"]
    _confirm(intent, call.params)
    return intents.answer(intent, call)


def _confirm(intent: Body, params: Mapping[str, Any]) -> None:
    if intent["payment_method"] is None:
        raise intents.unexpected(intent, "You cannot confirm this SetupIntent because it's missing a payment method.")
    method = payment_methods.existing(intent["payment_method"], "payment_method")
    payment_methods.usable_by(method, intent["customer"], "payment_method")
    intents.refuse_method(intent, method)
    if not params.get("mandate_data"):
        raise errors.missing("mandate_data")
    mandates.acceptance(params["mandate_data"])
    # What was agreed is kept through a verification by microdeposits.
    intent["_"]["mandate_data"] = params["mandate_data"]
    payment_methods.block_dead_number(method)
    if payment_methods.is_blocked(method):
        _fail_blocked(intent, method)
    if method["_"]["verified"]:
        finish(intent, method)
    else:
        _await_verification(intent, method)


def _await_verification(intent: Body, method: Body) -> None:
    if intent["status"] == "requires_action" and intent["_"].get("verifying") == method["id"]:
        store.save(intent)
        return
    microdeposits.send(intent, method)
    intent["_"]["verifying"] = method["id"]
    store.save(intent)
    events.emit("setup_intent.requires_action", intent)


def verify_microdeposits(call: Call) -> Body:
    intent = existing(call)
    if intent["status"] != "requires_action":
        raise intents.unexpected(
            intent, f"You cannot verify microdeposits of this SetupIntent: it has a status of {intent['status']}."
        )
    method = payment_methods.existing(intent["payment_method"], None)
    over = microdeposits.check(method, call.params)
    if over is not None:
        microdeposits.give_up(intent, method, over)
        shown = {"setup_intent": rendering.shown(intent)}
        raise ApiError(microdeposits.MESSAGES[over], code=over, extra=shown, keep=True)
    microdeposits.stop_waiting(intent)
    payment_methods.set_verified(method)
    finish(intent, method)
    return intents.answer(intent, call)


def finish(intent: Body, method: Body) -> None:
    """The account is verified and the mandate accepted: saved."""
    single_use = intent["_"]["single_use"]
    mandate = mandates.accept(intent, method, intent["_"]["mandate_data"], single_use=single_use)
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
        "decline_code": method["us_bank_account"]["status_details"]["blocked"]["reason"],
        "message": "The bank account is blocked and cannot be debited.",
        "payment_method": rendering.shown(method),
    }
    _fail(intent, problem)
    raise ApiError(
        problem["message"],
        status=402,
        code="bank_account_unusable",
        type="card_error",
        extra={
            "decline_code": problem["decline_code"],
            "setup_intent": rendering.shown(intent),
            "payment_method": problem["payment_method"],
        },
        keep=True,
    )


def _give_up(intent: Body, method: Body, code: str) -> None:
    problem = {"code": code, "message": microdeposits.MESSAGES[code], "type": "invalid_request_error"}
    _fail(intent, {**problem, "payment_method": rendering.shown(method)})


microdeposits.GIVES_UP[KIND] = _give_up


def _fail(intent: Body, problem: Body) -> None:
    """The attempt is over: the intent needs a method again."""
    intent.update(status="requires_payment_method", payment_method=None, last_setup_error=problem, next_action=None)
    intent["latest_attempt"] = _attempt(intent, "failed", problem)["id"]
    store.save(intent)
    events.emit("setup_intent.setup_failed", intent)


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
    if intent["status"] not in _OPEN and set(params) - {"metadata", "description", "expand"}:
        raise intents.unexpected(
            intent, f"This SetupIntent cannot be updated because it has a status of {intent['status']}."
        )
    intents.refuse_other_types(params)
    if params.get("customer") and params["customer"] != intent["customer"]:
        if intent["customer"]:
            raise intents.unexpected(intent, "You cannot change the customer of a SetupIntent once it is set.")
        intent["customer"] = customers.existing(params["customer"], "customer")["id"]
    method = intents.given_method(params, intent["customer"])
    if method is not None:
        intents.refuse_method(intent, method)
        microdeposits.stop_waiting(intent)
        intent.update(
            payment_method=method["id"], status="requires_confirmation", next_action=None, last_setup_error=None
        )
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
        raise intents.unexpected(
            intent, f"You cannot cancel this SetupIntent because it has a status of {intent['status']}."
        )
    microdeposits.stop_waiting(intent)
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
    "payment_method.automatically_updated",
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
        "POST",
        _PATH + "/*",
        update,
        SetupIntentUpdateParams,
        prepare=intents.without_method_types,
        beyond=_BEYOND,
        states=_OPEN,
    ),
    Operation(
        "POST",
        _PATH + "/*/confirm",
        confirm,
        SetupIntentConfirmParams,
        prepare=intents.without_method_types,
        beyond=_BEYOND,
        publishable=True,
        states=_OPEN,
        emits=_FOLLOWS,
    ),
    Operation(
        "POST", _PATH + "/*/cancel", cancel, SetupIntentCancelParams, states=_OPEN, emits=("setup_intent.canceled",)
    ),
    Operation(
        "POST",
        _PATH + "/*/verify_microdeposits",
        verify_microdeposits,
        SetupIntentVerifyMicrodepositsParams,
        publishable=True,
        states=("requires_action",),
        emits=_FOLLOWS,
    ),
)
