"""Ingest: up to 1,000 of the bank's rows in one statement, never an older state over a newer one.

Re-reading a page writes nothing. A row that cannot be stored is quarantined with its reason; the rest of its page
is stored. What a person typed is not named in any statement here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from psycopg import Cursor

from accounts.models import Household
from banking.models import Account

BATCH_ROWS = 1000
LONGEST_DESCRIPTION = 1000
STATUSES = ("pending", "posted", "void")
# A trillion dollars: more is a fault of the bank, and sums of it would leave 64 bits.
LARGEST_CENTS = 10**14
# A bank gives 180 days when an account is linked.
FAR_BACK = timedelta(days=200)
LONG_AGO = date(1900, 1, 1)

# Controls, line ends, zero-width and bidirectional marks, and what is no character: they hide or reorder what is read.
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff\ud800-\udfff]+"
)

Classified = tuple[str, str, str]
Classifier = Callable[[Sequence[tuple[str, int, str]]], list[Classified]]


@dataclass(frozen=True)
class Counts:
    """What a batch did; `posted` and `dropped` (void now) are among `changed`.

    `since` is the oldest day among what was written, None when nothing was.
    """

    new: int = 0
    changed: int = 0
    posted: int = 0
    dropped: int = 0
    quarantined: int = 0
    since: date | None = None


@dataclass(frozen=True)
class _Refused:
    stripe_id: str
    reason: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """Up to 1,000 rows of an account that wait to be stored, and those that cannot be."""

    columns: dict[str, Any]
    refused: list[_Refused]


def clean(text: str) -> str:
    """The text without characters that cannot be stored or that deceive the eye; runs of them become a space."""
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub(" ", text).strip()


def wording(row: dict[str, Any]) -> str:
    """A bank row's description as we store it."""
    return clean(str(row.get("description") or ""))[:LONGEST_DESCRIPTION]


@lru_cache(maxsize=1)
def _classifier() -> Classifier:
    found: Classifier = import_string(settings.TRANSACTION_CLASSIFIER)
    return found


def classified(rows: Sequence[tuple[str, int, str]]) -> list[Classified]:
    """(merchant, category, why) of each (description, amount_cents, subcategory of its account), fit to store."""
    return [(merchant[:120], category, why[:120]) for merchant, category, why in _classifier()(rows)]


def after_ingest(household_id: int, since: date) -> None:
    """Let the meaning of rows follow, once a list is read to its end. Inside the scope, the household locked.

    `since` is the oldest day among what was written.
    """
    import_string(settings.AFTER_INGEST)(household_id, since)


def far_back() -> date:
    """Before any day of a row that a bank gives: for who cannot know what was written."""
    return timezone.now().date() - FAR_BACK


def ingest(account: Account, household: Household, rows: Sequence[dict[str, Any]], is_first: bool = False) -> Counts:
    """Read a batch and store it; returns what changed. As `store`."""
    return store(account, household, read(account, rows), is_first)


def read(account: Account, rows: Sequence[dict[str, Any]]) -> Batch:
    """Stripe's transaction JSON made ready to be stored. Without the database: others need not wait for it."""
    good: dict[str, dict[str, Any]] = {}
    refused: list[_Refused] = []
    for row in rows:
        reason = fault(row)
        if reason:
            refused.append(_Refused(clean(str(row.get("id") or "no id"))[:255], reason, row))
        else:
            good[row["id"]] = row  # a list that shifts while it is paged may show a row twice
    return Batch(_columns(account, list(good.values())) if good else {}, refused)


def store(account: Account, household: Household, batch: Batch, is_first: bool = False) -> Counts:
    """Store a batch of the account's rows; returns what changed.

    `is_first` says that the account's list is read for the first time, so that looking for known rows is not worth it;
    the outcome is the same either way.
    Inside the household's scope with its advisory lock held, one batch a transaction. Amounts keep Stripe's sign.
    """
    counts = _write(account, household, batch.columns, is_first) if batch.columns else Counts()
    if batch.refused:
        _quarantine(account, batch.refused)
    return replace(counts, quarantined=len(batch.refused))


