"""What to pay: billers, bills and their periods, mandates, payments and the history of each."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.utils import timezone

from accounts.models import User
from banking.models import Account
from fcdash.money import formatted
from fcdash.tenancy import TenantKey, TenantModel


class Biller(models.Model):
    """Who can be paid: entered and approved by staff, one directory for all households."""

    name = models.CharField(max_length=120, unique=True)
    receives = models.CharField(max_length=200, help_text="The legal entity that receives the money.")
    description = models.CharField(max_length=300, blank=True)
    category = models.CharField(max_length=32, default="bills", help_text="The spending category of its bills.")
    stripe_account = models.CharField(
        max_length=64, blank=True, help_text="acct_… of a Connect account; empty: the money stays with the operator."
    )
    statement_descriptor = models.CharField(max_length=22, blank=True, help_text="What the bank statement shows.")
    approved_at = models.DateTimeField(null=True, blank=True, help_text="Empty: hidden from households.")
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_approved(self) -> bool:
        return self.approved_at is not None


class Frequency(models.TextChoices):
    """How often a bill comes back."""

    WEEKLY = "weekly", "Every week"
    BIWEEKLY = "biweekly", "Every two weeks"
    MONTHLY = "monthly", "Every month"
    YEARLY = "yearly", "Every year"


class Bill(TenantModel):
    """Something a household pays to a biller, once or again and again; each time is a BillPeriod."""

    biller = models.ForeignKey(Biller, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=60, blank=True, help_text="The household's number with the biller.")
    amount_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="usd")
    first_due_on = models.DateField()
    frequency = models.CharField(max_length=8, choices=Frequency.choices, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Removed by a person; its history stays.")

    class Meta(TenantModel.Meta):
        constraints = [models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payments_bill_positive")]

    def __str__(self) -> str:
        return f"bill {self.pk}: {formatted(self.amount_cents, self.currency)}"


class BillPeriod(TenantModel):
    """One time that a bill is due."""

    class State(models.TextChoices):
        DUE = "due", "Due"
        SCHEDULED = "scheduled", "Scheduled"
        PAID = "paid", "Paid"
        PARTLY_PAID = "partly_paid", "Partly paid"
        SKIPPED = "skipped", "Skipped"
        LATE = "late", "Late"

    bill = TenantKey(Bill, related_name="periods", db_index=False)
    due_on = models.DateField()
    amount_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DUE)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["household", "bill", "due_on"], name="payments_period_once"),
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payments_period_positive"),
        ]
        indexes = [models.Index(fields=["household", "state", "due_on"], name="payments_period_by_day")]

    def __str__(self) -> str:
        return f"bill {self.bill_id} on {self.due_on}"

    def state_on(self, today: date) -> str:
        """The state as of a day: what is due and past its day is late, also before the job has said so."""
        return self.State.LATE if self.state == self.State.DUE and self.due_on < today else self.state

    @property
    def is_open(self) -> bool:
        """Whether it still asks for a payment."""
        return self.state in (self.State.DUE, self.State.LATE)


class Mandate(TenantModel):
    """A person's permission to debit an account, with the exact words shown and the proof of acceptance."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        ACTIVE = "active", "Active"
        INACTIVE = "inactive", "Inactive"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    account = TenantKey(Account, on_delete=models.RESTRICT, related_name="mandates")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    key = models.UUIDField(default=uuid.uuid4, editable=False, help_text="Root of the idempotency keys at Stripe.")
    round = models.PositiveSmallIntegerField(default=0, help_text="Of the keys: up when Stripe keeps answering 5xx.")
    stripe_id = models.CharField(max_length=255, null=True, unique=True)
    stripe_setup_intent_id = models.CharField(max_length=255, null=True, unique=True)
    stripe_payment_method_id = models.CharField(max_length=255, null=True)
    holder_name = models.CharField(max_length=200)
    terms_version = models.CharField(max_length=40)
    text = models.TextField(help_text="The words that were shown, to the letter.")
    accepted_at = models.DateTimeField()
    ip_address = models.GenericIPAddressField()
    user_agent = models.CharField(max_length=500)
    revoked_at = models.DateTimeField(null=True, blank=True)
    failure_reason = models.CharField(max_length=300, blank=True)
    checked_at = models.DateTimeField(null=True, help_text="When Stripe last told its status.")
    setup_started_at = models.DateTimeField(null=True, help_text="Before the first call: a setup may exist from then.")
    detached_at = models.DateTimeField(
        null=True, blank=True, help_text="When Stripe let go of a revoked one's payment method."
    )
    blocked_reason = models.CharField(max_length=60, blank=True, help_text="Why Stripe blocks the bank account.")

    class Meta(TenantModel.Meta):
        constraints = [
            # The same request again goes on with the same row.
            models.UniqueConstraint(
                fields=["household", "account", "user"],
                condition=models.Q(status__in=["pending", "active"]),
                name="payments_mandate_one_live",
            )
        ]
        indexes = [
            models.Index(
                fields=["household", "id"],
                condition=models.Q(status="pending") | models.Q(revoked_at__isnull=False, detached_at=None),
                name="payments_mandate_unfinished",
            )
        ]

    def __str__(self) -> str:
        return self.stripe_id or f"permission {self.pk}"


