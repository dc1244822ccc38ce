"""What a person says about a row: its category, a note, that it is left out, that it was looked at. All can be undone.

Each change is kept as an Edit. Setting what is set already changes nothing and returns None. Every writer takes the
household's lock first, so that a person and an ingest wait for each other instead of deadlocking.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import User
from banking.models import Transaction
from fcdash import tenancy
from spending import transfers
from spending.categories import BY_KEY
from spending.models import Edit, Transfer

LONGEST_NOTE = 500
COLUMNS = {
    Edit.Field.CATEGORY: "chosen_category",
    Edit.Field.NOTE: "note",
    Edit.Field.EXCLUDED: "excluded",
    Edit.Field.REVIEWED: "reviewed_at",
}


class UnknownCategory(ValueError):
    """A key that the catalogue does not hold."""


class Overtaken(Exception):
    """The row was changed again since; undoing would overwrite that."""


def set_category(household_id: int, transaction_id: int, category: str | None, user: User) -> Edit | None:
    """File a row under a category, or with None let the guess stand. A leg that gets one of its own is no transfer.

    Raises UnknownCategory, Transaction.DoesNotExist.
    """
    if category is not None and category not in BY_KEY:
        raise UnknownCategory(category)
    return _change(household_id, transaction_id, Edit.Field.CATEGORY, category, user)


def set_note(household_id: int, transaction_id: int, note: str, user: User) -> Edit | None:
    """Write the note, without NULs; longer ones are cut at 500 characters. Raises Transaction.DoesNotExist."""
    written = note.replace("\x00", "").strip()[:LONGEST_NOTE]
    return _change(household_id, transaction_id, Edit.Field.NOTE, written, user)


def set_excluded(household_id: int, transaction_id: int, excluded: bool, user: User) -> Edit | None:
    """Leave the row out of all figures, or take it in again. Raises Transaction.DoesNotExist."""
    return _change(household_id, transaction_id, Edit.Field.EXCLUDED, excluded, user)


def set_reviewed(household_id: int, transaction_id: int, reviewed: bool, user: User) -> Edit | None:
    """Say that the row was looked at and is right. Raises Transaction.DoesNotExist."""
    return _change(household_id, transaction_id, Edit.Field.REVIEWED, reviewed, user)


def undo(household_id: int, edit_id: int) -> Edit:
    """Put back what was before an edit; again changes nothing.

    Raises Edit.DoesNotExist, and Overtaken when the row says something else by now.
    """
    tenancy.lock_household(household_id)
    edit: Edit = Edit.objects.select_for_update().get(household_id=household_id, pk=edit_id)
    if edit.undone_at:
        return edit
    row = _locked(household_id, edit.transaction_id)
    field = Edit.Field(edit.field)
    if _written(_held(row, field)) != edit.after:
        raise Overtaken
    _store(row, field, _read(field, edit.before))
    _look_for_transfer(row, field, _read(field, edit.before))
    edit.undone_at = timezone.now()
    edit.save(update_fields=["undone_at"])
    return edit


def _change(household_id: int, transaction_id: int, field: Edit.Field, value: Any, user: User) -> Edit | None:
    tenancy.lock_household(household_id)
    row = _locked(household_id, transaction_id)
    before = _held(row, field)
    if before == value:
        return None
    if field is Edit.Field.CATEGORY and value != "transfer":
        _leave_transfer(row)
    _store(row, field, value)
    _look_for_transfer(row, field, value)
    return Edit.objects.create(
        household_id=household_id,
        transaction_id=row.pk,
        user=user,
        field=field,
        before=_written(before),
        after=_written(value),
    )


def _locked(household_id: int, transaction_id: int) -> Transaction:
    row: Transaction = Transaction.objects.select_for_update().get(household_id=household_id, pk=transaction_id)
    return row


def _held(row: Transaction, field: Edit.Field) -> Any:
    """The row's value; that it was looked at is a yes or no, whenever it was."""
    value = getattr(row, COLUMNS[field])
    return value is not None if field is Edit.Field.REVIEWED else value


def _store(row: Transaction, field: Edit.Field, value: Any) -> None:
    if field is Edit.Field.REVIEWED:
        value = timezone.now() if value else None
    Transaction.objects.filter(household_id=row.household_id, pk=row.pk).update(**{COLUMNS[field]: value})


def _look_for_transfer(row: Transaction, field: Edit.Field, value: Any) -> None:
    """A row that counts again, or that nobody files any more, may be the leg of a transfer."""
    if (field, value) in ((Edit.Field.EXCLUDED, False), (Edit.Field.CATEGORY, None)):
        transfers.match(row.household_id, row.booked_on)


def _leave_transfer(row: Transaction) -> None:
    """The other leg falls back to what it looks like."""
    if row.transfer_id is None:
        return
    Transaction.objects.filter(household_id=row.household_id, transfer_id=row.transfer_id).update(transfer_id=None)
    Transfer.objects.filter(household_id=row.household_id, pk=row.transfer_id).delete()


def _written(value: Any) -> str | None:
    """As an Edit keeps it."""
    return {None: None, True: "yes", False: "no"}.get(value, value) if not isinstance(value, str) else value


def _read(field: Edit.Field, written: str | None) -> Any:
    if field in (Edit.Field.EXCLUDED, Edit.Field.REVIEWED):
        return written == "yes"
    return written
