"""The inbox: store an event once, process it until it is done, fetch what never came."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from fcdash.celery import begun, call
from fcdash.gateway import events as gateway
from webhooks import dispatch
from webhooks.models import EventCursor, StripeEvent

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 12
LEASE = timedelta(seconds=90)
OVERLAP = timedelta(minutes=10)
FIRST_LOOK_BACK = timedelta(days=1)
SECRETS = ("client_secret",)
PORTION = 20


def store(event: dict[str, Any], source: str = "webhook") -> bool:
    """Keep a verified event unless it is already here, and nudge a worker. Returns whether it was new.

    An event of the other Stripe mode, or of a type that nobody handles, is kept as ignored.
    """
    from webhooks.tasks import work_off

    account = str(event.get("account") or "")
    handled = dispatch.handler_of(event["type"], account) is not None and event["livemode"] == settings.STRIPE_LIVEMODE
    state = StripeEvent.State.RECEIVED if handled else StripeEvent.State.IGNORED
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO webhooks_stripeevent (stripe_id, type, object_id, created_at, livemode, account, api_version,"
            " body, source, received_at, state, attempts, next_attempt_at, last_error)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, %s, '')"
            " ON CONFLICT (stripe_id) DO NOTHING RETURNING id",
            [
                *(_clean(str(part)) for part in (event["id"], event["type"])),
                _clean(str(event["data"]["object"].get("id") or ""))[:255],
                datetime.fromtimestamp(event["created"], UTC),
                event["livemode"],
                _clean(account)[:255],
                _clean(str(event.get("api_version") or ""))[:40],
                _body(event),
                source,
                now,
                state,
                now,
            ],
        )
        is_new = cursor.fetchone() is not None
    if is_new and handled:
        call(work_off)
    return is_new


def _body(event: dict[str, Any]) -> str:
    """What is kept of the event. JSON escapes whatever might need scrubbing, so that most need no second look."""
    text = json.dumps(event)
    return json.dumps(scrubbed(event)) if "\\u" in text or any(f'"{name}"' in text for name in SECRETS) else text


def scrubbed(value: Any) -> Any:
    """The same JSON without client secrets and without characters that PostgreSQL cannot store."""
    if isinstance(value, dict):
        return {_clean(str(k)): scrubbed(v) for k, v in value.items() if k not in SECRETS}
    if isinstance(value, list):
        return [scrubbed(v) for v in value]
    return _clean(value) if isinstance(value, str) else value


def _clean(text: str) -> str:
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def process(event_pk: int) -> None:
    """Run an event's handler unless it is done or another worker has it. A failure is kept on the row and retried."""
    event = _take(event_pk)
    if event is None:
        return
    try:
        handler = dispatch.handler_of(event.type, event.account)
        if handler is not None:
            handler(dispatch.as_event(event))
    except Exception as problem:
        # Whatever a handler raises, the event must come back: the row is the queue of record.
        _keep_failure(event, problem)
        return
    StripeEvent.objects.filter(pk=event_pk).update(
        state=StripeEvent.State.PROCESSED, processed_at=timezone.now(), last_error=""
    )


def _take(event_pk: int) -> StripeEvent | None:
    now = timezone.now()
    taken = StripeEvent.objects.raw(
        "UPDATE webhooks_stripeevent SET next_attempt_at = %s WHERE id = %s AND state = %s AND next_attempt_at <= %s"
        " RETURNING *",
        [now + LEASE, event_pk, StripeEvent.State.RECEIVED, now],
    )
    return next(iter(taken), None)


def _keep_failure(event: StripeEvent, problem: Exception) -> None:
    event.attempts += 1
    event.last_error = f"{type(problem).__name__}: {problem}"[:500]
    event.next_attempt_at = timezone.now() + timedelta(seconds=min(5 * 2**event.attempts, 3600))
    if event.attempts >= MAX_ATTEMPTS:
        event.state = StripeEvent.State.FAILED
    event.save(update_fields=["attempts", "last_error", "next_attempt_at", "state"])
    logger.warning("event %s (%s) failed: %s", event.stripe_id, event.type, type(problem).__name__)


def replay(event_pk: int) -> None:
    """Process a handled event again; harmless, since handlers only re-read objects."""
    from webhooks.tasks import work_off as work_off_task

    with transaction.atomic():
        handled = Q(account="", type__in=list(dispatch.handlers())) | ~Q(account="") & Q(
            type__in=list(dispatch.connect_handlers())
        )
        StripeEvent.objects.filter(handled, pk=event_pk, livemode=settings.STRIPE_LIVEMODE).update(
            state=StripeEvent.State.RECEIVED, attempts=0, next_attempt_at=timezone.now(), last_error=""
        )
        call(work_off_task)


def due(limit: int = 1000) -> list[int]:
    """Ids of events whose time to be processed (again) has come, the oldest first."""
    return list(
        StripeEvent.objects.filter(state=StripeEvent.State.RECEIVED, next_attempt_at__lte=timezone.now())
        .order_by("pk")
        .values_list("pk", flat=True)[:limit]
    )


def work_off() -> None:
    """Process what is due, a portion at a time: the queues beside this one get their turn in between."""
    from webhooks.tasks import work_off as task

    begun(task)
    found = due(PORTION)
    for event_pk in found:
        process(event_pk)
    if len(found) == PORTION:
        call(task)


def catch_up() -> int:
    """Store the events that were never delivered; returns how many. Reads Stripe. Raises TryAgain, WillNotWork.

    The cursor moves only after the list was read to its end, and back by an overlap: events may be listed late.
    """
    started = timezone.now()
    cursor, _ = EventCursor.objects.get_or_create(
        livemode=settings.STRIPE_LIVEMODE, defaults={"read_until": started - FIRST_LOOK_BACK}
    )
    found = 0
    batch: list[dict[str, Any]] = []
    for event in gateway.list_events(cursor.read_until - OVERLAP):
        batch.append(event)
        if len(batch) == 100:
            found += _store_missing(batch)
            batch = []
    found += _store_missing(batch)
    EventCursor.objects.filter(pk=cursor.pk).update(read_until=started, read_at=timezone.now())
    return found


def _store_missing(batch: list[dict[str, Any]]) -> int:
    known = set(
        StripeEvent.objects.filter(stripe_id__in=[event["id"] for event in batch]).values_list("stripe_id", flat=True)
    )
    return sum(store(event, source="list") for event in reversed(batch) if event["id"] not in known)


def prune() -> None:
    """Empty the bodies of events older than STRIPE_EVENT_DAYS; that they came stays known."""
    before = timezone.now() - timedelta(days=settings.STRIPE_EVENT_DAYS)
    StripeEvent.objects.filter(received_at__lt=before).exclude(body={}).update(body={})
