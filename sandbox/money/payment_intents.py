"""PaymentIntents: one debit each, made, changed and looked at here; `confirming` and `settling` move its money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe.params import (
    PaymentIntentCancelParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PaymentIntentRetrieveParams,
    PaymentIntentUpdateParams,
    PaymentIntentVerifyMicrodepositsParams,
)

from sandbox import clock, customers, events, ids
from sandbox.money import canceling, confirming, intents, microdeposits, searching, terms
from sandbox.store import Body, store
from sandbox.wire import listing
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation

KIND = "payment_intent"
# What may still be changed when the rest may not.
_ALWAYS = {"metadata", "description", "expand"}
_ONLY_WITH_CONFIRM = ("mandate", "mandate_data", "off_session", "error_on_requires_action", "return_url")


def create(call: Call) -> Body:
    params = call.params
    intents.refuse_other_types(params)
    if not params.get("confirm"):
        for name in _ONLY_WITH_CONFIRM:
            if params.get(name):
                raise ApiError(
                    f"The parameter `{name}` cannot be passed when creating a PaymentIntent unless `confirm` is set "
                    "to true.",
                    param=name,
                )
    customer_id = params.get("customer")
    if customer_id:
        customers.existing(customer_id, "customer")
    intent = _new(params, customer_id)
    method = intents.given_method(params, customer_id)
    if method is not None:
        intents.refuse_method(intent, method)
        intent.update(payment_method=method["id"], status="requires_confirmation")
    store.add(intent)
    events.emit("payment_intent.created", intent)
    if params.get("confirm"):
        confirming.attempt(intent, params)
    return intents.answer(intent, call)


def _new(params: Mapping[str, Any], customer_id: str | None) -> Body:
    intent_id = ids.new_id(KIND)
    allowed = params.get("allowed_payment_method_types")
    intent: Body = {
        "id": intent_id,
        "object": KIND,
        "allowed_payment_method_types": list(allowed) if allowed else None,
        "amount": terms.amount(params["amount"]),
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": params.get("application_fee_amount"),
        "automatic_payment_methods": params.get("automatic_payment_methods") or None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": terms.capture_method(params),
        "client_secret": intents.client_secret(intent_id),
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": clock.stamp(),
        "currency": terms.currency(params["currency"]),
        "customer": customer_id,
        "customer_account": None,
        "description": params.get("description") or None,
        "excluded_payment_method_types": params.get("excluded_payment_method_types"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": None,
        "metadata": customers.merged_metadata({}, params.get("metadata", {})),
        "next_action": None,
        "on_behalf_of": terms.connected(params.get("on_behalf_of"), "on_behalf_of"),
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": intents.options(params),
        "payment_method_types": list(intents.TYPES),
        "payment_record": None,
        "processing": None,
        "receipt_email": terms.email(params.get("receipt_email"), "receipt_email"),
        "review": None,
        "setup_future_usage": params.get("setup_future_usage") or None,
        "shipping": params.get("shipping") or None,
        "source": None,
        "statement_descriptor": terms.descriptor(params.get("statement_descriptor")),
        "statement_descriptor_suffix": _suffix(params),
        "status": "requires_payment_method",
        "transfer_data": _transfer_data(params),
        "transfer_group": params.get("transfer_group") or None,
        "_": {"posted": False},
    }
    terms.refuse_overreach(intent)
    terms.target_date(intent)
    return intent


def _suffix(params: Mapping[str, Any]) -> str | None:
    return terms.descriptor(params.get("statement_descriptor_suffix"), "statement_descriptor_suffix")


def _transfer_data(params: Mapping[str, Any]) -> Body | None:
    given = params.get("transfer_data")
    if not given:
        return None
    return {**given, "destination": terms.connected(given["destination"], "transfer_data[destination]")}


def retrieve(call: Call) -> Body:
    return intents.answer(intents.by_secret(KIND, call), call)


def list_intents(call: Call) -> Body:
    customer_id = call.params.get("customer")
    return listing.page(KIND, call.params, call.url, call.version, places={"customer": customer_id})


def update(call: Call) -> Body:
    intent = intents.existing(KIND, call.id)
    params = call.params
    intents.refuse_other_types(params)
    _refuse_change(intent, params)
    if params.get("customer") and params["customer"] != intent["customer"]:
        if intent["customer"]:
            raise intents.unexpected(intent, "You cannot change the customer of a PaymentIntent once it is set.")
        intent["customer"] = customers.existing(params["customer"], "customer")["id"]
    _update_fields(intent, params)
    method = intents.given_method(params, intent["customer"], intent["id"])
    if method is not None:
        intents.refuse_method(intent, method)
        microdeposits.stop_waiting(intent)
        intent.update(payment_method=method["id"], status="requires_confirmation", next_action=None)
    if intent["status"] in confirming.OPEN:
        intent["last_payment_error"] = None
    return intents.answer(store.save(intent), call)


def _refuse_change(intent: Body, params: Mapping[str, Any]) -> None:
    late = sorted(set(params) - _ALWAYS)
    if intent["status"] not in confirming.OPEN and late:
        raise intents.unexpected(
            intent,
            f"This PaymentIntent's {late[0]} could not be updated because it has a status of {intent['status']}. You "
            f"may only update the {late[0]} of a PaymentIntent with one of the following statuses: "
            f"{', '.join(confirming.OPEN)}.",
        )


def _update_fields(intent: Body, params: Mapping[str, Any]) -> None:
    if "amount" in params:
        intent["amount"] = terms.amount(params["amount"])
    if "currency" in params:
        intent["currency"] = terms.currency(params["currency"])
    if "statement_descriptor" in params:
        intent["statement_descriptor"] = terms.descriptor(params["statement_descriptor"])
    if "statement_descriptor_suffix" in params:
        intent["statement_descriptor_suffix"] = _suffix(params)
    for name in ("description", "transfer_group", "application_fee_amount"):
        if name in params:
            intent[name] = params[name] or None
    if "metadata" in params:
        intent["metadata"] = customers.merged_metadata(intent["metadata"], params["metadata"])
    if "transfer_data" in params and intent["transfer_data"]:
        intent["transfer_data"] = {**intent["transfer_data"], **params["transfer_data"]}
    confirming.take_options(intent, params)
    if "payment_method_options" in params:
        terms.target_date(intent)
    terms.refuse_overreach(intent)


_PATH = "/v1/payment_intents"

_BEYOND = ("amount_details", "confirmation_token", "customer_account", "hooks", "payment_details")
_FOLLOWS = (*confirming.EMITS, *confirming.LATER)

OPERATIONS = (
    Operation(
        "POST",
        _PATH,
        create,
        PaymentIntentCreateParams,
        prepare=intents.without_method_types,
        beyond=_BEYOND,
        emits=("payment_intent.created", *_FOLLOWS),
    ),
    Operation("GET", _PATH, list_intents, PaymentIntentListParams, beyond=("customer_account",)),
    *searching.OPERATIONS,
    Operation("GET", _PATH + "/*", retrieve, PaymentIntentRetrieveParams, publishable=True),
    Operation(
        "POST",
        _PATH + "/*",
        update,
        PaymentIntentUpdateParams,
        prepare=intents.without_method_types,
        beyond=_BEYOND,
        states=confirming.OPEN,
    ),
    Operation(
        "POST",
        _PATH + "/*/confirm",
        confirming.confirm,
        PaymentIntentConfirmParams,
        prepare=intents.without_method_types,
        beyond=_BEYOND,
        publishable=True,
        states=confirming.OPEN,
        emits=_FOLLOWS,
    ),
    Operation(
        "POST",
        _PATH + "/*/cancel",
        canceling.cancel,
        PaymentIntentCancelParams,
        states=canceling.STATES,
        emits=canceling.EMITS,
    ),
    Operation(
        "POST",
        _PATH + "/*/verify_microdeposits",
        confirming.verify_microdeposits,
        PaymentIntentVerifyMicrodepositsParams,
        publishable=True,
        states=("requires_action",),
        emits=_FOLLOWS,
    ),
)
