"""Stripe's transaction lists, made up: the same for every run, ten years of one busy household."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

DESCRIPTIONS = (
    "TRADER JOES #552 SEATTLE WA", "SAFEWAY #1477 BELLEVUE WA", "SQ *CORNER CAFE", "SHELL OIL 57444212",
    "AMZN Mktp US*2K4RT81", "NETFLIX.COM", "TIDEWATER POWER AUTOPAY", "STARBUCKS STORE 08812", "TARGET 00012345",
    "COSTCO WHSE #0006", "UBER *TRIP HELP.UBER.COM", "CVS/PHARMACY #08764", "RENT ALDER CREEK APTS",
    "BRIGHTWATER DESIGN PAYROLL", "CHIPOTLE 1234", "SPOTIFY USA", "HOME DEPOT #4711", "POS DEBIT FRESH FIELDS",
    "ONLINE TRANSFER TO SAVINGS", "NORTHCELL WIRELESS",
)  # fmt: skip
PAGE = 100
YEARS_SECONDS = 10 * 365 * 86_400


def row(number: int, count: int, prefix: str, newest: int) -> dict[str, Any]:
    """One of `count` rows over ten years, 0 is the newest, as GET /v1/financial_connections/transactions lists them."""
    chance = crc32(f"{prefix}{number}".encode())
    at = newest - number * max(YEARS_SECONDS // count, 1)
    outgoing = (chance >> 3) % 20 > 0
    return {
        "id": f"fctxn_{prefix}{number:09d}",
        "object": "financial_connections.transaction",
        "account": "fca_bench",
        "amount": -100 - chance % 19_900 if outgoing else 1000 + chance % 399_000,
        "currency": "usd",
        "description": f"{DESCRIPTIONS[(chance >> 7) % len(DESCRIPTIONS)]} {(chance >> 12) % 400}",
        "livemode": False,
        "status": "posted",
        "status_transitions": {"posted_at": at, "void_at": None},
        "transacted_at": at,
        "transaction_refresh": "fctxnref_bench",
        "updated": at,
    }


def rows(count: int, prefix: str = "a", newest: int = 0) -> list[dict[str, Any]]:
    """All rows of such a list, up to now unless another end is given."""
    newest = newest or int(time.time())
    return [row(number, count, prefix, newest) for number in range(count)]


def new_rows(count: int, prefix: str) -> list[dict[str, Any]]:
    """Rows of the last minutes."""
    now = int(time.time())
    return [
        {**row(number, count, prefix, now), "transacted_at": now - number, "updated": now} for number in range(count)
    ]


def pages(listed: list[dict[str, Any]]) -> list[bytes]:
    """The rows as response bodies of 100 rows each."""
    return [body(listed[at : at + PAGE], at + PAGE < len(listed)) for at in range(0, len(listed), PAGE)]


def body(listed: Sequence[dict[str, Any]], has_more: bool) -> bytes:
    """One page of Stripe's list."""
    url = "/v1/financial_connections/transactions"
    return json.dumps({"object": "list", "data": listed, "has_more": has_more, "url": url}).encode()


def batches(bodies: list[bytes], size: int) -> Iterator[list[dict[str, Any]]]:
    """Parsed rows, `size` at a time, as the product reads them."""
    held: list[dict[str, Any]] = []
    for body in bodies:
        held += json.loads(body)["data"]
        if len(held) >= size:
            yield held
            held = []
    if held:
        yield held
