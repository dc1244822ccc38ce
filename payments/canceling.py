"""Calling a payment back: at once while it is unsent, else by asking Stripe, and honestly when it is too late."""

from __future__ import annotations

import logging

from django.utils import timezone

from accounts.households import Place
from fcdash import tenancy
from fcdash.failpoints import failpoint
from fcdash.gateway import debits
from fcdash.gateway.errors import OutcomeUnknown, TryAgain, WillNotWork
from payments.models import UNFINISHED_STATES, UNSENT_STATES, Payment, PaymentState
from payments.settling import follow
from payments.states import OUR_FAULT, keep, lock, move, next_round

logger = logging.getLogger(__name__)
LOOKED = "asked Stripe"
ENDED = "This payment has come to its end; there is nothing to cancel."


class TooLate(Exception):
    """The debit has reached the bank: it can no longer be called back. The message is fit to show."""


def cancel(place: Place, payment_id: int) -> Payment:
    """Cancel a payment: at once while it is unsent, else by asking Stripe. Call it outside any transaction.

    Raises Payment.DoesNotExist; TooLate when the debit cannot be called back; TryAgain when Stripe gave no answer:
    then the wish is kept and the sweep goes on asking.
    """
    return cancel_in(place.household_id, payment_id, "canceled on request")


def cancel_in(household_id: int, payment_id: int, cause: str) -> Payment:
    """The same with the words of the history: the person's wish, or the staff's."""
    with tenancy.scope(household_id):
        payment = lock(household_id, payment_id)
        if payment.state == PaymentState.CANCELED:
            return payment
        if payment.state in UNSENT_STATES:
            move(payment, PaymentState.CANCELED, cause, cancel_requested_at=timezone.now())
        elif payment.state in UNFINISHED_STATES:
            keep(payment, cancel_requested_at=timezone.now(), cancel_refused_at=None)
        else:
            raise TooLate(ENDED)
    failpoint("k16")
    if payment.state == PaymentState.CANCELED:
        discard(payment)
        return payment
    return call_back(payment, cause)


def call_back(payment: Payment, cause: str = "canceled on request") -> Payment:
    """Ask Stripe to cancel a debit that was sent. Raises TooLate, TryAgain, WillNotWork."""
    if payment.stripe_payment_intent_id is None:
        raise TooLate("There is nothing at Stripe to cancel.")
    # What has come to its end already is not canceled: Stripe would, and the bank's refusal would be forgotten.
    known = follow(payment.household_id, payment.pk, LOOKED, canceled=cause).payment
    if known.state == PaymentState.CANCELED:
        return known
    if known.state not in UNFINISHED_STATES and known.state != PaymentState.PAID:
        raise TooLate(ENDED)
    refused = answered = False
    try:
        debits.cancel_debit(str(payment.key), payment.stripe_payment_intent_id, payment.round)
    except WillNotWork as refusal:
        if refusal.reason in OUR_FAULT:
            raise TryAgain(str(refusal), after_seconds=60) from refusal
        refused = True
    except OutcomeUnknown as problem:
        logger.warning("payment %s: the answer to its cancellation was lost", payment.pk)
        answered = problem.answered
    followed = follow(payment.household_id, payment.pk, LOOKED, canceled=cause)
    if followed.payment.state == PaymentState.CANCELED:
        return followed.payment
    if not refused:
        if answered:
            next_round(payment)
        raise TryAgain("Stripe has not answered yet")
    with tenancy.scope(payment.household_id):
        keep(lock(payment.household_id, payment.pk), cancel_refused_at=timezone.now())
    raise TooLate("Too late to cancel: the debit has reached your bank. A refund is possible once it is paid.")


def discard(payment: Payment) -> None:
    """Cancel the PaymentIntent of a payment that was never confirmed. Tidiness only: unconfirmed, it moves no money."""
    if not payment.stripe_payment_intent_id:
        return
    try:
        debits.cancel_debit(str(payment.key), payment.stripe_payment_intent_id, payment.round)
    except (TryAgain, WillNotWork, OutcomeUnknown) as problem:
        logger.info("payment %s: its unconfirmed PaymentIntent stays (%s)", payment.pk, problem)
