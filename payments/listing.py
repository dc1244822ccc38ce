"""Reading in parts: billers, bills with the period that is to be paid, payments with their history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.households import Place
from payments.bills import SETTLED, current_period
from payments.models import LIVE_STATES, Bill, Biller, BillPeriod, Payment, PaymentEvent


@dataclass(frozen=True)
class BillNow:
    """A bill that goes on, the period that a payment would be for, and the payment that has claimed it."""

    bill: Bill
    period: BillPeriod | None
    payment_id: int | None


@dataclass(frozen=True)
class PaymentNow:
    """A payment with its history, the oldest first."""

    payment: Payment
    history: tuple[PaymentEvent, ...]


def billers(words: str, after: str, limit: int) -> list[Biller]:
    """Approved billers by name, from the name after `after`; each of the words is in the name or the receiver's."""
    rows = Biller.objects.filter(approved_at__isnull=False, name__gt=after)
    for word in words.split()[:5]:
        rows = rows.filter(Q(name__icontains=word) | Q(receives__icontains=word))
    return list(rows.order_by("name")[:limit])


def bills(place: Place, after: int, limit: int) -> list[BillNow]:
    """The household's bills in the order in which they were added. Four queries."""
    rows = Bill.objects.for_household(place.household_id).filter(ended_at=None, pk__gt=after)
    return _with_periods(place, rows.select_related("biller").order_by("pk")[:limit])


def bill(place: Place, bill_id: int) -> BillNow:
    """One bill. Raises Bill.DoesNotExist."""
    rows = Bill.objects.for_household(place.household_id).select_related("biller")
    return _with_periods(place, [rows.get(pk=bill_id, ended_at=None)])[0]


def _with_periods(place: Place, found: Iterable[Bill]) -> list[BillNow]:
    rows = list(found)
    periods = BillPeriod.objects.for_household(place.household_id)
    standing = periods.filter(Q(due_on__gte=place.today) | ~Q(state__in=SETTLED))
    of_bill: dict[int, list[BillPeriod]] = {row.pk: [] for row in rows}
    for period in standing.filter(bill_id__in=list(of_bill)).order_by("due_on"):
        of_bill[period.bill_id].append(period)
    current = {bill_id: current_period(mine, place.today) for bill_id, mine in of_bill.items()}
    if settled := [bill_id for bill_id, period in current.items() if period is None]:
        newest = periods.filter(bill_id__in=settled).order_by("bill_id", "-due_on").distinct("bill_id")
        current |= {period.bill_id: period for period in newest}
    claims = _claims(place.household_id, [period for period in current.values() if period])
    return [
        BillNow(row, period, claims.get(period.pk) if period else None) for row in rows for period in [current[row.pk]]
    ]


def _claims(household_id: int, periods: Sequence[BillPeriod]) -> dict[int, int]:
    """The payment that lives of each period that has one."""
    live = Payment.objects.for_household(household_id).filter(
        period_id__in=[period.pk for period in periods], state__in=LIVE_STATES
    )
    return dict(live.values_list("period_id", "pk"))


def payments(household_id: int, before: int | None, limit: int, bill_id: int | None = None) -> list[PaymentNow]:
    """The newest payments before an id, of one bill or of all. Two queries."""
    rows: Any = Payment.objects.for_household(household_id).select_related("account")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if bill_id is not None:
        rows = rows.filter(bill_id=bill_id)
    return _with_history(household_id, list(rows.order_by("-pk")[:limit]))


def payment(household_id: int, payment_id: int) -> PaymentNow:
    """One payment. Raises Payment.DoesNotExist."""
    rows = Payment.objects.for_household(household_id).select_related("account")
    return _with_history(household_id, [rows.get(pk=payment_id)])[0]


def _with_history(household_id: int, rows: Sequence[Payment]) -> list[PaymentNow]:
    events = PaymentEvent.objects.for_household(household_id).filter(payment_id__in=[row.pk for row in rows])
    of_payment: dict[int, list[PaymentEvent]] = {row.pk: [] for row in rows}
    for event in events.order_by("pk"):
        of_payment[event.payment_id].append(event)
    return [PaymentNow(row, tuple(of_payment[row.pk])) for row in rows]
