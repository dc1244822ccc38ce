"""Pages of the figures: home, transactions, spending, cash flow and net worth."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import in_household
from accounts.households import Place
from banking import overview
from banking.models import Transaction
from spending import (
    cashflow,
    dashboard,
    detail,
    exporting,
    filing,
    filtering,
    listing,
    networth,
    showing,
    totals,
    transfers,
)
from spending.categories import CATALOGUE
from spending.models import Edit
from spending.periods import Span, months_back, whole_month
from spending.remembering import remembered_page


@login_not_required
def home(request: HttpRequest) -> HttpResponseBase:
    """The dashboard of the signed-in person; for anybody else, what this is."""
    if request.user.is_authenticated:
        return dashboard_page(request)
    return TemplateResponse(request, "pages/landing.html")


@require_GET
@in_household()
def dashboard_page(request: HttpRequest, place: Place) -> HttpResponse:
    """One answer, what needs you, what comes, how the month stands."""
    read = dashboard.basis(place.household_id, place.today, place.currency)
    if not read.accounts:
        return TemplateResponse(request, "spending/first_run.html", {"section": "home"})
    if request.htmx:  # type: ignore[attr-defined]
        return _is_still(request.GET.get("state", ""), read)
    view = request.GET.get("view", "")
    view = view if view in showing.VIEWS else ""

    def context() -> dict[str, Any]:
        blocks = showing.dashboard(dashboard.dashboard(read), view)
        needs = {"needs_you": len(read.needs) or None, "accounts_need_you": read.accounts_need or None}
        return {"section": "home", "read": read, "blocks": blocks, **needs}

    return remembered_page(request, place, "spending/dashboard.html", read.state, context)


def _is_still(state: str, read: dashboard.Basis) -> HttpResponse:
    """To an open page, once a minute: stay, or come again, because an account stands otherwise by now."""
    response = HttpResponse(status=204)
    if state != read.accounts_state:
        response.headers["HX-Refresh"] = "true"
    return response


@require_GET
@in_household()
def reading(request: HttpRequest, place: Place) -> HttpResponse:
    """The live line of the first reading; once it is over the page is asked for again, with all figures."""
    progress = overview.progress(place.household_id, overview.accounts(place.household_id))
    response = TemplateResponse(request, "spending/_reading.html", {"progress": progress})
    if not progress.is_reading:
        response.headers["HX-Refresh"] = "true"
    return response


# --- Transactions ---------------------------------------------------------------------------------------------


@require_GET
@in_household()
def transactions(request: HttpRequest, place: Place) -> HttpResponse:
    """Rows by filter, newest first, with what they sum to; `open` shows one beside them."""
    asked = filtering.asked(request.GET, place.currency)
    before = filtering.position(request.GET.get("cursor", ""))
    hits = listing.search(place.household_id, asked.rows, before)
    page = listing.page(place.household_id, asked.rows, before, hits=hits)
    opened = request.GET.get("open", "")
    context = showing.rows(page, asked, opened)
    if before and request.htmx:  # type: ignore[attr-defined]
        return TemplateResponse(request, "spending/_rows.html", context)
    currency = asked.rows.currency or place.currency
    sums = None if before else listing.sums(place.household_id, asked.rows, currency, hits)
    context |= showing.list_head(asked, sums, overview.accounts(place.household_id), place, page)
    if filtering.is_id(opened):
        context |= {"opened": _detail(place, int(opened)), "close_url": asked.url(request.path)}
    return TemplateResponse(request, "spending/transactions.html", context)


EXPORTS = {"csv": "text/csv; charset=utf-8", "ofx": "application/x-ofx"}


@require_GET
@in_household(scoped=False)
def export(request: HttpRequest, place: Place) -> HttpResponseBase:
    """All rows of the filter as a file, written while it is read."""
    kind = request.GET.get("format", "csv")
    if kind not in EXPORTS:
        raise Http404
    asked = filtering.asked(request.GET, place.currency)
    if asked.errors:
        # The list says what it could not read; a file would hold more than was meant.
        return redirect(f"{reverse('spending:transactions')}?{request.GET.urlencode()}")
    wanted = asked.rows
    if kind == "csv":
        lines = exporting.as_csv(place.household_id, wanted)
    else:
        lines = exporting.as_ofx(place.household_id, wanted, place.today)
    name = f"transactions-{place.today}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines, content_type=EXPORTS[kind], headers=headers)


def _detail(place: Place, transaction_id: int) -> detail.Detail:
    found = detail.detail(place.household_id, transaction_id)
    if found is None:
        raise Http404
    return found


@require_GET
@in_household()
def transaction(request: HttpRequest, place: Place, transaction_id: int) -> HttpResponse:
    """One row: what the bank wrote, why it is filed so, its history, its other side."""
    context = {
        "section": "transactions",
        "opened": _detail(place, transaction_id),
        "catalogue": CATALOGUE,
        "alone": True,
    }
    return TemplateResponse(request, "spending/transaction.html", context)


@require_http_methods(["GET", "POST"])
@in_household()
def category(request: HttpRequest, place: Place, transaction_id: int) -> HttpResponse:
    """GET: the form that files a row. POST: files it; an empty choice lets our guess stand."""
    if request.method == "GET":
        context = {"section": "transactions", "row": _row(place, transaction_id), "catalogue": CATALOGUE}
        name = "_category_form" if request.htmx else "category"  # type: ignore[attr-defined]
        return TemplateResponse(request, f"spending/{name}.html", context | {"next": _next(request)})
    try:
        edit = _file(filing.set_category, place, transaction_id, request.POST.get("category") or None, request)
    except filing.UnknownCategory:
        raise Http404 from None
    row = _row(place, transaction_id)
    words = f"{row.name} filed under {row.category.name}." if edit else f"{row.name} was filed there already."
    return _changed(request, row, edit, words)


@require_POST
@in_household()
def note(request: HttpRequest, place: Place, transaction_id: int) -> HttpResponse:
    """Write or empty the note."""
    edit = _file(filing.set_note, place, transaction_id, request.POST.get("note", ""), request)
    return _changed(request, _row(place, transaction_id), edit, "Note kept.")


@require_POST
@in_household()
def exclusion(request: HttpRequest, place: Place, transaction_id: int) -> HttpResponse:
    """Leave the row out of all figures, or take it in again."""
    out = request.POST.get("excluded") == "yes"
    edit = _file(filing.set_excluded, place, transaction_id, out, request)
    row = _row(place, transaction_id)
    return _changed(request, row, edit, f"{row.name} is {'left out of all figures' if out else 'counted again'}.")


@require_POST
@in_household()
def review(request: HttpRequest, place: Place, transaction_id: int) -> HttpResponse:
    """Say that the row is right as it is."""
    edit = _file(filing.set_reviewed, place, transaction_id, True, request)
    row = _row(place, transaction_id)
    return _changed(request, row, edit, f"{row.name} stays under {row.category.name}.")


@require_POST
@in_household()
def parting(request: HttpRequest, place: Place, transfer_id: int) -> HttpResponse:
    """Say that two rows are no transfer."""
    if not transfers.exists(place.household_id, transfer_id):
        raise Http404
    transfers.part(place.household_id, transfer_id)
    messages.success(request, "They count as money in and money out now. File both where they belong.")
    return redirect(_next(request))


@require_POST
@in_household()
def undoing(request: HttpRequest, place: Place, edit_id: int) -> HttpResponse:
    """Put back what was before an edit."""
    try:
        filing.undo(place.household_id, edit_id)
    except Edit.DoesNotExist:
        raise Http404 from None
    except filing.Overtaken:
        messages.info(request, "It was changed again since, so nothing was undone.")
    else:
        messages.success(request, "Undone.")
    return redirect(_next(request))


def _file(verb: Any, place: Place, transaction_id: int, value: Any, request: HttpRequest) -> Edit | None:
    try:
        edit: Edit | None = verb(place.household_id, transaction_id, value, request.user)
    except Transaction.DoesNotExist:
        raise Http404 from None
    return edit


def _row(place: Place, transaction_id: int) -> listing.Row:
    found = listing.row(place.household_id, transaction_id)
    if found is None:
        raise Http404
    return found


def _changed(request: HttpRequest, row: listing.Row, edit: Edit | None, words: str) -> HttpResponse:
    """After a change: to htmx the row as it is now and a toast, to anybody else the page they came from."""
    undo = reverse("spending:undoing", args=[edit.pk]) if edit else ""
    if request.htmx:  # type: ignore[attr-defined]
        context = {"row": showing.line(row, filtering.asked(request.GET, "usd")), "text": words, "undo": undo}
        return TemplateResponse(request, "spending/_changed.html", context)
    messages.success(request, words, extra_tags=f"undo={undo}" if undo else "")
    return redirect(_next(request))


def _next(request: HttpRequest) -> str:
    """Where the person came from, if that is a page of ours; else the list."""
    wanted = request.POST.get("next") or request.GET.get("next") or request.headers.get("Referer") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return reverse("spending:transactions")


# --- Figures --------------------------------------------------------------------------------------------------


@require_GET
@in_household()
def spending(request: HttpRequest, place: Place) -> HttpResponse:
    """What was spent in a period, by category, month, merchant or account."""
    asked = filtering.asked(request.GET, place.currency, whole_month(place.today))
    span = asked.rows.span or whole_month(place.today)
    by: totals.By = next((by for by in totals.GROUPINGS if by == asked.given("by")), "category")
    currency = asked.rows.currency or place.currency
    only = showing.narrowing(asked)
    found = totals.spending(place.household_id, span.first, span.last, currency, by, only)
    months = Span(months_back(span.last, 11), span.last)
    by_month = totals.spending(place.household_id, months.first, months.last, currency, "month", only)
    first_day = totals.first_day(place.household_id, currency)
    context = showing.spending(found, by_month, first_day, asked, place, request.path)
    return TemplateResponse(request, "spending/spending.html", context)


@require_GET
@in_household()
def cash_flow(request: HttpRequest, place: Place) -> HttpResponse:
    """What came in, went out and was put aside, by month; one of them in full."""
    flows = cashflow.cash_flow(place.household_id, months_back(place.today, 11), place.today, place.currency)
    chosen = showing.chosen_month(flows, request.GET.get("month", ""))
    income = cashflow.income_by_payer(place.household_id, chosen.month, place.currency)
    return TemplateResponse(
        request, "spending/cash_flow.html", showing.cash_flow(flows, chosen, income, place, request)
    )


@require_GET
@in_household()
def net_worth(request: HttpRequest, place: Place) -> HttpResponse:
    """What the linked accounts come to, over time and one by one."""
    days = {"3": 91, "12": 365}.get(request.GET.get("months", ""), 182)
    worth = networth.net_worth(
        place.household_id, place.today - timedelta(days=days), place.today, place.currency, max(days // 90, 1)
    )
    accounts = overview.accounts(place.household_id)
    return TemplateResponse(
        request, "spending/net_worth.html", showing.net_worth(worth, accounts, days, place, request)
    )
