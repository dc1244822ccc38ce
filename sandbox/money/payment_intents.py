"""PaymentIntents: one debit each, from creation to what the bank answers days later."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
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

from sandbox import clock, customers, events, ids, timers
from sandbox.money import charges, disputes, intents, mandates, payment_methods, refunds, returns
from sandbox.money.returns import Return
from sandbox.store import Body, store
from sandbox.wire import errors, listing
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation

KIND = "payment_intent"
MINIMUM, MAXIMUM = 50, 99_999_999
# Business days until the debit reaches the bank, and until the bank has answered for good.
POSTED_AFTER, SETTLED_AFTER = 1, 4

_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = (*_CONFIRMABLE, "requires_capture")
_ONLY_WITH_CONFIRM = ("mandate", "mandate_data", "off_session", "error_on_requires_action", "return_url")
_DESCRIPTOR_FORBIDS = re.compile(r"[<>\\'\"*]")


def create(call: Call) -> Body:
    params = call.params
    intents.refuse_other_types(params)
    if not params.get("confirm"):
        for name in _ONLY_WITH_CONFIRM:
            if params.get(name):
                raise ApiError(f"`{name}` may be given only when `confirm` is true.", param=name)
    customer_id = params.get("customer")
    if customer_id:
        customers.existing(customer_id, "customer")
    intent = _new(params, customer_id)
    method = intents.given_method(params, customer_id)
    if method is not None:
        intent.update(payment_method=method["id"], status="requires_confirmation")
    store.add(intent)
    events.emit("payment_intent.created", intent)
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
        "amount": _amount(params["amount"]),
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": params.get("application_fee_amount"),
        "automatic_payment_methods": params.get("automatic_payment_methods") or None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": _capture_method(params),
        "client_secret": intents.client_secret(intent_id),
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": clock.stamp(),
        "currency": _currency(params["currency"]),
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
        "on_behalf_of": _connected(params.get("on_behalf_of"), "on_behalf_of"),
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": intents.options(params),
        "payment_method_types": list(intents.TYPES),
        "payment_record": None,
        "processing": None,
        "receipt_email": params.get("receipt_email") or None,
        "review": None,
        "setup_future_usage": params.get("setup_future_usage") or None,
        "shipping": params.get("shipping") or None,
        "source": None,
        "statement_descriptor": _descriptor(params.get("statement_descriptor")),
        "statement_descriptor_suffix": params.get("statement_descriptor_suffix") or None,
        "status": "requires_payment_method",
        "transfer_data": _transfer_data(params),
        "transfer_group": params.get("transfer_group") or None,
        "_": {"posted": False},
    }
    _refuse_target_date(intent)
    return intent


def _amount(amount: int) -> int:
    if amount < MINIMUM:
        raise ApiError(
            "Amount must be at least $0.50 usd.", code="amount_too_small" if amount > 0 else None, param="amount"
        )
    if amount > MAXIMUM:
        raise ApiError("Amount must be no more than $999,999.99", code="amount_too_large", param="amount")
    return amount


def _currency(currency: str) -> str:
    currency = currency.lower()
    if not re.fullmatch(r"[a-z]{3}", currency):
        raise errors.invalid("currency", f"{currency} is no currency.")
    if currency != "usd":
        raise ApiError(
            "The currency provided (" + currency + ") is invalid for `us_bank_account` payments, which are in usd.",
            code="payment_intent_invalid_parameter",
            param="currency",
        )
    return currency


def _capture_method(params: Mapping[str, Any]) -> str:
    method = params.get("capture_method", "automatic_async")
    if method == "manual":
        raise ApiError("`us_bank_account` payments cannot be captured manually.", param="capture_method")
    return str(method)


def _descriptor(text: str | None) -> str | None:
    """What the bank statement says: at most 22 characters, a letter among them, none that banks refuse."""
    if not text:
        return None
    param = "statement_descriptor"
    if len(text) > 22:
        raise errors.invalid(param, "must be at most 22 characters.")
    if _DESCRIPTOR_FORBIDS.search(text):
        raise errors.invalid(param, "must not contain < > \\ ' \" *.")
    if not re.search(r"[A-Za-z]", text):
        raise errors.invalid(param, "must contain a letter.")
    return text


def _connected(account_id: str | None, param: str) -> str | None:
    if account_id and not re.fullmatch(r"acct_\w{3,}", account_id):
        raise errors.no_such("account", account_id, param)
    return account_id or None


def _transfer_data(params: Mapping[str, Any]) -> Body | None:
    given = params.get("transfer_data")
    if not given:
        return None
    destination = _connected(given["destination"], "transfer_data[destination]")
    amount = given.get("amount")
    if amount is not None and amount > params["amount"]:
        raise errors.invalid("transfer_data[amount]", "must not exceed the payment's amount.")
    return {**given, "destination": destination}


def _refuse_target_date(intent: Body) -> None:
    target = intent["payment_method_options"]["us_bank_account"].get("target_date")
    if target is None:
        return
    param = "payment_method_options[us_bank_account][target_date]"
    try:
        days = (date.fromisoformat(target) - datetime.now(UTC).date()).days
    except ValueError:
        raise errors.invalid(param, "must be a date as YYYY-MM-DD.") from None
    if not 3 <= days <= 15:
        raise errors.invalid(param, "must be 3 to 15 days ahead.")


# Confirming


def confirm(call: Call) -> Body:
    intent = intents.by_secret(KIND, call)
    if intent["status"] not in _CONFIRMABLE:
        why = "already succeeded" if intent["status"] == "succeeded" else f"a status of {intent['status']}"
        raise _unexpected(
            intent,
            f"You cannot confirm this PaymentIntent because it has {why}. Only a PaymentIntent with a status of "
            "requires_payment_method, requires_confirmation or requires_action may be confirmed.",
        )
    params = call.params
    intents.refuse_other_types(params)
    expected = params.get("amount_to_confirm")
    if expected is not None and expected != intent["amount"]:
        raise ApiError("The amount to confirm is not the PaymentIntent's amount.", param="amount_to_confirm")
    _take_options(intent, params)
    method = intents.given_method(params, intent["customer"])
    if method is not None:
        intent["payment_method"] = method["id"]
    _confirm(intent, params)
    return intents.answer(intent, call)


def _take_options(intent: Body, params: Mapping[str, Any]) -> None:
    for name in ("receipt_email", "setup_future_usage", "shipping"):
        if name in params:
            intent[name] = params[name] or None
    if "capture_method" in params:
        intent["capture_method"] = _capture_method(params)
    if params.get("allowed_payment_method_types"):
        intent["allowed_payment_method_types"] = list(params["allowed_payment_method_types"])
    if "payment_method_options" in params:
        intent["payment_method_options"] = intents.options(params, intent["payment_method_options"])
        _refuse_target_date(intent)


def _confirm(intent: Body, params: Mapping[str, Any]) -> None:
    if intent["payment_method"] is None:
        raise _unexpected(
            intent,
            "You cannot confirm this PaymentIntent because it's missing a payment method. "
            "You can either update the PaymentIntent with a payment method and then confirm it again, "
            "or confirm it again directly with a payment method.",
        )
    method = payment_methods.existing(intent["payment_method"], "payment_method")
    payment_methods.usable_by(method, intent["customer"], "payment_method")
    if payment_methods.is_blocked(method):
        _fail_blocked(intent, method)
    mandate = _mandate(intent, method, params)
    if not method["_"]["verified"]:
        arrival = int(clock.business_days_after(clock.stamp(), 1))
        intent["_"]["mandate"] = mandate["id"]
        intent.update(status="requires_action", next_action=intents.microdeposits(arrival, intent))
        store.save(intent)
        events.emit("payment_intent.requires_action", intent)
        return
    submit(intent, method, mandate)


def _mandate(intent: Body, method: Body, params: Mapping[str, Any]) -> Body:
    """The mandate that a confirmation stands on: an existing one, or the customer's word just given."""
    if params.get("mandate") and params.get("mandate_data"):
        raise errors.exclusive("mandate", "mandate_data")
    if params.get("mandate"):
        return mandates.usable(params["mandate"], method)
    if not params.get("mandate_data"):
        raise ApiError(
            "A `us_bank_account` payment needs the customer's mandate: give `mandate` or `mandate_data`.",
            code="parameter_missing",
            param="mandate_data",
        )
    single = None if _future_usage(intent) else {"amount": intent["amount"], "currency": intent["currency"]}
    return mandates.accept(method, params["mandate_data"], single_use=single, on_behalf_of=intent["on_behalf_of"])


