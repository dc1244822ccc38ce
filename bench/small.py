"""100 new rows, and a page of 100 that are known, on 10,000 and on 1,000,000 rows, beside the limit on as many."""

from __future__ import annotations

import json
from typing import Any

from bench import households, limit, rows, stage

SIZES = (10_000, 1_000_000)
ROUNDS = 15


def product(held: households.Held, body: bytes) -> None:
    """What reading the last page of a list does: parse, merge, roll up, match transfers, one transaction."""
    from banking import ingesting
    from fcdash import tenancy

    listed = json.loads(body)["data"]
    with tenancy.scope(held.household):
        tenancy.lock_household(held.household, readable_again=True)
        counts = ingesting.ingest(held.accounts[0], held.household, listed)
        if counts.since:
            ingesting.after_ingest(held.household.pk, counts.since)


def run() -> None:
    """Product and limit in turn, small base and large; medians. `limit_ratio` is the limit's time over ours."""
    held = {size: households.of(size) for size in SIZES}
    limit.prepare()
    for one in held.values():
        limit.copy(one.household.pk)
    took: dict[tuple[str, str, int], list[float]] = {}
    for number in range(ROUNDS + 2):
        for size in SIZES:
            body = rows.body(rows.new_rows(100, f"n{number}x"), has_more=False)
            for what in ("small_new", "small_known"):
                own = stage.seconds(product, held[size], body)
                best = stage.seconds(limit.ingest, [body], held[size].household.pk)
                for who, seconds in (("product", own), ("limit", best)):
                    took.setdefault((what, who, size), []).append(seconds * 1000)
    for what in ("small_new", "small_known"):
        _say(what, {key[1:]: stage.median(times[2:]) for key, times in took.items() if key[0] == what})


def _say(what: str, held: dict[tuple[str, int], float]) -> None:
    more: dict[str, Any] = {}
    for size in SIZES:
        own, best = held["product", size], held["limit", size]
        if size == SIZES[-1]:
            more["growth"] = round(own / held["product", SIZES[0]], 2)
        stage.say(what, size, own, "ms", best / own, limit=round(best, 2), **more)