class PaymentState(models.TextChoices):
    """The life of a payment. `failed`: it never succeeded; `returned`: taken back after `paid`."""

    SCHEDULED = "scheduled", "Scheduled"
    HELD = "held", "Held"
    SUBMITTED = "submitted", "Sent"
    UNKNOWN = "unknown", "Being checked"
    PROCESSING = "processing", "On its way"
    PAID = "paid", "Paid"
    FAILED = "failed", "Refused"
    RETURNED = "returned", "Returned"
    DISPUTED = "disputed", "Disputed"
    REFUNDED = "refunded", "Refunded"
    CANCELED = "canceled", "Canceled"


# The only moves there are. The database refuses every other (migration 0004 holds a copy, a test compares them).
TRANSITIONS: dict[str, tuple[str, ...]] = {
    "scheduled": ("submitted", "held", "canceled", "failed"),
    "held": ("scheduled", "submitted", "canceled", "failed"),
    "submitted": ("unknown", "processing", "paid", "failed", "canceled", "held"),
    "unknown": ("submitted", "processing", "paid", "failed", "canceled"),
    "processing": ("paid", "failed", "canceled", "returned", "disputed"),
    "paid": ("returned", "disputed", "refunded"),
    "failed": (),
    "returned": (),
    "disputed": (),
    "refunded": ("paid", "returned", "disputed"),  # to paid: the refund failed
    "canceled": (),
}
# While a payment is in one of these, its bill period takes no other.
LIVE_STATES = ("scheduled", "held", "submitted", "unknown", "processing", "paid", "refunded")
# The sweeper finishes what stands in one of these.
UNFINISHED_STATES = ("scheduled", "submitted", "unknown", "processing")
# Nothing has been sent to the bank in these.
UNSENT_STATES = ("scheduled", "held")
# The bank can still take the money back.
REVERSIBLE_STATES = ("paid", "refunded")


class Payment(TenantModel):
    """One debit for one bill period. The amount is what the person saw and approved; it never changes."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Who approved it.")
    bill = TenantKey(Bill, on_delete=models.RESTRICT, related_name="payments")
    period = TenantKey(BillPeriod, on_delete=models.RESTRICT, related_name="payments")
    account = TenantKey(Account, on_delete=models.RESTRICT, related_name="+")
    mandate = TenantKey(Mandate, on_delete=models.RESTRICT, related_name="payments")
    amount_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="usd")
    receives = models.CharField(max_length=200, help_text="The receiver's legal name at the time of approval.")
    destination = models.CharField(max_length=64, blank=True, help_text="acct_… of the biller at that time.")
    statement_descriptor = models.CharField(max_length=22, blank=True)
    on = models.DateField(help_text="The day on which it is sent, in the household's zone.")
    state = models.CharField(max_length=10, choices=PaymentState.choices, default=PaymentState.SCHEDULED)
    key = models.UUIDField(default=uuid.uuid4, editable=False, help_text="Root of the idempotency keys at Stripe.")
    round = models.PositiveSmallIntegerField(default=0, help_text="Of the keys: up when Stripe keeps answering 5xx.")
    stripe_payment_intent_id = models.CharField(max_length=255, null=True, unique=True)
    create_started_at = models.DateTimeField(null=True, help_text="Before the first create call: keys live 24 h.")
    confirm_started_at = models.DateTimeField(null=True, help_text="Set and committed before the first confirm call.")
    expected_debit_on = models.DateField(null=True)
    failure_code = models.CharField(max_length=80, blank=True)
    failure_network_code = models.CharField(max_length=8, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_refused_at = models.DateTimeField(null=True, blank=True, help_text="Stripe said that it is too late.")
    refunded_cents = models.BigIntegerField(default=0, help_text="What has come back of it, also in parts.")
    nonce = models.UUIDField(null=True, editable=False, help_text="Of the form that it was approved in.")
    version = models.PositiveIntegerField(default=0, help_text="Counts the changes; who read an older one reads again.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True, help_text="When we last heard from Stripe.")

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payments_payment_positive"),
            models.UniqueConstraint(
                fields=["household", "period"],
                condition=models.Q(state__in=LIVE_STATES),
                name="payments_payment_one_live_per_period",
            ),
            models.UniqueConstraint(fields=["household", "nonce"], name="payments_payment_one_per_form"),
        ]
        indexes = [
            models.Index(
                fields=["checked_at"],
                condition=models.Q(state__in=REVERSIBLE_STATES),
                name="payments_payment_reversible",
            ),
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state__in=UNFINISHED_STATES),
                name="payments_payment_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"payment {self.pk}: {formatted(self.amount_cents, self.currency)}, {self.get_state_display().lower()}"


class PaymentEvent(TenantModel):
    """A change of a payment's state and its cause. Append-only; the database refuses changes."""

    payment = TenantKey(Payment, related_name="history")
    state = models.CharField(max_length=10, choices=PaymentState.choices)
    cause = models.CharField(max_length=120)
    stripe_id = models.CharField(max_length=255, blank=True, help_text="The event or object that told us.")
    at = models.DateTimeField(default=timezone.now, editable=False)
