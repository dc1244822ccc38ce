"""Webhook deliveries: signed, retried, and spoilt on demand; a slow receiver holds up neither the API nor another."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import sqlite3
import ssl
import time
from dataclasses import asdict, dataclass, fields
from random import Random
from typing import Any
from urllib.parse import urlsplit

from stripe import WebhookSignature

from sandbox import chance, clock, journal
from sandbox.store import Body, store
from sandbox.wire import errors

logger = logging.getLogger("sandbox")

ANSWER_TIMEOUT = 10.0
# To each endpoint; as much of its answers is read.
AT_ONCE = 4
LONGEST_ANSWER = 65_536
# After the first attempt: a test-mode endpoint gets three in all.
RETRY_AFTER = (2.0, 10.0)
SHUFFLE_SPREAD = 0.4


@dataclass(frozen=True)
class Faults:
    """How deliveries go wrong.

    `duplicate`, `drop`, `twins` and `late` are shares between 0 and 1: the same event twice, never, one change told by
    two events, and those that come `delay_s` after their time. `shuffle`: they overtake each other. `before_answer`:
    the API answers only after what it set off was delivered. A `seed` is that of all faults.
    """

    duplicate: float = 0.0
    shuffle: bool = False
    drop: float = 0.0
    delay_s: float = 0.0
    late: float = 1.0
    twins: float = 0.0
    before_answer: bool = False
    seed: int | None = None

    @property
    def by_chance(self) -> bool:
        return bool(self.duplicate or self.drop or self.twins or self.shuffle or (self.delay_s and self.late < 1))


faults = Faults()
_wake = asyncio.Event()
# By their place in the outbox, which they keep until they are done: a killed sandbox sends them again.
_running: dict[int, asyncio.Task[None]] = {}


def set_faults(spec: dict[str, Any]) -> None:
    global faults
    known = {field.name: field.default for field in fields(Faults)}
    for name, value in spec.items():
        if name not in known:
            raise errors.unknown(f"webhooks[{name}]")
        if not isinstance(value, bool | int | float | None):
            raise errors.invalid(f"webhooks[{name}]", "must be a number, true or false.")
    faults = Faults(**{**known, **spec})
    if faults.seed is not None:
        chance.set_seed(int(faults.seed))
    store.set_setting("webhook_faults", asdict(faults))


def restore_faults() -> None:
    global faults
    faults = Faults(**(store.setting("webhook_faults") or {}))


def luck_of(type: str) -> Random:
    """What decides the fate of the next event of a type; the same draws whatever faults are on."""
    return chance.draw(f"webhooks:{type}") if faults.by_chance else Random(0)


def has_twin(luck: Random) -> bool:
    """Whether a second event tells of the change that one tells of."""
    return luck.random() < faults.twins


def queue(event_id: str, type: str, endpoint: Body, object_json: str | None, luck: Random) -> None:
    """Puts an event's first attempt in the outbox, or notes that it never comes.

    `object_json` is the object as the endpoint's API version shows it, where that is not how the event does.
    """
    dropped, doubled, late = luck.random() < faults.drop, luck.random() < faults.duplicate, luck.random() < faults.late
    spreads = (luck.random(), luck.random())
    if dropped:
        journal.note_delivery(event_id, type, endpoint["url"], 1, "dropped")
        return
    due = clock.now() + (faults.delay_s if late else 0.0)
    for twin in (False, True) if doubled else (False,):
        spread = spreads[twin] * SHUFFLE_SPREAD if faults.shuffle else 0.0
        store.db.execute(
            "INSERT INTO outbox (event, endpoint, attempt, due, twin, object) VALUES (?, ?, 1, ?, ?, ?)",
            (event_id, endpoint["id"], due + spread, twin, object_json),
        )
    _wake.set()


async def drained(patience: float = 3.0) -> None:
    """Waits until what is due has been sent and answered."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if store.db.execute("SELECT 1 FROM outbox WHERE due <= ? LIMIT 1", (clock.now(),)).fetchone() is None:
            return
        await asyncio.sleep(0.005)


def wake() -> None:
    _wake.set()


async def keep_delivering() -> None:
    """Sends what is due, a few at a time, for as long as the sandbox lives."""
    while True:
        _wake.clear()
        now = clock.now()
        for row in _due(now):
            task = asyncio.create_task(_attempt(*row))
            _running[row[0]] = task
            task.add_done_callback(functools.partial(_finished, row[0]))
        later = store.db.execute("SELECT min(due) FROM outbox WHERE due > ?", (now,)).fetchone()[0]
        try:
            await asyncio.wait_for(_wake.wait(), None if later is None else max(0.0, later - clock.now()))
        except TimeoutError:
            continue


_ENDPOINTS = """
WITH RECURSIVE waiting (endpoint) AS (
    SELECT min(endpoint) FROM outbox
    UNION ALL SELECT (SELECT min(endpoint) FROM outbox WHERE endpoint > waiting.endpoint) FROM waiting
    WHERE waiting.endpoint IS NOT NULL)
SELECT endpoint FROM waiting WHERE endpoint IS NOT NULL
"""


