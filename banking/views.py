"""Pages about banks: the accounts, linking, one account, its refresh and its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import in_household
from accounts.households import Place
from banking import (
    asking,
    disconnecting,
    hand_views,
    history,
    linking,
    overview,
    receipts,
    reconciling,
    refreshing,
    standing,
    uses,
)
from banking.asking import Choice, Reason
from banking.models import Account, LinkSession, Owner
from fcdash import tenancy
from fcdash.gateway.errors import StripeProblem, WillNotWork
from fcdash.templatetags.fcdash import moment

UNREACHABLE = "Stripe cannot be reached right now, so no bank was linked. Try again in a minute."


@require_GET
@in_household()
def accounts(request: HttpRequest, place: Place) -> HttpResponse:
    """All accounts with their lights; live while the first data comes."""
    found = overview.accounts(place.household_id)
    needs = standing.needs(found)
    context: dict[str, Any] = {
        "section": "accounts",
        "entries": _entries(found, needs, request),
        "ended": [a for a in found if a.status == Account.Status.DISCONNECTED and a.id not in {n.id for n, _ in needs}],
        "accounts_need_you": len(needs) or None,
        "stripe_js_url": settings.STRIPE_JS_URL,
        "totals": _totals(found),
        "caveat": standing.caveat(found),
        "progress": overview.progress(place.household_id, found),
    }
    template = "banking/_accounts.html" if request.htmx else "banking/accounts.html"  # type: ignore[attr-defined]
    return TemplateResponse(request, template, context)


@dataclass(frozen=True)
class Entry:
    """An account of the list with what it asks for. `same`: one that waits looks like it; `is_apart`: in no total."""

    account: overview.AccountNow
    needs: list[standing.Notice]
    same: bool
    is_holder: bool
    is_apart: bool


def _entries(found: list[overview.AccountNow], needs: standing.Needs, request: HttpRequest) -> list[Entry]:
    """The accounts that have not ended, and of the others those that ask for something."""
    same = standing.waiting(found)
    asked = {a.id: [notice for about, notice in needs if about is a] for a in found}
    return [
        Entry(a, asked[a.id], a.id in same, a.holder_id == request.user.pk, not a.counts)
        for a in found
        if a.status != Account.Status.DISCONNECTED or asked[a.id]
    ]


def _totals(found: list[overview.AccountNow]) -> list[tuple[str, str, int]]:
    """(label, currency, cents) of each currency's total: two currencies are never added."""
    totals: dict[str, int] = {}
    for balance in (balance for a in found if a.counts for balance in a.balances):
        totals[balance.currency] = totals.get(balance.currency, 0) + balance.current_cents
    one = len(totals) == 1
    return [("Net worth" if one else f"Net worth, {c.upper()}", c, cents) for c, cents in totals.items()]


@require_http_methods(["GET", "POST"])
@in_household(scoped=False)
def link(request: HttpRequest, place: Place) -> HttpResponse:
    """GET says what linking does; POST opens a session: JSON for the script, Stripe's own page without one."""
    if request.method == "GET":
        reads = [reason for reason in asking.reasons(settings.LINK_PERMISSIONS) if reason.reads]
        context = {"section": "accounts", "stripe_js_url": settings.STRIPE_JS_URL, "reads": reads}
        return TemplateResponse(request, "banking/link.html", context)
    return open_dialog(request, place)


