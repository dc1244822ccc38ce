"""What the bank answers days after a confirmation: paid, or sent back with a reason."""

from __future__ import annotations

from datetime import date

from sandbox import events, timers
from sandbox.money import bank_days, charges, disputes, intents, payment_methods, refunds, returns
from sandbox.money.returns import Return
from sandbox.store import Body, store
from sandbox.wire import rendering
from sandbox.wire.errors import ApiError

KIND = "payment_intent"
# Working days until the debit is at the bank, and until the bank has answered for good.
POSTED_AFTER, SETTLED_AFTER = 1, 4

_TIMERS = ("debit_posted", "debit_settled")


def expect(intent: Body, method: Body, posted_on: date) -> None:
    """Sets the days on which the debit reaches the bank and on which the bank answers."""
    timers.set_timer("debit_posted", intent["id"], bank_days.opening(posted_on))
    if method["_"]["outcome"] != "processing":
        answered_on = bank_days.later(posted_on, SETTLED_AFTER - POSTED_AFTER)
        timers.set_timer("debit_settled", intent["id"], bank_days.opening(answered_on))


def stop_waiting(intent: Body) -> None:
    timers.drop_timers(intent["id"], *_TIMERS)


def settle(intent_id: str, why: Return | None) -> Body:
    """The bank's answer."""
    intent = intents.existing(KIND, intent_id)
    if intent["status"] != "processing":
        raise ApiError(f"Only a processing PaymentIntent settles; this one is {intent['status']}.")
    stop_waiting(intent)
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
    back_to_start(intent, method, problem_of(why, method, charge))
    return intent


def problem_of(why: Return, method: Body, charge: Body | None = None) -> Body:
    """A failed attempt as `last_payment_error` tells it."""
    problem: Body = {
        "code": why.code,
        "decline_code": why.decline_code,
        "doc_url": "https://stripe.com/docs/error-codes/" + why.code.replace("_", "-"),
        "message": why.message,
        "payment_method": rendering.shown(method),
        "type": "card_error",
    }
    if charge is not None:
        problem["charge"] = charge["id"]
    if why.network_code:
        problem["network_decline_code"] = why.network_code
    return problem


def back_to_start(intent: Body, method: Body, problem: Body) -> None:
    """The attempt is over: the intent needs a method again."""
    payment_methods.spend(method, intent["id"])
    intent.update(status="requires_payment_method", payment_method=None, last_payment_error=problem, next_action=None)
    store.save(intent)
    events.emit("payment_intent.payment_failed", intent)


def post(intent_id: str) -> Body:
    """From now on the debit is at the bank, and cannot be called back."""
    intent = intents.existing(KIND, intent_id)
    if intent["status"] != "processing":
        raise ApiError(f"Only the debit of a processing PaymentIntent is posted; this one is {intent['status']}.")
    timers.drop_timers(intent_id, "debit_posted")
    intent["_"]["posted"] = True
    return store.save(intent)


@timers.action("debit_posted")
def _post_by_itself(intent_id: str) -> None:
    post(intent_id)


@timers.action("debit_settled")
def _settle_by_itself(intent_id: str) -> None:
    intent = intents.existing(KIND, intent_id)
    outcome = payment_methods.existing(intent["payment_method"], None)["_"]["outcome"]
    settled = settle(intent_id, returns.FAILS.get(outcome))
    if outcome == "dispute":
        disputes.open_for(settled, "debit_not_authorized")
