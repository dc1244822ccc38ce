"""Stripe's events as they came in, how far their list has been read, and which Stripe the database belongs to."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class StripeEvent(models.Model):
    """One event, stored once. A hint that an object changed: handlers fetch the object, never copy from `body`."""

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        PROCESSED = "processed", "Processed"
        FAILED = "failed", "Failed"
        IGNORED = "ignored", "Ignored"

    stripe_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=120)
    object_id = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(help_text="When Stripe made it.")
    livemode = models.BooleanField()
    account = models.CharField(max_length=255, blank=True, help_text="The connected account, if any.")
    api_version = models.CharField(max_length=40, blank=True)
    body = models.JSONField(help_text="As sent, without any client_secret; pruned after STRIPE_EVENT_DAYS.")
    source = models.CharField(max_length=8, default="webhook", help_text="webhook, or list when we fetched it.")
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=500, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(state="received"), name="event_unprocessed"),
            models.Index(fields=["object_id"], name="event_object"),
            models.Index(fields=["received_at"], name="event_received"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.stripe_id}"


class EventCursor(models.Model):
    """How far the Events list has been read: one row per Stripe mode."""

    livemode = models.BooleanField(unique=True)
    read_until = models.DateTimeField(help_text="Every event made before this moment has been stored.")
    read_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"events until {self.read_until:%Y-%m-%d %H:%M:%S}"


class StripeBinding(models.Model):
    """The Stripe that this database belongs to: one row, made by the first call. Ids of another mean nothing here."""

    class Mode(models.TextChoices):
        SANDBOX = "sandbox", "the local sandbox"
        TEST = "test", "Stripe's test mode"
        LIVE = "live", "Stripe's live mode"

    only = models.BooleanField(default=True, unique=True, editable=False)
    mode = models.CharField(max_length=7, choices=Mode.choices)
    account = models.CharField(max_length=64, blank=True, help_text="acct_…; empty: the key was not told.")
    bound_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only=True), name="webhooks_one_binding")]

    def __str__(self) -> str:
        return f"{self.get_mode_display()}, {self.account or 'account not known'}"
