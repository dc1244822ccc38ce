"""Bills: adding, changing and ending them, and opening a period for each time that one is due."""

from __future__ import annotations

import calendar as months
import logging
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.households import Place
from accounts.models import Household, User
from fcdash import tenancy
from payments.models import LIVE_STATES, Bill, Biller, BillPeriod, Frequency, Payment
from payments.states import cancel_unsent

logger = logging.getLogger(__name__)
CURRENCY = "usd"  # what ACH debits
# A period is opened this long before it is due; the next one to come is always there.
AHEAD = timedelta(days=14)
OLDEST, FARTHEST = timedelta(days=366), timedelta(days=5 * 366)
LARGEST_CENTS = 99_999_999
# A part that the biller gave back asks for no other payment.
HAS_PAID = (BillPeriod.State.PAID, BillPeriod.State.PARTLY_PAID)
SETTLED = (*HAS_PAID, BillPeriod.State.SKIPPED)
OPEN_STATES = (BillPeriod.State.DUE, BillPeriod.State.LATE)
KEEP = "keep"


class BillRefused(ValueError):
    """The bill cannot be as asked; `field` names what is wrong and the message is fit to show."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def add_bill(
    place: Place,
    user: User,
    biller_id: int,
    amount_cents: int,
    due_on: date,
    frequency: str | None = None,
    reference: str = "",
    currency: str = CURRENCY,
) -> Bill:
    """Save a bill with its first periods. A day in the past is accepted: the bill is late. Raises BillRefused."""
    biller = Biller.objects.filter(pk=biller_id, approved_at__isnull=False).first()
    if biller is None:
        raise BillRefused("biller", "Choose one of the billers.")
    _check(place, amount_cents, due_on, frequency, currency)
    with tenancy.scope(place.household_id):
        bill = Bill.objects.create(
            household_id=place.household_id,
            biller=biller,
            created_by=user,
            reference=reference.strip()[:60],
            amount_cents=amount_cents,
            currency=currency,
            first_due_on=due_on,
            frequency=frequency or None,
        )
        open_periods_of(bill, place.today)
    return bill


def change_bill(
    place: Place,
    bill_id: int,
    amount_cents: int | None = None,
    due_on: date | None = None,
    frequency: str | None = KEEP,
    reference: str | None = None,
) -> Bill:
    """Change a bill and those of its periods that nobody has paid or is paying.

    `due_on` moves the next one of them, and with it all later ones. A payment that was approved keeps its amount.
    Raises Bill.DoesNotExist and BillRefused.
    """
    with tenancy.scope(place.household_id):
        bill = _locked(place, bill_id)
        amount_cents = bill.amount_cents if amount_cents is None else amount_cents
        repeats = bill.frequency if frequency == KEEP else (frequency or None)
        next_one = _unclaimed(bill).order_by("due_on").first()
        moved = due_on if due_on and (next_one is None or due_on != next_one.due_on) else None
        _check(place, amount_cents, moved, repeats, bill.currency)
        if moved and next_one is None:
            raise BillRefused("due_on", "This bill is being paid or has been paid; its day stays.")
        _unclaimed(bill).update(amount_cents=amount_cents)
        bill.amount_cents, bill.reference = (
            amount_cents,
            bill.reference if reference is None else reference.strip()[:60],
        )
        if next_one and (moved or repeats != bill.frequency):
            bill.first_due_on = _move(bill, next_one, moved or next_one.due_on)
        bill.frequency = repeats
        bill.save(update_fields=["amount_cents", "frequency", "first_due_on", "reference"])
        open_periods_of(bill, place.today)
    return bill


def end_bill(place: Place, bill_id: int) -> None:
    """Remove a bill: no further periods, and what was approved but not sent is canceled. Its history stays.

    Raises Bill.DoesNotExist.
    """
    with tenancy.scope(place.household_id):
        bill = _locked(place, bill_id)
        unsent = Payment.objects.for_household(place.household_id).filter(bill_id=bill.pk)
        cancel_unsent(unsent, "the bill was removed")
        _untried(bill).delete()
        _unclaimed(bill).update(state=BillPeriod.State.SKIPPED)
        bill.ended_at = timezone.now()
        bill.save(update_fields=["ended_at"])


def skip_period(place: Place, period_id: int) -> BillPeriod:
    """Mark a period as not to be paid here. Raises BillPeriod.DoesNotExist; does nothing to one that is paid."""
    with tenancy.scope(place.household_id):
        periods = BillPeriod.objects.for_household(place.household_id).select_for_update()
        period: BillPeriod = periods.get(pk=period_id)
        if period.is_open:
            period.state = BillPeriod.State.SKIPPED
            period.save(update_fields=["state"])
            open_periods_of(Bill.objects.for_household(place.household_id).get(pk=period.bill_id), place.today)
    return period


def open_period(bill: Bill, today: date) -> BillPeriod | None:
    """The period that a payment of the bill is for: the earliest that is not settled.

    One that was paid ahead of its day stands until that day has passed, so that a repeated request meets the
    payment there is and does not pay the next period. Call it in the household's scope.
    """
    periods = BillPeriod.objects.for_household(bill.household_id).filter(bill_id=bill.pk)
    standing = periods.filter(Q(due_on__gte=today) | ~Q(state__in=SETTLED)).order_by("due_on")
    return current_period(list(standing), today) or periods.order_by("-due_on").first()


def current_period(periods: Iterable[BillPeriod], today: date) -> BillPeriod | None:
    """As open_period, of periods in the order of their days that are unsettled or still to come."""
    for period in periods:
        if period.state not in SETTLED or (period.state in HAS_PAID and period.due_on >= today):
            return period
    return None


def open_periods(household_id: int) -> int:
    """Open what is to be open in one household and mark what is late; returns how many periods are new."""
    with tenancy.scope(household_id):
        today = Household.objects.get(pk=household_id).today()
        bills = Bill.objects.for_household(household_id).filter(ended_at=None).order_by("pk")
        opened = sum(open_periods_of(bill, today) for bill in bills)
        BillPeriod.objects.for_household(household_id).filter(
            state=BillPeriod.State.DUE, due_on__lt=today, bill__ended_at=None
        ).update(state=BillPeriod.State.LATE)
    return opened


def open_periods_of(bill: Bill, today: date) -> int:
    """Open the bill's periods up to AHEAD of today, and always the next one to come; returns how many are new."""
    if bill.ended_at is not None:
        return 0
    wanted = []
    for due_on in occurrences(bill.first_due_on, bill.frequency):
        wanted.append(due_on)
        if due_on >= today + AHEAD or (due_on >= today and bill.frequency == Frequency.YEARLY):
            break
    known = set(
        BillPeriod.objects.for_household(bill.household_id)
        .filter(bill_id=bill.pk, due_on__gte=bill.first_due_on)
        .values_list("due_on", flat=True)
    )
    new = [
        BillPeriod(
            household_id=bill.household_id,
            bill_id=bill.pk,
            due_on=due_on,
            amount_cents=bill.amount_cents,
            currency=bill.currency,
            state=BillPeriod.State.LATE if due_on < today else BillPeriod.State.DUE,
        )
        for due_on in wanted
        if due_on not in known
    ]
    # Two workers may be at it: one occurrence per bill and day, whoever is first.
    BillPeriod.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def occurrences(first: date, frequency: str | None) -> Iterator[date]:
    """The days on which a bill is due, without end unless it is due once. Months keep the first day's number.

    The 31st falls on the last day of a shorter month and comes back; February 29 is the 28th in other years.
    """
    yield first
    count = 0
    while frequency:
        count += 1
        if frequency in (Frequency.WEEKLY, Frequency.BIWEEKLY):
            yield first + timedelta(weeks=count * (2 if frequency == Frequency.BIWEEKLY else 1))
        else:
            yield _months_after(first, count * (12 if frequency == Frequency.YEARLY else 1))


