"""The models of what people bring themselves: balances that they state, files that they import, and the files' rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from accounts.models import User
from fcdash.tenancy import TenantKey, TenantModel

UNDO_DAYS = 30


class StatedBalance(TenantModel):
    """What a person says an account kept by hand held at the end of a day; what follows comes from its rows.

    Rows of that day up to `after_row` are in it; those written later change it, like those of later days.
    """

    account = TenantKey("banking.Account", related_name="stated", db_index=False)
    on = models.DateField()
    currency = models.CharField(max_length=3)
    cents = models.BigIntegerField(help_text="Positive is owned, negative is owed.")
    after_row = models.BigIntegerField(default=0)
    source = TenantKey("banking.Import", null=True, related_name="+", help_text="The file that said so, if one did.")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["household", "account", "on"], name="banking_stated_day")]


class Import(TenantModel):
    """A file brought into an account: first looked at, then imported, perhaps undone."""

    class State(models.TextChoices):
        PREVIEW = "preview", "Looked at"
        DONE = "done", "Imported"
        UNDONE = "undone", "Undone"

    account = TenantKey("banking.Account", related_name="imports")
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    file_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=4, help_text="csv, ofx or qif")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PREVIEW)
    upload = models.BinaryField(null=True, help_text="The file; only until it is imported or given up.")
    reading = models.JSONField(default=dict, help_text="How the person says that it is read.")
    heading = models.CharField(max_length=64, blank=True, default="", help_text="Names its columns, not its rows.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    imported_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    new_count = models.IntegerField(default=0)
    known_count = models.IntegerField(default=0)
    same_count = models.IntegerField(default=0, help_text="Said to be rows that were here already.")
    faulty_count = models.IntegerField(default=0, help_text="Lines left out because they could not be read.")
    removed_count = models.IntegerField(default=0, help_text="Rows that undoing took away.")
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["household", "-id"], name="banking_import_newest")]

    def __str__(self) -> str:
        return f"{self.file_name}, {self.state}"

    @property
    def undo_until(self) -> datetime | None:
        """Until when it can be undone; None when it was not imported."""
        return self.imported_at and self.imported_at + timedelta(days=UNDO_DAYS)

    @property
    def can_undo(self) -> bool:
        return self.state == self.State.DONE and bool(self.undo_until and timezone.now() < self.undo_until)


class ImportedRow(TenantModel):
    """A row of a file, known again by its key, whatever file of the account it comes in.

    `transaction` is the row that it became, or the one that was here; null when a person took it away.
    """

    account = TenantKey("banking.Account", related_name="+", db_index=False)
    source = TenantKey(Import, related_name="rows", db_index=False)
    transaction = TenantKey("banking.Transaction", null=True, related_name="+", db_index=False)
    key = models.UUIDField()
    brought = models.BooleanField(help_text="The import wrote the transaction; else it was here before.")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["household", "account", "key"], name="banking_imported_once")]
        indexes = [
            models.Index(fields=["household", "transaction"], name="banking_imported_transaction"),
            models.Index(fields=["household", "source"], name="banking_imported_source"),
        ]
