"""The state machine of payments: locking one, moving it with its history, and letting its bill period follow.

Locks are taken in one order: bill, mandate, period, payment.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Household
from fcdash import tenancy
from payments.letters import tell
from payments.models import (
    LIVE_STATES,
    TRANSITIONS,
    UNSENT_STATES,
    BillPeriod,
    Payment,
    PaymentEvent,
    PaymentState,
)

logger = logging.getLogger(__name__)
# How long a worker may be silent before the sweep takes its payment over; every step is safe to run twice.
LEASE = timedelta(seconds=45)
# Between tries of what stands unsent or unknown, and between looks at what is on its way.
BACKOFF = tuple(timedelta(seconds=s) for s in (20, 60, 300, 900, 3600, 6 * 3600))
LOOKS = tuple(timedelta(minutes=m) for m in (10, 30, 60, 180, 360))
# Stripe's refusals that are about our set-up, not about this debit: somebody must mend it, then it goes on.
OUR_FAULT = ("key_refused", "rate_limit")
# Sending has begun, and nobody knows yet how it went.
IN_DOUBT = (PaymentState.SUBMITTED, PaymentState.UNKNOWN)
# A move that skips these, because we heard of the end only, is written as two.
BETWEEN = (PaymentState.PAID, PaymentState.SUBMITTED)


def lock(household_id: int, payment_id: int) -> Payment:
    """The payment under its lock and its period's, in the open scope. Raises Payment.DoesNotExist."""
    payments = Payment.objects.for_household(household_id)
    period_id = payments.values_list("period_id", flat=True).get(pk=payment_id)
    BillPeriod.objects.for_household(household_id).select_for_update().get(pk=period_id)
    row: Payment = (
        payments.select_for_update(of=("self",)).select_related("account", "mandate", "user").get(pk=payment_id)
    )
    return row


def move(payment: Payment, state: str, cause: str, stripe_id: str = "", **changes: Any) -> bool:
    """Move a locked payment and write its history; False when there is no legal way, which is logged, not done.

    `changes` are columns to set with it. The bill period follows. Nothing else in the project writes `state`.
    """
    steps = route(payment.state, state)
    if steps is None:
        logger.error("payment %s stays %s: heard of %s (%s %s)", payment.pk, payment.state, state, cause, stripe_id)
        return False
    if not steps:
        keep(payment, **changes)
        # One that has ended has let go of its period: a person may have left that out since.
        if payment.state in LIVE_STATES:
            follow_period(payment)
        return True
    for name, value in changes.items():
        setattr(payment, name, value)
    # To and fro between these is no progress: the pauses go on growing, and in the end staff hear of it.
    if not (payment.state in IN_DOUBT and state in IN_DOUBT):
        payment.attempts = 0
    payment.next_attempt_at = timezone.now() + (LOOKS[0] if state == PaymentState.PROCESSING else LEASE)
    for step in steps:
        payment.state = step
        payment.version += 1
        payment.save(
            update_fields=["state", "version", "attempts", "next_attempt_at", "stripe_payment_intent_id", *changes]
        )
    PaymentEvent.objects.bulk_create(
        PaymentEvent(
            household_id=payment.household_id, payment_id=payment.pk, state=step, cause=cause[:120], stripe_id=stripe_id
        )
        for step in steps
    )
    follow_period(payment)
    tell(payment, cause)
    return True


def route(before: str, after: str) -> list[str] | None:
    """The states to pass on the way, the last included: [] when already there, None when there is no way."""
    if before == after:
        return []
    if after in TRANSITIONS[before]:
        return [after]
    for between in BETWEEN:
        if between in TRANSITIONS[before] and between != before:
            rest = [after] if after in TRANSITIONS[between] else route(between, after)
            if rest:
                return [between, *rest]
    return None


def keep(payment: Payment, **changes: Any) -> None:
    """Write columns of a locked payment without moving it; whoever read an older version reads again."""
    for name, value in changes.items():
        setattr(payment, name, value)
    payment.version += 1
    payment.save(update_fields=["version", *changes])


def try_later(household_id: int, payment_id: int, at_least: timedelta = timedelta(0)) -> None:
    """Put an unfinished payment off: longer each time, shorter for none. Call it in the scope."""
    row = Payment.objects.for_household(household_id).filter(pk=payment_id)
    tries, state = row.values_list("attempts", "state").get()
    steps = LOOKS if state == PaymentState.PROCESSING else BACKOFF
    pause = steps[min(max(tries - 1, 0), len(steps) - 1)]
    row.update(next_attempt_at=Now() + max(pause, at_least))
    if tries >= len(BACKOFF) and state != PaymentState.PROCESSING:
        logger.error("payment %s stands at %s after %s tries", payment_id, state, tries)


def lease(household_id: int, payment_id: int) -> Payment | None:
    """The payment, ours to work on for LEASE; None when it is finished, not due, or another worker has it."""
    rows = Payment.objects.for_household(household_id)
    payment: Payment | None = (
        rows.select_related("account", "mandate", "user", "bill__biller")
        .filter(pk=payment_id, next_attempt_at__lte=Now())
        .first()
    )
    if payment is None:
        return None
    # Compare and set: of two that read the same row, one changes it.
    ours = rows.filter(pk=payment_id, version=payment.version, next_attempt_at=payment.next_attempt_at)
    if not ours.update(next_attempt_at=Now() + LEASE, attempts=F("attempts") + 1):
        return None
    payment.attempts += 1
    return payment


def next_round(payment: Payment) -> None:
    """From now on Stripe is asked under new keys: it came to an end under the old ones without any effect.

    Only after a look-up that showed so. A PaymentIntent made twice moves no money, and one is confirmed once.
    """
    payment.round += 1
    with tenancy.scope(payment.household_id):
        rows = Payment.objects.for_household(payment.household_id).filter(pk=payment.pk, round=payment.round - 1)
        rows.update(round=payment.round)


def cancel_unsent(payments: Any, cause: str) -> int:
    """Cancel those of the payments that have not been sent; returns how many. Call it in the household's scope."""
    waiting = payments.filter(state__in=UNSENT_STATES).order_by("period_id", "pk").values_list("household_id", "pk")
    done = 0
    for household_id, payment_id in list(waiting):
        row = lock(household_id, payment_id)
        done += row.state in UNSENT_STATES and move(row, PaymentState.CANCELED, cause)
    return done


def follow_period(payment: Payment) -> None:
    """Let the bill period say what its payments say. Call it with the period locked."""
    household_id = payment.household_id
    period: BillPeriod = BillPeriod.objects.for_household(household_id).select_related("bill").get(pk=payment.period_id)
    live = (
        Payment.objects.for_household(household_id)
        .filter(period_id=period.pk, state__in=LIVE_STATES)
        .values("state", "refunded_cents")
        .first()
    )
    state = _period_state(period, live)
    if state != period.state:
        period.state = state
        period.save(update_fields=["state"])


def _period_state(period: BillPeriod, live: Any) -> str:
    states = BillPeriod.State
    if live is None:
        if period.bill.ended_at is not None:
            return states.SKIPPED
        today = Household.objects.get(pk=period.household_id).today()
        return states.LATE if period.due_on < today else states.DUE
    if live["state"] == PaymentState.PAID:
        return states.PARTLY_PAID if live["refunded_cents"] else states.PAID
    # Who got all of it back owes nothing here: the biller gave it up.
    return states.SKIPPED if live["state"] == PaymentState.REFUNDED else states.SCHEDULED