def _future_usage(intent: Body) -> bool:
    option = intent["payment_method_options"]["us_bank_account"].get("setup_future_usage")
    return option != "none" if option else bool(intent["setup_future_usage"])


def submit(intent: Body, method: Body, mandate: Body) -> None:
    """Sends the debit on its way: processing, with a pending charge."""
    if mandate["type"] == "single_use":
        mandate["_"]["used"] = True
        store.save(mandate)
    start = _start_of_debit(intent)
    debit_at = clock.business_days_after(start, POSTED_AFTER)
    charge = charges.add(intent, method, mandate, debit_at - clock.offset())
    intent.update(
        status="processing", latest_charge=charge["id"], last_payment_error=None, next_action=None, processing=None
    )
    intent["_"]["posted"] = False
    store.save(intent)
    if intent["customer"] and _future_usage(intent):
        payment_methods.attach_to(method, intent["customer"])
    events.emit("payment_intent.processing", intent)
    events.emit("charge.pending", charge)
    timers.set_timer("debit_posted", intent["id"], debit_at)
    if method["_"]["number"] != returns.NEVER_SETTLES:
        timers.set_timer("debit_settled", intent["id"], clock.business_days_after(start, SETTLED_AFTER))


def verify_microdeposits(call: Call) -> Body:
    intent = intents.by_secret(KIND, call)
    if intent["status"] != "requires_action":
        raise _unexpected(intent, f"There is nothing to verify: this PaymentIntent is {intent['status']}.")
    method = payment_methods.existing(intent["payment_method"], None)
    over = intents.check_microdeposits(intent, call.params)
    if over is not None:
        problem = {"type": "invalid_request_error", "code": over, "message": "The bank account was not verified."}
        intent.update(status="requires_payment_method", next_action=None, payment_method=None)
        intent["last_payment_error"] = {**problem, "payment_method": _without_hidden(method)}
        store.save(intent)
        events.emit("payment_intent.payment_failed", intent)
        raise ApiError(problem["message"], code=over, extra={"payment_intent": _without_hidden(intent)}, keep=True)
    payment_methods.set_verified(method)
    submit(intent, method, mandates.usable(intent["_"]["mandate"], method))
    return intents.answer(intent, call)


