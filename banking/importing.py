"""Imports: a file is brought, read as a person says, looked at, then imported in one go, and undone in one go.

Inside the household's scope. The file waits in the database for an hour at most. An import writes what a bank says and
what we make of it; what a person typed is named in no statement here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import Household, User
from banking import ingesting, manual, removing
from banking.models import Account, Import, ImportedRow, StatedBalance, Transaction
from banking.previewing import Preview, Tally, preview, tallied
from banking.statements import MOST_BYTES, ClosingBalance, StatementRow, Unreadable, decoded, delimited, ofx, qif
from fcdash import tenancy

BATCH_ROWS = 5000
KEPT = timedelta(hours=1)
# So many files of a household wait at a time; further ones push the oldest out.
MOST_WAIT = 10
ADD, SAME = "add", "same"
FILE_SAYS = "your file says so"


class Closed(Exception):
    """The account takes no rows: it is closed, or linked twice. The message is fit to show."""


class Gone(Exception):
    """The file waits no more: imported, given up, or an hour has passed."""


class Changed(Exception):
    """What the import would do is no longer what the person was shown."""


# --- Bringing a file -------------------------------------------------------------------------------------------


def bring(household_id: int, account_id: int, user: User, file_name: str, content: bytes) -> Import:
    """Keep a file to be looked at. How files of its layout were read in the account before is how it is read.

    Raises Account.DoesNotExist, Closed, Unreadable.
    """
    account = taking(household_id, account_id)
    kind, reading, heading = _recognised(account, content)
    if kind == "ofx":
        content, reading = ofx.masked(decoded(content)[0]).encode(), reading and {**reading, "encoding": "utf-8"}
    kept: Import = Import.objects.create(
        household_id=household_id,
        account=account,
        user=user,
        file_name=ingesting.clean(file_name)[-200:] or "a file",
        kind=kind,
        upload=content,
        reading=reading,
        heading=heading,
    )
    waits = Import.objects.for_household(household_id).filter(state=Import.State.PREVIEW).order_by("-pk")
    _forget(waits.values_list("pk", flat=True)[MOST_WAIT:])
    return kept


def taking(household_id: int, account_id: int) -> Account:
    """An account that rows can be brought into. Raises Account.DoesNotExist, Closed."""
    account: Account = Account.objects.for_household(household_id).get(pk=account_id)
    if account.status == Account.Status.DUPLICATE:
        raise Closed("This account is linked twice. Say first whether it is another account.")
    if account.by_hand and account.status == Account.Status.DISCONNECTED:
        raise Closed("This account is closed. Open it again to bring rows into it.")
    return account


def _recognised(account: Account, content: bytes) -> tuple[str, dict[str, Any], str]:
    """(kind, how it is read or nothing yet, name of its layout). Raises Unreadable."""
    if not content.strip():
        raise Unreadable("The file is empty.")
    if len(content) > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it, by year for instance.")
    for mark, words in NOT_TEXT.items():
        if content.startswith(mark):
            raise Unreadable(words)
    text, encoding = decoded(content)
    today = Household.objects.get(pk=account.household_id).today()
    if ofx.is_ofx(text):
        found = ofx.read(text, "usd", today)
        return "ofx", {"encoding": encoding, "statement": 0} if len(found) == 1 else {}, ""
    if qif.is_qif(text):
        records = qif.records(text)
        guess = qif.guess(records, encoding, today)
        return "qif", guess.stored() if qif.is_certain(records, today) else {}, ""
    sheet = delimited.sheet(text, encoding)
    before = _remembered(account, sheet.fingerprint)
    return "csv", before and {**before, "encoding": encoding, "delimiter": sheet.delimiter}, sheet.fingerprint


NOT_TEXT = {
    b"%PDF": "This is a PDF. Ask your bank's site for CSV, OFX or QIF; we cannot read figures from pictures of pages.",
    b"PK\x03\x04": "This is an Excel or zip file. Save the sheet as CSV, or unpack it, and bring that.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel file. Save the sheet as CSV and bring that.",
}


def _remembered(account: Account, heading: str) -> dict[str, Any]:
    """How a file of this layout was last read in this account."""
    done = _read_before(account.household_id, heading).filter(account=account)
    return done.values_list("reading", flat=True).first() or {}


def suggested(brought: Import) -> dict[str, Any]:
    """How the file is read, else how its layout was last read in another account: another bank may mean another sign.

    Empty when nobody has said it.
    """
    done = _read_before(brought.household_id, brought.heading)
    return brought.reading or done.values_list("reading", flat=True).first() or {}


def _read_before(household_id: int, heading: str) -> Any:
    done = Import.objects.for_household(household_id).filter(heading=heading)
    return done.exclude(imported_at=None).order_by("-pk")


def waiting(household_id: int, import_id: int, to_write: bool = False) -> Import:
    """An import that is being looked at; `to_write` locks it. Raises Import.DoesNotExist, Gone."""
    files = Import.objects.for_household(household_id).select_related("account")
    found: Import = (files.select_for_update(of=["self"]) if to_write else files).get(pk=import_id)
    if found.state != Import.State.PREVIEW or found.created_at < timezone.now() - KEPT:
        raise Gone
    return found


def say_reading(household_id: int, import_id: int, reading: Mapping[str, Any]) -> None:
    """Say how the file is read. Raises Import.DoesNotExist, Gone."""
    found = waiting(household_id, import_id, to_write=True)
    found.reading = dict(reading)
    found.save(update_fields=["reading"])


def give_up(household_id: int, import_id: int) -> None:
    """Forget a file that was looked at; nothing of it was written. Raises Import.DoesNotExist."""
    found = Import.objects.for_household(household_id).filter(pk=import_id)
    if not found.exists():
        raise Import.DoesNotExist
    _forget(found.values_list("pk", flat=True))


def forget_old() -> int:
    """Forget the files that nobody came back to; returns how many."""
    with tenancy.system("forget files that were not imported"):
        return _forget(Import.objects.filter(created_at__lt=timezone.now() - KEPT).values_list("pk", flat=True))


def _forget(files: Iterable[int]) -> int:
    """Forget those of the files that are only looked at; one that is being imported meanwhile stays."""
    mine = Import.objects.filter(pk__in=list(files), state=Import.State.PREVIEW)
    free = mine.select_for_update(skip_locked=True).values_list("pk", flat=True)
    return int(Import.objects.filter(pk__in=list(free)).delete()[0])


def look(brought: Import) -> Preview:
    """What importing it would do. Raises Unreadable."""
    account, household = brought.account, Household.objects.get(pk=brought.household_id)
    return preview(account, brought, manual.currency_of(account) or household.currency, household.today())


# --- Importing -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decided:
    """What a person said of a preview: `seen` names it, `doubts` says ADD or SAME by key, `rest` of all others."""

    seen: str
    doubts: Mapping[str, str]
    rest: str = SAME
    without_faults: bool = False
    with_balance: bool = False


def carry_out(household_id: int, import_id: int, user: User, decided: Decided) -> Import:
    """Write what is new, all of it or nothing.

    Raises Import.DoesNotExist, Gone, Closed, Unreadable, and Changed when rows came since the person looked.
    """
    tenancy.lock_household(household_id)
    brought = waiting(household_id, import_id, to_write=True)
    account = taking(household_id, brought.account_id)
    shown = look(brought)
    if shown.digest != decided.seen or (shown.faults and not decided.without_faults):
        raise Changed
    added = [doubt for doubt in shown.doubts if decided.doubts.get(doubt.key.hex, decided.rest) == ADD]
    new = [*shown.new, *((doubt.key, doubt.row) for doubt in added)]
    same = {doubt.key: doubt.here.id for doubt in shown.doubts if doubt not in added}
    _insert(brought, account, new)
    ImportedRow.objects.bulk_create(
        ImportedRow(
            household_id=household_id, account=account, source=brought, transaction_id=here, key=key, brought=False
        )
        for key, here in same.items()
    )
    _receipt(brought, user, shown, len(new), len(same))
    if decided.with_balance and (balance := believable(account, shown.balance)):
        manual.state_balance(household_id, account.pk, user, balance.cents, balance.on, brought)
    if new:
        since = min(row.on for _, row in new)
        if account.by_hand:
            manual.work_out(account, since)
        ingesting.after_ingest(household_id, since)
    return brought


def _receipt(brought: Import, user: User, shown: Preview, new: int, same: int) -> None:
    """The file goes, what it did stays."""
    brought.state, brought.upload, brought.user = Import.State.DONE, None, user
    brought.imported_at = timezone.now()
    brought.new_count, brought.same_count = new, same
    brought.known_count, brought.faulty_count = len(shown.known), len(shown.faults)
    brought.first_on, brought.last_on = shown.first_on, shown.last_on
    brought.save()


def believable(account: Account, balance: ClosingBalance | None) -> ClosingBalance | None:
    """What the file says that the account holds, unless a person has said it of that day, or it is of no use here."""
    if balance is None or not account.by_hand or balance.currency != manual.currency_of(account):
        return None
    said = StatedBalance.objects.filter(household_id=account.household_id, account=account, on=balance.on)
    return None if said.exists() else balance


# The ids are drawn first, so that rows and their keys are written in one statement.
INSERT = """
    WITH page AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('banking_transaction', 'id')) AS id, page.* FROM unnest(
            %(keys)s::uuid[], %(amounts)s::bigint[], %(currencies)s::text[], %(descriptions)s::text[],
            %(statuses)s::text[], %(days)s::date[], %(merchants)s::text[], %(categories)s::text[], %(whys)s::text[]
        ) AS page (key, amount_cents, currency, description, status, booked_on, merchant, category, why)
    ), written AS (
        INSERT INTO banking_transaction (
            id, household_id, account_id, amount_cents, currency, description, status, transacted_at, booked_on,
            stripe_refresh, merchant, guessed_category, guessed_why, note, excluded
        )
        SELECT id, %(household)s, %(account)s, amount_cents, currency, description, status,
            (booked_on + time '12:00') AT TIME ZONE %(zone)s, booked_on, '', merchant, category, why, '', false
        FROM page ORDER BY booked_on, id
    )
    INSERT INTO banking_importedrow (household_id, account_id, source_id, transaction_id, key, brought)
    SELECT %(household)s, %(account)s, %(source)s, id, key, true FROM page ORDER BY key
