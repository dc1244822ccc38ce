"""What django-allauth serves to apps and this project does not have."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
@login_not_required
def absent(request: HttpRequest, rest: str = "") -> JsonResponse:
    """Nobody has a phone number here; the library's own view fails without one."""
    return JsonResponse({"status": 404}, status=404)
