"""Stripe's events and how far their list has been read."""

from __future__ import annotations

import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from fcdash.admin import StaffAdmin, choices
from webhooks import staffing
from webhooks.dispatch import handlers
from webhooks.models import EventCursor, StripeEvent

SOURCES = ("webhook", "list")


@admin.register(StripeEvent)
class StripeEventAdmin(StaffAdmin):
    """The list holds ids and types alone; an event's own page shows what Stripe sent, which is somebody's data."""

    list_needs_reason = False
    verbs = staffing.OF_EVENTS
    search_stripe_ids = {"evt": "stripe_id", "": "object_id"}
    search_names = ("type",)
    list_display = ("stripe_id", "type", "object_id", "state", "attempts", "created_at", "received_at", "source")
    list_filter = (
        *("state", ("received_at", admin.DateFieldListFilter), "livemode"),
        *(choices("source", "source", lambda: SOURCES), choices("type", "type", handlers)),
    )
    fields = readonly_fields = (
        *("stripe_id", "type", "object_id", "account", "livemode", "api_version", "source"),
        *("created_at", "received_at", "state", "attempts", "next_attempt_at", "processed_at", "last_error", "sent"),
    )

    @admin.display(description="as sent, without secrets")
    def sent(self, event: StripeEvent) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(event.body, indent=2, ensure_ascii=False))


@admin.register(EventCursor)
class EventCursorAdmin(StaffAdmin):
    list_needs_reason = page_needs_reason = False
    list_display = ("livemode", "read_until", "read_at")
