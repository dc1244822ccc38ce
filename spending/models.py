"""What it means: transfers between own accounts, and the roll-ups that the figures are read from."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Household, User
from banking.models import Account, Transaction
from fcdash.tenancy import TenantKey, TenantModel


class Transfer(TenantModel):
    """Money between two own accounts: one object whose two legs are transactions that name it in `transfer_id`."""

    amount_cents = models.BigIntegerField(help_text="Positive.")
    currency = models.CharField(max_length=3)
    made_by = models.CharField(max_length=8, default="match", help_text="match or person")
    created_at = models.DateTimeField(default=timezone.now, editable=False)


class RollUp(TenantModel):
    """A total that triggers keep. Without constraints of its own: its rows come from rows that have them."""

    household = models.ForeignKey(
        Household, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="+"
    )

    class Meta(TenantModel.Meta):
        abstract = True


class MonthTotal(RollUp):
    """Sum and count of a month's rows by category, account and currency; kept by triggers on the transactions.

    Void and excluded rows are in no total. `total_cents` keeps Stripe's sign: money out is negative.
    """

    month = models.DateField(help_text="Its first day.")
    category = models.CharField(max_length=32)
    account = TenantKey(Account, related_name="+", db_index=False)
    currency = models.CharField(max_length=3)
    total_cents = models.BigIntegerField()
    row_count = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["household", "month", "category", "account", "currency"], name="spending_monthtotal_key"
            )
        ]


class DayTotal(RollUp):
    """As MonthTotal, by day and without the account: for "this month so far against usual"."""

    day = models.DateField()
    category = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    total_cents = models.BigIntegerField()
    row_count = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["household", "day", "category", "currency"], name="spending_daytotal_key")
        ]


class Edit(TenantModel):
    """What a person changed on a row: before, after, who and when. Append-only but for `undone_at`."""

    class Field(models.TextChoices):
        CATEGORY = "category", "Category"
        NOTE = "note", "Note"
        EXCLUDED = "excluded", "Left out"
        REVIEWED = "reviewed", "Looked at"

    transaction = TenantKey(Transaction, related_name="+", db_index=False)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    field = models.CharField(max_length=12, choices=Field.choices)
    before = models.CharField(max_length=500, null=True, blank=True)
    after = models.CharField(max_length=500, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)
    undone_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["household", "transaction", "-id"], name="spending_edit_transaction")]
