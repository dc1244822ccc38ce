"""One transaction in full: its row, what happened to it, its other side, and what was bought there before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from spending.categories import category_of
from spending.listing import COLUMNS, FROM, Row

BEFORE_DAYS, BEFORE_SHOWN = 200, 5


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a row: by a person, the bank or us. `undo` is the id of an edit that can be undone."""

    at: datetime
    words: str
    by: str
    undo: int | None = None


@dataclass(frozen=True)
class Detail:
    """A row with its story. `other` is the other leg of its transfer; `before` what was bought there earlier."""

    row: Row
    transacted_at: datetime
    posted_at: datetime | None
    void_at: datetime | None
    happenings: tuple[Happening, ...]
    other: Row | None
    before: tuple[Row, ...]


STORY = f"""
    SELECT {COLUMNS}, r.transacted_at, r.posted_at, r.void_at, (
        SELECT jsonb_agg(jsonb_build_array(e.id, e.at, e.field, e.before, e.after, e.undone_at, u.name, u.email)
                         ORDER BY e.id DESC)
        FROM (SELECT * FROM spending_edit WHERE household_id = %(household)s AND transaction_id = %(id)s
              ORDER BY id DESC LIMIT 20) e
        LEFT JOIN accounts_user u ON u.id = e.user_id)
    {FROM} WHERE r.household_id = %(household)s AND r.id = %(id)s
"""
AROUND = f"""
    (SELECT {COLUMNS} {FROM}
     WHERE r.household_id = %(household)s AND r.transfer_id = %(transfer)s AND r.id <> %(id)s LIMIT 1)
    UNION ALL
    (SELECT {COLUMNS} {FROM}
     WHERE r.household_id = %(household)s AND r.merchant = %(merchant)s AND r.merchant <> '' AND r.status <> 'void'
       AND r.booked_on BETWEEN %(since)s AND %(on)s AND r.id <> %(id)s
     ORDER BY r.booked_on DESC, r.id DESC LIMIT %(shown)s)
"""


def detail(household_id: int, transaction_id: int) -> Detail | None:
    """The row's story, in two queries; None when the household has no such row."""
    with connection.cursor() as cursor:
        cursor.execute(STORY, {"household": household_id, "id": transaction_id})
        found = cursor.fetchone()
        if found is None:
            return None
        *columns, transacted_at, posted_at, void_at, edits = found
        row = Row(*columns)
        cursor.execute(
            AROUND,
            {
                "household": household_id,
                "id": row.id,
                "transfer": row.transfer_id,
                "merchant": row.merchant,
                "since": row.booked_on - timedelta(days=BEFORE_DAYS),
                "on": row.booked_on,
                "shown": BEFORE_SHOWN,
            },
        )
        around = [Row(*held) for held in cursor.fetchall()]
    other = next((one for one in around if row.transfer_id and one.transfer_id == row.transfer_id), None)
    happenings = tuple(map(_happening, json.loads(edits or "[]")))
    before = tuple(one for one in around if one is not other)
    return Detail(row, transacted_at, posted_at, void_at, happenings, other, before)


def _happening(edit: list[Any]) -> Happening:
    id, at, field, _, after, undone_at, name, email = edit
    words = {
        "category": f"Filed under {category_of(after).name}" if after else "Our guess stands again",
        "note": "Note written" if after else "Note emptied",
        "excluded": "Left out of all figures" if after == "yes" else "Counted again",
        "reviewed": "Looked at and right",
    }[field]
    words += ", undone" if undone_at else ""
    return Happening(datetime.fromisoformat(at), words, name or email or "", None if undone_at else id)
