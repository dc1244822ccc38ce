"""Pages of accounts kept by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import in_household
from accounts.households import Place
from banking import disconnecting, manual, overview
from banking.forms import BalanceForm, FaceForm, OpenForm, RowForm
from banking.models import Account, Balance, Import, StatedBalance, Transaction
from fcdash import money, tenancy


@require_http_methods(["GET", "POST"])
@in_household()
def new(request: HttpRequest, place: Place) -> HttpResponse:
    """Open an account that is kept by hand."""
    start = {"on": place.today, "currency": place.currency, "kind": "checking"}
    form = OpenForm(request.POST or None, initial=start, currency=place.currency, today=place.today)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        user: Any = request.user
        account = manual.open_account(
            place.household_id, user, form.face, given["currency"], given["amount"], given["on"]
        )
        messages.success(request, f"{account.name} counts from now on. Write its rows, or bring a file.")
        return redirect("banking:account", account.pk)
    return _page(request, "banking/manual_new.html", form=form)


DAYS_SHOWN, IMPORTS_SHOWN = 12, 8


def account_page(request: HttpRequest, place: Place, now: overview.AccountNow) -> HttpResponse:
    """An account kept by hand: what it holds, how it came to that, and what can be done. Inside the scope."""
    mine = {"household_id": place.household_id, "account_id": now.id}
    stated = list(StatedBalance.objects.filter(**mine).values_list("on", flat=True))
    done = Import.objects.filter(**mine).exclude(state=Import.State.PREVIEW).select_related("user").defer("upload")
    context = {
        "account": now,
        "is_open": now.status != Account.Status.DISCONNECTED,
        "days": list(Balance.objects.filter(**mine).order_by("-on")[:DAYS_SHOWN]),
        "stated": stated,
        "since": min(stated, default=None),
        "imports": list(done.order_by("-pk")[:IMPORTS_SHOWN]),
        "kind": manual.BY_KEY[manual.kind_of(now)].name,
    }
    return TemplateResponse(request, "banking/manual_account.html", {"section": "accounts", **context})


@require_http_methods(["GET", "POST"])
@in_household()
def face(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """What it is called and what it is."""
    account = _held(place, account_id)
    start = {
        "name": account.name,
        "kind": manual.kind_of(account),
        "institution": account.institution,
        "last4": account.last4,
    }
    form = FaceForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        manual.change(place.household_id, account_id, form.face)
        messages.success(request, "Kept.")
        return redirect("banking:account", account_id)
    return _page(request, "banking/manual_face.html", form=form, account=account)


@require_http_methods(["GET", "POST"])
@in_household()
def balance(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """Say what it holds."""
    account = _held(place, account_id)
    if account.status == Account.Status.DISCONNECTED:
        return _closed(request, account)
    currency = manual.currency_of(account)
    form = BalanceForm(request.POST or None, initial={"on": place.today}, currency=currency, today=place.today)
    if request.method == "POST" and form.is_valid():
        user: Any = request.user
        cents, on = form.cleaned_data["amount"], form.cleaned_data["on"]
        manual.state_balance(place.household_id, account_id, user, cents, on)
        messages.success(request, "Kept. No row was written for the difference.")
        return redirect("banking:account", account_id)
    return _page(request, "banking/manual_balance.html", form=form, account=account, currency=currency)


@require_http_methods(["GET", "POST"])
@in_household()
def row_new(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """Write a row."""
    account = _held(place, account_id)
    if account.status == Account.Status.DISCONNECTED:
        return _closed(request, account)
    currency = manual.currency_of(account)
    form = RowForm(request.POST or None, initial={"on": place.today}, currency=currency, today=place.today)
    if request.method == "POST" and form.is_valid():
        row = manual.add_row(place.household_id, account_id, form.row)
        messages.success(request, f"{row.description} is written.")
        return redirect("banking:account", account_id)
    return _page(request, "banking/manual_row.html", form=form, account=account, currency=currency)


@require_http_methods(["GET", "POST"])
@in_household()
def row(request: HttpRequest, place: Place, transaction_id: int) -> HttpResponse:
    """Write a row anew."""
    found, account = _held_row(place, transaction_id)
    start = {
        "direction": "out" if found.amount_cents < 0 else "in",
        "amount": _typed(abs(found.amount_cents), found.currency),
        "on": found.booked_on,
        "description": found.description,
    }
    form = RowForm(request.POST or None, initial=start, currency=found.currency, today=place.today)
    if request.method == "POST" and form.is_valid():
        manual.change_row(place.household_id, transaction_id, form.row)
        messages.success(request, "Kept. What you had said about the row stays.")
        return redirect("spending:transaction", transaction_id)
    context = {"form": form, "account": account, "row": found, "currency": found.currency}
    return _page(request, "banking/manual_row.html", **context)


def _typed(cents: int, currency: str) -> str:
    """An amount as a person would type it."""
    return money.formatted(cents, currency).replace(money.symbol(currency), "").replace(",", "").strip()


@require_POST
@in_household()
def row_removal(request: HttpRequest, place: Place, transaction_id: int) -> HttpResponse:
    """Take a row away."""
    found, account = _held_row(place, transaction_id)
    manual.remove_row(place.household_id, transaction_id)
    messages.success(request, f"{found.description or 'The row'} is taken away. A file does not bring it back.")
    return redirect(f"{reverse('spending:transactions')}?account={account.pk}")


@require_http_methods(["GET", "POST"])
@in_household(scoped=False)
def closing(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """GET asks and says what stops and what does not; POST closes it."""
    with tenancy.scope(place.household_id):
        account = _held(place, account_id)
    if request.method == "GET":
        return _page(request, "banking/manual_closing.html", account=account)
    delete = request.POST.get("delete_data") == "yes"
    disconnecting.disconnect(place.household_id, account_id, delete)
    messages.info(request, f"{account.name} is closed{' and its rows are deleted' if delete else ''}.")
    return redirect("banking:accounts")


@require_POST
@in_household()
def reopening(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """Open a closed account again."""
    _held(place, account_id)
    try:
        account = manual.reopen(place.household_id, account_id)
    except manual.Emptied:
        messages.info(request, "Its rows were deleted when it was closed. Keep a new account instead.")
        return redirect("banking:account", account_id)
    messages.success(request, f"{account.name} counts again.")
    return redirect("banking:account", account_id)


def _held(place: Place, account_id: int) -> Account:
    """The account; 404 when it is not theirs or not kept by hand."""
    found: Account | None = Account.objects.for_household(place.household_id).filter(pk=account_id).first()
    if found is None or not found.by_hand:
        raise Http404
    return found


def _closed(request: HttpRequest, account: Account) -> HttpResponse:
    messages.warning(request, "This account is closed. Open it again to write into it.")
    return redirect("banking:account", account.pk)


def _held_row(place: Place, transaction_id: int) -> tuple[Transaction, Account]:
    rows = Transaction.objects.for_household(place.household_id).select_related("account")
    found: Transaction | None = rows.filter(pk=transaction_id).first()
    if found is None or not found.account.by_hand:
        raise Http404
    return found, found.account


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return TemplateResponse(request, template, {"section": "accounts", **context}, status=status)
