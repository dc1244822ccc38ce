"""The worker's steps of a payment, until the debit is with the bank, and after that looking how it went.

A crash between any two steps leaves a row that `advance` goes on with: money moves only by the confirmation, and
Stripe takes one confirmation of one PaymentIntent.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from accounts.models import Household, Membership, Role, User
from fcdash import tenancy
from fcdash.failpoints import failpoint
from fcdash.gateway import debits
from fcdash.gateway.debits import MandateNow
from fcdash.gateway.errors import OutcomeUnknown, TryAgain, WillNotWork
from payments.canceling import TooLate, call_back, discard
from payments.models import REVERSIBLE_STATES, UNFINISHED_STATES, Bill, Mandate, Payment, PaymentState
from payments.settling import follow
from payments.states import OUR_FAULT, keep, lease, lock, move, next_round, try_later

logger = logging.getLogger(__name__)
GRACE = timedelta(days=3)
# A bank answers within 4 bank days; whatever takes longer wants a look by staff.
LONGEST_WAY = timedelta(days=12)
# Confirmation has begun, and Stripe has not said how it went.
WAITING = (PaymentState.SUBMITTED, PaymentState.UNKNOWN)
# Requests are repeated under one key; the object may have gone on meanwhile, so it is read.
LOOK_AGAIN = ("payment_intent_unexpected_state", "idempotency_key_in_use", "lock_timeout")
# An earlier try reached Stripe with other words; it was looked for before this one.
OTHER_WORDS = "idempotency_error"


def advance(household_id: int, payment_id: int) -> None:
    """Bring a payment as far as it goes now: send it, look it up, or put it off. Safe to run twice and at any time.

    Call it outside any transaction. What fails is written on the row and tried again by the sweep.
    """
    with tenancy.scope(household_id):
        payment = lease(household_id, payment_id)
    if payment is None or payment.state not in UNFINISHED_STATES:
        return
    failpoint("k4")
    try:
        put_off = _step(payment)
    except (TryAgain, OutcomeUnknown) as problem:
        logger.info("payment %s is put off: %s", payment_id, problem)
        put_off = timedelta(seconds=getattr(problem, "after_seconds", 0))
    except WillNotWork as refusal:
        logger.error("payment %s: Stripe refuses to tell of it (%s)", payment_id, refusal)
        put_off = timedelta(minutes=5)
    if put_off is not None:
        with tenancy.scope(household_id):
            try_later(household_id, payment_id, put_off)
    failpoint("k11")


def _step(payment: Payment) -> timedelta | None:
    """Do what is next; returns how long to wait at least when there is more to come, None when the row says it."""
    if payment.state == PaymentState.SCHEDULED:
        if not _is_time(payment):
            return None
        if payment.stripe_payment_intent_id or _make(payment):
            return _confirm(payment)
        return None
    if payment.cancel_requested_at and not payment.cancel_refused_at:
        try:
            call_back(payment)
        except TooLate:
            return timedelta(0)
        return None
    followed = follow(payment.household_id, payment.pk, "asked Stripe")
    if followed.payment.state in WAITING:
        if followed.debit.status != "requires_confirmation":
            return timedelta(0)
        if _is_long_past(followed.payment):
            return _end_unsent(followed.payment, PaymentState.CANCELED, _too_late(followed.payment))
        return _confirm(followed.payment)
    if followed.payment.state != PaymentState.PROCESSING:
        return None
    if payment.confirm_started_at and timezone.now() - payment.confirm_started_at > LONGEST_WAY:
        logger.error("payment %s has been on its way since %s", payment.pk, payment.confirm_started_at)
    return timedelta(0)


def _is_time(payment: Payment) -> bool:
    """Whether the day has come. One that is long past wants the person's word again: the payment is held."""
    household_id = payment.household_id
    with tenancy.scope(household_id):
        household = Household.objects.get(pk=household_id)
        today = household.today()
        if payment.on > today:
            start = datetime.combine(payment.on, time(0, 0), tzinfo=household.zone)
            Payment.objects.for_household(household_id).filter(pk=payment.pk).update(next_attempt_at=start, attempts=0)
            return False
        if not _is_long_past(payment):
            return True
        row = lock(household_id, payment.pk)
        if row.state == PaymentState.SCHEDULED:
            move(row, PaymentState.HELD, _too_late(payment))
        return False


def _is_long_past(payment: Payment) -> bool:
    """Whether so much time has passed since its day that the person's word no longer covers it."""
    with tenancy.scope(payment.household_id):
        today: date = Household.objects.get(pk=payment.household_id).today()
    return today - payment.on > GRACE


def _too_late(payment: Payment) -> str:
    return f"not sent on {payment.on:%B} {payment.on.day}; more than 3 days have passed"


