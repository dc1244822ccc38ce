"""What a file would bring, compared with what its account holds: new, known, or perhaps here. Writes nothing."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from banking import ingesting
from banking.models import Account, Feature, Freshness, Import
from banking.statements import ClosingBalance, Fault, Statement, StatementRow, Unreadable, decoded, delimited, ofx, qif

# A row of the same amount within so many days may be the same: banks book later than cards are used.
DAYS_APART = 3
# Among more rows of a day and an amount the first do: comparing each with each would take hours for a full file.
TWINS_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Here:
    """A row that the account holds."""

    id: int
    on: date
    amount_cents: int
    currency: str
    description: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A row of the file that may be one that is here: the same amount, on the same day or near it."""

    key: UUID
    row: StatementRow
    here: Here

    @property
    def days_apart(self) -> int:
        return abs((self.row.on - self.here.on).days)


@dataclass(frozen=True, slots=True)
class Tally:
    """What rows of one currency come to; both sums positive. Void rows are counted and in no sum."""

    currency: str
    count: int
    in_cents: int
    out_cents: int


@dataclass(frozen=True)
class Preview:
    """What importing would do, before a person has said what the doubtful rows are.

    `left` rows are left to the bank, which brings what was booked from `bank_since` on itself.
    """

    new: tuple[tuple[UUID, StatementRow], ...]
    known: tuple[UUID, ...]
    doubts: tuple[Doubt, ...]
    faults: tuple[Fault, ...]
    left: int
    bank_since: date | None
    balance: ClosingBalance | None
    first_on: date | None
    last_on: date | None

    @property
    def tallies(self) -> list[Tally]:
        return tallied((row.currency, row.amount_cents, row.status) for _, row in self.new)

    @property
    def digest(self) -> str:
        """Names what was shown, so that nothing else is imported."""
        told = [f"new {key}" for key, _ in self.new] + [f"{doubt.key} {doubt.here.id}" for doubt in self.doubts]
        return hashlib.sha256("\n".join(sorted(told)).encode()).hexdigest()[:32]


def tallied(rows: Iterable[tuple[str, int, str]]) -> list[Tally]:
    """Tallies of (currency, amount, status), one a currency."""
    found: dict[str, Tally] = {}
    for currency, cents, status in rows:
        tally = found.get(currency) or Tally(currency, 0, 0, 0)
        cents = 0 if status == "void" else cents
        found[currency] = Tally(
            currency, tally.count + 1, tally.in_cents + max(cents, 0), tally.out_cents + max(-cents, 0)
        )
    return sorted(found.values(), key=lambda tally: -tally.count)


def statements(brought: Import, currency: str, today: date) -> list[Statement]:
    """What the file says, as the person said that it is read; several accounts only in OFX. Raises Unreadable."""
    text, encoding = decoded(bytes(brought.upload or b""), brought.reading.get("encoding", ""))
    if brought.kind == "ofx":
        return ofx.read(text, currency, today)
    if brought.kind == "qif":
        return [qif.read(qif.records(text), qif.Reading(**brought.reading), currency, today)]
    reading = delimited.reading_of(brought.reading)
    return [delimited.read(delimited.sheet(text, encoding, reading.delimiter), reading, currency, today)]


def chosen(brought: Import, currency: str, today: date) -> Statement:
    """The statement that goes into the account. Raises Unreadable."""
    found = statements(brought, currency, today)
    place = int(brought.reading.get("statement", 0))
    if place >= len(found):
        raise Unreadable("The file has fewer accounts than you chose from. Choose again.")
    return found[place]


def preview(account: Account, brought: Import, currency: str, today: date) -> Preview:
    """Compare the file with the account, inside the household's scope. Raises Unreadable."""
    statement = chosen(brought, currency, today)
    rows = [_cleaned(row) for row in statement.rows]
    keyed = list(zip(keys(rows), rows, strict=True))
    known = _known(account, [key for key, _ in keyed])
    since = _bank_since(account)
    unknown = [(key, row) for key, row in keyed if key not in known and not (since and row.on >= since)]
    doubts = _doubts(unknown, _candidates(account, [row for _, row in unknown], known.values()))
    doubtful = {doubt.key for doubt in doubts}
    days = [row.on for row in rows]
    return Preview(
        new=tuple((key, row) for key, row in unknown if key not in doubtful),
        known=tuple(known),
        doubts=tuple(doubts),
        faults=statement.faults,
        left=len(keyed) - len(known) - len(unknown),
        bank_since=since,
        balance=statement.balance,
        first_on=min(days, default=None),
        last_on=max(days, default=None),
    )


