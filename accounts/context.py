"""What the shell around every page needs: the household, and whether amounts are hidden."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access import active_place, own_places


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template variables of base.html. `place` and `places` cost nothing on a page that does not show them."""
    return {
        "place": SimpleLazyObject(lambda: active_place(request)),
        "places": SimpleLazyObject(lambda: own_places(request)),
        "amounts_hidden": request.COOKIES.get("amounts") == "hidden",
        "operator_name": settings.OPERATOR_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "is_sandbox": settings.STRIPE_SANDBOX,
        "debug": settings.DEBUG,
    }
