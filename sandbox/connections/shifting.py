"""A list that shifts while it is paged: between two pages a refresh ends that brings and moves rows on both sides."""

from __future__ import annotations

from sandbox import clock, events
from sandbox.connections import bank_faults, feed, refreshing
from sandbox.store import Body, store

# How far past the cursor a row is put: a place in the page that comes, and one that has gone by.
_BEYOND = 30


def strike(account: Body, cursor: str) -> None:
    """Shifts the list around the row at which a walk through it has arrived.

    Every row that came or moved belongs to the new refresh, so whoever reads on from the cursor of the refresh that
    they began with misses nothing, and whoever goes on from the newest does.
    """
    # A refresh that is under way brings what it brings; another cannot end meanwhile.
    pending = account["transaction_refresh"]["status"] == "pending"
    fault = None if pending else bank_faults.take(account, "shift")
    if fault is None:
        return
    with events.by_itself():
        refresh_id = feed.new_refresh(account["id"])
        account["transaction_refresh"] = {**account["transaction_refresh"], "id": refresh_id, "status": "succeeded"}
        account["transaction_refresh"]["last_attempted_at"] = clock.stamp()
        changes = [change for sort in fault.only for change in _changes(account, sort, cursor)]
        feed.book(account["id"], changes)
        feed.take_in(account)
        store.save(account)
        events.emit(refreshing.EVENT + "transactions", account)


def _changes(account: Body, sort: str, cursor: str) -> list[Body]:
    (here,) = store.db.execute("SELECT transacted_at FROM transactions WHERE id = ?", (cursor,)).fetchone()
    gone_by = _neighbour(account["id"], here, cursor, ">=", "ASC")
    to_come = _neighbour(account["id"], here, cursor, "<=", "DESC")
    luck = bank_faults.chance_of(account, "shift")
    fresh = {"amount": -luck.randrange(1_00, 90_00), "description": f"LATE ARRIVAL {luck.randrange(1000, 9999)}"}
    match sort:
        case "appear":
            return [{**fresh, "transacted_at": (gone_by or (None, here))[1]}, {**fresh, "transacted_at": here - 1}]
        case "move":
            moved = [{"id": gone_by[0], "transacted_at": here - _BEYOND}] if gone_by else []
            return [*moved, *([{"id": to_come[0], "transacted_at": here + _BEYOND}] if to_come else [])]
    # The row that the next page starts after, moved up: what lies between is listed again.
    return [{"id": cursor, "transacted_at": gone_by[1] + 1}] if gone_by else []


def _neighbour(account_id: str, here: int, cursor: str, side: str, order: str) -> tuple[str, int] | None:
    """A row a little before the cursor, or a little after it, and its instant."""
    rows = store.db.execute(
        f"SELECT id, transacted_at FROM transactions WHERE account = ? AND transacted_at {side} ? AND id <> ? "
        f"ORDER BY transacted_at {order}, seq {order} LIMIT 5",
        (account_id, here, cursor),
    ).fetchall()
    return rows[-1] if rows else None
