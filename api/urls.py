"""URLs of the JSON API. Every answer below /api/v1/ is JSON, also to a wrong path or method."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, include, path
from django.views.decorators.csrf import csrf_exempt

from api import document
from api.app import api
from api.problems import Problem, answer, not_found

View = Callable[..., HttpResponse]


def _open(view: View) -> View:
    """The API answers 401 itself instead of sending to a page, and checks the CSRF token where a cookie signs in."""

    @csrf_exempt
    @login_not_required
    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if isinstance(response, HttpResponseNotAllowed):
            allowed = response["Allow"]
            response = answer(Problem(405, "method_not_allowed", f"Allowed here: {allowed}."))
            response["Allow"] = allowed
        return response

    return opened


def _operations() -> list[URLPattern]:
    patterns = {}
    for pattern in api.urls[0]:
        route = str(pattern.pattern)
        if isinstance(pattern, URLPattern) and route and route not in patterns:
            patterns[route] = path(route, _open(pattern.callback), name=pattern.name)
    return list(patterns.values())


def nothing(request: HttpRequest, rest: str = "") -> HttpResponse:
    """A path that no operation has."""
    return answer(not_found())


app_name = "api"
urlpatterns = [
    path(
        "api/v1/",
        include(
            [
                path("openapi.json", _open(document.openapi), name="openapi"),
                *_operations(),
                path("", _open(nothing), name="root"),
                path("<path:rest>", _open(nothing), name="nothing"),
            ]
        ),
    )
]