def fault(row: dict[str, Any]) -> str:
    """Why the row cannot be stored, in words; empty when it can."""
    stripe_id, amount, currency = row.get("id"), row.get("amount"), row.get("currency")
    stamp = row.get("transacted_at")
    if not (
        isinstance(stripe_id, str) and 0 < len(stripe_id) <= 255 and stripe_id.isascii() and stripe_id.isprintable()
    ):
        return "no usable id"
    if type(amount) is not int or abs(amount) > LARGEST_CENTS:
        return "no usable amount"
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isalpha()):
        return "no usable currency"
    if row.get("status") not in STATUSES:
        return "unknown status"
    if type(stamp) is not int or not 0 <= stamp < 2**33:
        return "no usable time"
    return ""


_PAGE = """unnest(
        %(ids)s::text[], %(amounts)s::bigint[], %(currencies)s::text[], %(descriptions)s::text[], %(statuses)s::text[],
        %(transacted)s::bigint[], %(posted)s::bigint[], %(void)s::bigint[], %(updated)s::bigint[],
        %(refreshes)s::text[], %(merchants)s::text[], %(categories)s::text[], %(whys)s::text[]
    ) AS page (stripe_id, amount_cents, currency, description, status, transacted, posted, void, updated,
               stripe_refresh, merchant, guessed_category, guessed_why)"""
_INSERT = """
    INSERT INTO banking_transaction AS known (
        household_id, account_id, stripe_id, amount_cents, currency, description, status, transacted_at, booked_on,
        posted_at, void_at, stripe_updated_at, stripe_refresh, merchant, guessed_category, guessed_why, note, excluded
    )
    SELECT %(household)s::bigint, %(account)s::bigint, stripe_id, amount_cents, currency, description, status,
        to_timestamp(transacted), (to_timestamp(transacted) AT TIME ZONE %(zone)s::text)::date,
        to_timestamp(posted), to_timestamp(void), to_timestamp(updated), stripe_refresh,
        merchant, guessed_category, guessed_why, '', false
    FROM {source} ORDER BY stripe_id"""
# Fails on a row that we hold: looking for each one would cost a tenth more.
_FIRST = f"""
WITH written AS ({_INSERT.format(source=_PAGE)} RETURNING booked_on)
SELECT count(*), 0, 0, 0, min(booked_on) FROM written
"""
_MERGE = f"""
WITH news AS (
    SELECT page.*, known.status AS status_before
    FROM {_PAGE} LEFT JOIN LATERAL (
        -- LIMIT keeps the planner from joining the whole account: a thousand looks by key cost the same for ever.
        SELECT id, stripe_updated_at, status, amount_cents, description FROM banking_transaction AS held
        WHERE held.household_id = %(household)s AND held.account_id = %(account)s AND held.stripe_id = page.stripe_id
        LIMIT 1
    ) AS known ON true
    WHERE known.id IS NULL
        OR to_timestamp(page.updated) > known.stripe_updated_at
        OR (to_timestamp(page.updated) = known.stripe_updated_at
            AND (page.status, page.amount_cents, page.description)
                IS DISTINCT FROM (known.status, known.amount_cents, known.description))
), written AS ({_INSERT.format(source="news")}
    ON CONFLICT (household_id, account_id, stripe_id) DO UPDATE SET
        amount_cents = EXCLUDED.amount_cents, currency = EXCLUDED.currency, description = EXCLUDED.description,
        status = EXCLUDED.status, transacted_at = EXCLUDED.transacted_at, posted_at = EXCLUDED.posted_at,
        void_at = EXCLUDED.void_at, stripe_updated_at = EXCLUDED.stripe_updated_at,
        stripe_refresh = EXCLUDED.stripe_refresh, merchant = EXCLUDED.merchant,
        guessed_category = EXCLUDED.guessed_category, guessed_why = EXCLUDED.guessed_why
    WHERE EXCLUDED.stripe_updated_at > known.stripe_updated_at
        OR (EXCLUDED.stripe_updated_at = known.stripe_updated_at
            AND (EXCLUDED.status, EXCLUDED.amount_cents, EXCLUDED.description)
                IS DISTINCT FROM (known.status, known.amount_cents, known.description))
    RETURNING xmax = 0 AS is_new, booked_on
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new),
    (SELECT count(*) FROM news WHERE status_before = 'pending' AND status = 'posted'),
    (SELECT count(*) FROM news WHERE status_before <> 'void' AND status = 'void'),
    min(booked_on)
FROM written
"""


