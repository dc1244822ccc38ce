"""What payments do with a linked account: permissions to debit it, and debits on their way."""

from __future__ import annotations

from django.urls import reverse

from banking.uses import Use
from fcdash.money import formatted
from fcdash.templatetags.fcdash import day
from payments.mandates import LIVE
from payments.models import Mandate, Payment, PaymentState

ON_THE_WAY = (
    PaymentState.SCHEDULED,
    PaymentState.HELD,
    PaymentState.SUBMITTED,
    PaymentState.UNKNOWN,
    PaymentState.PROCESSING,
)


def of_account(household_id: int, account_id: int) -> list[Use]:
    """Two queries, in the open scope: debits by their day, then permissions."""
    payments = Payment.objects.for_household(household_id).filter(account_id=account_id, state__in=ON_THE_WAY)
    mandates = Mandate.objects.for_household(household_id).filter(account_id=account_id, status__in=LIVE)
    return [
        *(_debit(payment) for payment in payments.order_by("on", "pk")),
        *(_permission(mandate) for mandate in mandates.select_related("user").order_by("pk")),
    ]


def _debit(payment: Payment) -> Use:
    amount = formatted(payment.amount_cents, payment.currency)
    words = f"{amount} to {payment.receives}, {payment.get_state_display().lower()}, {day(payment.on)}"
    return Use(words, reverse("payments:payment", args=[payment.pk]))


def _permission(mandate: Mandate) -> Use:
    words = f"The permission to debit it that {mandate.holder_name} gave on {day(mandate.accepted_at.date())}"
    return Use(words, reverse("payments:permission", args=[mandate.pk]))
