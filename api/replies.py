"""Idempotency-Key: the same request again gets the first answer, another under the same key a 409.

A call that only writes to the database is one transaction with its reply: both are there or neither, and a twin waits
for the first. A call that asks Stripe cannot be; its key is claimed first, under a lease, and its verb is one that may
be repeated: after a crash the same request goes on. Answers that say "again" (429, 5xx) and those that come before
the call (401, 403) are not kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone

from api.callers import ApiRequest
from api.models import ApiReply
from api.parsing import read_body
from api.problems import Problem, invalid
from fcdash import tenancy

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
# Longer than any call takes: after it the process that had the key has died.
LEASE = timedelta(minutes=3)
KEPT = timedelta(hours=48)
KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
PASSED_BY = (401, 403, 408, 413, 429)

Answer = Callable[[], HttpResponse]
RouteT = TypeVar("RouteT", bound=Callable[..., Any])


def asks_stripe(secrets: tuple[str, ...] = (), again: Callable[..., Any] | None = None) -> Callable[[RouteT], RouteT]:
    """Mark a route whose verb calls Stripe, so that it runs outside any transaction.

    `secrets` are members of its answer that are never stored; `again(request, kept)` gives them for a replay.
    """

    def mark(route: RouteT) -> RouteT:
        route.asks_stripe, route.secrets, route.again = True, secrets, again  # type: ignore[attr-defined]
        return route

    return mark


def once(request: ApiRequest, route: Any, answer: Answer) -> HttpResponse:
    """The answer to an unsafe call, or the one that this request under this key was given first. Raises Problem."""
    key = request.headers.get(HEADER)
    if key is None:
        return answer()
    if not KEY.fullmatch(key):
        raise invalid(HEADER, "must be 1 to 255 printable ASCII characters")
    if getattr(route, "asks_stripe", False):
        return _leased(request, route, key, answer)
    return _together(request, route, key, answer)


def _together(request: ApiRequest, route: Any, key: str, answer: Answer) -> HttpResponse:
    """Claim the key, run the call and keep its answer in one transaction."""
    with tenancy.scope(request.place.household_id):
        # Waits for a twin's transaction, then finds its reply.
        row = _claim(request, key, lease=None)
        if row.status is not None:
            return _replay(request, route, row)
        with transaction.atomic():
            response = answer()
            transaction.set_rollback(response.status_code >= 400)
        _keep(row, route, response)
    return response


def _leased(request: ApiRequest, route: Any, key: str, answer: Answer) -> HttpResponse:
    """Claim the key in a transaction of its own, run the call outside any, keep its answer."""
    household_id = request.place.household_id
    with tenancy.scope(household_id):
        row = _claim(request, key, lease=LEASE)
    if row.status is not None:
        return _replay(request, route, row)
    response = answer()
    with tenancy.scope(household_id):
        _keep(row, route, response)
    return response


def _claim(request: ApiRequest, key: str, lease: timedelta | None) -> ApiReply:
    """This key's row: ours to answer, or answered. Raises Problem 409 for another request's or a running one's."""
    now = timezone.now()
    mine = {"household_id": request.place.household_id, "user_id": request.user.pk, "key": key}
    fingerprint = _fingerprint(request)
    until = now + lease if lease else None
    try:
        # The unique index decides between twins; the later one waits here for the transaction of the first.
        with transaction.atomic():
            row: ApiReply = ApiReply.objects.create(**mine, request_hash=fingerprint, leased_until=until)
            return row
    except IntegrityError:
        held: ApiReply = ApiReply.objects.select_for_update().get(**mine)
    if held.request_hash != fingerprint:
        raise Problem(409, "idempotency_key_reused", "This Idempotency-Key belongs to another request.")
    if held.status is None:
        if held.leased_until is not None and held.leased_until > now:
            raise Problem(409, "in_flight", "The same request is being answered.", retry_after=2)
        held.leased_until = until
        held.save(update_fields=["leased_until"])
    return held


def _fingerprint(request: ApiRequest) -> str:
    body = read_body(request)
    # What is no JSON is refused later, whatever its key.
    with suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body or b"{}"), sort_keys=True).encode()
    said = b"\x00".join((str(request.method).encode(), request.get_full_path().encode(), body))
    return hashlib.sha256(said).hexdigest()


def _keep(row: ApiReply, route: Any, response: HttpResponse) -> None:
    """Write the answer onto the row, without its secrets; free the key when the same request is to come again."""
    # Only while the key is still ours: after a lease has run out another process may have answered.
    mine = ApiReply.objects.filter(household_id=row.household_id, pk=row.pk, status=None, leased_until=row.leased_until)
    if response.status_code >= 500 or response.status_code in PASSED_BY:
        mine.delete()
        return
    mine.update(
        status=response.status_code,
        media_type=response.headers.get("Content-Type", "")[:60],
        body=_without(response.content.decode(), getattr(route, "secrets", ())),
    )


def _without(body: str, secrets: tuple[str, ...]) -> str:
    if not secrets or not body:
        return body
    return json.dumps({name: value for name, value in json.loads(body).items() if name not in secrets})


def _replay(request: ApiRequest, route: Any, row: ApiReply) -> HttpResponse:
    body = row.body
    again = getattr(route, "again", None)
    if again is not None and (row.status or 500) < 300:
        body = json.dumps(again(request, json.loads(body)))
    response = HttpResponse(body, status=row.status, content_type=row.media_type or None)
    response[REPLAYED] = "true"
    return response


def prune() -> int:
    """Delete replies older than KEPT; returns how many. Reads as system."""
    with tenancy.system("replies past their time"):
        deleted, _ = ApiReply.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return deleted
