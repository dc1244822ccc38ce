"""All state of the sandbox, in one SQLite file: objects as JSON, and tables for what is counted in millions."""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

logger = logging.getLogger("sandbox")

Body = dict[str, Any]

# What an object knows that Stripe never shows lives in it under this key.
HIDDEN = "_"

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS objects_by_customer ON objects (kind, json_extract(body, '$.customer'), seq);
CREATE INDEX IF NOT EXISTS objects_by_intent ON objects (kind, json_extract(body, '$.payment_intent'), seq);
CREATE INDEX IF NOT EXISTS objects_by_charge ON objects (kind, json_extract(body, '$.charge'), seq);
CREATE INDEX IF NOT EXISTS objects_by_holder ON objects (kind, json_extract(body, '$.account_holder.customer'), seq);
CREATE INDEX IF NOT EXISTS objects_by_session ON objects (kind, json_extract(body, '$._.session'), seq);
CREATE INDEX IF NOT EXISTS objects_by_authorization ON objects (kind, json_extract(body, '$._.authorization'), seq);
CREATE INDEX IF NOT EXISTS objects_by_secret ON objects (json_extract(body, '$._.secret'))
    WHERE json_extract(body, '$._.secret') IS NOT NULL;

CREATE TABLE IF NOT EXISTS refreshes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS transactions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, bank_key TEXT,
    amount INTEGER NOT NULL, currency TEXT NOT NULL, description_json TEXT NOT NULL, status TEXT NOT NULL,
    transacted_at INTEGER NOT NULL, posted_at INTEGER, void_at INTEGER, updated INTEGER NOT NULL,
    refresh INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS transactions_by_date ON transactions (account, transacted_at, seq);
CREATE INDEX IF NOT EXISTS transactions_by_refresh ON transactions (account, refresh);
CREATE INDEX IF NOT EXISTS transactions_by_bank_key ON transactions (account, bank_key) WHERE bank_key IS NOT NULL;
CREATE TABLE IF NOT EXISTS booked (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, description_json TEXT NOT NULL, status TEXT NOT NULL, transacted_at INTEGER NOT NULL,
    posted_at INTEGER, void_at INTEGER);
CREATE INDEX IF NOT EXISTS booked_by_account ON booked (account, seq);
CREATE TABLE IF NOT EXISTS beside_books (
    account TEXT NOT NULL, currency TEXT NOT NULL, posted INTEGER NOT NULL, pending INTEGER NOT NULL,
    PRIMARY KEY (account, currency)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, created INTEGER NOT NULL,
    happened REAL NOT NULL, pending INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_type ON events (type, seq);
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL, attempt INTEGER NOT NULL,
    due REAL NOT NULL, twin INTEGER NOT NULL DEFAULT 0, object TEXT);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (due);
CREATE INDEX IF NOT EXISTS outbox_by_endpoint ON outbox (endpoint, due, seq);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, type TEXT NOT NULL, url TEXT NOT NULL,
    attempt INTEGER NOT NULL, outcome TEXT NOT NULL, status INTEGER, error TEXT, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS delivery_bodies (seq INTEGER PRIMARY KEY, body TEXT, answer TEXT);
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);

