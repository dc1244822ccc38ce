"""What the bank says: link sessions, accounts, balances, owners, transactions, and the refreshes that bring them."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Household, User
from fcdash.tenancy import TenantKey, TenantModel, TenantQuerySet


class Feature(models.TextChoices):
    """What can be refreshed, in Stripe's words. The permission of `balance` is called `balances`."""

    BALANCE = "balance", "Balance"
    OWNERSHIP = "ownership", "Owners"
    TRANSACTIONS = "transactions", "Transactions"

    @property
    def permission(self) -> str:
        """The Financial Connections permission that opens it."""
        return "balances" if self == Feature.BALANCE else str(self.value)


class LinkSession(TenantModel):
    """One attempt to link banks. Stripe's client_secret is handed on and never kept."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        COMPLETED = "completed", "Completed"
        CANCELED = "canceled", "Canceled"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.UUIDField(default=uuid.uuid4, editable=False, help_text="Root of the idempotency keys at Stripe.")
    stripe_id = models.CharField(max_length=255, null=True, unique=True)
    mode = models.CharField(max_length=8, default="web")
    permissions = ArrayField(models.CharField(max_length=20))
    asks = models.JSONField(default=dict, help_text="What beside permissions: prefetch, which accounts, how many.")
    relinks = TenantKey("Account", on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.stripe_id or f"link session {self.pk}"


class AccountQuerySet(TenantQuerySet["Account"]):
    def counted(self) -> AccountQuerySet:
        """Accounts that belong in figures: not the second link of one bank account."""
        return self.exclude(status="duplicate")


class Account(TenantModel):
    """A bank account that a member linked (Stripe's financial_connections.account), or one that is kept by hand."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        INACTIVE = "inactive", "Inactive"
        DISCONNECTED = "disconnected", "Disconnected"
        DUPLICATE = "duplicate", "Linked twice"

    class Relink(models.TextChoices):
        REQUIRED = "required", "Sign in again"
        IMPOSSIBLE = "impossible", "Cannot be repaired"

    holder = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="The Customer at Stripe.")
    stripe_id = models.CharField(max_length=255, blank=True, help_text="Empty: kept by hand.")
    institution = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    last4 = models.CharField(max_length=4, blank=True)
    category = models.CharField(max_length=20, help_text="cash, credit, investment or other")
    subcategory = models.CharField(max_length=20)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    permissions = ArrayField(models.CharField(max_length=20), default=list)
    payment_method_types = ArrayField(models.CharField(max_length=30), default=list)
    subscribed = models.BooleanField(default=False, help_text="Stripe refreshes its transactions daily.")
    # How the connection stands, in Stripe's words.
    authorization = models.CharField(
        max_length=255, blank=True, default="", help_text="fcauth_…, what relinking renews."
    )
    inactive_since = models.DateTimeField(null=True, blank=True)
    relink = models.CharField(max_length=10, choices=Relink.choices, blank=True, default="")
    deactivates_at = models.DateTimeField(null=True, blank=True, help_text="The bank's expected_deactivation_date.")
    numbers_status = models.CharField(max_length=12, blank=True, default="", help_text="Of the account numbers.")
    numbers_expire_at = models.DateTimeField(null=True, blank=True)
    rows_before = models.BigIntegerField(
        null=True, help_text="Rows up to this id came by an earlier link; those that come again count once."
    )
    disconnecting_since = models.DateTimeField(null=True, blank=True)
    deletes_data = models.BooleanField(default=False, help_text="Delete the bank's rows once disconnected.")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When we learnt that the link is no more.")
    ended_elsewhere = models.BooleanField(default=False, help_text="At the bank or at Stripe, not by a person here.")
    linked_at = models.DateTimeField(default=timezone.now, editable=False)
    read_at = models.DateTimeField(null=True, help_text="When we last read it from Stripe.")

    objects: ClassVar[Any] = AccountQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["stripe_id"], condition=~models.Q(stripe_id=""), name="banking_account_stripe"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ••{self.last4}" if self.last4 else self.name

    @property
    def by_hand(self) -> bool:
        """Whether a person keeps it: no bank stands behind it, and nothing is ever asked of Stripe."""
        return not self.stripe_id

    @property
    def payable(self) -> bool:
        """Whether an ACH debit may be started from it."""
        return (
            self.status == self.Status.ACTIVE
            and self.category == "cash"
            and "payment_method" in self.permissions
            and "us_bank_account" in self.payment_method_types
            and not self.has_dead_number
        )

    @property
    def has_dead_number(self) -> bool:
        """Whether its bank has ended the number that a debit would use."""
        return self.numbers_status in ("expired", "deactivated")


