"""First import and import of the same again, through the product's own path, beside the limit."""

from __future__ import annotations

import time
from typing import Any

from bench import limit, rows, stage


def product(account: Any, household: Any, bodies: list[bytes], is_first: bool = False) -> float:
    """Seconds that the product takes for the pages: parse, categorise, merge, roll up, a transaction a batch."""
    from banking import ingesting
    from fcdash import tenancy

    started = time.perf_counter()
    for batch in rows.batches(bodies, ingesting.BATCH_ROWS):
        with tenancy.scope(household):
            tenancy.lock_household(household, readable_again=True)
            ingesting.ingest(account, household, batch, is_first)
    return time.perf_counter() - started


def run() -> None:
    """10,000 and 100,000 rows, three rounds each, product and limit in turn: medians, of the ratio too."""
    for count in (10_000, 100_000):
        bodies = rows.pages(rows.rows(count))
        first, again, best, best_again = [], [], [], []
        for _ in range(3):
            limit.prepare()
            best.append(count / stage.seconds(limit.ingest, bodies))
            best_again.append(count / stage.seconds(limit.ingest, bodies))
            _, household, (account,) = stage.new_household()
            first.append(count / product(account, household, bodies, is_first=True))
            again.append(count / product(account, household, bodies))
        say("ingest", count, first, best)
        say("ingest_again", count, again, best_again)


def say(bench: str, count: int, own: list[float], best: list[float]) -> None:
    ratio = stage.median([a / b for a, b in zip(own, best, strict=True)])
    stage.say(bench, count, stage.median(own), "rows/s", ratio, limit=round(stage.median(best)))
