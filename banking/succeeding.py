"""A bank account linked again after its end: the rows that both links brought count once, as the new link's."""

from __future__ import annotations

from typing import Any

from django.db import connection

from banking.models import Account, Transaction

# Rows of ended links of the same bank account that came again, each paired with one of the new rows. The new one takes
# over what a person said. Twins of a day go in order; without the last four digits two accounts cannot be told apart.
TAKE_OVER = """
    WITH ended AS (
        SELECT o.id FROM banking_account n
        JOIN banking_account o ON o.household_id = n.household_id AND o.id <> n.id AND o.status = 'disconnected'
            AND (o.institution, o.last4, o.category, o.subcategory)
              = (n.institution, n.last4, n.category, n.subcategory)
        WHERE n.household_id = %(household)s AND n.id = %(account)s AND n.last4 <> ''
    ), rows AS (
        SELECT r.id, r.account_id = %(account)s AS is_new, r.chosen_category, r.note, r.excluded, r.reviewed_at,
               (r.transacted_at AT TIME ZONE 'UTC')::date AS day, r.amount_cents, r.currency, r.description,
               row_number() OVER (
                   PARTITION BY r.account_id = %(account)s, (r.transacted_at AT TIME ZONE 'UTC')::date,
                                r.amount_cents, r.currency, r.description
                   ORDER BY r.transacted_at, r.id) AS place
        FROM banking_transaction r
        WHERE r.household_id = %(household)s AND r.status <> 'void'
          AND (r.account_id = %(account)s OR r.account_id IN (SELECT id FROM ended))
    )
    UPDATE banking_transaction t
    SET chosen_category = COALESCE(t.chosen_category, o.chosen_category), excluded = t.excluded OR o.excluded,
        note = CASE WHEN t.note = '' THEN o.note ELSE t.note END, reviewed_at = COALESCE(t.reviewed_at, o.reviewed_at)
    FROM rows n
    JOIN rows o ON NOT o.is_new AND (o.day, o.amount_cents, o.currency, o.description, o.place)
                                  = (n.day, n.amount_cents, n.currency, n.description, n.place)
    WHERE n.is_new AND t.household_id = %(household)s AND t.id = n.id
    RETURNING o.id
"""
# What was pending when the old link ended has come again under another amount or name, or never happened.
PENDING = """
    SELECT r.id FROM banking_transaction r
    WHERE r.household_id = %(household)s AND r.status = 'pending'
      AND r.account_id IN (SELECT account_id FROM banking_transaction WHERE household_id = %(household)s
                           AND id = ANY(%(found)s))
      AND r.transacted_at >= (SELECT min(transacted_at) FROM banking_transaction
                              WHERE household_id = %(household)s AND account_id = %(account)s)
"""


def take_over(household_id: int, account_id: int) -> int:
    """Drop the rows of the account's ended links that it has brought again; returns how many.

    Older ones stay, and so do those of an account that only looks the same: nothing of it came again. Inside the scope,
    with the household's lock, once the account's first list is read to its end.
    """
    values: dict[str, Any] = {"household": household_id, "account": account_id}
    if not Account.objects.for_household(household_id).filter(status=Account.Status.DISCONNECTED).exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(TAKE_OVER, values)
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute(PENDING, {**values, "found": found})
        found += [row[0] for row in cursor.fetchall()]
    Transaction.objects.for_household(household_id).filter(pk__in=found).delete()
    return len(set(found))
