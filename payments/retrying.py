"""Whether an account may be debited again for a bill that it has failed to pay: Nacha's limit, and what must change."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from banking.models import Account
from payments.models import BillPeriod, Mandate, Payment, PaymentEvent, PaymentState
from payments.reasons import FUNDS_KEYS, Again, reason_of

# Nacha: a debit returned R01 or R09 may be tried twice more within 180 days. https://www.nacha.org/rules
RETRIES = 2
WINDOW = timedelta(days=180)
CAME_BACK = (PaymentState.FAILED, PaymentState.RETURNED, PaymentState.DISPUTED)


def tries_left(period: BillPeriod, account: Account) -> int:
    """How often this account may still be tried for this period after refusals for want of money."""
    short = [payment for payment in _came_back(period, account) if _is_short(payment)]
    return max(0, 1 + RETRIES - len(short))


def why_not_again(period: BillPeriod, account: Account, mandate: Mandate) -> str:
    """Why this account must not be debited for this period now, in words; "" when it may. Call it in the scope."""
    earlier = _came_back(period, account)
    if not earlier:
        return ""
    last = earlier[-1]
    reason = reason_of(last.failure_code, last.failure_network_code)
    again = Again.NEW_PERMISSION if last.state == PaymentState.DISPUTED else reason.again
    if again == Again.LIMITED and tries_left(period, account) == 0:
        return f"{account.name} has been tried three times for this bill, which is the limit. Pay from another account."
    if again == Again.OTHER_ACCOUNT:
        return f"{account.name} cannot pay this bill: {reason.cause.format(account='it')}. {reason.way_out}"
    if again == Again.NEW_PERMISSION and mandate.accepted_at <= _ended_at(last):
        return f"Give a new permission for {account.name} first: the old one no longer covers this."
    if again == Again.RELINK and account.linked_at <= _ended_at(last):
        return reason.way_out
    if again == Again.RELINK and mandate.accepted_at <= _ended_at(last):
        return f"Give a new permission for {account.name} first: the old one is for the number from before."
    return ""


def _came_back(period: BillPeriod, account: Account) -> list[Payment]:
    payments = Payment.objects.for_household(period.household_id).filter(
        period_id=period.pk, state__in=CAME_BACK, created_at__gt=timezone.now() - WINDOW
    )
    return list(payments.filter(_is_of(account)).order_by("pk"))


def _is_of(account: Account) -> Q:
    """Of the bank account, by whichever link: disconnected and linked anew, it is another row here, not at the bank."""
    same = Q(account_id=account.pk)
    if account.last4:
        same |= Q(
            account__institution=account.institution,
            account__last4=account.last4,
            account__subcategory=account.subcategory,
        )
    return same


def _is_short(payment: Payment) -> bool:
    return reason_of(payment.failure_code, payment.failure_network_code).key in FUNDS_KEYS


def _ended_at(payment: Payment) -> datetime:
    events = PaymentEvent.objects.for_household(payment.household_id).filter(payment_id=payment.pk)
    ended: datetime = events.order_by("-pk").values_list("at", flat=True)[0]
    return ended
