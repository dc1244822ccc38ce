"""Webhook deliveries: signed, retried, and spoilt on demand; a slow or broken receiver never holds up the API."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import random
import ssl
import time
from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from stripe import WebhookSignature

from sandbox import clock
from sandbox.store import store
from sandbox.wire import errors

logger = logging.getLogger("sandbox")

ANSWER_TIMEOUT = 10.0
AT_ONCE = 4
# After the first attempt: a test-mode endpoint gets three in all.
RETRY_AFTER = (2.0, 10.0)
SHUFFLE_SPREAD = 0.4


@dataclass(frozen=True)
class Faults:
    """How deliveries go wrong.

    `duplicate`, `drop` and `twins` are shares between 0 and 1: the same event twice, never, or one change told by two
    events. `before_answer`: the API answers only after what it set off was delivered. A `seed` makes chance repeatable.
    """

    duplicate: float = 0.0
    shuffle: bool = False
    drop: float = 0.0
    delay_s: float = 0.0
    twins: float = 0.0
    before_answer: bool = False
    seed: int | None = None


faults = Faults()
_chance = random.Random()
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
    _chance.seed(faults.seed)
    store.set_setting("webhook_faults", asdict(faults))


def restore_faults() -> None:
    global faults
    faults = Faults(**(store.setting("webhook_faults") or {}))


def queue(event_id: str, endpoint_id: str) -> None:
    """Puts an event's first attempt in the outbox, or notes that it never comes."""
    if _chance.random() < faults.drop:
        _log(event_id, _url_of(endpoint_id), 1, "dropped", None, None)
        return
    _put(event_id, endpoint_id, twin=False)
    if _chance.random() < faults.duplicate:
        _put(event_id, endpoint_id, twin=True)


def _put(event_id: str, endpoint_id: str, *, twin: bool) -> None:
    spread = _chance.random() * SHUFFLE_SPREAD if faults.shuffle else 0.0
    store.db.execute(
        "INSERT INTO outbox (event, endpoint, attempt, due, twin) VALUES (?, ?, 1, ?, ?)",
        (event_id, endpoint_id, clock.now() + faults.delay_s + spread, twin),
    )
    _wake.set()


def has_twin() -> bool:
    """Whether chance has a second event tell of the change that one has just told of."""
    return _chance.random() < faults.twins


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


def _due(now: float) -> list[tuple[Any, ...]]:
    """What to send now, as far as there is room beside what is being sent."""
    rows = store.db.execute(
        "SELECT seq, event, endpoint, attempt, due, twin FROM outbox WHERE due <= ? ORDER BY due, seq LIMIT ?",
        (now, AT_ONCE),
    )
    return [row for row in rows if row[0] not in _running][: AT_ONCE - len(_running)]


def _finished(seq: int, task: asyncio.Task[None]) -> None:
    del _running[seq]
    if not task.cancelled() and task.exception() is not None:
        logger.error("a delivery broke off", exc_info=task.exception())
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


async def _attempt(seq: int, event_id: str, endpoint_id: str, attempt: int, due: float, twin: int) -> None:
    endpoint = store.find("webhook_endpoint", endpoint_id)
    row = store.db.execute("SELECT body, pending FROM events WHERE id = ?", (event_id,)).fetchone()
    if endpoint is None or row is None:
        store.db.execute("DELETE FROM outbox WHERE seq = ?", (seq,))
        return
    url = endpoint["url"]
    event = json.loads(row[0])
    event["pending_webhooks"] = max(1, row[1])
    if endpoint["api_version"]:
        event["api_version"] = endpoint["api_version"]
    payload = json.dumps(event, indent=2)
    signature = WebhookSignature.generate_signature_header(payload, endpoint["_"]["secret"], int(time.time()))
    status, error = await _post(url, payload.encode(), signature)
    delivered = status is not None and 200 <= status < 300
    with store.transaction():
        store.db.execute("DELETE FROM outbox WHERE seq = ?", (seq,))
        _log(event_id, url, attempt, "delivered" if delivered else "failed", status, error)
        if delivered and not twin:
            store.db.execute("UPDATE events SET pending = max(0, pending - 1) WHERE id = ?", (event_id,))
        if not delivered and not twin and attempt <= len(RETRY_AFTER):
            # Counted from when this one was due, so that an advanced clock brings the whole series on.
            store.db.execute(
                "INSERT INTO outbox (event, endpoint, attempt, due) VALUES (?, ?, ?, ?)",
                (event_id, endpoint_id, attempt + 1, due + RETRY_AFTER[attempt - 1]),
            )


def _log(event_id: str, url: str, attempt: int, outcome: str, status: int | None, error: str | None) -> None:
    store.db.execute(
        "INSERT INTO deliveries (event, url, attempt, outcome, status, error, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (event_id, url, attempt, outcome, status, error, time.time()),
    )


def _url_of(endpoint_id: str) -> str:
    endpoint = store.find("webhook_endpoint", endpoint_id)
    return endpoint["url"] if endpoint else ""


async def _post(url: str, payload: bytes, signature: str) -> tuple[int | None, str | None]:
    """The receiver's status, or what went wrong on the way."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            return await _exchange(url, payload, signature), None
    except TimeoutError:
        return None, f"no answer within {ANSWER_TIMEOUT:.0f} s"
    except (OSError, ValueError, asyncio.IncompleteReadError) as problem:
        return None, f"{type(problem).__name__}: {problem}"


async def _exchange(url: str, payload: bytes, signature: str) -> int:
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
        await reader.read(65_536)
        return int(parts[1])
    finally:
        writer.close()