class Balance(TenantModel):
    """An account's balance as of a moment, one row per account, currency and day; the newest is the current one.

    Signs are Stripe's: positive is owed to the holder, negative owed by the holder.
    """

    account = TenantKey(Account, related_name="balances", db_index=False)
    currency = models.CharField(max_length=3)
    on = models.DateField(help_text="The day of as_of in the household's zone.")
    as_of = models.DateTimeField()
    current_cents = models.BigIntegerField(help_text="Posted funds only.")
    available_cents = models.BigIntegerField(null=True, help_text="After holds and pending; cash accounts.")
    used_cents = models.BigIntegerField(null=True, help_text="Credit in use; credit accounts.")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["household", "account", "currency", "on"], name="banking_balance_day")
        ]


class Owner(TenantModel):
    """Who the bank says owns an account."""

    account = TenantKey(Account, related_name="owners")
    stripe_id = models.CharField(max_length=255)
    name = models.CharField(max_length=300)
    email = models.CharField(max_length=300, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    raw_address = models.CharField(max_length=600, blank=True)


class Freshness(TenantModel):
    """How fresh one feature of an account is, when it may be asked for again, and how far reading has come."""

    class Status(models.TextChoices):
        PENDING = "pending", "Being read"
        SUCCEEDED = "succeeded", "Fresh"
        FAILED = "failed", "Failed"

    account = TenantKey(Account, related_name="freshness", db_index=False)
    feature = models.CharField(max_length=12, choices=Feature.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    as_of = models.DateTimeField(null=True, help_text="Of the data that we hold.")
    attempted_at = models.DateTimeField(null=True)
    next_allowed_at = models.DateTimeField(null=True, help_text="Stripe's next_refresh_available_at.")
    due_at = models.DateTimeField(null=True, help_text="When the sweep asks next; null is never.")
    leased_until = models.DateTimeField(null=True, help_text="A worker is at it until then.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row; each waits twice as long.")
    # The four below are the reading position in Stripe's transaction list.
    cursor = models.CharField(max_length=255, blank=True, help_text="fctxnref_… of the last list read to its end.")
    target = models.CharField(max_length=255, blank=True, help_text="fctxnref_… that the list now read leads to.")
    target_attempted_at = models.DateTimeField(null=True, help_text="When the bank was asked for what it leads to.")
    page_after = models.CharField(max_length=255, blank=True, help_text="fctxn_… after which the next page starts.")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["household", "account", "feature"], name="banking_freshness_feature")
        ]
        indexes = [models.Index(fields=["due_at"], name="banking_freshness_due")]


class Refresh(TenantModel):
    """One refresh of one feature, from asking Stripe to the last row stored: the sync receipt."""

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"

    account = TenantKey(Account, related_name="refreshes")
    feature = models.CharField(max_length=12, choices=Feature.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    cause = models.CharField(max_length=20, help_text="link, person, schedule, event or staff")
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    new_count = models.IntegerField(default=0)
    changed_count = models.IntegerField(default=0)
    posted_count = models.IntegerField(default=0, help_text="Of the changed: pending before.")
    dropped_count = models.IntegerField(default=0, help_text="Of the changed: void now.")
    quarantined_count = models.IntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["household", "account", "feature"],
                condition=models.Q(status="running"),
                name="banking_refresh_one_running",
            )
        ]
        verbose_name_plural = "refreshes"

    def __str__(self) -> str:
        return f"{self.feature} of account {self.account_id}, {self.status}"

    @property
    def counts(self) -> str:
        """The rows that it brought: "14 new, 3 posted, 1 dropped"."""
        changed = self.changed_count - self.posted_count - self.dropped_count
        counts = (
            (self.new_count, "new"),
            (self.posted_count, "posted"),
            (self.dropped_count, "dropped"),
            (changed, "changed"),
            (self.quarantined_count, "unreadable, set aside"),
        )
        return ", ".join(f"{count:,} {what}" for count, what in counts if count > 0) or "nothing new"


