"""Mail about money: the copy of a permission, and what went wrong with a payment; one a change, in its transaction."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from accounts.mailing import queue_template
from fcdash.money import formatted
from payments.models import Mandate, Payment, PaymentState
from payments.reasons import cause_of, reason_of

# What nobody asked for and what has to be known; the rest stands on the payment's page.
TOLD: dict[str, str] = {
    PaymentState.FAILED: "Refused",
    PaymentState.RETURNED: "Taken back by your bank",
    PaymentState.DISPUTED: "Disputed",
    PaymentState.HELD: "Held, not sent",
    PaymentState.CANCELED: "Canceled",
}
ON_REQUEST = "canceled on request"


def send_copy(mandate: Mandate) -> None:
    """Queue the copy of a permission that has just come into force, to the person who gave it."""
    context = {"mandate": mandate, "url": _absolute("payments:permission", mandate.pk)}
    queue_template(mandate.user.email, "permission_given", context)


def tell(payment: Payment, why: str) -> None:
    """Queue the mail about the state that a payment has just come to, and why, if it is one to tell of."""
    if payment.state not in TOLD or (payment.state == PaymentState.CANCELED and why == ON_REQUEST):
        return
    reason = reason_of(payment.failure_code, payment.failure_network_code)
    context = {
        "payment": payment,
        "title": TOLD[payment.state],
        "why": why,
        "amount": formatted(payment.amount_cents, payment.currency),
        "cause": cause_of(payment.failure_code, payment.failure_network_code, payment.account.name),
        "way_out": reason.way_out,
        "url": _absolute("payments:payment", payment.pk),
    }
    queue_template(payment.user.email, "payment_trouble", context)


def _absolute(name: str, key: int) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=[key])}"
