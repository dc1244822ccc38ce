"""A bank account linked again: the rows that both links brought count once.

After an end the new link is an account of its own, which takes over what it brings again. When a person says that a
new link is the same account that waits for a sign-in, the account goes on under it: `go_on`, `adopt`, `conclude`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from banking import giving_way, ingesting, reconciling
from banking.models import Account, FormerLink, Freshness, Refresh, Transaction

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


def conclude(household_id: int, account_id: int, is_first: bool) -> bool:
    """Settle what an earlier link left, once a list is read to its end; whether rows were dropped or changed for it.

    Inside the scope, with the household's lock.
    """
    account = Account.objects.for_household(household_id).get(pk=account_id)
    gave_way = bool(giving_way.give_way(account))
    if account.rows_before is not None:
        return _settle(account) or gave_way
    return (is_first and bool(take_over(household_id, account_id))) or gave_way


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


# --- The same account under a new link -------------------------------------------------------------------------

# A row of the new link is one that we have when day, amount, currency and words are the same. Twins of a day go in
# order, those that count first: a void one takes no edit from them. The epoch has the merge that follows write whatever
# the new link says of it.
ADOPT = """
    WITH page AS (
        SELECT *, row_number() OVER (
            PARTITION BY day, amount_cents, currency, description ORDER BY status = 'void', transacted, stripe_id
        ) AS place
        FROM (SELECT stripe_id, amount_cents, currency, description, transacted, status,
                     (to_timestamp(transacted) AT TIME ZONE 'UTC')::date AS day
              FROM unnest(%(ids)s::text[], %(amounts)s::bigint[], %(currencies)s::text[], %(descriptions)s::text[],
                          %(transacted)s::bigint[], %(statuses)s::text[])
                   AS page (stripe_id, amount_cents, currency, description, transacted, status)
              ) AS given
        WHERE NOT EXISTS (SELECT FROM banking_transaction t WHERE t.household_id = %(household)s
                          AND t.account_id = %(account)s AND t.stripe_id = given.stripe_id)
    ), waiting AS (
        SELECT id, amount_cents, currency, description, (transacted_at AT TIME ZONE 'UTC')::date AS day,
            row_number() OVER (
                PARTITION BY (transacted_at AT TIME ZONE 'UTC')::date, amount_cents, currency, description
                ORDER BY status = 'void', transacted_at, id) AS place
        FROM banking_transaction
        WHERE household_id = %(household)s AND account_id = %(account)s AND id <= %(before)s
          AND stripe_id IS NULL AND stripe_updated_at IS NOT NULL
          AND transacted_at >= to_timestamp(%(oldest)s) - interval '1 day'
    )
    UPDATE banking_transaction t SET stripe_id = page.stripe_id, stripe_updated_at = 'epoch'
    FROM page JOIN waiting USING (day, amount_cents, currency, description, place)
    WHERE t.household_id = %(household)s AND t.id = waiting.id
"""
# Both links brought it under other words: the only row of that day and amount on either side.
REWORDED = """
    WITH rows AS (
        SELECT id, id > %(before)s AS is_new, (transacted_at AT TIME ZONE 'UTC')::date AS day, amount_cents, currency,
            count(*) FILTER (WHERE id > %(before)s) OVER same AS came,
            count(*) FILTER (WHERE id <= %(before)s) OVER same AS waited
        FROM banking_transaction
        WHERE household_id = %(household)s AND account_id = %(account)s AND status <> 'void'
          AND stripe_updated_at IS NOT NULL AND (id > %(before)s OR stripe_id IS NULL)
        WINDOW same AS (PARTITION BY (transacted_at AT TIME ZONE 'UTC')::date, amount_cents, currency)
    )
    SELECT o.id, n.id FROM rows o JOIN rows n USING (day, amount_cents, currency)
    WHERE NOT o.is_new AND n.is_new AND o.waited = 1 AND o.came = 1
"""
FROM_THE_BANK = (
    *("stripe_id", "description", "status", "transacted_at", "posted_at", "void_at", "stripe_updated_at"),
    *("stripe_refresh", "merchant", "guessed_category", "guessed_why"),
)


def go_on(account: Account, stripe_id: str) -> int:
    """Let the account, locked, go on under another link's id: its rows wait to be recognised when they come again.

    Returns the id of the FormerLink, which is to be ended at Stripe.
    Inside the scope, with the household's lock; nothing else may have the id.
    """
    if account.rows_before is not None:
        _pair_reworded(account)  # what an earlier link brought that was not read to its end
    now, mine = timezone.now(), {"household_id": account.household_id, "account": account}
    rows = Transaction.objects.filter(**mine)
    account.rows_before = rows.aggregate(last=Max("pk"))["last"] or 0
    rows.exclude(stripe_id=None).update(stripe_id=None)
    former = FormerLink.objects.create(**mine, stripe_id=account.stripe_id)
    account.stripe_id, account.authorization, account.linked_at = stripe_id, "", now
    # Whether the new link works, the next look at Stripe tells; whoever is inactive is looked at seldom.
    account.status, account.inactive_since, account.relink = Account.Status.ACTIVE, None, ""
    account.save()
    reconciling.forget(account.household_id, account.pk)
    Refresh.objects.filter(**mine, status=Refresh.Status.RUNNING).update(
        status=Refresh.Status.FAILED, finished_at=now, error="The bank was linked again meanwhile."
    )
    Freshness.objects.filter(**mine).update(
        cursor="", target="", target_attempted_at=None, page_after="", leased_until=None, attempted_at=None, due_at=now
    )
    return int(former.pk)


def adopt(account: Account, rows: Sequence[dict[str, Any]]) -> None:
    """Give the new link's ids to rows that came by the earlier one, before a batch is merged. Locks as ingest."""
    usable = [row for row in rows if not ingesting.fault(row)]
    if not usable:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            ADOPT,
            {
                "household": account.household_id,
                "account": account.pk,
                "before": account.rows_before,
                "oldest": min(row["transacted_at"] for row in usable),
                "ids": ingesting.text_array([row["id"] for row in usable]),
                "amounts": ingesting.number_array([row["amount"] for row in usable]),
                "currencies": ingesting.text_array([row["currency"].lower() for row in usable]),
                "descriptions": ingesting.text_array([ingesting.wording(row) for row in usable]),
                "transacted": ingesting.number_array([row["transacted_at"] for row in usable]),
                "statuses": ingesting.text_array([row["status"] for row in usable]),
            },
        )


def _settle(account: Account) -> bool:
    """The new link's list is read: pair what came under other words, and let go of what was pending and never came."""
    pairs = _pair_reworded(account)
    rows = Transaction.objects.for_household(account.household_id).filter(account=account)
    never_came = rows.filter(pk__lte=account.rows_before, stripe_id=None, status=Transaction.Status.PENDING)
    gone = never_came.update(status=Transaction.Status.VOID, void_at=timezone.now())
    Account.objects.for_household(account.household_id).filter(pk=account.pk).update(rows_before=None)
    return bool(pairs or gone)


def _pair_reworded(account: Account) -> int:
    rows = Transaction.objects.for_household(account.household_id).filter(account=account)
    with connection.cursor() as cursor:
        cursor.execute(
            REWORDED, {"household": account.household_id, "account": account.pk, "before": account.rows_before}
        )
        pairs = cursor.fetchall()
    for old, new in pairs:
        values = rows.filter(pk=new).values(*FROM_THE_BANK).get()
        rows.filter(pk=new).delete()
        rows.filter(pk=old).update(**values)
    return len(pairs)