def _start_of_debit(intent: Body) -> float:
    """Now, or the business day before a target date."""
    target = intent["payment_method_options"]["us_bank_account"].get("target_date")
    if target is None:
        return clock.now()
    ahead = date.fromisoformat(target) - datetime.now(UTC).date() - timedelta(days=1)
    return clock.now() + max(0.0, ahead.total_seconds())


def _fail_blocked(intent: Body, method: Body) -> None:
    """A blocked account is refused at once: 402, a failed charge, and the intent needs another method."""
    blocked = method["us_bank_account"]["status_details"]["blocked"]
    why = Return(
        blocked["network_code"], "bank_account_unusable", blocked["reason"], "The bank account cannot be debited."
    )
    charge = charges.add(intent, method, None, clock.stamp())
    charges.fail(charge, why)
    intent["latest_charge"] = charge["id"]
    _back_to_start(intent, method, charge, why)
    raise ApiError(
        why.message,
        status=402,
        code=why.code,
        type="card_error",
        extra={
            "charge": charge["id"],
            "decline_code": why.decline_code,
            "payment_intent": _without_hidden(intent),
            "payment_method": _without_hidden(method),
        },
        keep=True,
    )


def _back_to_start(intent: Body, method: Body, charge: Body, why: Return) -> None:
    problem: Body = {
        "charge": charge["id"],
        "code": why.code,
        "decline_code": why.decline_code,
        "doc_url": "https://stripe.com/docs/error-codes/" + why.code.replace("_", "-"),
        "message": why.message,
        "payment_method": _without_hidden(method),
        "type": "card_error",
    }
    if why.network_code:
        problem["network_decline_code"] = why.network_code
    intent.update(status="requires_payment_method", payment_method=None, last_payment_error=problem, next_action=None)
    store.save(intent)
    events.emit("payment_intent.payment_failed", intent)


