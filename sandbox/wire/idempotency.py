"""Idempotency keys: the first answer is kept and given again; other parameters under the same key are refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sandbox.store import store
from sandbox.wire.errors import ApiError

_in_flight: set[str] = set()


@dataclass(frozen=True)
class Saved:
    """An answer given before."""

    status: int
    request_id: str
    body: bytes


def fingerprint(params: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()


def find(key: str, target: str, print_: str) -> Saved | None:
    """The saved answer; refuses a key that was used otherwise, or whose request is still running."""
    if not 0 < len(key) <= 255:
        raise ApiError("Idempotency keys have 1 to 255 characters.", type="idempotency_error")
    row = store.db.execute(
        "SELECT target, fingerprint, status, request_id, body FROM idempotency WHERE key = ?", (key,)
    ).fetchone()
    if row is not None and row[0] != target:
        raise ApiError(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{row[0]}' vs '{target}'). Try a key other than '{key}' if you meant to execute a different request.",
            type="idempotency_error",
        )
    if row is not None and row[1] != print_:
        raise ApiError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
            type="idempotency_error",
        )
    if key in _in_flight:
        raise ApiError(
            "There is currently another in-progress request using this Idempotent Key (that probably means you "
            f"submitted twice, and the other request is still going through): {key}. Please try again later.",
            status=409,
            code="idempotency_key_in_use",
        )
    return Saved(*row[2:]) if row is not None else None


def begin(key: str) -> None:
    _in_flight.add(key)


def end(key: str) -> None:
    _in_flight.discard(key)


def save(key: str, target: str, print_: str, status: int, request_id: str, body: bytes) -> None:
    store.db.execute(
        "INSERT OR REPLACE INTO idempotency (key, fingerprint, target, status, request_id, body) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (key, print_, target, status, request_id, body),
    )


def forget_all() -> int:
    return store.db.execute("DELETE FROM idempotency").rowcount
