"""Pages of imports: bring a file, say how it is read, look, import, undo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import in_household
from accounts.households import Place
from banking import importing, previewing
from banking.forms import QifForm, SheetForm, StatementForm, UploadForm
from banking.models import Account, Import
from banking.statements import MOST_BYTES, MOST_ROWS, Unreadable, decoded, delimited, ofx, qif

SHOWN = 50
DOUBTS_SHOWN = 200
FAULTS_SHOWN = 50
LISTED = 100
GONE = "This file waits no longer: it was imported, given up, or an hour has passed. Nothing was lost; bring it again."


@require_GET
@in_household()
def imports(request: HttpRequest, place: Place) -> HttpResponse:
    """All imports of the household, the newest first."""
    found = Import.objects.for_household(place.household_id).exclude(state=Import.State.PREVIEW)
    rows = found.select_related("account", "user").defer("upload").order_by("-pk")[:LISTED]
    taking = Account.objects.for_household(place.household_id).filter(status=Account.Status.ACTIVE).order_by("name")
    return _page(request, "banking/imports.html", imports=list(rows), accounts=list(taking))


@require_http_methods(["GET", "POST"])
@in_household()
def bring(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """Choose a file for an account."""
    try:
        account = importing.taking(place.household_id, account_id)
    except Account.DoesNotExist:
        raise Http404 from None
    except importing.Closed as problem:
        messages.warning(request, str(problem))
        return redirect("banking:account", account_id)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            if file.size > MOST_BYTES:
                raise Unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it, by year.")
            user: Any = request.user
            brought = importing.bring(place.household_id, account_id, user, file.name, file.read())
            return redirect("banking:import", brought.pk)
        except Unreadable as problem:
            form.add_error("file", str(problem))
    limits = f"CSV, OFX, QFX or QIF, up to {MOST_BYTES // 1024 // 1024} MB and {MOST_ROWS:,} rows."
    return _page(request, "banking/import_bring.html", form=form, account=account, limits=limits)


@require_http_methods(["GET", "POST"])
@in_household()
def reading(request: HttpRequest, place: Place, import_id: int) -> HttpResponse:
    """Say how a file is read: its columns, the order of its dates, which of its accounts."""
    brought = _waiting(request, place, import_id)
    if isinstance(brought, HttpResponse):
        return brought
    ask = {"csv": _ask_sheet, "qif": _ask_qif, "ofx": _ask_statement}[brought.kind]
    try:
        context, said = ask(request, place, brought)
    except Unreadable as problem:
        messages.warning(request, str(problem))
        return redirect("banking:import_bring", brought.account_id)
    if said is None:
        return _page(request, "banking/import_reading.html", brought=brought, account=brought.account, **context)
    importing.say_reading(place.household_id, import_id, said)
    return redirect("banking:import", import_id)


Asked = tuple[dict[str, Any], dict[str, Any] | None]


def _ask_sheet(request: HttpRequest, place: Place, brought: Import) -> Asked:
    asked = request.POST if request.method == "POST" else request.GET
    before = importing.suggested(brought)
    kept = delimited.reading_of(before)
    encoding = asked.get("encoding") or (kept.encoding if brought.reading else "")
    delimiter = asked.get("delimiter") or (kept.delimiter if brought.reading else "")
    text, encoding = decoded(bytes(brought.upload or b""), encoding if encoding in ENCODINGS else "")
    sheet = delimited.sheet(text, encoding, delimiter if delimiter in delimited.DELIMITERS else "")
    is_as_said = bool(brought.reading) and (kept.encoding, kept.delimiter) == (sheet.encoding, sheet.delimiter)
    is_same = before and (is_as_said or sheet.fingerprint == brought.heading)
    kept = replace(kept, encoding=sheet.encoding, delimiter=sheet.delimiter)
    form = SheetForm(sheet, kept if is_same else delimited.guess(sheet, place.today), request.POST or None)
    if request.method == "POST" and form.is_valid():
        return {}, form.said.stored()
    sample = [cells for _, cells in sheet.rows[:4]]
    layout = {"encodings": ENCODINGS, "delimiters": delimited.DELIMITERS}
    return {"form": form, "sheet": sheet, "sample": sample, **layout}, None


ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Windows, Western Europe",
    "cp1250": "Windows, Central Europe",
    "utf-16": "UTF-16",
    "mac_roman": "Macintosh",
}


def _ask_qif(request: HttpRequest, place: Place, brought: Import) -> Asked:
    text, encoding = decoded(bytes(brought.upload or b""))
    guess = qif.guess(qif.records(text), encoding, place.today).stored()
    form = QifForm(request.POST or None, initial=brought.reading or guess)
    if request.method == "POST" and form.is_valid():
        return {}, {"encoding": encoding, "order": form.cleaned_data["order"], "mark": form.cleaned_data["mark"]}
    return {"form": form}, None


def _ask_statement(request: HttpRequest, place: Place, brought: Import) -> Asked:
    text, encoding = decoded(bytes(brought.upload or b""))
    found = ofx.read(text, place.currency, place.today)
    form = StatementForm(found, request.POST or None, initial={"statement": brought.reading.get("statement", 0)})
    if request.method == "POST" and form.is_valid():
        return {}, {"encoding": encoding, "statement": form.cleaned_data["statement"]}
    return {"form": form}, None


@require_http_methods(["GET", "POST"])
@in_household()
def one(request: HttpRequest, place: Place, import_id: int) -> HttpResponse:
    """Before: what it would do. POST: does it. After: what it did."""
    try:
        brought = importing.waiting(place.household_id, import_id)
        if not brought.reading:
            return redirect("banking:import_reading", import_id)
        return _carry_out(request, place, brought) if request.method == "POST" else _look(request, brought)
    except (Unreadable, importing.Closed) as problem:
        messages.warning(request, str(problem))
        return redirect("banking:import_bring", brought.account_id)
    except Import.DoesNotExist:
        raise Http404 from None
    except importing.Gone:
        return _receipt(request, place, import_id) if request.method == "GET" else redirect("banking:import", import_id)


def _receipt(request: HttpRequest, place: Place, import_id: int) -> HttpResponse:
    """What an import did; to the list where it was given up or forgotten."""
    done = Import.objects.for_household(place.household_id).exclude(state=Import.State.PREVIEW)
    found = done.select_related("account", "user").defer("upload").filter(pk=import_id).first()
    if found is None:
        messages.info(request, GONE)
        return redirect("banking:imports")
    return _page(request, "banking/import_done.html", brought=found, account=found.account)


def _look(request: HttpRequest, brought: Import) -> HttpResponse:
    shown = importing.look(brought)
    context = {
        "brought": brought,
        "account": brought.account,
        "shown": shown,
        "new_rows": [row for _, row in shown.new[:SHOWN]],
        "new_rest": max(len(shown.new) - SHOWN, 0),
        "doubts": shown.doubts[:DOUBTS_SHOWN],
        "doubts_rest": max(len(shown.doubts) - DOUBTS_SHOWN, 0),
        "faults": shown.faults[:FAULTS_SHOWN],
        "faults_rest": max(len(shown.faults) - FAULTS_SHOWN, 0),
        "balance": importing.believable(brought.account, shown.balance),
        "brings_nothing": not (shown.new or shown.doubts),
    }
    return _page(request, "banking/import_look.html", **context)


def _carry_out(request: HttpRequest, place: Place, brought: Import) -> HttpResponse:
    given = request.POST
    decided = importing.Decided(
        seen=given.get("seen", ""),
        doubts={name.removeprefix("row-"): str(given[name]) for name in given if name.startswith("row-")},
        rest=given.get("rest", importing.SAME),
        without_faults=given.get("without_faults") == "yes",
        with_balance=given.get("with_balance") == "yes",
    )
    user: Any = request.user
    try:
        importing.carry_out(place.household_id, brought.pk, user, decided)
    except importing.Changed:
        words = "Nothing was imported yet: what is in the account changed since you looked, or lines are still faulty."
        messages.warning(request, words)
    except importing.Gone:
        # A second press while the first was at work: the receipt says what it did.
        pass
    return redirect("banking:import", brought.pk)


@require_POST
@in_household()
def abandonment(request: HttpRequest, place: Place, import_id: int) -> HttpResponse:
    """Forget a file that was only looked at."""
    try:
        importing.give_up(place.household_id, import_id)
    except Import.DoesNotExist:
        raise Http404 from None
    messages.info(request, "Nothing was imported, and the file is deleted.")
    return redirect("banking:accounts")


@require_http_methods(["GET", "POST"])
@in_household()
def undoing(request: HttpRequest, place: Place, import_id: int) -> HttpResponse:
    """GET says what it takes away; POST takes it away."""
    try:
        if request.method == "GET":
            would = importing.undoing(place.household_id, import_id)
            brought = Import.objects.for_household(place.household_id).select_related("account").get(pk=import_id)
            context = {"would": would, "brought": brought, "account": brought.account}
            return _page(request, "banking/import_undoing.html", **context)
        drop = [int(number) for number in request.POST.getlist("drop") if number.isascii() and number.isdigit()]
        brought = importing.undo(place.household_id, import_id, drop)
    except Import.DoesNotExist:
        raise Http404 from None
    except importing.TooLate:
        messages.info(request, "This import cannot be undone: it was undone already, or 30 days have passed.")
        return redirect("banking:import", import_id)
    messages.info(request, f"Undone: {previewing.counted(brought.removed_count)} taken away.")
    return redirect("banking:import", import_id)


def _waiting(request: HttpRequest, place: Place, import_id: int) -> Import | HttpResponse:
    """The import that is being looked at, or where to go when it is no more; 404 when it is not theirs."""
    try:
        return importing.waiting(place.household_id, import_id)
    except Import.DoesNotExist:
        raise Http404 from None
    except importing.Gone:
        messages.info(request, GONE)
        return redirect("banking:imports")


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return TemplateResponse(request, template, {"section": "accounts", **context})
