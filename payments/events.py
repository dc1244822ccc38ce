"""What the payments app does about Stripe's events. An event is a hint: each handler reads the object anew."""

from __future__ import annotations

from typing import Any

from fcdash.gateway import debits
from fcdash.gateway.errors import WillNotWork
from payments import mandates, receiving, settling
from webhooks.dispatch import Event, Handler


def follow_intent(event: Event) -> None:
    """A PaymentIntent changed."""
    settling.sync_payment(event.object_id, event.type, event.id)


def follow_money(event: Event) -> None:
    """A charge, a dispute or a refund changed; the PaymentIntent that it names is read."""
    if payment_intent_id := _payment_intent_of(event):
        settling.sync_payment(payment_intent_id, event.type, event.id)


def follow_setup(event: Event) -> None:
    """A SetupIntent changed."""
    mandates.sync_setup(event.object_id)


def follow_mandate(event: Event) -> None:
    """A mandate changed."""
    mandates.sync_mandate(event.object_id)


def follow_payment_method(event: Event) -> None:
    """A payment method was attached, detached, corrected or blocked."""
    mandates.sync_payment_method(event.object_id)


def follow_receiver(event: Event) -> None:
    """A biller's Stripe account changed, or is no longer connected to ours."""
    receiving.follow_account(event.account)


def _payment_intent_of(event: Event) -> str:
    named = _id(event.body.get("payment_intent"))
    if named:
        return named
    charge = event.object_id if event.body.get("object") == "charge" else _id(event.body.get("charge"))
    try:
        return debits.payment_intent_of_charge(charge) if charge else ""
    except WillNotWork as refusal:
        if refusal.is_missing:
            return ""
        raise


def _id(value: Any) -> str:
    return str(value.get("id") or "") if isinstance(value, dict) else str(value or "")


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(
        (
            "payment_intent.created",
            "payment_intent.requires_action",
            "payment_intent.processing",
            "payment_intent.succeeded",
            "payment_intent.payment_failed",
            "payment_intent.canceled",
        ),
        follow_intent,
    ),
    **dict.fromkeys(
        (
            "charge.pending",
            "charge.succeeded",
            "charge.failed",
            "charge.updated",
            "charge.refunded",
            "charge.refund.updated",
            "charge.dispute.created",
            "charge.dispute.updated",
            "charge.dispute.closed",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.funds_reinstated",
            "refund.created",
            "refund.updated",
            "refund.failed",
        ),
        follow_money,
    ),
    **dict.fromkeys(
        (
            "setup_intent.created",
            "setup_intent.requires_action",
            "setup_intent.succeeded",
            "setup_intent.setup_failed",
            "setup_intent.canceled",
        ),
        follow_setup,
    ),
    "mandate.updated": follow_mandate,
    **dict.fromkeys(
        (
            "payment_method.attached",
            "payment_method.detached",
            "payment_method.updated",
            "payment_method.automatically_updated",
        ),
        follow_payment_method,
    ),
}
CONNECT_HANDLERS: dict[str, Handler] = dict.fromkeys(
    ("account.updated", "account.application.deauthorized", "capability.updated"), follow_receiver
)
