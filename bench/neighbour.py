"""Another household's dashboard while one imports 500,000 rows: what a neighbour feels of it, on the same machine.

People look at their pages one by one: two clients that wait for each answer, not a crowd that fills the machine.
"""

from __future__ import annotations

import time

from bench import dashboard, households, stage, writers

LOOKED_AT = 10_000
IMPORTED = 500_000
CLIENTS = 2
QUIET_ROUNDS = 8
SECONDS = 3.0
PATIENCE_SECONDS = 300


def run() -> None:
    """Rounds without an import, then with one until it is done; `limit_ratio` is the quiet p95 over the other."""
    held, other = households.of(LOOKED_AT), households.opened(IMPORTED)
    quiet, meanwhile = stage.Rounds(), stage.Rounds()
    with stage.web() as web, stage.standin() as url, stage.stripe_at(url), stage.worker("refreshes"):
        file, _ = dashboard.requests(held, LOOKED_AT)
        web.load(file, seconds=SECONDS, clients=CLIENTS)
        for _ in range(QUIET_ROUNDS):
            quiet.held.append(web.load(file, seconds=SECONDS, clients=CLIENTS))
        writers.read(other)
        until = time.monotonic() + PATIENCE_SECONDS
        while not writers.is_read(other):
            if time.monotonic() > until:
                raise TimeoutError("the rows were not read in time")
            meanwhile.held.append(web.load(file, seconds=SECONDS, clients=CLIENTS))
    before, after = quiet.latency(0.95), meanwhile.latency(0.95)
    stage.say(
        "neighbour_p95",
        IMPORTED,
        after,
        "ms",
        before / after,
        quiet_ms=round(before, 1),
        p50_ms=round(meanwhile.latency(0.5), 1),
        quiet_p50_ms=round(quiet.latency(0.5), 1),
    )
