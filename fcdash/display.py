"""How a person wants to see pages: hidden amounts, light or dark. Kept in cookies: signed-out pages obey too."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

CHOICES = {"amounts": ("shown", "hidden"), "theme": ("system", "light", "dark")}
ONE_YEAR_SECONDS = 365 * 24 * 3600


@login_not_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the posted choice and go back. Reached without JavaScript; with it, js/display.js sets the same cookie."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = redirect(back)
    for name, allowed in CHOICES.items():
        if (value := request.POST.get(name)) in allowed:
            # Read by js/display.js, and no secret.
            response.set_cookie(name, value, max_age=ONE_YEAR_SECONDS, samesite="Lax", secure=request.is_secure())
    return response