@require_POST
@in_household(scoped=False)
def relink(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """The person signs in to the account's bank again; the account, its history and edits stay."""
    try:
        return open_dialog(request, place, account_id)
    except Account.DoesNotExist:
        raise Http404 from None


def open_dialog(
    request: HttpRequest, place: Place, relink_account: int | None = None, choice: Choice = linking.USUAL
) -> HttpResponse:
    """Start a session: JSON for the script, a page that leads on to Stripe's own without one."""
    with_script = "application/json" in request.headers.get("Accept", "")
    mode = "web" if with_script else "hosted"
    try:
        started = linking.start(place.household_id, request.user, mode, choice, relink_account=relink_account)  # type: ignore[arg-type]
    except linking.NotAllowed as problem:
        if with_script:
            return JsonResponse({"detail": str(problem)}, status=409)
        messages.warning(request, str(problem))
        return redirect("banking:accounts")
    except StripeProblem:
        if with_script:
            return JsonResponse({"detail": UNREACHABLE}, status=503)
        messages.error(request, UNREACHABLE)
        return redirect("banking:link")
    if not with_script:
        request.session["hosted_link"] = started.session_id
        # A page of ours that leads on: browsers hold a redirect after a form against form-action.
        return TemplateResponse(request, "banking/leaving.html", {"section": "accounts", "url": started.url})
    return JsonResponse(
        {
            "client_secret": started.client_secret,
            "publishable_key": started.publishable_key,
            "complete_url": reverse("banking:link_completion", args=[started.session_id]),
        }
    )


@require_POST
@in_household(scoped=False)
def link_completion(request: HttpRequest, place: Place, session_id: str) -> HttpResponse:
    """The dialog is over: save what came of it and say where to go."""
    return JsonResponse({"next": _finish(request, place, session_id)})


@login_not_required
@require_GET
def linked(request: HttpRequest) -> HttpResponseBase:
    """Where Stripe's own page sends people back to. Whoever came from an app is not signed in here: back to the app."""
    if not request.user.is_authenticated:
        return TemplateResponse(request, "pages/back_to_app.html")
    return _linked(request)


@in_household(scoped=False)
def _linked(request: HttpRequest, place: Place) -> HttpResponse:
    """The session says whether they linked or cancelled."""
    session_id = request.session.pop("hosted_link", None)
    return redirect(_finish(request, place, session_id) if session_id else "banking:accounts")


def _finish(request: HttpRequest, place: Place, session_id: str) -> str:
    """Complete the session and leave a message; returns the address to go to next. 404 when it is not theirs."""
    try:
        saved = linking.complete(place.household_id, request.user, session_id)  # type: ignore[arg-type]
    except LinkSession.DoesNotExist:
        raise Http404 from None
    except linking.NotAllowed as problem:
        messages.warning(request, str(problem))
        return reverse("banking:accounts")
    except StripeProblem:
        messages.info(request, "Your bank is linked. Its accounts appear here as soon as Stripe answers.")
        return reverse("banking:accounts")
    if any(a.status == Account.Status.DUPLICATE for a in saved):
        messages.warning(request, "You have linked an account that is already here. Say below what to do with it.")
        return reverse("banking:accounts")
    if about := _about(place, session_id):
        return _finish_again(request, about, saved)
    if not saved:
        messages.info(request, "No bank was linked. Nothing is read and no money moves.")
        return reverse("banking:link")
    return reverse("home")


def _about(place: Place, session_id: str) -> Account | None:
    """The account that the session was to renew, or ask more of."""
    with tenancy.scope(place.household_id):
        sessions = LinkSession.objects.for_household(place.household_id).select_related("relinks")
        about: Account | None = sessions.get(stripe_id=session_id).relinks
        return about


def _finish_again(request: HttpRequest, about: Account, saved: list[Account]) -> str:
    """Back on the account's page: it is read again, or stands as it stood."""
    if not saved:
        messages.info(request, f"Nothing has changed: you left before {about.institution} was linked again.")
    elif any(a.pk == about.pk and a.status == Account.Status.ACTIVE for a in saved):
        messages.success(request, f"{about.name} is read again. What your bank booked meanwhile comes in now.")
    else:
        messages.warning(request, f"{about.name} was not among the accounts that you chose, so it stands as it stood.")
    return reverse("banking:account", args=[about.pk])


@require_GET
@in_household()
def account(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """One account: balance, freshness, owners, receipts, and what can be done."""
    now = _load(place, account_id)
    if now.by_hand:
        return hand_views.account_page(request, place, now)
    if request.htmx and request.GET.get("state") == standing.state_of([now]):  # type: ignore[attr-defined]
        return HttpResponse(status=204)
    context = _account_context(request, place, now)
    template = "banking/_account.html" if request.htmx else "banking/account.html"  # type: ignore[attr-defined]
    return TemplateResponse(request, template, context)


def _account_context(request: HttpRequest, place: Place, now: overview.AccountNow) -> dict[str, Any]:
    household_id = place.household_id
    # Only of a duplicate are the others asked: what it looks like.
    is_duplicate = now.status == Account.Status.DUPLICATE
    same = standing.waiting(overview.accounts(household_id)).get(now.id) if is_duplicate else None
    currency = now.balance.currency if now.balance else place.currency
    capped_until = refreshing.capped_until(household_id, standing.askable(now))
    return {
        "section": "accounts",
        "account": now,
        "stands": standing.state_of([now]),
        "notices": [notice for notice in standing.notices(now, same) if notice.fix != "look"],
        "same": same,
        "is_holder": now.holder_id == request.user.pk,
        "stripe_js_url": settings.STRIPE_JS_URL,
        "agreements": reconciling.agreements(household_id, now.id),
        "history": history.balances(household_id, now.id, currency, place.today),
        "as_table": request.GET.get("view") == "table",
        "features": standing.features(now),
        "asking": standing.asking(now, capped_until),
        "may_ask": may_ask(now),
        "owners": list(Owner.objects.for_household(household_id).filter(account_id=now.id)),
        "receipts": receipts.receipts(household_id, now.id),
    }


def may_ask(now: overview.AccountNow) -> list[Reason]:
    """What the person has not allowed for this account, and may be asked for by a new session."""
    return asking.reasons(settings.LINK_PERMISSIONS, had=now.permissions) if now.status == Account.Status.ACTIVE else []


def _load(place: Place, account_id: int) -> overview.AccountNow:
    try:
        return overview.account(place.household_id, account_id)
    except Account.DoesNotExist:
        raise Http404 from None


@require_POST
@in_household(scoped=False)
def refresh(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """Ask the bank for new figures, or say when it gives the next."""
    try:
        refreshing.ask(place.household_id, account_id, standing.askable(_now(place, account_id)))
    except Account.DoesNotExist:
        raise Http404 from None
    except refreshing.TooEarly as early:
        when = moment(early.allowed_at) if early.allowed_at else "soon"
        messages.info(request, f"Your bank gives new figures again {when}. These are the newest there are.")
    except refreshing.NotRefreshable as problem:
        messages.warning(request, str(problem))
    except WillNotWork:
        messages.info(request, "Your bank gives no new figures yet. These are the newest there are.")
    except StripeProblem:
        messages.warning(request, "Stripe cannot be reached right now. Nothing was lost; try again in a minute.")
    else:
        messages.info(request, "Your bank is being asked. New figures appear here by themselves.")
    return redirect("banking:account", account_id)


def _now(place: Place, account_id: int) -> overview.AccountNow:
    with tenancy.scope(place.household_id):
        return _load(place, account_id)


@require_http_methods(["GET", "POST"])
@in_household(scoped=False)
def disconnection(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """GET asks and says what stops and what does not; POST stops reading."""
    if request.method == "GET":
        return _ask_disconnection(request, account_id)  # type: ignore[return-value]
    was_over = _now(place, account_id).status == Account.Status.DISCONNECTED
    try:
        done = disconnecting.disconnect(place.household_id, account_id, request.POST.get("delete_data") == "yes")
    except Account.DoesNotExist:
        raise Http404 from None
    stopped = "What we read from it is deleted." if was_over else "We have stopped reading this account."
    later = "Stripe cannot be reached right now. We stop reading this account as soon as it answers."
    messages.info(request, stopped if done else later)
    return redirect("banking:accounts")


@in_household()
def _ask_disconnection(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    now = _load(place, account_id)
    context = {
        "section": "accounts",
        "account": now,
        "is_over": now.status == Account.Status.DISCONNECTED,
        "uses": uses.of_account(place.household_id, account_id),
    }
    return TemplateResponse(request, "banking/disconnection.html", context)


@require_POST
@in_household(scoped=False)
def continuation(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """A person says that a new link is the account that waits for a sign-in."""
    try:
        account = linking.go_on(place.household_id, account_id, by=request.user)  # type: ignore[arg-type]
    except Account.DoesNotExist:
        raise Http404 from None
    except linking.NotAllowed as problem:
        messages.warning(request, str(problem))
        return redirect("banking:accounts")
    except StripeProblem:
        messages.info(request, "It goes on as the same account. New figures come as soon as Stripe answers.")
        return redirect("banking:accounts")
    messages.success(request, f"{account.name} goes on where it stopped. Rows that come again count once.")
    return redirect("banking:account", account.pk)


@require_POST
@in_household(scoped=False)
def balance_base(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """A person takes the bank's balance as right: rows are compared with it from here on."""
    reconciling.start_anew(place.household_id, _known(place, account_id))
    messages.success(request, "We take the bank’s balance as right from here, and compare again at the next reading.")
    return redirect("banking:account", account_id)


def _known(place: Place, account_id: int) -> int:
    with tenancy.scope(place.household_id):
        if not Account.objects.for_household(place.household_id).filter(pk=account_id).exists():
            raise Http404
    return account_id


@require_POST
@in_household(scoped=False)
def distinction(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """A person says that an account linked twice is one of its own."""
    try:
        account = linking.keep_both(place.household_id, account_id)
    except Account.DoesNotExist:
        raise Http404 from None
    messages.success(request, f"{account.name} counts from now on.")
    return redirect("banking:accounts")
