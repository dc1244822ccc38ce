"""Who calls, and in which household: a session token or the session cookie, then the membership."""

from __future__ import annotations

from typing import Any

from allauth.headless.contrib.ninja.security import x_session_token_auth
from allauth.headless.internal.sessionkit import authenticate_by_x_session_token
from django.http import HttpRequest
from ninja.utils import check_csrf

from accounts.access import SESSION_HOUSEHOLD
from accounts.households import Place, places_of
from accounts.models import User
from api.parsing import as_id
from api.problems import Problem, not_found, unauthorized

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class ApiRequest(HttpRequest):
    """A request after `identify`: somebody's, in one of their households."""

    user: User
    places: list[Place]
    place: Place


def identify(request: Any) -> str:
    """Set the request's user; returns the key of their session. Raises Problem 401 or, without a CSRF token, 403."""
    token = x_session_token_auth.get_session_token(request)
    if token is not None:
        found = authenticate_by_x_session_token(token)
        if found is None:
            raise unauthorized()
        request.user, request.token_session = found
    elif not request.user.is_authenticated:
        raise unauthorized()
    elif check_csrf(request) is not None:
        raise Problem(403, "csrf_failed", "With the session cookie, send the CSRF token in X-CSRFToken.")
    return str(_session(request).session_key)


def _session(request: Any) -> Any:
    """The token's session; it never becomes `request.session`, which would set a cookie."""
    return getattr(request, "token_session", None) or request.session


def find_household(request: Any) -> bool:
    """Set the request's places and the place it is about; False when the user is in no household.

    Raises Problem 404 when X-Household names none of theirs.
    """
    request.places = places_of(request.user)
    named = request.headers.get("X-Household")
    if named is not None:
        wanted = as_id(named.strip())
        request.place = next((p for p in request.places if p.household_id == wanted), None)
        if request.place is None:
            raise not_found()
        return True
    chosen = _session(request).get(SESSION_HOUSEHOLD)
    first = request.places[0] if request.places else None
    request.place = next((p for p in request.places if p.household_id == chosen), first)
    return request.place is not None