class Transaction(TenantModel):
    """One row of an account. Amounts are negative for money out, as Stripe's.

    Three layers: what the bank says; what we make of it (`merchant`, `guessed_*`, `transfer_id`, written by ingest
    and matching); what a person says (`chosen_category`, `note`, `excluded`, `reviewed_at`), which no machine writes.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        POSTED = "posted", "Posted"
        VOID = "void", "Void"

    # No constraints of their own, since each costs every row written: the account's version holds both (RowsVersion).
    household = models.ForeignKey(
        Household, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="+"
    )
    account = TenantKey(Account, related_name="transactions", db_index=False)
    stripe_id = models.CharField(max_length=255, null=True)
    amount_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    description = models.TextField(help_text="The bank's own words.")
    status = models.CharField(max_length=8, choices=Status.choices)
    transacted_at = models.DateTimeField()
    booked_on = models.DateField(help_text="The day of transacted_at in the household's zone, set once at ingest.")
    posted_at = models.DateTimeField(null=True)
    void_at = models.DateTimeField(null=True)
    stripe_updated_at = models.DateTimeField(null=True)
    stripe_refresh = models.CharField(max_length=255, blank=True, default="")

    merchant = models.CharField(max_length=120, blank=True, default="")
    guessed_category = models.CharField(max_length=32, default="other")
    guessed_why = models.CharField(max_length=120, blank=True, default="")
    transfer_id = models.BigIntegerField(null=True, help_text="The spending.Transfer that this row is a leg of.")

    chosen_category = models.CharField(max_length=32, null=True)
    note = models.CharField(max_length=500, blank=True, default="")
    excluded = models.BooleanField(default=False)
    reviewed_at = models.DateTimeField(null=True)

    category = models.GeneratedField(
        expression=Coalesce(
            "chosen_category",
            models.Case(
                models.When(transfer_id__isnull=False, then=models.Value("transfer")), default="guessed_category"
            ),
        ),
        output_field=models.CharField(max_length=32),
        db_persist=True,
    )
    tsv = models.GeneratedField(
        expression=models.Func(
            models.F("merchant"),
            models.F("description"),
            models.F("note"),
            template="to_tsvector('simple'::regconfig, merchant || ' ' || description || ' ' || note)",
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["household", "account", "stripe_id"], name="banking_transaction_stripe_id")
        ]
        indexes = [
            models.Index(fields=["household", "-booked_on", "-id"], name="banking_transaction_day"),
            models.Index(fields=["household", "category", "-booked_on", "-id"], name="banking_transaction_category"),
        ]

    def __str__(self) -> str:
        return f"{self.description} {self.amount_cents} {self.currency}"


class RowsVersion(TenantModel):
    """A name for the state of an account's rows: triggers write a new one, ever larger, whoever changes a row.

    What was worked out from the rows may be remembered under it. It has the account's key in the rows' stead, and goes
    only once there are none.
    """

    household = models.ForeignKey(
        Household, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="+"
    )
    account = TenantKey(Account, related_name="+", db_index=False)
    version = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["household", "account"], name="banking_rowsversion_account")]


class QuarantinedRow(TenantModel):
    """A bank row that could not be stored, with the reason; the rest of its page was."""

    account = TenantKey(Account, related_name="quarantined")
    stripe_id = models.CharField(max_length=255)
    reason = models.CharField(max_length=300)
    body = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["household", "account", "stripe_id"], name="banking_quarantine_once")
        ]


class OpeningBalance(TenantModel):
    """What an account held before the oldest row that we have: the first balance less the rows posted until then."""

    account = TenantKey(Account, related_name="+", db_index=False)
    currency = models.CharField(max_length=3)
    cents = models.BigIntegerField()
    as_of = models.DateTimeField(help_text="Of the balance it was worked out from.")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["household", "account", "currency"], name="banking_opening_currency")
        ]


class BalanceCheck(TenantModel):
    """Opening balance and posted rows since, against what the bank said: `actual` less `expected` is the gap."""

    account = TenantKey(Account, related_name="balance_checks", db_index=False)
    currency = models.CharField(max_length=3)
    as_of = models.DateTimeField(help_text="Of the bank's balance.")
    expected_cents = models.BigIntegerField()
    actual_cents = models.BigIntegerField()
    checked_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["household", "account", "currency", "as_of"], name="banking_check_once")
        ]

    @property
    def gap_cents(self) -> int:
        """What the bank holds more than our rows say; 0 is a match."""
        return self.actual_cents - self.expected_cents


class HealthNotice(TenantModel):
    """A trouble of a connection that its holder was written to about: once for each time it comes."""

    account = TenantKey(Account, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    episode = models.CharField(max_length=40, help_text="What tells this time from the last one: a date.")
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["household", "account", "kind", "episode"], name="banking_notice_once")
        ]


class FormerLink(TenantModel):
    """A link that an account had before it went on under another: known, so that nothing of it comes to life again."""

    account = TenantKey(Account, related_name="former_links")
    stripe_id = models.CharField(max_length=255, unique=True)
    ended_at = models.DateTimeField(null=True, help_text="When Stripe confirmed that it is read no more.")


class BilledUse(TenantModel):
    """How often a household's accounts were refreshed on a day, by feature: what Stripe bills for."""

    on = models.DateField(help_text="UTC")
    feature = models.CharField(max_length=12, choices=Feature.choices)
    count = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["household", "on", "feature"], name="banking_use_day")]


from banking.models_by_hand import Import, ImportedRow, StatedBalance  # noqa: E402

__all__ = ["Import", "ImportedRow", "StatedBalance"]
