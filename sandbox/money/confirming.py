"""Confirming a PaymentIntent: the mandate it stands on, verification where it is needed, and the debit on its way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sandbox import clock, events
from sandbox.money import (
    bank_days,
    charges,
    intents,
    mandates,
    microdeposits,
    payment_methods,
    returns,
    settling,
    terms,
)
from sandbox.money.returns import Return
from sandbox.store import Body, store
from sandbox.wire import errors, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call

KIND = "payment_intent"
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")

# What follows at once. What the bank answers days later is `LATER`.
EMITS = (
    "payment_intent.requires_action", "payment_intent.processing", "payment_intent.payment_failed", "charge.pending",
    "charge.failed", "payment_method.attached", "payment_method.automatically_updated",
)  # fmt: skip
LATER = (
    "payment_intent.succeeded", "charge.succeeded", "charge.updated", "charge.dispute.created",
    "charge.dispute.funds_withdrawn", "charge.dispute.closed", "mandate.updated",
)  # fmt: skip

# What a confirmation may change about the payment.
TAKES = ("capture_method", "payment_method_options", "receipt_email", "setup_future_usage", "shipping")


def confirm(call: Call) -> Body:
    intent = intents.by_secret(KIND, call)
    if intent["status"] not in OPEN:
        why = (
            "already succeeded after being previously confirmed."
            if intent["status"] == "succeeded"
            else f"a status of {intent['status']}. Only a PaymentIntent with one of the following statuses may be "
            f"confirmed: {', '.join(OPEN)}."
        )
        raise intents.unexpected(intent, f"You cannot confirm this PaymentIntent because it has {why}")
    params = call.params
    intents.refuse_other_types(params)
    expected = params.get("amount_to_confirm")
    if expected is not None and expected != intent["amount"]:
        raise ApiError("The amount to confirm is not the PaymentIntent's amount.", param="amount_to_confirm")
    take_options(intent, params)
    method = intents.given_method(params, intent["customer"], intent["id"])
    if method is not None:
        intent["payment_method"] = method["id"]
        if intent["status"] == "requires_payment_method":
            intent["status"] = "requires_confirmation"
    attempt(intent, params)
    return intents.answer(intent, call)


def take_options(intent: Body, params: Mapping[str, Any]) -> None:
    for name in ("setup_future_usage", "shipping"):
        if name in params:
            intent[name] = params[name] or None
    if "receipt_email" in params:
        intent["receipt_email"] = terms.email(params["receipt_email"], "receipt_email")
    if "capture_method" in params:
        intent["capture_method"] = terms.capture_method(params)
    if params.get("allowed_payment_method_types"):
        intent["allowed_payment_method_types"] = list(params["allowed_payment_method_types"])
    if "payment_method_options" in params:
        intent["payment_method_options"] = intents.options(params, intent["payment_method_options"])


def attempt(intent: Body, params: Mapping[str, Any]) -> None:
    """One attempt to debit: on its way, waiting for verification, or refused."""
    if intent["payment_method"] is None:
        raise intents.unexpected(
            intent,
            "You cannot confirm this PaymentIntent because it's missing a payment method. "
            "You can either update the PaymentIntent with a payment method and then confirm it again, "
            "or confirm it again directly with a payment method or ConfirmationToken.",
        )
    terms.target_date(intent)
    method = payment_methods.existing(intent["payment_method"], "payment_method")
    payment_methods.usable_by(method, intent["customer"], "payment_method", intent["id"])
    intents.refuse_method(intent, method)
    _refuse_without_mandate(intent, method, params)
    payment_methods.block_dead_number(method)
    if payment_methods.is_blocked(method):
        blocked = method["us_bank_account"]["status_details"]["blocked"]
        why = Return(
            blocked["network_code"], "bank_account_unusable", blocked["reason"], "The bank account cannot be debited."
        )
        _refuse(intent, method, why)
    if method["_"]["outcome"] == "riskLevelHighest":
        _refuse(intent, method, returns.TOO_RISKY)
    # What was agreed is kept through a verification.
    intent["_"]["agreed"] = {name: params[name] for name in ("mandate", "mandate_data") if params.get(name)}
    if method["_"]["verified"]:
        _debit(intent, method)
    elif params.get("error_on_requires_action") or params.get("off_session"):
        _refuse_action(intent, method)
    else:
        _await_verification(intent, method)


def _refuse_without_mandate(intent: Body, method: Body, params: Mapping[str, Any]) -> None:
    """A debit stands on a mandate that exists, or on the customer's word just given; never on both or neither."""
    if params.get("mandate") and params.get("mandate_data"):
        raise errors.exclusive("mandate", "mandate_data")
    if params.get("mandate"):
        mandates.usable(params["mandate"], method, intent["amount"])
    elif params.get("mandate_data"):
        mandates.acceptance(params["mandate_data"])
    else:
        raise ApiError(
            "A `us_bank_account` payment needs the customer's mandate: give `mandate` or `mandate_data`.",
            code="parameter_missing",
            param="mandate_data",
        )


