"""Paying a bill: claiming its period, once, for what the person saw and approved.

claim → row committed → PaymentIntent made, unconfirmed → its id committed → permission read at Stripe → confirmation
started, committed → confirmed by that id → recorded. The first is here, the others are the worker's (`sending`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.households import Place
from accounts.models import User
from banking.models import Account
from fcdash import tenancy
from fcdash.celery import nudge
from fcdash.failpoints import failpoint
from fcdash.money import formatted
from payments import mandates
from payments.bills import CURRENCY, open_period
from payments.canceling import TooLate, cancel
from payments.models import LIVE_STATES, Bill, BillPeriod, Mandate, Payment, PaymentEvent, PaymentState
from payments.retrying import why_not_again
from payments.sending import advance
from payments.settling import sync_payment
from payments.states import follow_period, lock, move

__all__ = [
    "AlreadyClaimed",
    "ClaimRefused",
    "Shown",
    "TooLate",
    "advance",
    "cancel",
    "claim",
    "release_held",
    "statement_name",
    "sync_payment",
]
SMALLEST_CENTS = 50  # Stripe's least for US dollars
FARTHEST = timedelta(days=180)


class ClaimRefused(ValueError):
    """The bill cannot be paid like this; `code` says why to programs, the message to people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Shown:
    """What the person saw when they approved; None: the caller does not say."""

    amount_cents: int | None = None
    receives: str | None = None


class AlreadyClaimed(Exception):
    """The period has a payment that lives, `payment`; another would be a second debit."""

    def __init__(self, payment: Payment) -> None:
        super().__init__(f"payment {payment.pk} already pays period {payment.period_id}")
        self.payment = payment


def claim(
    place: Place,
    user: User,
    bill_id: int,
    account_id: int,
    mandate_id: int,
    on: date | None = None,
    period_id: int | None = None,
    nonce: uuid.UUID | None = None,
    shown: Shown = Shown(),
) -> Payment:
    """The approved payment of the bill's open period, committed; the worker is nudged to send it on its day.

    One transaction under the period's lock; amount and receiver are frozen as they are now, and must be those that
    were `shown`. `nonce` is of the form
    in which it was approved: the same form again is the same payment. Raises Bill, Account and Mandate.DoesNotExist,
    ClaimRefused, AlreadyClaimed.
    """
    with tenancy.scope(place.household_id):
        payment = _claim(place, user, bill_id, account_id, mandate_id, on or place.today, period_id, nonce, shown)
        failpoint("k1")
    failpoint("k2")
    return payment


def _claim(
    place: Place,
    user: User,
    bill_id: int,
    account_id: int,
    mandate_id: int,
    on: date,
    period_id: int | None,
    nonce: uuid.UUID | None,
    shown: Shown,
) -> Payment:
    household_id = place.household_id
    # Whoever changes or removes the bill comes before this or after it.
    bills = Bill.objects.for_household(household_id).select_related("biller").select_for_update(of=("self",))
    bill: Bill = bills.get(pk=bill_id, ended_at=None)
    account: Account = Account.objects.for_household(household_id).get(pk=account_id)
    owned = Mandate.objects.for_household(household_id).select_for_update(of=("self",))
    mandate: Mandate = owned.get(pk=mandate_id)
    period = _lock_period(bill, place.today, period_id, nonce)
    _check_permission(mandate, account, user)
    _check_terms(place, bill, period, on)
    _check_shown(bill, period, shown)
    if reason := why_not_again(period, account, mandate):
        raise ClaimRefused("not_again", reason)
    payment = _create(place, user, bill, period, account, mandate, on, nonce)
    if on <= place.today:
        _send_soon(payment)
    return payment


def _lock_period(bill: Bill, today: date, period_id: int | None, nonce: uuid.UUID | None) -> BillPeriod:
    """The period to pay, locked and free. Raises AlreadyClaimed, ClaimRefused."""
    payments = Payment.objects.for_household(bill.household_id)
    if nonce is not None and (sent := payments.filter(nonce=nonce).first()) is not None:
        raise AlreadyClaimed(sent)
    periods = BillPeriod.objects.for_household(bill.household_id)
    chosen = periods.filter(pk=period_id, bill_id=bill.pk).first() if period_id else open_period(bill, today)
    if chosen is None:
        raise ClaimRefused("nothing_due", "Nothing of this bill is open.")
    period: BillPeriod = periods.select_for_update().get(pk=chosen.pk)
    standing = payments.filter(period_id=period.pk, state__in=LIVE_STATES).first()
    if standing is not None:
        raise AlreadyClaimed(standing)
    if not period.is_open:
        raise ClaimRefused("nothing_due", "This is not to be paid.")
    return period


