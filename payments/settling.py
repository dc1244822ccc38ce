"""What became of a debit: read it at Stripe, then move our payment, forward and never on an older reading."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from fcdash import tenancy
from fcdash.failpoints import failpoint
from fcdash.gateway import debits
from fcdash.gateway.debits import Debit
from fcdash.gateway.errors import TryAgain
from payments.models import UNSENT_STATES, Payment, PaymentState
from payments.states import keep, lock, move

logger = logging.getLogger(__name__)
# Late returns by the bank. Any other dispute is the person's own claim.
RETURN_REASONS = ("insufficient_funds", "incorrect_account_details", "bank_cannot_process")
NO_MONEY_MOVED = (PaymentState.FAILED, PaymentState.CANCELED)
ROUNDS = 6


@dataclass(frozen=True)
class Followed:
    """A payment after it was brought up to date, and what Stripe said."""

    payment: Payment
    debit: Debit


def sync_payment(payment_intent_id: str, cause: str, stripe_id: str = "") -> None:
    """Bring the payment of a PaymentIntent up to date. Unknown ids are ignored. Raises TryAgain and WillNotWork.

    Call it outside any transaction: it reads at Stripe first, then locks.
    """
    with tenancy.system("a payment by its Stripe id"):
        found = list(
            Payment.objects.filter(stripe_payment_intent_id=payment_intent_id).values_list("household_id", "pk")
        )
    for household_id, payment_id in found:
        follow(household_id, payment_id, cause, stripe_id)


def follow(household_id: int, payment_id: int, cause: str, stripe_id: str = "", canceled: str = "") -> Followed:
    """Bring one payment that has a PaymentIntent up to date. `canceled` is the cause if it turns out to be canceled.

    What is read is applied only when the row is as it was before the reading: whoever has written it meanwhile may
    have read something newer. Then we read again. Raises TryAgain and WillNotWork.
    """
    for _ in range(ROUNDS):
        with tenancy.scope(household_id):
            rows = Payment.objects.for_household(household_id).filter(pk=payment_id)
            payment_intent_id, version = rows.values_list("stripe_payment_intent_id", "version").get()
        debit = debits.read_debit(payment_intent_id or "")
        with tenancy.scope(household_id):
            payment = lock(household_id, payment_id)
            if payment.version == version:
                _apply(payment, debit, cause, stripe_id, canceled)
                failpoint("k10")
                return Followed(payment, debit)
    raise TryAgain(f"payment {payment_id} changes too fast to follow")


def state_of(debit: Debit) -> str | None:
    """Our state for what Stripe says; None when it says nothing about where the money is."""
    if debit.status == "succeeded":
        if debit.dispute:
            return PaymentState.RETURNED if debit.dispute_reason in RETURN_REASONS else PaymentState.DISPUTED
        return PaymentState.REFUNDED if debit.refunded_cents >= debit.amount_cents else PaymentState.PAID
    if debit.status == "requires_payment_method" and debit.failure_code:
        return PaymentState.FAILED
    return {"processing": PaymentState.PROCESSING, "canceled": PaymentState.CANCELED}.get(debit.status)


def _apply(payment: Payment, debit: Debit, cause: str, stripe_id: str, canceled: str) -> None:
    if not _is_ours(payment, debit):
        return
    state = state_of(debit)
    if state == PaymentState.CANCELED:
        # Why, not how we heard of it: people read this.
        cause = canceled or ("canceled on request" if payment.cancel_requested_at else "canceled at Stripe")
    changes = _changes(payment, debit, state)
    if state is None or state == payment.state:
        # Written also when nothing is new: that we have read counts, see follow.
        move(payment, payment.state, cause, stripe_id, **changes)
    elif payment.state in NO_MONEY_MOVED and state in NO_MONEY_MOVED:
        keep(payment, checked_at=changes["checked_at"])
    else:
        move(payment, state, cause, stripe_id or _source(debit), **changes)


def _is_ours(payment: Payment, debit: Debit) -> bool:
    """Whether the PaymentIntent is what was approved. One that is not is left alone, loudly."""
    same = (debit.amount_cents, debit.currency, debit.key) == (
        payment.amount_cents,
        payment.currency,
        str(payment.key),
    )
    if not same:
        logger.critical("payment %s and %s at Stripe are not the same debit", payment.pk, debit.id)
    return same


def _changes(payment: Payment, debit: Debit, state: str | None) -> dict[str, Any]:
    changes: dict[str, Any] = {"checked_at": timezone.now(), "refunded_cents": debit.refunded_cents}
    if debit.expected_debit_on:
        changes["expected_debit_on"] = debit.expected_debit_on
    if state == PaymentState.FAILED:
        changes["failure_code"], changes["failure_network_code"] = debit.failure_code, debit.failure_network_code
    if state in (PaymentState.RETURNED, PaymentState.DISPUTED):
        changes["failure_code"], changes["failure_network_code"] = debit.dispute_reason, debit.dispute_network_code
    if payment.state in UNSENT_STATES and state not in (None, *NO_MONEY_MOVED):
        # Confirmed by somebody else, at Stripe's own dashboard: the truth all the same.
        logger.error("payment %s was confirmed outside the project", payment.pk)
        changes["confirm_started_at"] = timezone.now()
    return changes


def _source(debit: Debit) -> str:
    return debit.dispute or debit.refund or debit.charge or debit.id
