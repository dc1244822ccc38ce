"""Pages about bills, payments and the permissions to debit."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import in_household
from accounts.households import Place
from accounts.models import User
from banking.models import Account
from fcdash import clients, tenancy
from fcdash.gateway.errors import StripeProblem
from payments import bills, mandates, overview, paying
from payments.calendar import expected, latest_start
from payments.forms import BillForm, PayForm
from payments.models import Bill, Biller, BillPeriod, Mandate, Payment, PaymentState
from payments.reasons import cause_of
from payments.retrying import CAME_BACK, tries_left
from payments.timeline import LIVE, planned, timeline

UNREACHABLE = (
    "Stripe cannot be reached right now. Nothing was sent. Press again in a minute: it goes on where it stopped."
)
SECTION = "bills"


def _me(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]


# --- Bills ------------------------------------------------------------------------------------------------------


@require_GET
@in_household()
def bills_page(request: HttpRequest, place: Place) -> HttpResponse:
    """What is to be paid, the late first, and what has been paid."""
    today, soon = place.today, place.today + overview.COMING
    periods = overview.periods(place.household_id, today)
    before = request.GET.get("before", "")
    history, earlier = overview.history(place.household_id, int(before) if before.isdecimal() else None)
    waiting = [p for p in periods if p.can_be_paid]
    coming = [p for p in periods if p.state != BillPeriod.State.LATE and p.due_on <= soon]
    context = {
        "section": SECTION,
        "late": [p for p in waiting if p.state == BillPeriod.State.LATE],
        "coming": coming,
        "coming_cents": sum(p.amount_cents for p in coming),
        "later": [p for p in periods if p.state != BillPeriod.State.LATE and p.due_on > soon],
        "to_pay_cents": sum(p.amount_cents for p in waiting if p.due_on <= soon),
        "to_pay_count": sum(p.due_on <= soon for p in waiting),
        "history": history,
        "earlier": earlier,
        "soon": soon,
        "bills_need_you": sum(p.state == BillPeriod.State.LATE or p.came_back or p.is_held for p in periods),
    }
    return TemplateResponse(request, "payments/bills.html", context)


@require_http_methods(["GET", "POST"])
@in_household(scoped=False)
def new_bill(request: HttpRequest, place: Place) -> HttpResponse:
    """First who is paid, then how much and when."""
    chosen = request.GET.get("biller", "")
    if not chosen.isdecimal():
        words = request.GET.get("q", "").strip()[:80]
        context: dict[str, Any] = {"section": SECTION, "billers": overview.billers(words), "q": words}
        return TemplateResponse(request, "payments/choose_biller.html", context)
    biller = get_object_or_404(Biller, pk=chosen, approved_at__isnull=False)
    form = BillForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            bill = bills.add_bill(
                place, _me(request), biller.pk, data["amount"], data["due_on"], data["recurrence"], data["reference"]
            )
            return redirect("payments:bill", bill.pk)
        except bills.BillRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
    context = {"section": SECTION, "biller": biller, "form": form}
    return TemplateResponse(request, "payments/new_bill.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@in_household()
def bill_page(request: HttpRequest, place: Place, bill_id: int) -> HttpResponse:
    """One bill: what is open, what was paid, and changing it."""
    bill, period = _bill(place, bill_id)
    whole, cents = divmod(bill.amount_cents, 100)
    shown = {"amount": f"{whole}.{cents:02d}", "due_on": period.due_on if period else bill.first_due_on}
    initial = {**shown, "recurrence": bill.frequency or "", "reference": bill.reference}
    form = BillForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            bills.change_bill(
                place, bill_id, data["amount"], data["due_on"], data["recurrence"] or None, data["reference"]
            )
            messages.info(request, "The bill is changed. A payment that you have approved keeps its amount.")
            return redirect("payments:bill", bill_id)
        except bills.BillRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
    history, _ = overview.history(place.household_id, bill_id=bill.pk)
    context = {"section": SECTION, "bill": bill, "period": period, "form": form, "history": history}
    context["state"] = period.state_on(place.today) if period else ""
    return TemplateResponse(request, "payments/bill.html", context, status=422 if form.errors else 200)


def _bill(place: Place, bill_id: int, period_id: int | None = None) -> tuple[Bill, BillPeriod | None]:
    try:
        return overview.bill_with_periods(place, bill_id, period_id)
    except Bill.DoesNotExist:
        raise Http404 from None


@require_POST
@in_household()
def removal(request: HttpRequest, place: Place, bill_id: int) -> HttpResponse:
    """Remove a bill."""
    try:
        bills.end_bill(place, bill_id)
    except Bill.DoesNotExist:
        raise Http404 from None
    messages.info(request, "The bill is removed. What was approved and not yet sent is canceled; its history stays.")
    return redirect("payments:bills")


@require_POST
@in_household()
def skip(request: HttpRequest, place: Place, bill_id: int, period_id: int) -> HttpResponse:
    """Leave one period out: it is paid elsewhere, or not at all."""
    try:
        bills.skip_period(place, period_id)
    except BillPeriod.DoesNotExist:
        raise Http404 from None
    return redirect("payments:bill", bill_id)


# --- Paying -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@in_household(scoped=False)
def pay_page(request: HttpRequest, place: Place, bill_id: int) -> HttpResponse:
    """Who receives what, from where and when; the permission if one is needed; one button that does it."""
    form = PayForm(request.POST or None, today=place.today)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("payments:payment", _pay(request, place, bill_id, form.cleaned_data).pk)
        except paying.AlreadyClaimed as claimed:
            return redirect("payments:payment", claimed.payment.pk)
        except (mandates.MandateRefused, paying.ClaimRefused) as refused:
            form.add_error("name" if isinstance(refused, mandates.NameRequired) else None, str(refused))
        except StripeProblem:
            form.add_error(None, UNREACHABLE)
        except (Bill.DoesNotExist, Account.DoesNotExist):
            raise Http404 from None
    with tenancy.scope(place.household_id):
        context = _pay_context(request, place, bill_id, form)
        if context is None:
            return redirect("payments:bill", bill_id)
        template = "payments/_pay_live.html" if request.htmx else "payments/pay.html"  # type: ignore[attr-defined]
        response = TemplateResponse(request, template, context, status=422 if form.errors else 200)
        return response.render()


def _pay(request: HttpRequest, place: Place, bill_id: int, data: dict[str, Any]) -> Payment:
    """Give the permission if none is in force, then claim. Raises what accept and claim raise."""
    user = _me(request)
    with tenancy.scope(place.household_id):
        standing = Mandate.objects.for_household(place.household_id).filter(
            account_id=data["account"], user_id=user.pk, status=Mandate.Status.ACTIVE
        )
        mandate: Mandate | None = standing.exclude(pk__in=mandates.used_up(place.household_id, user.pk)).first()
    if mandate is None:
        if not data["agree"]:
            raise mandates.MandateRefused("Read the permission below and tick the box: without it nothing is debited.")
        mandate = mandates.accept(
            place,
            user,
            data["account"],
            data["version"],
            data["name"],
            clients.ip_address(request),
            clients.user_agent(request),
        )
    if mandate.status == Mandate.Status.INACTIVE:
        raise mandates.MandateRefused(f"The permission could not be set up: {mandate.failure_reason}")
    return paying.claim(
        place,
        user,
        bill_id,
        data["account"],
        mandate.pk,
        data["on"],
        period_id=data["period"],
        nonce=data["nonce"],
        shown=paying.Shown(data["amount"], data["receiver"] or None),
    )


def _pay_context(request: HttpRequest, place: Place, bill_id: int, form: PayForm) -> dict[str, Any] | None:
    """What the pay page shows; None when there is nothing to pay."""
    bill, period = _bill(place, bill_id, _number(request, "period"))
    if period is None or not (period.is_open or form.errors):
        return None
    user, today = _me(request), place.today
    accounts = overview.pay_accounts(place, user, period.currency)
    wanted = _number(request, "account")
    payable = [a for a in accounts if not a.why_not]
    chosen = next((a for a in payable if a.id == wanted), payable[0] if payable else None)
    on = _planned_day(request, form, today)
    start = latest_start(period.due_on)
    context: dict[str, Any] = {
        "section": SECTION,
        "bill": bill,
        "biller": bill.biller,
        "period": period,
        "state": period.state_on(today),
        "form": form,
        "accounts": accounts,
        "chosen": chosen,
        "nonce": form.data.get("nonce") if form.is_bound else uuid.uuid4(),
        "when": form.data.get("when", PayForm.NOW) if form.is_bound else request.GET.get("when", PayForm.NOW),
        "on": form.data.get("on", "") if form.is_bound else request.GET.get("on", ""),
        "arrives_by": expected(today).arrives_by,
        "latest_start": start if start > today else None,
        "tomorrow": today + timedelta(days=1),
        "stops": planned(on, period.due_on, today),
        "statement": paying.statement_name(bill.biller.statement_descriptor),
        "can_write": place.can_write,
    }
    if chosen is not None:
        context["payment_flow"] = -period.amount_cents
        context["left_cents"] = chosen.left_after(period.amount_cents)
        if chosen.mandate_id is None:
            context["terms"] = mandates.terms(place, user, chosen.row)
    return context


def _planned_day(request: HttpRequest, form: PayForm, today: date) -> date:
    """The day on which it would be sent, as far as the person has chosen one."""
    asked = form.data if form.is_bound else request.GET
    try:
        on = date.fromisoformat(asked.get("on", ""))
    except ValueError:
        return today
    return on if asked.get("when") == PayForm.LATER and on > today else today


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.POST.get(name) or request.GET.get(name) or ""
    return int(text) if text.isdecimal() and len(text) < 19 else None


@require_GET
@in_household()
def payment_page(request: HttpRequest, place: Place, payment_id: int) -> HttpResponse:
    """Where a payment is; live while it is not at its end."""
    try:
        payment, history = overview.payment(place.household_id, payment_id)
    except Payment.DoesNotExist:
        raise Http404 from None
    if request.htmx and request.GET.get("v") == str(payment.version):  # type: ignore[attr-defined]
        return HttpResponse(status=204)  # nothing new: what is shown, and where the focus is, stays
    told = timeline(payment, history, place.today, _me(request).pk)
    refused = [p for p in overview.came_back(payment.period) if p.pk != payment.pk]
    shows_rows = payment.state in (PaymentState.PROCESSING, PaymentState.PAID, PaymentState.REFUNDED)
    is_live = payment.state in LIVE and payment.on <= place.today
    context = {
        "section": SECTION,
        "payment": payment,
        "told": told,
        "shows_rows": shows_rows,
        "bank_row": overview.bank_row(payment) if shows_rows else None,
        "every": (10 if payment.state == PaymentState.PROCESSING else 2) if is_live else None,
        "can_cancel": payment.state in (*LIVE, PaymentState.HELD) and not payment.cancel_refused_at,
        "earlier": refused[:1],
        "earlier_cause": _cause(refused[0]) if refused else "",
        "may_pay_again": payment.state in CAME_BACK and payment.period.is_open,
        "tries_left": tries_left(payment.period, payment.account) if payment.state in CAME_BACK else None,
        "can_write": place.can_write,
    }
    template = "payments/_payment.html" if request.htmx else "payments/payment.html"  # type: ignore[attr-defined]
    return TemplateResponse(request, template, context)


def _cause(payment: Payment) -> str:
    return cause_of(payment.failure_code, payment.failure_network_code, payment.account.name)


@require_POST
@in_household(scoped=False)
def cancellation(request: HttpRequest, place: Place, payment_id: int) -> HttpResponse:
    """Cancel a payment, or say that it is too late."""
    try:
        paying.cancel(place, payment_id)
    except Payment.DoesNotExist:
        raise Http404 from None
    except paying.TooLate as late:
        messages.warning(request, str(late))
    except StripeProblem:
        messages.warning(request, "Stripe cannot be reached right now. Your wish is kept; we go on asking.")
    return redirect("payments:payment", payment_id)


@require_POST
@in_household()
def release(request: HttpRequest, place: Place, payment_id: int) -> HttpResponse:
    """Send a held payment after all."""
    try:
        paying.release_held(place, _me(request), payment_id)
    except Payment.DoesNotExist:
        raise Http404 from None
    except paying.ClaimRefused as refused:
        messages.warning(request, str(refused))
    return redirect("payments:payment", payment_id)


# --- Permissions ------------------------------------------------------------------------------------------------


@require_GET
@in_household()
def permissions_page(request: HttpRequest, place: Place) -> HttpResponse:
    """Every permission to debit, in force and ended."""
    found = overview.permissions(place.household_id)
    context = {
        "section": "accounts",
        "live": [m for m in found if m.status != Mandate.Status.INACTIVE],
        "ended": [m for m in found if m.status == Mandate.Status.INACTIVE],
        "can_write": place.can_write,
    }
    return TemplateResponse(request, "payments/permissions.html", context)


@require_GET
@in_household()
def permission_page(request: HttpRequest, place: Place, mandate_id: int) -> HttpResponse:
    """One permission: its words, its proof, what was debited under it."""
    try:
        mandate = overview.permission(place.household_id, mandate_id)
    except Mandate.DoesNotExist:
        raise Http404 from None
    history, earlier = overview.history(place.household_id, _number(request, "before"), mandate_id=mandate.pk)
    context = {
        "section": "accounts",
        "mandate": mandate,
        "history": history,
        "earlier": earlier,
        "under_way": overview.under_way(history),
        "can_write": place.can_write,
    }
    return TemplateResponse(request, "payments/permission.html", context)


@require_POST
@in_household()
def revocation(request: HttpRequest, place: Place, mandate_id: int) -> HttpResponse:
    """Take a permission back."""
    try:
        mandates.revoke(place, mandate_id)
    except Mandate.DoesNotExist:
        raise Http404 from None
    messages.info(request, "The permission has ended. Payments that were not sent are canceled; others go on.")
    return redirect("payments:permission", mandate_id)