def _without_hidden(body: Body) -> Body:
    return {key: value for key, value in body.items() if key != "_"}


def _unexpected(intent: Body, message: str) -> ApiError:
    return errors.unexpected_state(message, "payment_intent_unexpected_state", payment_intent=_without_hidden(intent))


# What the bank answers


def settle(intent_id: str, why: Return | None) -> Body:
    """The bank's answer: paid, or sent back with a reason."""
    intent = existing(intent_id)
    if intent["status"] != "processing":
        raise ApiError(f"Only a processing PaymentIntent settles; this one is {intent['status']}.")
    timers.drop_timers(intent_id, "debit_posted", "debit_settled")
    charge = charges.existing(intent["latest_charge"], None)
    method = payment_methods.existing(intent["payment_method"], None)
    if why is None:
        intent.update(status="succeeded", amount_received=intent["amount"])
        store.save(intent)
        charges.succeed(charge)
        events.emit("payment_intent.succeeded", intent)
        refunds.charge_succeeded(charge)
        return intent
    charges.fail(charge, why)
    refunds.charge_failed(charge)
    payment_methods.block_for(method, why)
    if why.code == "debit_not_authorized":
        disputes.end_mandate(charge)
    _back_to_start(intent, method, charge, why)
    return intent


@timers.action("debit_posted")
def _post(intent_id: str) -> None:
    """From now on the debit is at the bank, and cannot be called back."""
    intent = existing(intent_id)
    intent["_"]["posted"] = True
    store.save(intent)


@timers.action("debit_settled")
def _settle_by_itself(intent_id: str) -> None:
    intent = existing(intent_id)
    number = payment_methods.existing(intent["payment_method"], None)["_"]["number"]
    settled = settle(intent_id, returns.FAILS.get(number))
    if number == returns.IS_DISPUTED and settled["status"] == "succeeded":
        disputes.open_for(settled, "debit_not_authorized")


def existing(intent_id: str, param: str | None = None) -> Body:
    intent = store.find(KIND, intent_id)
    if intent is None:
        raise errors.no_such(KIND, intent_id, param)
    return intent


# The rest of the API


def retrieve(call: Call) -> Body:
    return intents.answer(intents.by_secret(KIND, call), call)


def list_intents(call: Call) -> Body:
    customer_id = call.params.get("customer")
    return listing.page(KIND, call.params, call.url, call.version, places={"customer": customer_id})


def update(call: Call) -> Body:
    intent = existing(call.id)
    params = call.params
    intents.refuse_other_types(params)
    if intent["status"] not in _CONFIRMABLE and set(params) - {"metadata", "description", "expand"}:
        raise _unexpected(intent, f"This PaymentIntent could not be updated: it has a status of {intent['status']}.")
    if params.get("customer") and params["customer"] != intent["customer"]:
        if intent["customer"]:
            raise _unexpected(intent, "You cannot change the customer of a PaymentIntent once it is set.")
        intent["customer"] = customers.existing(params["customer"], "customer")["id"]
    _update_fields(intent, params)
    method = intents.given_method(params, intent["customer"])
    if method is not None:
        intent.update(payment_method=method["id"], status="requires_confirmation", next_action=None)
    if intent["status"] in _CONFIRMABLE:
        intent["last_payment_error"] = None
    return intents.answer(store.save(intent), call)