"""


def _insert(brought: Import, account: Account, rows: Sequence[tuple[UUID, StatementRow]]) -> None:
    zone = Household.objects.get(pk=account.household_id).time_zone
    for batch in _batches(rows):
        read = [row for _, row in batch]
        made = _classified(account, read)
        with connection.cursor() as cursor:
            cursor.execute(
                INSERT,
                {
                    "household": account.household_id,
                    "account": account.pk,
                    "source": brought.pk,
                    "zone": zone,
                    "keys": [key for key, _ in batch],
                    "amounts": [row.amount_cents for row in read],
                    "currencies": [row.currency for row in read],
                    "descriptions": [row.description for row in read],
                    "statuses": [row.status for row in read],
                    "days": [row.on for row in read],
                    "merchants": [merchant for merchant, _, _ in made],
                    "categories": [category for _, category, _ in made],
                    "whys": [why for _, _, why in made],
                },
            )


def _classified(account: Account, rows: Sequence[StatementRow]) -> list[tuple[str, str, str]]:
    """What we make of the rows. A category in the file is a guess like ours, and a better one."""
    named: Callable[[str], str] = import_string(settings.CATEGORY_NAMED)
    guessed = ingesting.classified([(row.description, row.amount_cents, account.subcategory) for row in rows])
    return [
        (merchant, key, FILE_SAYS) if row.category and (key := named(row.category)) else (merchant, category, why)
        for row, (merchant, category, why) in zip(rows, guessed, strict=True)
    ]


def _batches(rows: Sequence[tuple[UUID, StatementRow]]) -> Iterator[list[tuple[UUID, StatementRow]]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH_ROWS)):
        yield batch


# --- Undoing ---------------------------------------------------------------------------------------------------

# What a person has said about a row.
TOUCHED = Q(chosen_category__isnull=False) | ~Q(note="") | Q(excluded=True) | Q(reviewed_at__isnull=False)
TOUCHED_SHOWN = 200


@dataclass(frozen=True)
class Undoing:
    """What undoing an import takes away, and the rows that stay unless they are named: a person spoke of them."""

    tallies: list[Tally]
    first_on: date | None
    last_on: date | None
    touched: list[Transaction]
    touched_count: int

    @property
    def count(self) -> int:
        return sum(tally.count for tally in self.tallies)


class TooLate(Exception):
    """It cannot be undone: it never was imported, was undone already, or more than 30 days have passed."""


def undoing(household_id: int, import_id: int) -> Undoing:
    """What undoing would do. Raises Import.DoesNotExist, TooLate."""
    rows = _brought(_undoable(household_id, import_id))
    told = list(rows.filter(~TOUCHED).values_list("currency", "amount_cents", "status", "booked_on"))
    days = [on for *_, on in told]
    touched = rows.filter(TOUCHED)
    return Undoing(
        tallied((currency, cents, status) for currency, cents, status, _ in told),
        min(days, default=None),
        max(days, default=None),
        list(touched.defer("tsv").order_by("-booked_on", "-pk")[:TOUCHED_SHOWN]),
        touched.count(),
    )


def undo(household_id: int, import_id: int, drop: Collection[int] = ()) -> Import:
    """Take away what an import brought. Rows that a person has said something about stay, but for those in `drop`.

    Raises Import.DoesNotExist, TooLate.
    """
    tenancy.lock_household(household_id)
    brought = _undoable(household_id, import_id)
    mine = {"household_id": household_id, "source": brought}
    gone = list(_brought(brought).filter(~TOUCHED | Q(pk__in=list(drop))).values_list("pk", "booked_on"))
    ids = [pk for pk, _ in gone]
    # What was the same as a row that was here is forgotten too: brought again, it is asked about again.
    ImportedRow.objects.filter(Q(transaction_id__in=ids) | Q(brought=False) | Q(transaction=None), **mine).delete()
    removing.remove(household_id, ids)
    stated = StatedBalance.objects.filter(**mine)
    days = [on for _, on in gone] + list(stated.values_list("on", flat=True))
    stated.delete()
    if days and brought.account.by_hand:
        manual.work_out(brought.account, min(days))
    # What stood in relation to these rows, however old, does so no more.
    ingesting.after_ingest(household_id, ingesting.LONG_AGO)
    brought.state, brought.undone_at, brought.removed_count = Import.State.UNDONE, timezone.now(), len(ids)
    brought.save(update_fields=["state", "undone_at", "removed_count"])
    return brought


def _undoable(household_id: int, import_id: int) -> Import:
    found: Import = Import.objects.for_household(household_id).select_related("account").get(pk=import_id)
    if not found.can_undo:
        raise TooLate
    return found


def _brought(brought: Import) -> Any:
    """The transactions that an import wrote and that are still here."""
    mine = {"household_id": brought.household_id, "source": brought, "brought": True}
    ids = ImportedRow.objects.filter(**mine).exclude(transaction=None).values("transaction_id")
    return Transaction.objects.for_household(brought.household_id).filter(pk__in=ids)