def _make(payment: Payment) -> bool:
    """Make the PaymentIntent and commit its id; False when the payment has ended instead."""
    household_id, key = payment.household_id, str(payment.key)
    with tenancy.scope(household_id):
        row = lock(household_id, payment.pk)
        if row.state != PaymentState.SCHEDULED:
            return False
        started = row.create_started_at
        if started is None:
            keep(row, create_started_at=timezone.now())
    customer = payment.user.stripe_customer_id or ""
    try:
        # An earlier try may have arrived without our hearing of it, and Stripe may have forgotten its key since.
        made = debits.find_debit(key, customer, started) if started else None
        made = made or _create(payment, customer)
    except WillNotWork as refusal:
        return _refused_before_sending(payment, refusal)
    failpoint("k5")
    with tenancy.scope(household_id):
        row = lock(household_id, payment.pk)
        keep(row, stripe_payment_intent_id=row.stripe_payment_intent_id or made)
        payment.stripe_payment_intent_id = row.stripe_payment_intent_id
        failpoint("k6")
    if row.state != PaymentState.SCHEDULED:
        discard(row)
        return False
    failpoint("k7")
    return True


def _create(payment: Payment, customer: str) -> str:
    """The id of a new PaymentIntent; of the one that a lost answer left, when there is one."""
    try:
        return debits.create_debit(_order(payment, customer), payment.round)
    except OutcomeUnknown as problem:
        made = debits.find_debit(str(payment.key), customer, timezone.now() - timedelta(hours=1))
        if made is None and problem.answered:
            next_round(payment)
            return debits.create_debit(_order(payment, customer), payment.round)
        if made is None:
            raise
        return made


def _order(payment: Payment, customer: str) -> debits.DebitOrder:
    return debits.DebitOrder(
        key=str(payment.key),
        customer=customer,
        payment_method=payment.mandate.stripe_payment_method_id or "",
        amount_cents=payment.amount_cents,
        currency=payment.currency,
        description=payment.receives,
        statement_descriptor=payment.statement_descriptor,
        destination=payment.destination,
    )


def _refused_before_sending(payment: Payment, refusal: WillNotWork) -> bool:
    """Stripe would not even make the PaymentIntent: nothing was sent."""
    if refusal.reason in (*OUR_FAULT, OTHER_WORDS):
        logger.error("payment %s: %s", payment.pk, refusal)
        if refusal.reason == OTHER_WORDS:
            next_round(payment)
        raise TryAgain(str(refusal), after_seconds=60) from refusal
    with tenancy.scope(payment.household_id):
        row = lock(payment.household_id, payment.pk)
        if row.state == PaymentState.SCHEDULED:
            move(row, PaymentState.FAILED, "Stripe refused it before it was sent", failure_code=refusal.reason[:80])
    return False


def _confirm(payment: Payment) -> timedelta | None:
    """Read the permission at Stripe, commit that sending begins, then confirm by the committed id."""
    mandate_now = _read_mandate(payment.mandate)
    household_id, payment_intent_id = payment.household_id, payment.stripe_payment_intent_id or ""
    with tenancy.scope(household_id):
        reason = _commit_sending(payment, mandate_now)
    if reason is not None:
        return _end_unsent(payment, *reason)
    failpoint("k8")
    try:
        debits.confirm_debit(str(payment.key), payment_intent_id, mandate_now.id, payment.round)
    except WillNotWork as refusal:
        return _refused(payment, refusal)
    except OutcomeUnknown as problem:
        return _look_up(payment, problem)
    failpoint("k9")
    followed = follow(household_id, payment.pk, "Stripe took it on")
    return timedelta(0) if followed.payment.state in WAITING else None


def _look_up(payment: Payment, problem: OutcomeUnknown) -> timedelta | None:
    """The answer to the confirmation was lost: say so, then ask Stripe what became of it."""
    logger.warning("payment %s: %s", payment.pk, problem)
    with tenancy.scope(payment.household_id):
        row = lock(payment.household_id, payment.pk)
        if row.state == PaymentState.SUBMITTED:
            move(row, PaymentState.UNKNOWN, "the answer was lost; we are asking Stripe")
    followed = follow(payment.household_id, payment.pk, "asked Stripe")
    if followed.payment.state not in WAITING:
        return None
    if problem.answered and followed.debit.status == "requires_confirmation":
        next_round(payment)
    return timedelta(0)


def _read_mandate(mandate: Mandate) -> MandateNow:
    """The permission at Stripe at this moment. One that Stripe does not know counts as ended."""
    try:
        return debits.read_mandate(mandate.stripe_id or "")
    except WillNotWork as refusal:
        if not refusal.is_missing:
            raise TryAgain(str(refusal), after_seconds=60) from refusal
        return MandateNow(mandate.stripe_id or "", "inactive", "")