CREATE TABLE IF NOT EXISTS timers (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, due REAL NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS timers_due ON timers (due, seq);
CREATE INDEX IF NOT EXISTS timers_subject ON timers (subject, action);

CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, target TEXT NOT NULL, status INTEGER NOT NULL,
    request_id TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    params TEXT NOT NULL, idempotency_key TEXT, status INTEGER, fault TEXT, version TEXT, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS request_bodies (seq INTEGER PRIMARY KEY, answer TEXT);
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

# Changes with the schema, so that a file of another shape is noticed.
SHAPE = zlib.crc32(SCHEMA.encode()) & 0x7FFFFFFF

# The places of an object that lists filter on; each has an index above.
PLACES = {
    "customer": "$.customer",
    "payment_intent": "$.payment_intent",
    "charge": "$.charge",
    "holder": "$.account_holder.customer",
    "session": "$._.session",
    "authorization": "$._.authorization",
}


class Store:
    """One connection, used by one thread: the event loop's. Every request is one transaction of it."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._lock: IO[bytes] | None = None

    def open(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder / "sandbox.lock")
        file = folder / "sandbox.sqlite3"
        db = _connect(file)
        (shape,) = db.execute("PRAGMA user_version").fetchone()
        if shape not in (0, SHAPE):
            # Written by another release of the sandbox; what it holds is test data, so it is put aside, not converted.
            db.close()
            for part in folder.glob("sandbox.sqlite3*"):
                part.replace(folder / f"old-{part.name}")
            logger.warning(
                "the state in %s is of another release: kept there as old-sandbox.sqlite3, this run starts empty",
                folder,
            )
            db = _connect(file)
        # A sandbox may lose its last second in a power cut; it must not wait for the disk on each request.
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-65536", "temp_store=MEMORY"):
            db.execute(f"PRAGMA {pragma}")
        db.executescript(SCHEMA)
        db.execute(f"PRAGMA user_version = {SHAPE}")
        self._connection = db

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock is not None:
            self._lock.close()

    @property
    def db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("the sandbox's store is not open")
        return self._connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, also within another one; never held across an await."""
        begin, commit, undo = ("BEGIN", "COMMIT", "ROLLBACK")
        if self.db.in_transaction:
            begin, commit, undo = ("SAVEPOINT inner", "RELEASE inner", "ROLLBACK TO inner; RELEASE inner")
        self.db.execute(begin)
        try:
            yield
            self.db.execute(commit)
        except BaseException:
            # A full disk has SQLite roll back by itself.
            if self.db.in_transaction:
                for statement in undo.split("; "):
                    self.db.execute(statement)
            raise

    def empty(self) -> None:
        """Deletes every row; the file and its shape stay."""
        tables = self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        with self.transaction():
            for (table,) in tables.fetchall():
                self.db.execute(f"DELETE FROM {table}")

    # Objects

    def add(self, body: Body) -> Body:
        self.db.execute(
            "INSERT INTO objects (id, kind, body) VALUES (?, ?, ?)", (body["id"], body["object"], _json(body))
        )
        return body

    def save(self, body: Body) -> Body:
        self.db.execute("UPDATE objects SET body = ? WHERE id = ?", (_json(body), body["id"]))
        return body

    def find(self, kind: str, object_id: str) -> Body | None:
        row = self.db.execute("SELECT body FROM objects WHERE id = ? AND kind = ?", (object_id, kind)).fetchone()
        return self.load(row) if row else None

    def find_any(self, object_id: str) -> Body | None:
        row = self.db.execute("SELECT body FROM objects WHERE id = ?", (object_id,)).fetchone()
        return self.load(row) if row else None

    def find_by_secret(self, secret: str) -> Body | None:
        row = self.db.execute(
            "SELECT body FROM objects WHERE json_extract(body, '$._.secret') = ?", (secret,)
        ).fetchone()
        return self.load(row) if row else None

    def all(self, kind: str, **places: str) -> list[Body]:
        """Every object of a kind at those places, oldest first."""
        where, values = _where(kind, places)
        rows = self.db.execute(f"SELECT body FROM objects WHERE {where} ORDER BY seq", values)
        return [self.load(row) for row in rows]

    @staticmethod
    def load(row: tuple[Any, ...]) -> Body:
        body: Body = json.loads(row[0])
        return body

    @staticmethod
    def dump(body: Body) -> str:
        return _json(body)

    # Settings

    def setting(self, key: str) -> Any:
        row = self.db.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def set_setting(self, key: str, value: Any) -> None:
        self.db.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", (key, _json(value)))


def _locked(file: Path) -> IO[bytes]:
    """Held until it is closed or the process dies: two sandboxes on one folder would run each timer twice."""
    lock = file.open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise OSError(errno.EBUSY, "another sandbox is at work there") from None
    return lock


def _connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None, cached_statements=512)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _where(kind: str, places: dict[str, str]) -> tuple[str, list[Any]]:
    clauses, values = ["kind = ?"], [kind]
    for place, value in places.items():
        clauses.append(f"json_extract(body, '{PLACES[place]}') = ?")
        values.append(value)
    return " AND ".join(clauses), values


store = Store()
