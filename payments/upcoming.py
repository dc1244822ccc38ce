"""For the first page: bills that come up, as spending counts what is coming, and those that wait for a person."""

from __future__ import annotations

from datetime import date

from django.urls import reverse

from fcdash.money import formatted
from fcdash.templatetags.fcdash import day
from payments.models import BillPeriod, PaymentState
from payments.overview import LastTry, PeriodNow, periods
from payments.reasons import cause_of
from spending.upcoming import Item, Need

# Worst first: money that went back, then what was refused, then what waits.
RANKS: dict[str, int] = {
    PaymentState.RETURNED: 10,
    PaymentState.DISPUTED: 12,
    PaymentState.FAILED: 20,
    PaymentState.HELD: 30,
}
LATE_RANK = 40


def items(household_id: int, since: date, until: date) -> list[Item]:
    """Every unsettled time that a bill is due up to `until`, the late ones too. One query, in the open scope."""
    return [_item(period, since) for period in periods(household_id, since, until)]


def _item(period: PeriodNow, today: date) -> Item:
    last = period.last if not period.can_be_paid else None
    payable = period.can_be_paid
    return Item(
        on=max(last.on if last else period.due_on, today),
        name=period.name,
        low_cents=-period.amount_cents,
        high_cents=-period.amount_cents,
        currency=period.currency,
        state=period.shown_state,
        note=f"since {day(period.due_on)}" if period.state == BillPeriod.State.LATE else period.note,
        note_wide=period.state != BillPeriod.State.LATE,
        url=_payment_url(last) if last else reverse("payments:bill", args=[period.bill_id]),
        pay_url=f"{reverse('payments:pay', args=[period.bill_id])}?period={period.id}" if payable else "",
        category=period.category,
        is_claim=not (last and _is_taken(last, today)),
        need=_need(period),
    )


def _is_taken(last: LastTry, today: date) -> bool:
    """Whether the bank has taken the money off the balance already, as far as dates tell."""
    is_sent = last.state == PaymentState.PROCESSING
    return is_sent and last.expected_debit_on is not None and last.expected_debit_on < today


def _need(period: PeriodNow) -> Need | None:
    last, amount = period.last, formatted(period.amount_cents, period.currency)
    if last and (period.came_back or last.state == PaymentState.HELD):
        return Need(
            f"{_TITLES[last.state]}: {period.name}, {amount}",
            _text(last, amount),
            _payment_url(last),
            "Decide" if last.state == PaymentState.HELD else "See what can be done",
            "hold" if last.state == PaymentState.HELD else "fail",
            RANKS[last.state],
        )
    if period.state == BillPeriod.State.LATE:
        text = f"It was due on {day(period.due_on)}. Nothing has been sent."
        url = f"{reverse('payments:pay', args=[period.bill_id])}?period={period.id}"
        return Need(f"Late: {period.name}, {amount}", text, url, f"Pay {amount}", rank=LATE_RANK)
    return None


_TITLES: dict[str, str] = {
    PaymentState.RETURNED: "Taken back",
    PaymentState.DISPUTED: "Disputed",
    PaymentState.FAILED: "Refused",
    PaymentState.HELD: "Held, not sent",
}


def _text(last: LastTry, amount: str) -> str:
    cause = cause_of(last.failure_code, last.failure_network_code, last.account)
    if last.state == PaymentState.FAILED:
        return f"{amount} was not taken: {cause}. The bill is still open."
    if last.state == PaymentState.RETURNED:
        return f"Your bank took the {amount} back: {cause}. The bill is open again."
    if last.state == PaymentState.DISPUTED:
        return f"Your bank took the {amount} back after a dispute. The bill is open again."
    return f"It was to be sent on {day(last.on)}. No money has moved."


def _payment_url(last: LastTry) -> str:
    return reverse("payments:payment", args=[last.id])