def _bank_since(account: Account) -> date | None:
    """From when on the bank of a linked account brings rows that we do not have yet; None when it brings none."""
    if account.status != Account.Status.ACTIVE:
        return None
    reading = Freshness.objects.filter(
        household_id=account.household_id, account=account, feature=Feature.TRANSACTIONS
    ).first()
    if reading is None:
        return None
    return reading.as_of.date() - timedelta(days=DAYS_APART) if reading.as_of else ingesting.far_back()


def _cleaned(row: StatementRow) -> StatementRow:
    words = ingesting.clean(row.description)[: ingesting.LONGEST_DESCRIPTION]
    return row if words == row.description else replace(row, description=words)


def keys(rows: Sequence[StatementRow]) -> list[UUID]:
    """A name for each row, the same in every file: the bank's, else its words, with day, amount and which of its twins.

    The bank's alone would not do: some give one to a mandate or a cheque number, not to a row.
    """
    seen: Counter[tuple[Any, ...]] = Counter()
    found = []
    for row in rows:
        name = f"ref {row.reference}" if row.reference else " ".join(row.description.casefold().split())
        same = (name, row.on.isoformat(), row.amount_cents, row.currency)
        seen[same] += 1
        told = "\x1f".join(map(str, (*same, seen[same])))
        found.append(UUID(bytes=hashlib.sha256(told.encode("utf-8", "replace")).digest()[:16]))
    return found


def _known(account: Account, wanted: list[UUID]) -> dict[UUID, int | None]:
    """The keys that a file brought before, with their transactions."""
    with connection.cursor() as cursor:
        # One array: fifty thousand parameters would cost more than the look.
        cursor.execute(
            "SELECT key, transaction_id FROM banking_importedrow"
            " WHERE household_id = %s AND account_id = %s AND key = ANY(%s)",
            [account.household_id, account.pk, wanted],
        )
        return dict(cursor.fetchall())


CANDIDATES = """
    SELECT r.id, r.booked_on, r.amount_cents, r.currency, r.description FROM banking_transaction r
    WHERE r.household_id = %(household)s AND r.account_id = %(account)s
      AND r.booked_on BETWEEN %(first)s AND %(last)s AND r.status <> 'void'
      AND r.amount_cents = ANY(%(amounts)s) AND NOT r.id = ANY(%(claimed)s)
    ORDER BY r.booked_on, r.id
"""


def _candidates(account: Account, rows: Sequence[StatementRow], claimed: Iterable[int | None]) -> list[Here]:
    """The account's rows that the file's may be; not those that its known rows are."""
    if not rows:
        return []
    values: dict[str, Any] = {
        "household": account.household_id,
        "account": account.pk,
        "first": min(row.on for row in rows) - timedelta(days=DAYS_APART),
        "last": max(row.on for row in rows) + timedelta(days=DAYS_APART),
        "amounts": list({row.amount_cents for row in rows}),
        "claimed": [number for number in claimed if number],
    }
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, values)
        return [Here(*found) for found in cursor.fetchall()]


def _doubts(rows: Sequence[tuple[UUID, StatementRow]], here: Sequence[Here]) -> list[Doubt]:
    """Pairs of a file's row and one that is here, the nearest in time first, alike in words first; each only once."""
    free: dict[tuple[date, int, str], list[Here]] = defaultdict(list)
    for one in here:
        free[one.on, one.amount_cents, one.currency].append(one)
    amounts = {(one.amount_cents, one.currency) for one in here}
    rows = [(key, row) for key, row in rows if (row.amount_cents, row.currency) in amounts and row.status != "void"]
    said = {one.id: words_of(one.description) for one in here}
    asked = {key: words_of(row.description) for key, row in rows}
    found: dict[UUID, Doubt] = {}
    for apart in sorted(range(-DAYS_APART, DAYS_APART + 1), key=abs):
        for is_alike in (True, False):
            for key, row in rows:
                if key in found:
                    continue
                near = free.get((row.on + timedelta(days=apart), row.amount_cents, row.currency), [])
                for at, one in enumerate(near[:TWINS_LOOKED_AT]):
                    if not is_alike or not asked[key].isdisjoint(said[one.id]):
                        found[key] = Doubt(key, row, near.pop(at))
                        break
    return [found[key] for key, _ in rows if key in found]


def words_of(text: str) -> set[str]:
    """The words of a description that say something: two that share one are alike."""
    return {word for word in text.casefold().split() if len(word) > 2}


def counted(rows: int) -> str:
    """ "1 row", "214 rows"."""
    return f"{rows:,} row{'' if rows == 1 else 's'}"
