"""Reading: bills with their periods, payments, permissions, and the accounts that a bill can be paid from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from accounts.households import Place
from accounts.models import User
from banking.models import Account, Balance, Owner, Transaction
from fcdash import tenancy
from fcdash.templatetags.fcdash import day
from payments import mandates
from payments.bills import SETTLED, current_period
from payments.models import UNFINISHED_STATES, Bill, Biller, BillPeriod, Mandate, Payment, PaymentEvent, PaymentState
from payments.retrying import CAME_BACK

COMING = timedelta(days=14)
HISTORY = 20
# What an approved payment has not taken from the balance yet, as far as we know.
NOT_YET_TAKEN = ("scheduled", "held", "submitted", "unknown")


@dataclass(frozen=True)
class LastTry:
    """The newest payment of a period, as lists need it."""

    id: int
    state: str
    on: date
    expected_debit_on: date | None
    failure_code: str
    failure_network_code: str
    account: str


@dataclass(frozen=True)
class PeriodNow:
    """One time that a bill is due, with the last payment of it, if any was tried."""

    id: int
    bill_id: int
    name: str
    receives: str
    category: str
    reference: str
    due_on: date
    amount_cents: int
    currency: str
    state: str
    last: LastTry | None

    @property
    def flow_cents(self) -> int:
        """As money out."""
        return -self.amount_cents

    @property
    def shown_state(self) -> str:
        """What to show: the payment's state while one is under way, else the period's."""
        return self.last.state if self.last and self.state == BillPeriod.State.SCHEDULED else self.state

    @property
    def note(self) -> str:
        """What to know beside the state."""
        if self.last and self.came_back:
            return "the last try was refused" if self.last.state == PaymentState.FAILED else "the money went back"
        if self.last and self.last.state == PaymentState.SCHEDULED:
            return f"is sent on {day(self.last.on)}"
        return self.reference

    @property
    def can_be_paid(self) -> bool:
        return self.state in (BillPeriod.State.DUE, BillPeriod.State.LATE)

    @property
    def is_held(self) -> bool:
        """Whether its payment waits for a person's word."""
        return self.last is not None and self.last.state == PaymentState.HELD

    @property
    def came_back(self) -> bool:
        """Whether the last try failed or was taken back."""
        return self.can_be_paid and self.last is not None and self.last.state in CAME_BACK


@dataclass(frozen=True)
class PayAccount:
    """An account that one might pay from: `why_not` is "" when one can. Cents are in the payment's currency."""

    id: int
    name: str
    institution: str
    last4: str
    why_not: str
    available_cents: int | None
    as_of: datetime | None
    claimed_cents: int
    mandate_id: int | None
    mandate_of: datetime | None
    row: Account

    @property
    def label(self) -> str:
        return f"{self.name} ••{self.last4}" if self.last4 else self.name

    @property
    def claimed_flow(self) -> int:
        """What was approved earlier and not yet taken, as money out."""
        return -self.claimed_cents

    def left_after(self, amount_cents: int) -> int | None:
        """What is left when everything that was approved has been taken."""
        return None if self.available_cents is None else self.available_cents - self.claimed_cents - amount_cents


@dataclass(frozen=True)
class PaymentRow:
    """A payment in a list."""

    id: int
    name: str
    state: str
    amount_cents: int
    currency: str
    on: date
    last4: str


# By hand: the first page asks this on each visit, and composing it through models costs more than the answer.
PERIODS = """
    SELECT p.id, p.bill_id, r.name, r.receives, r.category, b.reference, p.due_on, p.amount_cents, p.currency, p.state,
        (SELECT json_build_object('id', t.id, 'state', t.state, 'on', t."on", 'expected', t.expected_debit_on,
                                 'code', t.failure_code, 'network_code', t.failure_network_code, 'account', a.name)
        FROM payments_payment t JOIN banking_account a ON a.household_id = t.household_id AND a.id = t.account_id
        WHERE t.household_id = %(household)s AND t.period_id = p.id ORDER BY t.id DESC LIMIT 1)::text
    FROM payments_billperiod p
    JOIN payments_bill b ON b.household_id = p.household_id AND b.id = p.bill_id AND b.ended_at IS NULL
    JOIN payments_biller r ON r.id = b.biller_id
    WHERE p.household_id = %(household)s AND p.state <> ALL(%(settled)s) AND p.due_on <= %(until)s
    ORDER BY p.due_on, p.id
"""


