"""Who may see a page: the decorator that finds the household and opens its scope."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from accounts.households import Place, places_of
from accounts.models import Role
from fcdash import tenancy

View = Callable[..., HttpResponseBase]
SESSION_HOUSEHOLD = "household"


def own_places(request: HttpRequest) -> list[Place]:
    """All households of the signed-in user, the oldest first; asked once a request, and outside any scope."""
    if not hasattr(request, "own_places"):
        user = getattr(request, "user", None)
        request.own_places = places_of(user) if user and user.is_authenticated else []  # type: ignore[attr-defined]
    return request.own_places  # type: ignore[attr-defined,no-any-return]


def active_place(request: HttpRequest) -> Place | None:
    """The place of the signed-in user in the household that the session names, else in their first."""
    if not hasattr(request, "place"):
        places = own_places(request)
        chosen = request.session.get(SESSION_HOUSEHOLD) if places else None
        request.place = next(  # type: ignore[attr-defined]
            (place for place in places if place.household_id == chosen), places[0] if places else None
        )
    return request.place  # type: ignore[attr-defined,no-any-return]


def in_household(scoped: bool = True, owner: bool = False) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """Decorate `view(request, place, …)`: signed in, a member, writing for members only (403 for viewers).

    `scoped` runs the view and its template inside the household's scope: for pages that only touch the database.
    A view that calls Stripe takes scoped=False and opens short scopes itself, through its verb.
    """

    def decorate(view: View) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            place = active_place(request)
            if place is None:
                return redirect("accounts:no_household")
            if (request.method not in ("GET", "HEAD", "OPTIONS") and not place.can_write) or (
                owner and place.role != Role.OWNER
            ):
                raise PermissionDenied
            with timezone.override(place.zone), tenancy.scope(place.household_id) if scoped else nullcontext():
                response = view(request, place, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
            return response

        return inner

    return decorate
