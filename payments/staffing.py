"""What staff may ask for of billers, permissions and payments. None of it moves money."""

from __future__ import annotations

from django.utils import timezone

from fcdash import tenancy
from fcdash.staffing import Asked, CannotBeDone, verb
from payments import canceling, mandates, settling
from payments.models import UNSENT_STATES, Biller, Mandate, Payment


@verb(
    "billers.approve",
    "Approve",
    "Every household can pay it from now on. Read once more who receives the money, and where it lands.",
    "payments.change_biller",
    at_once=True,
    makes_sense=lambda biller: not biller.is_approved,
)
def approve(asked: Asked) -> str:
    approved = Biller.objects.filter(pk=asked.object_id, approved_at=None)
    return "approved" if approved.update(approved_at=timezone.now(), approved_by=asked.staff_id) else "was approved"


@verb(
    "billers.withdraw",
    "Withdraw the approval",
    "No household can start a payment to it any more. Payments on their way go on.",
    "payments.change_biller",
    at_once=True,
    makes_sense=lambda biller: biller.is_approved,
)
def withdraw(asked: Asked) -> str:
    Biller.objects.filter(pk=asked.object_id).update(approved_at=None, approved_by=None)
    return "withdrawn"


@verb(
    "payments.reread",
    "Read again from Stripe",
    "We read the payment at Stripe and move our state forward to what it says.",
    "payments.change_payment",
    makes_sense=lambda payment: payment.stripe_payment_intent_id,
)
def reread(asked: Asked) -> str:
    payment = _payment(asked)
    if not payment.stripe_payment_intent_id:
        raise CannotBeDone("it is not at Stripe yet")
    followed = settling.follow(payment.household_id, payment.pk, "read again by staff")
    return f"{payment.state} → {followed.payment.state}; at Stripe {followed.debit.status}"


@verb(
    "payments.cancel",
    "Cancel before it is sent",
    "A scheduled or held payment is canceled: no money moves, and the bill is open again. The person sees that staff"
    " did it. One that was sent stays.",
    "payments.change_payment",
    makes_sense=lambda payment: payment.state in UNSENT_STATES,
)
def cancel(asked: Asked) -> str:
    payment = _payment(asked)
    if payment.state not in UNSENT_STATES:
        raise CannotBeDone(f"it is {payment.state}: only a scheduled or held payment can be canceled here")
    try:
        return canceling.cancel_in(payment.household_id, payment.pk, "canceled by staff").state
    except canceling.TooLate as problem:
        raise CannotBeDone(str(problem)) from None


@verb(
    "mandates.reread",
    "Read again from Stripe",
    "We read the permission's state at Stripe.",
    "payments.change_mandate",
    makes_sense=lambda mandate: mandate.stripe_id,
)
def reread_mandate(asked: Asked) -> str:
    household_id = asked.household_id or 0
    with tenancy.scope(household_id):
        mandate = Mandate.objects.for_household(household_id).get(pk=asked.object_id)
    if not mandate.stripe_id:
        raise CannotBeDone("it is not at Stripe yet")
    mandates.sync_mandate(mandate.stripe_id)
    with tenancy.scope(household_id):
        mandate.refresh_from_db()
    return mandate.status


def _payment(asked: Asked) -> Payment:
    household_id = asked.household_id or 0
    with tenancy.scope(household_id):
        payment: Payment = Payment.objects.for_household(household_id).get(pk=asked.object_id)
    return payment


OF_BILLERS = (approve, withdraw)
OF_PAYMENTS = (reread, cancel)
OF_MANDATES = (reread_mandate,)