def periods(household_id: int, today: date, until: date | None = None) -> list[PeriodNow]:
    """Every period that is not settled, of bills that go on, in the order of their days. One query."""
    if tenancy.current() is None:
        raise tenancy.NoScope("bill periods were read outside a household's scope")
    values: dict[str, Any] = {"household": household_id, "settled": list(SETTLED), "until": until or date.max}
    with connection.cursor() as cursor:
        cursor.execute(PERIODS, values)
        return [_period(row, today) for row in cursor.fetchall()]


def _period(row: Sequence[Any], today: date) -> PeriodNow:
    *known, told = row
    period = PeriodNow(*[*known, _last(json.loads(told)) if told else None])
    late = period.state == BillPeriod.State.DUE and period.due_on < today
    return replace(period, state=BillPeriod.State.LATE) if late else period


def _last(told: dict[str, Any]) -> LastTry:
    expected = told["expected"]
    return LastTry(
        told["id"],
        told["state"],
        date.fromisoformat(told["on"]),
        date.fromisoformat(expected) if expected else None,
        told["code"],
        told["network_code"],
        told["account"],
    )


def history(household_id: int, before: int | None = None, **only: int) -> tuple[list[PaymentRow], int | None]:
    """The newest payments and the id to go on before (None: all shown). `only`: mandate_id=… or bill_id=…"""
    rows = Payment.objects.for_household(household_id).filter(**only)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = [
        PaymentRow(p.pk, p.bill.biller.name, p.state, p.amount_cents, p.currency, p.on, p.account.last4)
        for p in rows.select_related("bill__biller", "account").order_by("-pk")[: HISTORY + 1]
    ]
    return page[:HISTORY], page[HISTORY - 1].id if len(page) > HISTORY else None


def bill_with_periods(place: Place, bill_id: int, period_id: int | None = None) -> tuple[Bill, BillPeriod | None]:
    """A bill that goes on, with the period that a payment would be for. Raises Bill.DoesNotExist."""
    rows = BillPeriod.objects.for_household(place.household_id).filter(bill_id=bill_id, bill__ended_at=None)
    rows = rows.select_related("bill__biller").order_by("due_on")
    if period_id is not None:
        period = rows.filter(pk=period_id).first()
    else:
        standing = list(rows.filter(Q(due_on__gte=place.today) | ~Q(state__in=SETTLED)))
        period = current_period(standing, place.today)
    if period is not None:
        return period.bill, period
    bill: Bill = Bill.objects.for_household(place.household_id).select_related("biller").get(pk=bill_id, ended_at=None)
    return bill, None


