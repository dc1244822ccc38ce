"""Rows by the million: what a bank books for a busy household over years, made up where they are stored."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from sandbox import clock
from sandbox.store import Body, store
from sandbox.wire import errors

MOST = 10_000_000
# Made in one go; between two the sandbox answers others.
AT_ONCE = 20_000

_PAYEES = (
    "GREENLEAF GROCERY", "CORNER BAKERY", "METRO TRANSIT", "HILLTOP FUEL", "LUNA CANTINA", "ELM STREET BOOKS",
    "RIVERBEND HARDWARE", "OAK PHARMACY", "SUNRISE COFFEE", "NORTHCELL WIRELESS", "TIDEWATER POWER", "CITY PARKING",
    "ORCHARD GRILL", "HARBOR CINEMA", "PINE PET SUPPLY", "WILLOW SALON", "SUMMIT GYM", "BRIGHT STREAMING",
    "VALLEY INSURANCE", "BRIGHTWATER PAYROLL",
)  # fmt: skip

# The number stands for the row's instant, its hash for the rest: the same rows for the same seed, but for their ids.
_BOOK = """
WITH RECURSIVE
    numbers (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :end),
    payees AS MATERIALIZED (SELECT key AS k, value AS name FROM json_each(:payees)),
    rows AS (SELECT n, :newest - n * :apart AS at, ((n + :seed) * 2654435761) % 4294967296 AS hash FROM numbers)
INSERT INTO booked (id, account, amount, currency, description_json, status, transacted_at, posted_at)
SELECT 'fctxn_1' || substr(hex(randomblob(12)), 2), :account,
    CASE WHEN k = :pay THEN 150000 + hash % 250000 ELSE -100 - hash % 19900 END, 'usd',
    '"' || name || ' ' || (hash >> 12) % 10000 || '"', 'posted', at, at
FROM rows JOIN payees ON k = (hash >> 7) % :count ORDER BY n DESC
"""


async def book(account_id: str, body: Body) -> int:
    """Books `count` rows over the last `days`, evenly; seen after the next refresh, as all. Returns how many."""
    count, days, seed = (
        _whole(body, name, otherwise) for name, otherwise in (("count", 0), ("days", 180), ("seed", 0))
    )
    if not 1 <= count <= MOST or days < 1:
        raise errors.invalid("count", f"must be between 1 and {MOST}, over at least one of `days`.")
    fixed = {
        "newest": clock.stamp(), "apart": max(days * clock.DAY // count, 1) if count <= days * clock.DAY else 0,
        "seed": seed, "account": account_id, "payees": json.dumps(_PAYEES), "count": len(_PAYEES),
        "pay": len(_PAYEES) - 1,
    }  # fmt: skip
    # The oldest first, as a bank would.
    for end in range(count, 0, -AT_ONCE):
        with store.transaction():
            store.db.execute(_BOOK, {**fixed, "first": max(0, end - AT_ONCE), "end": end})
        await asyncio.sleep(0)
    return count


def _whole(body: Body, name: str, otherwise: int) -> int:
    value: Any = body.get(name, otherwise)
    if not isinstance(value, int) or isinstance(value, bool):
        raise errors.invalid(name, "must be an integer.")
    return value