def _commit_sending(payment: Payment, mandate_now: MandateNow) -> tuple[str, str] | None:
    """Under all locks: move to submitted; or why not, as (state, cause), both empty when it has moved already."""
    household_id = payment.household_id
    mandate = Mandate.objects.for_household(household_id).select_for_update().get(pk=payment.mandate_id)
    row = lock(household_id, payment.pk)
    if row.state not in (PaymentState.SCHEDULED, PaymentState.SUBMITTED, PaymentState.UNKNOWN):
        return ("", "")
    if row.cancel_requested_at and not row.cancel_refused_at:
        return (PaymentState.CANCELED, "canceled on request")
    if mandate_now.status == "pending" and mandate.status != Mandate.Status.INACTIVE:
        raise TryAgain("the permission is still pending at Stripe", after_seconds=60)
    is_bound = mandate_now.payment_method == mandate.stripe_payment_method_id
    if mandate_now.status != "active" or not is_bound or mandate.status != Mandate.Status.ACTIVE:
        return (PaymentState.FAILED, "the permission no longer holds")
    if cause := _who_is_gone(payment):
        return (PaymentState.CANCELED, cause)
    if row.state == PaymentState.SCHEDULED:
        move(row, PaymentState.SUBMITTED, "sent to Stripe", confirm_started_at=timezone.now())
    elif row.state == PaymentState.UNKNOWN:
        move(row, PaymentState.SUBMITTED, "it had not arrived; sent again under the same name")
    return None


def _who_is_gone(payment: Payment) -> str:
    """Why nobody stands behind the payment any more, or ""."""
    member = Membership.objects.for_household(payment.household_id).filter(user_id=payment.user_id)
    if not User.objects.filter(pk=payment.user_id, is_active=True).exists():
        return "the person who approved it is no longer here"
    if not member.exclude(role=Role.VIEWER).exists():
        return "the person who approved it may no longer pay for this household"
    bill = Bill.objects.for_household(payment.household_id).select_related("biller").get(pk=payment.bill_id)
    return "" if bill.biller.is_approved else "the biller can no longer be paid here"


def _end_unsent(payment: Payment, state: str, cause: str) -> timedelta | None:
    """End a payment that must not be sent. If a confirmation may be under way, the debit is called back first."""
    if not state:
        return None
    with tenancy.scope(payment.household_id):
        row = lock(payment.household_id, payment.pk)
        if row.confirm_started_at is None and row.state == PaymentState.SCHEDULED:
            changes = {"failure_code": "mandate_inactive"} if state == PaymentState.FAILED else {}
            move(row, state, cause, **changes)
    if row.state == state:
        discard(row)
        return None
    try:
        call_back(row, cause)
    except TooLate:
        return timedelta(0)
    return None


def _refused(payment: Payment, refusal: WillNotWork) -> timedelta | None:
    """Stripe would not confirm: read what that left behind. If nothing was tried, close it, then call it refused."""
    if refusal.reason in (*OUR_FAULT, OTHER_WORDS):
        logger.error("payment %s: %s", payment.pk, refusal)
        raise TryAgain(str(refusal), after_seconds=60) from refusal
    household_id = payment.household_id
    followed = follow(household_id, payment.pk, "Stripe refused it")
    if followed.payment.state not in WAITING:
        return None
    if refusal.reason in LOOK_AGAIN:
        return timedelta(0)
    # An earlier confirmation may still be on its way to Stripe. After this none can take effect.
    try:
        debits.cancel_debit(str(payment.key), followed.debit.id, payment.round)
    except WillNotWork:
        return timedelta(0)
    except OutcomeUnknown as problem:
        if problem.answered:  # canceled or not, the next try reads it first
            next_round(payment)
        raise
    with tenancy.scope(household_id):
        row = lock(household_id, payment.pk)
        if row.state in WAITING:
            move(
                row,
                PaymentState.FAILED,
                "Stripe refused it; nothing was sent to the bank",
                failure_code=refusal.reason[:80],
                failure_network_code=refusal.network_code[:8],
            )
    return None


def due() -> list[tuple[int, int]]:
    """(household, payment) of all unfinished payments whose time has come; those first that have waited longest."""
    with tenancy.system("unfinished payments"):
        rows = Payment.objects.filter(state__in=UNFINISHED_STATES, next_attempt_at__lte=timezone.now())
        return list(rows.order_by("next_attempt_at").values_list("household_id", "pk")[:500])


def unwatched() -> list[tuple[int, int]]:
    """(household, payment) of payments that the bank can still take back and that nobody has looked at for a day."""
    now = timezone.now()
    with tenancy.system("payments that can come back"):
        rows = Payment.objects.filter(
            state__in=REVERSIBLE_STATES,
            checked_at__lt=now - timedelta(days=1),
            created_at__gt=now - timedelta(days=400),
            confirm_started_at__gt=now - timedelta(days=100),
        )
        return list(rows.order_by("checked_at").values_list("household_id", "pk")[:50])
