"""Transfers between own accounts: two legs become one object that no total counts; people may part and join them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from banking.models import Transaction
from fcdash import tenancy
from spending.models import Transfer

DAYS_APART = 5
# How far before a new row legs are read: its partners, their other candidates, and what those might belong to.
REACH = 3 * DAYS_APART
LONG_AGO = date(1900, 1, 1)

# A leg is what reads like a transfer, stands, and was filed by no person.
PAIRS = """
    WITH legs AS MATERIALIZED (
        SELECT r.id, r.account_id, r.currency, r.amount_cents, r.booked_on, r.description, a.last4
        FROM banking_transaction r
        JOIN banking_account a ON a.household_id = r.household_id AND a.id = r.account_id
        WHERE r.household_id = %(household)s AND a.status <> 'duplicate' AND r.category IN ('transfer', 'saving')
          AND r.booked_on >= %(since)s::date - %(reach)s
          AND r.transfer_id IS NULL AND r.chosen_category IS NULL AND r.status <> 'void' AND NOT r.excluded
    )
    SELECT o.id, o.account_id, i.id, i.account_id, i.amount_cents, i.currency,
           (CASE WHEN i.last4 <> '' AND strpos(o.description, i.last4) > 0 THEN 1 ELSE 0 END
            + CASE WHEN o.last4 <> '' AND strpos(i.description, o.last4) > 0 THEN 1 ELSE 0 END) AS names,
           abs(i.booked_on - o.booked_on) AS days, greatest(i.booked_on, o.booked_on)
    FROM legs o
    JOIN legs i ON i.amount_cents = -o.amount_cents AND i.currency = o.currency AND i.account_id <> o.account_id
               AND i.booked_on BETWEEN o.booked_on - %(apart)s AND o.booked_on + %(apart)s
    WHERE o.amount_cents < 0
    ORDER BY names DESC, days, o.booked_on, o.id, i.id
"""

# A leg was voided, changed its amount or went away: what is left is no transfer. Only transfers with a leg booked
# since then are looked at, so that a page of new rows costs the same with one year or twenty.
BROKEN = """
    SELECT t.id FROM spending_transfer t
    LEFT JOIN banking_transaction r ON r.household_id = t.household_id AND r.transfer_id = t.id
    WHERE t.household_id = %(household)s AND t.id IN (
        SELECT n.transfer_id FROM banking_transaction n
        WHERE n.household_id = %(household)s AND n.category = 'transfer' AND n.transfer_id IS NOT NULL
          AND n.booked_on >= %(since)s
    )
    GROUP BY t.id, t.amount_cents, t.currency
    HAVING count(*) FILTER (
        WHERE r.status <> 'void' AND abs(r.amount_cents) = t.amount_cents AND r.currency = t.currency
    ) <> 2 OR COALESCE(sum(r.amount_cents), 1) <> 0
"""


class NotATransfer(ValueError):
    """Two rows that cannot be the legs of one transfer; the message is fit to show."""


@dataclass(frozen=True)
class Pair:
    """Two rows that may be one transfer: money out of one own account and into another."""

    out_id: int
    out_account: int
    in_id: int
    in_account: int
    amount_cents: int
    currency: str
    names: int
    days: int
    newest: date

    @property
    def rank(self) -> tuple[int, int]:
        """Pairs that name each other's last four digits first, then the nearest in time."""
        return (-self.names, self.days)


def match(household_id: int, since: date) -> int:
    """Join the transfers that have a leg booked since then; returns how many are new.

    Called after each ingest with the oldest day that was written, in the household's scope: older rows alone have been
    judged before. Takes the household's lock, dissolves transfers whose legs no longer fit, and touches no row that a
    person has filed.
    """
    tenancy.lock_household(household_id)
    dissolve_broken(household_id, since)
    span: dict[str, Any] = {"household": household_id, "since": since, "apart": DAYS_APART, "reach": REACH}
    with connection.cursor() as cursor:
        # Of rows that were only just written the planner knows nothing: it would compare each leg with each other one.
        cursor.execute("SELECT set_config('enable_nestloop', 'off', true)")
        cursor.execute(PAIRS, span)
        chosen = [pair for pair in _unambiguous([Pair(*row) for row in cursor.fetchall()]) if pair.newest >= since]
        cursor.execute("SELECT set_config('enable_nestloop', 'on', true)")
    _write(household_id, chosen, "match")
    return len(chosen)


