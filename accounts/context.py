"""What the shell around every page needs: the household, and whether amounts are hidden."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template variables of base.html. `place` is set by in_household; signed-out pages have none."""
    return {
        "place": getattr(request, "place", None),
        "amounts_hidden": request.COOKIES.get("amounts") == "hidden",
        "operator_name": settings.OPERATOR_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "is_sandbox": settings.STRIPE_SANDBOX,
        "debug": settings.DEBUG,
    }