def pay_accounts(place: Place, user: User, currency: str = "usd") -> list[PayAccount]:
    """The household's accounts as places to pay from; those that can come first."""
    household_id = place.household_id
    newest = Balance.objects.for_household(household_id).filter(account_id=OuterRef("pk"), currency=currency)
    newest = newest.order_by("-on")
    active = (
        Mandate.objects.for_household(household_id)
        .filter(account_id=OuterRef("pk"), user_id=user.pk, status=Mandate.Status.ACTIVE)
        .exclude(pk__in=mandates.used_up(household_id, user.pk))
    )
    claimed = (
        Payment.objects.for_household(household_id)
        .filter(account_id=OuterRef("pk"), state__in=NOT_YET_TAKEN, currency=currency)
        .order_by()
        .values("account_id")
        .annotate(total=Sum("amount_cents"))
        .values("total")
    )
    rows = (
        Account.objects.for_household(household_id)
        .exclude(status__in=(Account.Status.DUPLICATE, Account.Status.DISCONNECTED))
        .exclude(stripe_id="")
        .annotate(
            available=Subquery(newest.values(cents=Coalesce("available_cents", "current_cents"))[:1]),
            as_of=Subquery(newest.values("as_of")[:1]),
            claimed=Coalesce(Subquery(claimed), Value(0)),
            mandate_id=Subquery(active.values("pk")[:1]),
            mandate_of=Subquery(active.values("accepted_at")[:1]),
            owner_name=Coalesce(Subquery(_owners(household_id).values("name")[:1]), Value("")),
        )
    )
    found = [
        PayAccount(
            row.pk,
            row.name,
            row.institution,
            row.last4,
            mandates.why_not(row, user),
            row.available,
            row.as_of,
            row.claimed,
            row.mandate_id,
            row.mandate_of,
            row,
        )
        for row in rows
    ]
    return sorted(found, key=lambda a: (bool(a.why_not), a.mandate_id is None, a.row.subcategory != "checking", a.id))


def _owners(household_id: int) -> Any:
    owners = Owner.objects.for_household(household_id).filter(account_id=OuterRef("pk")).exclude(name="")
    return owners.order_by("pk")


def came_back(period: BillPeriod) -> list[Payment]:
    """Earlier payments of the period that failed or were taken back, the newest first."""
    rows = Payment.objects.for_household(period.household_id).filter(period_id=period.pk, state__in=CAME_BACK)
    return list(rows.select_related("account").order_by("-pk"))


def payment(household_id: int, payment_id: int) -> tuple[Payment, list[PaymentEvent]]:
    """A payment with its history, the oldest first. Raises Payment.DoesNotExist."""
    rows = Payment.objects.for_household(household_id).select_related(
        "bill__biller", "period", "account", "mandate", "user"
    )
    found: Payment = rows.get(pk=payment_id)
    events = PaymentEvent.objects.for_household(household_id).filter(payment_id=found.pk).order_by("pk")
    return found, list(events)


def bank_row(found: Payment) -> Transaction | None:
    """The bank's own row of the debit, as far as amount, account and days tell. For showing only."""
    rows = Transaction.objects.for_household(found.household_id).filter(
        account_id=found.account_id,
        amount_cents=-found.amount_cents,
        currency=found.currency,
        booked_on__gte=found.on,
        booked_on__lte=found.on + timedelta(days=10),
    )
    row: Transaction | None = rows.exclude(status=Transaction.Status.VOID).order_by("booked_on", "pk").first()
    return row


def permissions(household_id: int) -> list[Mandate]:
    """All permissions of the household, those in force first, then the newest."""
    rows = Mandate.objects.for_household(household_id).select_related("account", "user").order_by("-accepted_at")
    return sorted(rows, key=lambda m: m.status == Mandate.Status.INACTIVE)


def permission(household_id: int, mandate_id: int) -> Mandate:
    """One permission. Raises Mandate.DoesNotExist."""
    found: Mandate = Mandate.objects.for_household(household_id).select_related("account", "user").get(pk=mandate_id)
    return found


def under_way(rows: Sequence[PaymentRow]) -> list[PaymentRow]:
    """Those that have not come to their end."""
    return [row for row in rows if row.state in (*UNFINISHED_STATES, PaymentState.HELD)]


def billers(words: str = "") -> list[Biller]:
    """Approved billers by name; `words` must occur in name, receiver or description."""
    rows = Biller.objects.filter(approved_at__isnull=False)
    for word in words.split()[:5]:
        rows = rows.filter(Q(name__icontains=word) | Q(receives__icontains=word) | Q(description__icontains=word))
    return list(rows.order_by("name")[:100])
