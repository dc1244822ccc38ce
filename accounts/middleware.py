"""Staff see people's data only with a reason on record; private pages are never cached."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.urls import reverse

from accounts import oversight
from fcdash import tenancy
from fcdash.admin import StaffAdmin

OPEN_TO_ALL = {"login", "logout", "jsi18n"}


class StaffAccess:
    """Runs the admin's pages of people's data as system: with a reason on record, each look kept.

    Every other page of the admin runs outside any scope, where tenant querysets raise NoScope.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        match: Any = request.resolver_match
        user: Any = request.user
        if not request.path_info.startswith(_admin()) or match.url_name in OPEN_TO_ALL:
            return None
        if not (user.is_authenticated and user.is_active and user.is_staff):
            return None  # the admin turns them away itself
        if settings.STAFF_SECOND_FACTOR and not is_mfa_enabled(user):
            messages.warning(request, "Staff need a second factor. Set one up, then come back.")
            return redirect("mfa_index")
        if not _shows_people(view, kwargs):
            return None
        access = oversight.current_access(user)
        if access is None:
            return redirect(f"{reverse('staff_reason')}?{urlencode({'next': _way_back(request)})}")
        return _look(request, access, lambda: view(request, *args, **kwargs))


@lru_cache(maxsize=1)
def _admin() -> str:
    return reverse("admin:index")


def _shows_people(view: Any, kwargs: dict[str, Any]) -> bool:
    """Whether a page of the admin shows people's data. A model outside StaffAdmin counts as if it did not:

    it runs outside any scope, so what it could show is no household's.
    """
    model_admin = getattr(view, "model_admin", None)
    return isinstance(model_admin, StaffAdmin) and model_admin.needs_reason(kwargs.get("object_id"))


def _way_back(request: HttpRequest) -> str:
    """A form that was sent is not sent again by itself: the person lands on its page."""
    return request.get_full_path() if request.method == "GET" else request.path


def _look(request: HttpRequest, access: Any, answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    request.staff_access = access  # type: ignore[attr-defined]
    with tenancy.system(f"staff access {access.pk}"):
        response = answer()
        household_id = None
        if isinstance(response, SimpleTemplateResponse):
            response.render()
            shown = (response.context_data or {}).get("original")
            household_id = None if shown is None else oversight.household_of(shown)
        oversight.record_look(access, request.get_full_path(), household_id)
    return response


class PrivatePages:
    """Answers to a signed-in person carry `Cache-Control: private, no-store`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
