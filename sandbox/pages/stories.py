"""What happened to an object and what is still to come, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox import clock
from sandbox.pages import cells
from sandbox.pages.cells import Body
from sandbox.pages.reader import Reader

LONGEST = 60

TIMERS = {
    "debit_posted": "The debit is at the bank and cannot be called back",
    "debit_settled": "The bank answers",
    "refund_arrives": "The refund arrives",
    "subscription": "The daily refresh",
}


def of(reader: Reader, subjects: Sequence[str]) -> list[Body]:
    """The events about these objects, the latest so many, and the timers that are set for them."""
    marks = ", ".join("?" * len(subjects))
    rows = reader.rows(
        "SELECT id, type, created, pending, json_extract(body, '$.data.object.id') AS about, "
        "json_extract(body, '$.data.object.status') AS status, "
        "coalesce(json_extract(body, '$.data.object.last_payment_error.code'), "
        "json_extract(body, '$.data.object.failure_code'), json_extract(body, '$.data.object.reason')) AS why "
        f"FROM events WHERE json_extract(body, '$.data.object.id') IN ({marks}) ORDER BY seq DESC LIMIT ?",
        [*subjects, LONGEST],
    )
    states: dict[str, Any] = {}
    return [_stop(row, states) for row in reversed(rows)] + [_due(row) for row in due(reader, subjects)]


def _stop(row: Body, states: dict[str, Any]) -> Body:
    """An event; its object's state only where that has changed."""
    changed = isinstance(row["status"], str) and states.get(row["about"]) != row["status"]
    states[row["about"]] = row["status"]
    return {
        "key": row["id"],
        "href": cells.href(row["id"]),
        "what": row["type"],
        "why": row["why"],
        "state": cells.state(row["status"]) if changed else None,
        "when": cells.at(row["created"]),
        "pending": row["pending"],
    }


def due(reader: Reader, subjects: Sequence[str] = ()) -> list[Body]:
    """The next timers: of these objects, or of all."""
    marks = ", ".join("?" * len(subjects))
    clause = f"subject IN ({marks})" if subjects else "1"
    return reader.rows(
        f"SELECT seq, due, action, subject FROM timers WHERE {clause} ORDER BY due, seq LIMIT 20", list(subjects)
    )


def _due(row: Body) -> Body:
    return {"key": f"timer-{row['seq']}", "what": name_of(row["action"]), "when": {"in": row["due"] - clock.now()}}


def name_of(action: str) -> str:
    return TIMERS.get(action) or action.replace("_", " ").capitalize()
