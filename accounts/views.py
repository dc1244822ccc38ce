"""A person's own settings, the switch between households, and the reason that staff put on record."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import oversight
from accounts.access import SESSION_HOUSEHOLD, active_place, in_household, own_places
from accounts.forms import HouseholdForm, NameForm
from accounts.households import Place
from accounts.models import Household, Membership, Role, User
from accounts.people import rename
from fcdash import tenancy
from fcdash.admin import ReasonForm


def _settings(request: HttpRequest, place: Place, **refused: Any) -> HttpResponse:
    with tenancy.scope(place.household_id):
        household = get_object_or_404(Household.objects.filter(pk=place.household_id))
        members = list(Membership.objects.for_household(household).select_related("user").order_by("pk"))
    context = {
        "section": "settings",
        "household": household,
        "members": [(m.user.get_full_name(), m.user.email, Role(m.role).label) for m in members],
        "name_form": NameForm(instance=request.user, auto_id="person_%s"),
        "household_form": HouseholdForm(instance=household, auto_id="household_%s")
        if place.role == Role.OWNER
        else None,
        **refused,
    }
    return render(request, "accounts/settings.html", context, status=422 if refused else 200)


@require_GET
@in_household(scoped=False)
def settings_page(request: HttpRequest, place: Place) -> HttpResponse:
    return _settings(request, place)


@require_POST
def change_name(request: HttpRequest) -> HttpResponse:
    """A viewer has a name too: no role is asked for."""
    place = active_place(request)
    form = NameForm(request.POST, instance=User.objects.get(pk=request.user.pk or 0), auto_id="person_%s")
    if not form.is_valid() and place:
        return _settings(request, place, name_form=form)
    if form.is_valid():
        rename(form.instance.pk, form.cleaned_data["name"])
        messages.success(request, "Your name is saved.")
    return redirect("accounts:settings")


@require_POST
@in_household(scoped=False, owner=True)
def change_household(request: HttpRequest, place: Place) -> HttpResponse:
    with tenancy.scope(place.household_id):
        household = get_object_or_404(Household.objects.filter(pk=place.household_id))
        form = HouseholdForm(request.POST, instance=household, auto_id="household_%s")
        if form.is_valid():
            form.save()
            messages.success(request, "Your household is saved.")
            return redirect("accounts:settings")
    return _settings(request, place, household_form=form)


@require_POST
def choose_household(request: HttpRequest) -> HttpResponse:
    """Work in another household of one's own from now on; any other is as if it did not exist."""
    chosen = request.POST.get("household", "")
    mine = {str(place.household_id): place for place in own_places(request)}
    if chosen not in mine:
        raise Http404
    request.session[SESSION_HOUSEHOLD] = mine[chosen].household_id
    return redirect("home")


@require_GET
def no_household(request: HttpRequest) -> HttpResponse:
    """For somebody who is in no household (any more)."""
    if own_places(request):
        return redirect("home")
    return render(request, "accounts/no_household.html")


@require_http_methods(["GET", "POST"])
def staff_reason(request: HttpRequest) -> HttpResponse:
    """Staff say why they look at people's data; then they go where they were going."""
    target = request.POST.get("next") or request.GET.get("next", "")
    if not (target.startswith(reverse("admin:index")) and url_has_allowed_host_and_scheme(target, None)):
        target = reverse("admin:index")
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        oversight.open_access(request.user, form.cleaned_data["reason"])  # type: ignore[arg-type]
        return redirect(target)
    context = {**admin.site.each_context(request), "title": "Why do you look?", "form": form, "next": target}
    return TemplateResponse(request, "admin/reason.html", context)


@require_POST
def end_staff_access(request: HttpRequest) -> HttpResponse:
    oversight.end_access(request.user)  # type: ignore[arg-type]
    messages.success(request, "Your access has ended.")
    return redirect("admin:index")
