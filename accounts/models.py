"""Who: users (each a Stripe Customer), households (the tenant), memberships, mail, and what staff looked at."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from fcdash import tenancy


class UserManager(BaseUserManager["User"]):
    """Creates users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        """A saved user; the address is stored in lower case."""
        user = self.model(email=email.strip().lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """A saved staff person with all rights."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


# Users whose Customer at Stripe is to be made, or to be told a new address or name.
CUSTOMER_DUE = (
    models.Q(stripe_customer_id=None)
    | ~models.Q(customer_email=models.F("email"))
    | ~models.Q(customer_name=models.F("name"))
)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in; the account holder of their bank links and the Customer at Stripe."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True, help_text="Legal name, as on the bank account.")
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    key = models.UUIDField(default=uuid.uuid4, editable=False, help_text="Root of the idempotency keys at Stripe.")
    stripe_customer_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    customer_email = models.EmailField(blank=True, editable=False, help_text="As Stripe knows it.")
    customer_name = models.CharField(max_length=200, blank=True, editable=False, help_text="As Stripe knows it.")
    customer_attempt = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Part of the idempotency key: counts requests that failed at Stripe."
    )
    customer_error = models.CharField(max_length=300, blank=True, help_text="Why Stripe refused the last request.")

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_lower")]
        indexes = [models.Index(fields=["id"], condition=CUSTOMER_DUE, name="accounts_user_customer_due")]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email.split("@")[0]


def check_time_zone(value: str) -> None:
    """Raise ValidationError unless the name is in the time zone database."""
    if value not in available_timezones():
        raise ValidationError("No such time zone.")


class Household(models.Model):
    """The tenant. Its days, months and due dates are counted in its time zone."""

    readable_by_person = True

    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="America/New_York", validators=[check_time_zone])
    currency = models.CharField(max_length=3, default="usd")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[Any] = tenancy.TenantQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def today(self) -> Any:
        """The calendar day in the household's zone."""
        return timezone.now().astimezone(self.zone).date()


class Role(models.TextChoices):
    """What a member may do: owners all, members link and pay, viewers look."""

    OWNER = "owner", "Owner"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


class Membership(tenancy.TenantModel):
    """A user's place in a household."""

    readable_by_person = True

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.OWNER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["household", "user"], name="accounts_membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.household_id} as {self.role}"


class Mail(models.Model):
    """A mail to send: written in the transaction that causes it, sent by the worker, its words dropped afterwards."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    to = models.EmailField()
    kind = models.CharField(max_length=80)
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["next_attempt_at"], condition=models.Q(state="waiting"), name="mail_waiting")]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"


class StaffAccess(models.Model):
    """A staff person's reason to see people's data, and until when it holds. Append-only but for an earlier end."""

    staff = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ends_at = models.DateTimeField()

    class Meta:
        verbose_name = "staff access"
        verbose_name_plural = "staff access"
        indexes = [models.Index(fields=["staff", "ends_at"], name="accounts_staffaccess_current")]

    def __str__(self) -> str:
        return self.reason


class StaffLook(models.Model):
    """A page with people's data that staff looked at, under which reason. Append-only."""

    access = models.ForeignKey(StaffAccess, on_delete=models.PROTECT, related_name="looks")
    path = models.CharField(max_length=500)
    household_id = models.BigIntegerField(null=True, blank=True, help_text="Empty for lists.")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["household_id", "at"], name="accounts_stafflook_household")]

    def __str__(self) -> str:
        return self.path


class StaffAction(models.Model):
    """Something that staff asked for: what, on which row, why, and how it ended. Append-only but for the ending."""

    staff = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=120)
    object_id = models.BigIntegerField(null=True)
    household_id = models.BigIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(finished_at=None), name="accounts_staffaction_open"
            ),
            models.Index(fields=["target", "object_id"], name="accounts_staffaction_target"),
        ]

    def __str__(self) -> str:
        return f"{self.action} on {self.target} {self.object_id}"