def households_with_bills() -> list[int]:
    """Ids of all households that have a bill that goes on. Reads as system."""
    with tenancy.system("bill periods"):
        rows = Bill.objects.filter(ended_at=None).order_by("household_id").values_list("household_id", flat=True)
        return list(rows.distinct())


def _months_after(first: date, count: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + count, 12)
    return date(year, month + 1, min(first.day, months.monthrange(year, month + 1)[1]))


def _check(place: Place, amount_cents: int, due_on: date | None, frequency: str | None, currency: str) -> None:
    if currency != CURRENCY:
        raise BillRefused("currency", "Bills are paid in US dollars.")
    if amount_cents <= 0:
        raise BillRefused("amount", "Write an amount above zero.")
    if amount_cents > LARGEST_CENTS:
        raise BillRefused("amount", "That is more than one debit can carry.")
    if frequency and frequency not in Frequency.values:
        raise BillRefused("recurrence", "Choose how often it comes back.")
    if due_on is not None and not place.today - OLDEST <= due_on <= place.today + FARTHEST:
        raise BillRefused("due_on", "Choose a day within the last year or the next five.")


def _locked(place: Place, bill_id: int) -> Bill:
    bills = Bill.objects.for_household(place.household_id).select_for_update()
    bill: Bill = bills.get(pk=bill_id, ended_at=None)
    return bill


def _unclaimed(bill: Bill) -> Any:
    """Periods that ask for a payment and have none under way."""
    live = Payment.objects.for_household(bill.household_id).filter(period_id=OuterRef("pk"), state__in=LIVE_STATES)
    return BillPeriod.objects.for_household(bill.household_id).filter(
        ~Exists(live), bill_id=bill.pk, state__in=OPEN_STATES
    )


def _untried(bill: Bill) -> Any:
    """Of those, the ones without any history: they may be deleted."""
    tried = Payment.objects.for_household(bill.household_id).filter(period_id=OuterRef("pk"))
    return _unclaimed(bill).filter(~Exists(tried))


def _move(bill: Bill, period: BillPeriod, due_on: date) -> date:
    """Move a period and drop the later ones, which are opened anew from it; returns the day."""
    _untried(bill).filter(due_on__gt=period.due_on).delete()
    others = BillPeriod.objects.for_household(bill.household_id).filter(bill_id=bill.pk).exclude(pk=period.pk)
    if others.filter(due_on=due_on).exists():
        raise BillRefused("due_on", "This bill is already due on that day.")
    period.due_on, period.state = due_on, BillPeriod.State.DUE
    period.save(update_fields=["due_on", "state"])
    return due_on
