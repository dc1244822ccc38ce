"""Where Stripe's events come in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from fcdash.gateway.events import NotFromStripe, verified
from webhooks import inbox

LARGEST_BODY = 256 * 1024


@csrf_exempt  # signed by Stripe instead; the only such view
@login_not_required
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Verify, store once, answer; a worker does the rest. Whatever is wrong with the body is a 4xx."""
    try:
        body = _body(request)
        inbox.store(verified(body, request.headers.get("Stripe-Signature", "")))
    except NotFromStripe as problem:
        return JsonResponse({"error": str(problem)}, status=400)
    return HttpResponse(status=200)


def _body(request: HttpRequest) -> bytes:
    declared = request.headers.get("Content-Length", "") or "0"
    if not declared.isdigit() or int(declared) > LARGEST_BODY:
        raise NotFromStripe("The body is too large.")
    try:
        return bytes(request.body)
    except (RawPostDataException, OSError, ValueError) as problem:
        raise NotFromStripe("The body could not be read.") from problem
