"""Work that is due at an instant of the sandbox's clock: refreshes, settlements, daily subscriptions."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable

from sandbox import clock
from sandbox.store import store

logger = logging.getLogger("sandbox")

Action = Callable[[str], None]

_actions: dict[str, Action] = {}
_wake = asyncio.Event()


def action(name: str) -> Callable[[Action], Action]:
    """Names what a timer does; it is called with the id of its subject, inside a transaction."""

    def register(run: Action) -> Action:
        _actions[name] = run
        return run

    return register


def set_timer(name: str, subject: str, due: float) -> None:
    store.db.execute("INSERT INTO timers (due, action, subject) VALUES (?, ?, ?)", (due, name, subject))
    _wake.set()


def drop_timers(subject: str, *names: str) -> None:
    """Forgets timers of a subject: those named, or all."""
    for name in names or tuple(_actions):
        store.db.execute("DELETE FROM timers WHERE subject = ? AND action = ?", (subject, name))


def is_set(name: str, subject: str) -> bool:
    row = store.db.execute("SELECT 1 FROM timers WHERE subject = ? AND action = ?", (subject, name)).fetchone()
    return row is not None


def run_due(until: float) -> int:
    """Does everything due by then, in order; what it sets off within that time is done too. Returns how many."""
    done = 0
    while True:
        row = store.db.execute("SELECT seq, due, action, subject FROM timers ORDER BY due, seq LIMIT 1").fetchone()
        if row is None or row[1] > until:
            return done
        _run(*row)
        done += 1


def advance(seconds: float) -> int:
    """Moves the sandbox's clock on, stopping at each timer on the way so that its own timers fall due in turn."""
    target = clock.now() + seconds
    done = 0
    while True:
        row = store.db.execute("SELECT seq, due, action, subject FROM timers ORDER BY due, seq LIMIT 1").fetchone()
        if row is None or row[1] > target:
            break
        clock.set_offset(clock.offset() + max(0.0, row[1] - clock.now()))
        _run(*row)
        done += 1
    clock.set_offset(clock.offset() + max(0.0, target - clock.now()))
    store.set_setting("clock_offset", clock.offset())
    return done


def _run(seq: int, due: float, name: str, subject: str) -> None:
    try:
        with store.transaction():
            store.db.execute("DELETE FROM timers WHERE seq = ?", (seq,))
            _actions[name](subject)
    except sqlite3.Error:
        # The disk is full: the timer stays, to be run once there is room.
        raise
    except Exception:
        logger.exception("timer %s of %s failed", name, subject)
        store.db.execute("DELETE FROM timers WHERE seq = ?", (seq,))


async def keep_running() -> None:
    """Runs timers as they fall due, for as long as the sandbox lives."""
    while True:
        _wake.clear()
        run_due(clock.now())
        row = store.db.execute("SELECT min(due) FROM timers").fetchone()
        wait = None if row[0] is None else max(0.0, row[0] - clock.now())
        try:
            await asyncio.wait_for(_wake.wait(), wait)
        except TimeoutError:
            continue
