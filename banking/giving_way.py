"""Rows of a file that the bank came to bring itself: its own count, and take over what a person said.

A file fills the gap while a bank cannot be read; once it can, the bank brings those days too.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from banking import ingesting, removing
from banking.models import Account, Import, ImportedRow
from banking.previewing import DAYS_APART, words_of

# A file's rows, of the account and of ended links of the same one, beside those of the bank that came later.
PAIRS = """
    WITH mine AS (
        SELECT o.id FROM banking_account n
        JOIN banking_account o ON o.household_id = n.household_id AND (o.id = n.id
            OR (n.last4 <> '' AND o.status = 'disconnected' AND o.stripe_id <> ''
                AND (o.institution, o.last4, o.category, o.subcategory)
                  = (n.institution, n.last4, n.category, n.subcategory)))
        WHERE n.household_id = %(household)s AND n.id = %(account)s
    ), brought AS (
        SELECT f.* FROM banking_transaction f
        WHERE f.household_id = %(household)s AND f.account_id IN (SELECT id FROM mine) AND f.booked_on >= %(since)s
          AND f.stripe_id IS NULL AND f.stripe_updated_at IS NULL AND f.status <> 'void'
          AND EXISTS (SELECT FROM banking_importedrow i
                      WHERE i.household_id = f.household_id AND i.transaction_id = f.id AND i.brought)
    )
    SELECT f.id, r.id, abs(r.booked_on - f.booked_on), f.description, r.description
    FROM brought f
    JOIN banking_transaction r ON (r.amount_cents, r.currency) = (f.amount_cents, f.currency) AND r.id > f.id
        AND r.booked_on BETWEEN f.booked_on - %(apart)s AND f.booked_on + %(apart)s
    WHERE r.household_id = %(household)s AND r.account_id = %(account)s AND r.booked_on >= %(since)s
      AND r.stripe_id IS NOT NULL AND r.status <> 'void'
    ORDER BY 3, f.id, r.id
"""
SAID = """
    UPDATE banking_transaction t
    SET chosen_category = COALESCE(t.chosen_category, f.chosen_category), excluded = t.excluded OR f.excluded,
        note = CASE WHEN t.note = '' THEN f.note ELSE t.note END, reviewed_at = COALESCE(t.reviewed_at, f.reviewed_at)
    FROM unnest(%s::bigint[], %s::bigint[]) AS pair (file, bank)
    JOIN banking_transaction f ON f.household_id = %s AND f.id = pair.file
    WHERE t.household_id = %s AND t.id = pair.bank
"""


def give_way(account: Account) -> int:
    """Let the bank's rows stand for those of files that they are; returns how many.

    Inside the scope, with the household's lock, once a list is read to its end. What a person said to be another row
    than one that was here stays: only rows that came later count.
    """
    done = Import.objects.filter(household_id=account.household_id, state=Import.State.DONE)
    if not done.exists():
        return 0
    pairs = _pairs(account)
    if not pairs:
        return 0
    old, new = [one for one, _ in pairs], [one for _, one in pairs]
    with connection.cursor() as cursor:
        cursor.execute(SAID, [old, new, account.household_id, account.household_id])
    # The row is the bank's now: undoing the import leaves it, and the same file again knows it.
    ImportedRow.objects.filter(household_id=account.household_id, transaction_id__in=old).update(brought=False)
    removing.refer(account.household_id, pairs)
    removing.remove(account.household_id, old)
    return len(pairs)


def _pairs(account: Account) -> Sequence[tuple[int, int]]:
    """(row of a file, the bank's) that are one: the nearest in time first, another day only with a word in common."""
    values = {"household": account.household_id, "account": account.pk}
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, {**values, "since": ingesting.far_back(), "apart": DAYS_APART})
        near = cursor.fetchall()
    taken: set[int] = set()
    found = []
    for file, bank, apart, said, words in near:
        if taken.isdisjoint((file, bank)) and (not apart or not words_of(said).isdisjoint(words_of(words))):
            taken.update((file, bank))
            found.append((file, bank))
    return found
