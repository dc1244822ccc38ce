"""Whether Stripe's events come in: what it could not deliver, what we had to fetch, when we last looked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from fcdash.gateway import probing
from webhooks import dispatch
from webhooks.findings import Finding, ok, unknown, wrong
from webhooks.models import EventCursor, StripeEvent

# In live mode Stripe tries to deliver for three days.
RECENT = timedelta(days=3)
# Missed events are looked for every CATCH_UP_SECONDS, half a minute by default.
LOOKED_WITHIN = timedelta(minutes=10)


def findings() -> Iterator[Finding]:
    """Deliveries as Stripe and the inbox see them. Raises TryAgain."""
    yield _undelivered()
    yield _received()
    yield _looked()
    if failed := StripeEvent.objects.filter(state=StripeEvent.State.FAILED).count():
        yield wrong("Processing", f"{failed} events have failed", "Admin, Stripe events, state failed: last error.")


def _undelivered() -> Finding:
    subject = "Deliveries"
    since = timezone.now() - RECENT
    params = {"delivery_success": "false", "created[gte]": str(int(since.timestamp())), "limit": "100"}
    answer = probing.ask("GET", "/v1/events", params)
    if answer.status != 200:
        return unknown(subject, answer.message, "Give the key Events, read.")
    ours = [event for event in answer.body["data"] if event["type"] in dispatch.handlers()]
    if not ours:
        return ok(subject, "nothing undelivered in three days")
    newest = datetime.fromtimestamp(max(event["created"] for event in ours), UTC)
    more = " or more" if answer.body.get("has_more") else ""
    words = f"{len(ours)}{more} events were not delivered, the newest of {newest:%Y-%m-%d %H:%M} UTC"
    if StripeEvent.objects.filter(source="webhook", created_at__gt=newest).exists():
        return ok(subject, f"{words}; later ones have come")
    return wrong(
        subject,
        words,
        "Look at the endpoint's log in the Dashboard. Nothing is lost: missed events are fetched from the list.",
    )


def _received() -> Finding:
    subject = "Webhook secret"
    arrived = StripeEvent.objects.filter(livemode=settings.STRIPE_LIVEMODE, received_at__gt=timezone.now() - RECENT)
    by_webhook = arrived.filter(source="webhook").count()
    by_list = arrived.filter(source="list", type__in=list(dispatch.handlers())).count()
    if by_webhook:
        return ok(subject, f"{by_webhook} signed events came in three days, {by_list} had to be fetched")
    if by_list:
        return wrong(
            subject,
            f"no signed event came in three days, {by_list} had to be fetched",
            "Compare STRIPE_WEBHOOK_SECRETS with the endpoint's; stripe_endpoint --replace makes another.",
        )
    return unknown(subject, "no event has come yet", "Link a bank, then run this again.")


def _looked() -> Finding:
    subject = "Missed events"
    cursor = EventCursor.objects.filter(livemode=settings.STRIPE_LIVEMODE).first()
    if cursor is None:
        return unknown(subject, "never looked for yet", "Start worker and beat.")
    if timezone.now() - cursor.read_at > LOOKED_WITHIN:
        words = f"last looked for at {cursor.read_at:%Y-%m-%d %H:%M} UTC"
        return wrong(subject, words, "Start beat and a worker of the queue webhooks.")
    return ok(subject, f"looked for at {cursor.read_at:%H:%M:%S} UTC")