def _columns(account: Account, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows, of distinct ids, as the statements take them: classified, one array a column."""
    descriptions = [wording(row) for row in rows]
    guesses = classified(
        [(text, row["amount"], account.subcategory) for text, row in zip(descriptions, rows, strict=True)]
    )
    changes = [row.get("status_transitions") or {} for row in rows]
    return {
        "ids": text_array([row["id"] for row in rows]),
        "amounts": number_array([row["amount"] for row in rows]),
        "currencies": text_array([row["currency"].lower() for row in rows]),
        "descriptions": text_array(descriptions),
        "statuses": text_array([row["status"] for row in rows]),
        "transacted": number_array([row["transacted_at"] for row in rows]),
        "posted": number_array([_stamp(change.get("posted_at")) for change in changes]),
        "void": number_array([_stamp(change.get("void_at")) for change in changes]),
        "updated": number_array([_stamp(row.get("updated")) or row["transacted_at"] for row in rows]),
        "refreshes": text_array([clean(str(row.get("transaction_refresh") or ""))[:255] for row in rows]),
        "merchants": text_array([merchant for merchant, _, _ in guesses]),
        "categories": text_array([category for _, category, _ in guesses]),
        "whys": text_array([why for _, _, why in guesses]),
    }


def _write(account: Account, household: Household, columns: dict[str, Any], is_first: bool) -> Counts:
    """Write what is new or newer; returns what that was."""
    values = {**columns, "household": account.household_id, "account": account.pk, "zone": household.time_zone}
    if is_first:
        # A list that shifts while it is paged, or that a killed reader had come further in, has rows that we hold.
        with suppress(IntegrityError), transaction.atomic():
            return _counted(_FIRST, values)
    return _counted(_MERGE, values)


def _counted(statement: str, values: dict[str, Any]) -> Counts:
    # Bound by the server: it need not look for the ends of strings in 200 kB of SQL, nor the driver quote them.
    with connection.wrap_database_errors, Cursor[Any](connection.connection) as cursor:
        counts: Any = cursor.execute(statement, values).fetchone()
    new, changed, posted, dropped, since = counts
    return Counts(new, changed, posted, dropped, since=since)


def text_array(values: list[str]) -> str:
    """A PostgreSQL array literal; `clean` left nothing but quotes and backslashes to escape.

    The driver's own adaptation of lists is Python and costs more than the insert.
    """
    joined = '","'.join(values)
    if values and "\\" not in joined and joined.count('"') == 2 * (len(values) - 1):
        return f'{{"{joined}"}}'
    # JSON escapes both as PostgreSQL does.
    return "{" + json.dumps(values, ensure_ascii=False)[1:-1] + "}"


def number_array(values: list[int | None]) -> str:
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def _stamp(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 2**33 else None


def _quarantine(account: Account, refused: Sequence[_Refused]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO banking_quarantinedrow (household_id, account_id, stripe_id, reason, body, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (household_id, account_id, stripe_id) DO UPDATE"
            " SET reason = EXCLUDED.reason, body = EXCLUDED.body",
            [
                (account.household_id, account.pk, row.stripe_id, row.reason, _storable(row.body), timezone.now())
                for row in refused
            ],
        )


def _storable(body: dict[str, Any]) -> str:
    # Shown to staff who look for the cause: escaped and cut, so that whatever broke the row cannot break this one.
    return json.dumps({"row": ascii(body)[:4000]})
