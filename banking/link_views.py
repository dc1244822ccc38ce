"""Pages about linking beside the usual one: allowing more for an account, and the page that apps show in a WebView."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import in_household
from accounts.households import Place
from banking import overview, views
from banking.asking import Choice
from banking.models import Account
from fcdash import tenancy

ENDS = {
    "completed": "Your bank is linked. Go back to the app: its accounts appear there by themselves.",
    "canceled": "No bank was linked. Nothing is read and no money moves. Go back to the app.",
    "failed": "The bank could not be linked. Nothing is read and no money moves. Go back to the app and try again.",
}


@require_http_methods(["GET", "POST"])
@in_household(scoped=False)
def more(request: HttpRequest, place: Place, account_id: int) -> HttpResponse:
    """GET says what was not allowed and why we ask; POST asks for what was ticked, in a new session of the account."""
    try:
        with tenancy.scope(place.household_id):
            account = overview.account(place.household_id, account_id)
    except Account.DoesNotExist:
        raise Http404 from None
    reasons = views.may_ask(account)
    if not reasons:
        messages.info(request, "There is nothing more to allow for this account.")
        return redirect("banking:account", account_id)
    if request.method == "GET":
        context = {
            "section": "accounts",
            "account": account,
            "reasons": reasons,
            "is_holder": account.holder_id == request.user.pk,
            "stripe_js_url": settings.STRIPE_JS_URL,
        }
        return TemplateResponse(request, "banking/more.html", context)
    ticked = [r.permission for r in reasons if r.permission in request.POST.getlist("permissions")]
    # None was ticked: what is missing is meant, as the page's button says.
    choice = Choice(permissions=ticked or [r.permission for r in reasons])
    return views.open_dialog(request, place, account_id, choice)


@login_not_required
@require_safe
def webview(request: HttpRequest) -> HttpResponse:
    """For apps that show a WebView: waits for the app to hand over its session, which no address ever carries."""
    return TemplateResponse(request, "banking/webview.html", {"stripe_js_url": settings.STRIPE_JS_URL})


@login_not_required
@require_safe
def webview_ended(request: HttpRequest) -> HttpResponse:
    """Where the dialog in a WebView ends: the app reads `result` in the address, a person these words."""
    result = request.GET.get("result", "")
    return TemplateResponse(request, "banking/webview_ended.html", {"words": ENDS.get(result, ENDS["canceled"])})
