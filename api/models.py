"""Answers that were given under an Idempotency-Key."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import User
from fcdash.tenancy import TenantModel


class ApiReply(TenantModel):
    """One unsafe call under its Idempotency-Key; without a status it is still being answered.

    Nothing that opens something is kept: a link session's client_secret and address are asked of Stripe anew.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of method, path, query and body.")
    status = models.PositiveSmallIntegerField(null=True)
    media_type = models.CharField(max_length=60, blank=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    leased_until = models.DateTimeField(null=True, help_text="Until then a process is at it; after that it has died.")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["household", "user", "key"], name="api_reply_once")]
        indexes = [models.Index(fields=["created_at"], name="api_reply_age")]

    def __str__(self) -> str:
        return f"reply {self.pk} ({self.status})"
