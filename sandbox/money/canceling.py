"""Canceling a PaymentIntent: any time before its confirmation, and after it until the debit is at the bank."""

from __future__ import annotations

from sandbox import clock, events
from sandbox.money import charges, confirming, intents, microdeposits, refunds, settling
from sandbox.store import Body, store
from sandbox.wire.operations import Call

STATES = (*confirming.OPEN, "requires_capture", "processing")
EMITS = ("payment_intent.canceled", "charge.failed", "refund.failed", "charge.refund.updated")


def cancel(call: Call) -> Body:
    intent = intents.existing(confirming.KIND, call.id)
    if intent["status"] not in STATES or intent["_"]["posted"]:
        too_late = " The debit has been posted to the bank." if intent["status"] == "processing" else ""
        raise intents.unexpected(
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.{too_late} Only a "
            f"PaymentIntent with one of the following statuses may be canceled: {', '.join(STATES)}.",
        )
    if intent["status"] == "processing":
        settling.stop_waiting(intent)
        charge = charges.existing(intent["latest_charge"], None)
        charges.call_back(charge)
        refunds.charge_failed(charge)
    microdeposits.stop_waiting(intent)
    intent.update(
        status="canceled",
        canceled_at=clock.stamp(),
        cancellation_reason=call.params.get("cancellation_reason"),
        next_action=None,
    )
    store.save(intent)
    events.emit("payment_intent.canceled", intent)
    return intents.answer(intent, call)