def _update_fields(intent: Body, params: Mapping[str, Any]) -> None:
    if "amount" in params:
        intent["amount"] = _amount(params["amount"])
    if "currency" in params:
        intent["currency"] = _currency(params["currency"])
    if "statement_descriptor" in params:
        intent["statement_descriptor"] = _descriptor(params["statement_descriptor"])
    for name in ("description", "statement_descriptor_suffix", "transfer_group", "application_fee_amount"):
        if name in params:
            intent[name] = params[name] or None
    if "metadata" in params:
        intent["metadata"] = customers.merged_metadata(intent["metadata"], params["metadata"])
    if "transfer_data" in params and intent["transfer_data"]:
        intent["transfer_data"] = {**intent["transfer_data"], **params["transfer_data"]}
    _take_options(intent, params)


def cancel(call: Call) -> Body:
    intent = existing(call.id)
    in_time = intent["status"] == "processing" and not intent["_"]["posted"]
    if intent["status"] not in _CANCELABLE and not in_time:
        too_late = " The debit has been posted to the bank." if intent["status"] == "processing" else ""
        raise _unexpected(
            intent, f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.{too_late}"
        )
    if in_time:
        _call_back(intent)
    intent.update(
        status="canceled",
        canceled_at=clock.stamp(),
        cancellation_reason=call.params.get("cancellation_reason"),
        next_action=None,
    )
    store.save(intent)
    events.emit("payment_intent.canceled", intent)
    return intents.answer(intent, call)


def _call_back(intent: Body) -> None:
    """Takes the debit back before it is at the bank: its charge comes to nothing."""
    timers.drop_timers(intent["id"], "debit_posted", "debit_settled")
    charge = charges.existing(intent["latest_charge"], None)
    charge.update(status="failed", captured=False, amount_captured=0, failure_message="The payment was canceled.")
    store.save(charge)
    refunds.charge_failed(charge)
    events.emit("charge.failed", charge)


_PATH = "/v1/payment_intents"

_BEYOND = ("amount_details", "confirmation_token", "customer_account", "hooks", "payment_details")

# What follows from a confirmation, at once and in the days after it.
_FOLLOWS = (
    "payment_intent.requires_action", "payment_intent.processing", "payment_intent.succeeded",
    "payment_intent.payment_failed", "charge.pending", "charge.succeeded", "charge.failed", "charge.updated",
    "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed", "mandate.updated",
    "payment_method.attached", "payment_method.automatically_updated",
)  # fmt: skip
_CALLED_BACK = ("payment_intent.canceled", "charge.failed", "refund.failed", "charge.refund.updated")

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
    Operation("GET", _PATH + "/*", retrieve, PaymentIntentRetrieveParams, publishable=True),
    Operation(
        "POST", _PATH + "/*", update, PaymentIntentUpdateParams, prepare=intents.without_method_types, beyond=_BEYOND
    ),
    Operation(
        "POST",
        _PATH + "/*/confirm",
        confirm,
        PaymentIntentConfirmParams,
        prepare=intents.without_method_types,
        beyond=_BEYOND,
        publishable=True,
        emits=_FOLLOWS,
    ),
    Operation("POST", _PATH + "/*/cancel", cancel, PaymentIntentCancelParams, emits=_CALLED_BACK),
    Operation(
        "POST",
        _PATH + "/*/verify_microdeposits",
        verify_microdeposits,
        PaymentIntentVerifyMicrodepositsParams,
        publishable=True,
        emits=_FOLLOWS,
    ),
)
