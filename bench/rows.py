"""Stripe's transaction lists, made up: the same for every run, ten years of one busy household."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

DESCRIPTIONS = (
    "TRADER JOES #552 SEATTLE WA", "SAFEWAY #1477 BELLEVUE WA", "SQ *CORNER CAFE", "SHELL OIL 57444212",
    "AMZN Mktp US*2K4RT81", "NETFLIX.COM", "TIDEWATER POWER AUTOPAY", "STARBUCKS STORE 08812", "TARGET 00012345",
    "COSTCO WHSE #0006", "UBER *TRIP HELP.UBER.COM", "CVS/PHARMACY #08764", "RENT ALDER CREEK APTS",
    "BRIGHTWATER DESIGN PAYROLL", "CHIPOTLE 1234", "SPOTIFY USA", "HOME DEPOT #4711", "POS DEBIT FRESH FIELDS",
    "ONLINE TRANSFER TO SAVINGS", "NORTHCELL WIRELESS",
)  # fmt: skip
PAGE = 100
YEARS_SECONDS = 10 * 365 * 86_400


def rows(count: int, prefix: str = "a", seed: int = 7, newest: int | None = None) -> list[dict[str, Any]]:
    """`count` rows over ten years, the newest first, as GET /v1/financial_connections/transactions lists them."""
    chance = random.Random(seed)
    newest = newest or 1_763_000_000
    step = max(YEARS_SECONDS // count, 1) if count > 1000 else 600
    return [
        {
            "id": f"fctxn_{prefix}{n:09d}",
            "object": "financial_connections.transaction",
            "account": "fca_bench",
            "amount": -chance.randrange(100, 20_000) if chance.random() < 0.95 else chance.randrange(1000, 400_000),
            "currency": "usd",
            "description": f"{chance.choice(DESCRIPTIONS)} {chance.randrange(400)}",
            "livemode": False,
            "status": "posted",
            "status_transitions": {"posted_at": newest - n * step + 80_000, "void_at": None},
            "transacted_at": newest - n * step,
            "transaction_refresh": "fctxnref_bench",
            "updated": newest - n * step + 80_000,
        }
        for n in range(count)
    ]


def pages(listed: list[dict[str, Any]]) -> list[bytes]:
    """The rows as response bodies of 100 rows each."""
    return [
        json.dumps({"object": "list", "data": listed[at : at + PAGE], "has_more": at + PAGE < len(listed)}).encode()
        for at in range(0, len(listed), PAGE)
    ]


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


def today() -> int:
    return int(time.time())