def _check_permission(mandate: Mandate, account: Account, user: User) -> None:
    if mandate.account_id != account.pk:
        raise ClaimRefused("mandate_of_another_account", "This permission is for another account.")
    if mandate.user_id != user.pk or account.holder_id != user.pk:
        raise ClaimRefused("not_yours", "Another member linked this account. Only they can pay from it.")
    if reason := mandates.why_not(account, user):
        raise ClaimRefused("not_payable", reason)
    if mandate.status == Mandate.Status.PENDING:
        raise ClaimRefused("mandate_pending", "Your permission is still being set up. Try again in a minute.")
    if mandate.status != Mandate.Status.ACTIVE:
        raise ClaimRefused("mandate_inactive", "This permission no longer holds. Give a new one to pay.")
    if mandate.blocked_reason == mandates.NUMBER_IS_OVER:
        raise ClaimRefused(
            "mandate_inactive", "Your bank has given a new account number since. Give a new permission to pay from it."
        )
    if mandate.blocked_reason:
        raise ClaimRefused(
            "account_blocked", "The bank account is blocked for debits after an earlier one came back. Use another."
        )


def _check_terms(place: Place, bill: Bill, period: BillPeriod, on: date) -> None:
    if not bill.biller.is_approved:
        raise ClaimRefused("biller_not_approved", f"{bill.biller.name} cannot be paid here at the moment.")
    if period.currency != CURRENCY:
        raise ClaimRefused("currency", "Only US dollars can be paid.")
    if period.amount_cents < SMALLEST_CENTS:
        raise ClaimRefused("amount_too_small", "The least that can be debited is $0.50.")
    if not place.today <= on <= place.today + FARTHEST:
        raise ClaimRefused("on", "Choose today or a day within the next six months.")


def _check_shown(bill: Bill, period: BillPeriod, shown: Shown) -> None:
    if shown.amount_cents not in (None, period.amount_cents):
        now = formatted(period.amount_cents, period.currency)
        raise ClaimRefused("amount_changed", f"Nothing was sent: the amount has changed since you saw it. It is {now}.")
    if shown.receives not in (None, bill.biller.receives):
        words = f"Nothing was sent: the receiver has changed since you saw it. It is {bill.biller.receives}."
        raise ClaimRefused("receiver_changed", words)


def _create(
    place: Place,
    user: User,
    bill: Bill,
    period: BillPeriod,
    account: Account,
    mandate: Mandate,
    on: date,
    nonce: uuid.UUID | None,
) -> Payment:
    biller = bill.biller
    payment = Payment(
        household_id=place.household_id,
        user=user,
        bill=bill,
        period=period,
        account=account,
        mandate=mandate,
        amount_cents=period.amount_cents,
        currency=period.currency,
        receives=biller.receives,
        destination=biller.stripe_account,
        statement_descriptor=statement_name(biller.statement_descriptor),
        on=on,
        nonce=nonce,
    )
    if on > place.today:
        payment.next_attempt_at = start_of(on, place)
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
    except IntegrityError:
        # The period's lock makes this unreachable; the index is the wall behind it.
        standing = Payment.objects.for_household(place.household_id).filter(period_id=period.pk, state__in=LIVE_STATES)
        raise AlreadyClaimed(standing.get()) from None
    PaymentEvent.objects.create(household_id=place.household_id, payment=payment, state=payment.state, cause="approved")
    follow_period(payment)
    return payment


def statement_name(descriptor: str) -> str:
    """What the bank statement will show: the biller's descriptor, else the operator's, else Stripe's own ("")."""
    text = descriptor or settings.STATEMENT_DESCRIPTOR
    allowed = "".join(c for c in text if c.isascii() and c.isprintable() and c not in "<>'\"*\\")[:22].strip()
    return allowed if len(allowed) >= 5 and any(c.isalpha() for c in allowed) else ""


def start_of(day: date, place: Place) -> datetime:
    """The moment at which the day begins in the household's zone."""
    return datetime.combine(day, time(0, 0), tzinfo=place.zone)


def _send_soon(payment: Payment) -> None:
    from payments.tasks import advance as task

    transaction.on_commit(lambda: failpoint("k3"))
    nudge(task, payment.household_id, payment.pk)


def release_held(place: Place, user: User, payment_id: int) -> Payment:
    """Send a held payment after all, today, on the word of who approved it.

    Raises Payment.DoesNotExist and ClaimRefused.
    """
    with tenancy.scope(place.household_id):
        payment = lock(place.household_id, payment_id)
        if payment.state != PaymentState.HELD:
            raise ClaimRefused("not_held", "This payment is not held.")
        if payment.user_id != user.pk:
            raise ClaimRefused("not_yours", "Only the person who approved it can send it now.")
        move(payment, PaymentState.SCHEDULED, "released", on=place.today)
        Payment.objects.for_household(place.household_id).filter(pk=payment.pk).update(next_attempt_at=timezone.now())
        _send_soon(payment)
    return payment