def _due(now: float) -> list[tuple[Any, ...]]:
    """What to send now: for each endpoint as much as there is room for beside what is being sent to it."""
    due: list[tuple[Any, ...]] = []
    for (endpoint,) in store.db.execute(_ENDPOINTS).fetchall():
        rows = store.db.execute(
            "SELECT seq, event, endpoint, attempt, due, twin, object FROM outbox WHERE endpoint = ? AND due <= ? "
            "ORDER BY due, seq LIMIT ?",
            (endpoint, now, AT_ONCE),
        ).fetchall()
        under_way = sum(1 for row in rows if row[0] in _running)
        due += [row for row in rows if row[0] not in _running][: AT_ONCE - under_way]
    return due


def _finished(seq: int, task: asyncio.Task[None]) -> None:
    del _running[seq]
    problem = None if task.cancelled() else task.exception()
    if isinstance(problem, sqlite3.Error):
        # It is still in the outbox: sent again, but not at once as long as the disk is full.
        task.get_loop().call_later(1.0, _wake.set)
        return
    if problem is not None:
        logger.error("a delivery broke off", exc_info=problem)
    _wake.set()


async def settle_down(patience: float = 3.0) -> None:
    """Waits until nothing is in flight; cuts off what outlasts the patience."""
    if not _running:
        return
    _, late = await asyncio.wait(set(_running.values()), timeout=patience)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late)


async def _attempt(
    seq: int, event_id: str, endpoint_id: str, attempt: int, due: float, twin: int, object_json: str | None
) -> None:
    endpoint = store.find("webhook_endpoint", endpoint_id)
    row = store.db.execute("SELECT body, pending, type FROM events WHERE id = ?", (event_id,)).fetchone()
    if endpoint is None or row is None or endpoint["status"] != "enabled":
        # Nobody is told any more; the event stays listed as one that did not arrive.
        store.db.execute("DELETE FROM outbox WHERE seq = ?", (seq,))
        return
    url = endpoint["url"]
    payload = _payload(row[0], row[1], endpoint, object_json)
    sent = await _post(url, payload.encode(), _signature(payload, endpoint))
    delivered = sent.status is not None and 200 <= sent.status < 300
    with store.transaction():
        journal.note_delivery(
            event_id, row[2], url, attempt, "delivered" if delivered else "failed",
            status=sent.status, error=sent.error, body=payload.encode(), answer=sent.answer,
        )  # fmt: skip
        if delivered and not twin:
            store.db.execute("UPDATE events SET pending = max(0, pending - 1) WHERE id = ?", (event_id,))
        if delivered or twin or attempt > len(RETRY_AFTER):
            store.db.execute("DELETE FROM outbox WHERE seq = ?", (seq,))
        else:
            # Counted from when this one was due, so that an advanced clock brings the whole series on.
            store.db.execute(
                "UPDATE outbox SET attempt = ?, due = ? WHERE seq = ?",
                (attempt + 1, due + RETRY_AFTER[attempt - 1], seq),
            )


def _payload(event_json: str, pending: int, endpoint: Body, object_json: str | None) -> str:
    event = json.loads(event_json)
    event["pending_webhooks"] = max(1, pending)
    if endpoint["api_version"]:
        event["api_version"] = endpoint["api_version"]
    if object_json is not None:
        event["data"]["object"] = json.loads(object_json)
    return json.dumps(event, indent=2)


def _signature(payload: str, endpoint: Body) -> str:
    """Signed with the endpoint's secret; while it is being rolled, with the old one too."""
    hidden, now = endpoint["_"], int(time.time())
    header = WebhookSignature.generate_signature_header(payload, hidden["secret"], now)
    if clock.now() < hidden.get("old_secret_until", 0.0):
        old = WebhookSignature.generate_signature_header(payload, hidden["old_secret"], now)
        header += old[old.index(",") :]
    return str(header)


@dataclass(frozen=True)
class Sent:
    """What came of an attempt: the receiver's status and answer, or what went wrong on the way."""

    status: int | None = None
    answer: bytes | None = None
    error: str | None = None


async def _post(url: str, payload: bytes, signature: str) -> Sent:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            return await _exchange(url, payload, signature)
    except TimeoutError:
        return Sent(error=f"no answer within {ANSWER_TIMEOUT:.0f} s")
    except (OSError, ValueError, asyncio.IncompleteReadError) as problem:
        return Sent(error=f"{type(problem).__name__}: {problem}")


async def _exchange(url: str, payload: bytes, signature: str) -> Sent:
    target = urlsplit(url)
    secure = target.scheme == "https"
    port = target.port or (443 if secure else 80)
    context = ssl.create_default_context() if secure else None
    reader, writer = await asyncio.open_connection(target.hostname, port, ssl=context)
    try:
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {target.netloc}\r\nUser-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n"
            f"Content-Type: application/json; charset=utf-8\r\nAccept: */*; q=0.5, application/xml\r\n"
            f"Stripe-Signature: {signature}\r\nContent-Length: {len(payload)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode() + payload)
        await writer.drain()
        status_line = await reader.readline()
        parts = status_line.split(None, 2)
        if len(parts) < 2 or not parts[1].isdigit():
            raise ValueError("the receiver closed the connection without an answer")
        # Read to the end: a receiver whose answer is cut off would log an error.
        answer = await reader.read(LONGEST_ANSWER)
        return Sent(int(parts[1]), answer.partition(b"\r\n\r\n")[2])
    finally:
        writer.close()
