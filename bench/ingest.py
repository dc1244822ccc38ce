"""First import and import of the same again, through the product's own path, beside the limit."""

from __future__ import annotations

import time

from bench import limit, rows, stage


def product(account: object, household: object, bodies: list[bytes], is_first: bool = False) -> float:
    """Seconds that the product takes for the pages: parse, categorise, merge, roll up, a transaction a batch."""
    from banking import ingesting
    from fcdash import tenancy

    started = time.perf_counter()
    for batch in rows.batches(bodies, ingesting.BATCH_ROWS):
        with tenancy.scope(household):
            tenancy.lock_household(household, readable_again=True)
            ingesting.ingest(account, household, batch, is_first)  # type: ignore[arg-type]
    return time.perf_counter() - started


def run() -> None:
    """10,000 and 100,000 rows, three rounds each, product and limit in turn; medians."""
    for count in (10_000, 100_000):
        bodies = rows.pages(rows.rows(count))
        first, again, best, best_again = [], [], [], []
        for _ in range(3):
            limit.prepare()
            started = time.perf_counter()
            limit.ingest(bodies)
            best.append(time.perf_counter() - started)
            started = time.perf_counter()
            limit.ingest(bodies)
            best_again.append(time.perf_counter() - started)
            _, household, account = stage.new_household()
            first.append(product(account, household, bodies, is_first=True))
            again.append(product(account, household, bodies))
        own, top = count / stage.median(first), count / stage.median(best)
        stage.say("ingest", count, own, "rows/s", own / top, limit=round(top))
        own, top = count / stage.median(again), count / stage.median(best_again)
        stage.say("ingest_again", count, own, "rows/s", own / top, limit=round(top))
