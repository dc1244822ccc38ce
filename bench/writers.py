"""Two writers of one household at once while a person edits: deadlocks, drift, the edit's p95, the workers' memory.

Two Celery processes each read an account of half a million rows through the product's own task.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import psutil

from bench import households, stage

ROWS = 1_000_000
PAUSE_SECONDS = 0.25
PATIENCE_SECONDS = 1800


def run() -> None:
    """One household of 1,000,000 rows; what it leaves is what the other benchmarks read."""
    from fcdash import tenancy
    from spending import rollups

    held = households.opened(ROWS)
    with stage.standin() as url, stage.stripe_at(url), stage.worker("refreshes", size=2) as pid:
        before = _deadlocks()
        started = time.perf_counter()
        read(held)
        edits = _edit_until_read(held)
        took = time.perf_counter() - started
        peak = max(_peak_mb(one.pid) for one in psutil.Process(pid).children())
        deadlocks = _deadlocks() - before
    stage.say("writers_rows", ROWS, ROWS / took, "rows/s", writers=2)
    stage.say("writers_deadlocks", ROWS, deadlocks, "deadlocks")
    with tenancy.scope(held.household):
        drifts = rollups.drifts(held.household.pk)
    stage.say("writers_drift", ROWS, len(drifts), "roll-ups that differ from their rows")
    stage.say("writers_edit_p95", len(edits), stage.percentile(edits, 0.95), "ms", p50=round(stage.median(edits), 1))
    stage.say("worker_memory", ROWS, peak, "MB")
    households.keep(held)


def read(held: households.Held) -> None:
    """As when both banks say at once that their rows are ready."""
    from banking.models import Freshness
    from banking.tasks import read_transactions
    from fcdash import tenancy

    with tenancy.scope(held.household):
        Freshness.objects.filter(household_id=held.household.pk).update(target=households.CURSOR)
    for account in held.accounts:
        read_transactions.delay(held.household.pk, account.pk)


def is_read(held: households.Held) -> bool:
    """Whether both accounts are read to their end."""
    from banking.models import Freshness
    from fcdash import tenancy

    with tenancy.scope(held.household):
        rows = Freshness.objects.filter(household_id=held.household.pk)
        return not rows.exclude(cursor=households.CURSOR).exists()


def _edit_until_read(held: households.Held) -> list[float]:
    """File one of the newest rows elsewhere, again and again, until both accounts are read; ms of each edit."""
    from banking.models import Transaction
    from fcdash import tenancy

    household_id, edits = held.household.pk, []
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if is_read(held):
            return edits
        with tenancy.scope(household_id):
            rows = Transaction.objects.filter(household_id=household_id).order_by("-booked_on", "-pk")
            newest = list(rows.values_list("pk", flat=True)[:25])
        if newest:
            chosen, category = random.choice(newest), random.choice(("groceries", "eating_out", "transport", "home"))
            edits.append(stage.seconds(_edit, held, chosen, category) * 1000)
        time.sleep(PAUSE_SECONDS)
    raise TimeoutError("the rows were not read in time")


def _edit(held: households.Held, row: int, category: str) -> None:
    from fcdash import tenancy
    from spending import filing

    with tenancy.scope(held.household):
        filing.set_category(held.household.pk, row, category, held.user)


def _deadlocks() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def _peak_mb(pid: int) -> float:
    """The most memory that a process ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
