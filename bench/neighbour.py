"""Another household's dashboard while one imports ten years of rows: what a neighbour feels of it, on the same machine.

Once at the pace that Stripe's rate limit leaves to imports, and once as fast as the machine can. People look at their
pages one by one: two clients that wait for each answer, not a crowd that fills the machine.
"""

from __future__ import annotations

import os
import time

import psutil

from bench import dashboard, households, stage, writers

LOOKED_AT = 10_000
# Name → calls a second, as STRIPE_REQUESTS_PER_SECOND limits them (0 does not), and rows.
PACES = {"neighbour_p95": (20, 50_000), "neighbour_p95_unlimited": (0, 300_000)}
CLIENTS = 2
SECONDS = 2.0
PATIENCE_SECONDS = 300


def run() -> None:
    """Rounds in turn, the import at rest and at work, until it is done; `limit_ratio` is the p95 at rest over ours."""
    for bench, (calls, rows) in PACES.items():
        os.environ["STRIPE_REQUESTS_PER_SECOND"] = str(calls)
        try:
            _say(bench, rows, *_rounds(rows))
        finally:
            del os.environ["STRIPE_REQUESTS_PER_SECOND"]


def _rounds(rows: int) -> tuple[stage.Rounds, stage.Rounds]:
    held, other = households.of(LOOKED_AT), households.opened(rows)
    resting, working = stage.Rounds(), stage.Rounds()
    with stage.web() as web, stage.standin() as url, stage.stripe_at(url), stage.worker("refreshes") as pid:
        [importer] = psutil.Process(pid).children()
        file, _ = dashboard.requests(held, LOOKED_AT)
        web.load(file, seconds=SECONDS, clients=CLIENTS)
        writers.read(other)
        until = time.monotonic() + PATIENCE_SECONDS
        while not writers.is_read(other):
            if time.monotonic() > until:
                raise TimeoutError("the rows were not read in time")
            working.held.append(web.load(file, seconds=SECONDS, clients=CLIENTS))
            importer.suspend()
            resting.held.append(web.load(file, seconds=SECONDS, clients=CLIENTS))
            importer.resume()
    # In the first round the import begins, in the last it ends.
    return stage.Rounds(resting.held[1:-1]), stage.Rounds(working.held[1:-1])


def _say(bench: str, rows: int, resting: stage.Rounds, working: stage.Rounds) -> None:
    pairs = [
        (stage.percentile(a.latencies, 0.95), stage.percentile(b.latencies, 0.95))
        for a, b in zip(resting.held, working.held, strict=True)
    ]
    stage.say(
        bench,
        rows,
        working.latency(0.95),
        "ms",
        stage.median([before / after for before, after in pairs]),
        resting_ms=round(resting.latency(0.95), 1),
        p50_ms=round(working.latency(0.5), 1),
        resting_p50_ms=round(resting.latency(0.5), 1),
        rounds=len(pairs),
    )