def _await_verification(intent: Body, method: Body) -> None:
    waiting_for = intent["next_action"] and intent["_"].get("verifying")
    if intent["status"] == "requires_action" and waiting_for == method["id"]:
        store.save(intent)
        return
    microdeposits.send(intent, method)
    intent["_"]["verifying"] = method["id"]
    store.save(intent)
    events.emit("payment_intent.requires_action", intent)


def _debit(intent: Body, method: Body) -> None:
    """Sends the debit on its way: processing, with a pending charge."""
    mandate = _mandate(intent, method)
    mandates.use(mandate)
    charge = charges.add(intent, method, mandate, _bank_day(intent, clock.stamp()))
    intent.update(status="processing", latest_charge=charge["id"], last_payment_error=None, next_action=None)
    intent["_"]["posted"] = False
    if intent["customer"] and _is_for_later(intent):
        payment_methods.attach_to(method, intent["customer"])
    payment_methods.spend(method, intent["id"])
    store.save(intent)
    events.emit("payment_intent.processing", intent)
    events.emit("charge.pending", charge)
    settling.expect(intent, method, _bank_day(intent, clock.now()))


def _mandate(intent: Body, method: Body) -> Body:
    agreed = intent["_"]["agreed"]
    if "mandate" in agreed:
        return mandates.usable(agreed["mandate"], method, intent["amount"])
    single = None if _is_for_later(intent) else {"amount": intent["amount"], "currency": intent["currency"]}
    return mandates.accept(intent, method, agreed["mandate_data"], single_use=single)


def _is_for_later(intent: Body) -> bool:
    option = intent["payment_method_options"]["us_bank_account"].get("setup_future_usage")
    return option != "none" if option else bool(intent["setup_future_usage"])


def _bank_day(intent: Body, moment: float) -> date:
    """When the debit is at the bank, confirmed at `moment`: on the target date, else the next working day."""
    target = terms.target_date(intent)
    if target is None:
        return bank_days.later(bank_days.day_of(moment), settling.POSTED_AFTER)
    ahead = target - bank_days.local(clock.stamp()).date()
    return bank_days.later(bank_days.local(moment).date() + ahead, 0)


def _refuse(intent: Body, method: Body, why: Return) -> None:
    """Refuses the attempt at once: 402 and a failed charge, and the intent needs another method."""
    charge = charges.add(intent, method, None, _bank_day(intent, clock.stamp()))
    charges.fail(charge, why)
    intent["latest_charge"] = charge["id"]
    problem = settling.problem_of(why, method, charge)
    settling.back_to_start(intent, method, problem)
    raise _declined(intent, problem)


def _refuse_action(intent: Body, method: Body) -> None:
    problem = intents.refused_action(method)
    settling.back_to_start(intent, method, problem)
    raise _declined(intent, problem)


def _declined(intent: Body, problem: Body) -> ApiError:
    named: Body = {
        name: problem[name] for name in ("charge", "decline_code", "network_decline_code") if name in problem
    }
    shown = {"payment_intent": rendering.shown(intent), "payment_method": problem["payment_method"]}
    return ApiError(
        problem["message"], status=402, code=problem["code"], type="card_error", extra={**named, **shown}, keep=True
    )


def verify_microdeposits(call: Call) -> Body:
    """The customer says what the microdeposits were."""
    intent = intents.by_secret(KIND, call)
    if intent["status"] != "requires_action":
        raise intents.unexpected(
            intent, f"You cannot verify microdeposits of this PaymentIntent: it has a status of {intent['status']}."
        )
    method = payment_methods.existing(intent["payment_method"], None)
    over = microdeposits.check(method, call.params)
    if over is not None:
        microdeposits.give_up(intent, method, over)
        shown = {"payment_intent": rendering.shown(intent)}
        raise ApiError(microdeposits.MESSAGES[over], code=over, extra=shown, keep=True)
    microdeposits.stop_waiting(intent)
    payment_methods.set_verified(method)
    _debit(intent, method)
    return intents.answer(intent, call)


def _give_up(intent: Body, method: Body, code: str) -> None:
    problem = {"code": code, "message": microdeposits.MESSAGES[code], "type": "invalid_request_error"}
    settling.back_to_start(intent, method, {**problem, "payment_method": rendering.shown(method)})


microdeposits.GIVES_UP[KIND] = _give_up