def _unambiguous(pairs: Sequence[Pair]) -> list[Pair]:
    """The best pair of each leg, unless an equally good one leads to another account; twins go in order of id."""
    by_leg: dict[int, list[Pair]] = {}
    for pair in pairs:
        by_leg.setdefault(pair.out_id, []).append(pair)
        by_leg.setdefault(pair.in_id, []).append(pair)
    taken: set[int] = set()
    chosen = []
    for pair in pairs:
        if pair.out_id in taken or pair.in_id in taken:
            continue
        rivals = [
            rival
            for rival in by_leg[pair.out_id] + by_leg[pair.in_id]
            if rival.rank == pair.rank and rival.out_id not in taken and rival.in_id not in taken
        ]
        taken.update((pair.out_id, pair.in_id))
        if all(r.out_account == pair.out_account and r.in_account == pair.in_account for r in rivals):
            chosen.append(pair)
    return chosen


def _write(household_id: int, pairs: Sequence[Pair], made_by: str) -> list[int]:
    """Make the transfers and name them on their legs, in two statements; returns their ids."""
    if not pairs:
        return []
    made = Transfer.objects.bulk_create(
        Transfer(household_id=household_id, amount_cents=pair.amount_cents, currency=pair.currency, made_by=made_by)
        for pair in pairs
    )
    ids = [transfer.pk for transfer in made]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE banking_transaction r SET transfer_id = leg.transfer_id"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS leg (id, transfer_id)"
            " WHERE r.household_id = %s AND r.id = leg.id",
            [[p.out_id for p in pairs] + [p.in_id for p in pairs], ids + ids, household_id],
        )
    return ids


def dissolve_broken(household_id: int, since: date = LONG_AGO) -> int:
    """Undo transfers booked since then that have not two standing legs of opposite amounts; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(BROKEN, {"household": household_id, "since": since})
        broken = [row[0] for row in cursor.fetchall()]
    _dissolve(household_id, broken)
    return len(broken)


def _dissolve(household_id: int, transfer_ids: Iterable[int]) -> None:
    ids = list(transfer_ids)
    if not ids:
        return
    Transaction.objects.filter(household_id=household_id, transfer_id__in=ids).update(transfer_id=None)
    Transfer.objects.filter(household_id=household_id, pk__in=ids).delete()


def exists(household_id: int, transfer_id: int) -> bool:
    """Whether the household has this transfer."""
    return Transfer.objects.filter(household_id=household_id, pk=transfer_id).exists()


def part(household_id: int, transfer_id: int, category: str = "other") -> None:
    """A person says that it is no transfer: both legs are filed under `category` and never matched again.

    Nothing happens when it is parted already. In the household's scope.
    """
    tenancy.lock_household(household_id)
    Transaction.objects.filter(household_id=household_id, transfer_id=transfer_id).update(
        transfer_id=None, chosen_category=category
    )
    Transfer.objects.filter(household_id=household_id, pk=transfer_id).delete()


def join(household_id: int, out_id: int, in_id: int) -> int:
    """A person says that two rows are one transfer; returns its id. Raises NotATransfer unless they fit."""
    tenancy.lock_household(household_id)
    rows = {row.pk: row for row in Transaction.objects.filter(household_id=household_id, pk__in=(out_id, in_id))}
    gone, come = rows.get(out_id), rows.get(in_id)
    if not gone or not come or not _fit(gone, come):
        raise NotATransfer("A transfer is the same amount out of one account and into another.")
    Transaction.objects.filter(household_id=household_id, pk__in=rows).update(chosen_category=None)
    newest = max(gone.booked_on, come.booked_on)
    pair = Pair(out_id, gone.account_id, in_id, come.account_id, come.amount_cents, come.currency, 0, 0, newest)
    return _write(household_id, [pair], "person")[0]


def _fit(gone: Transaction, come: Transaction) -> bool:
    return (
        gone.amount_cents == -come.amount_cents < 0
        and gone.currency == come.currency
        and gone.account_id != come.account_id
        and gone.transfer_id is None
        and come.transfer_id is None
        and "void" not in (gone.status, come.status)
    )
