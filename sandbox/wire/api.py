"""`/v1/…`: every request in, through keys, faults and the idempotency layer, to the operation and back out."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sqlite3
import struct
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from sandbox import address, deliveries, events, ids, journal
from sandbox.events import Cause
from sandbox.store import Body, store
from sandbox.wire import auth, faults, idempotency, limits, params, publishable, rendering, versions
from sandbox.wire.errors import ApiError
from sandbox.wire.faults import Fault
from sandbox.wire.operations import Call, Operation, Raw
from sandbox.wire.table import TABLE
from sandbox.wire.versions import Version

logger = logging.getLogger("sandbox")

LARGEST_BODY = 1_000_000

_INTERNAL = ApiError("An unknown error occurred. The sandbox was told to fail.", status=500, type="api_error")


@dataclass
class Request:
    """What came in over the wire, and what is known of it so far."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""
    id: str = field(default_factory=lambda: ids.new_id("request"))
    raw: dict[str, Any] = field(default_factory=dict)
    version: Version = versions.CURRENT
    fault: Fault | None = None
    publishable: bool = False
    limited: str | None = None
    ip_address: str = ""

    @property
    def idempotency_key(self) -> str | None:
        return self.headers.get("idempotency-key") if self.method == "POST" else None

    @property
    def target(self) -> str:
        return f"{self.method} {self.path}"

    def meets(self, *kinds: str) -> bool:
        return self.fault is not None and self.fault.kind in kinds


@dataclass(frozen=True)
class Answer:
    """What goes out; `replayed_from` is the request whose answer this repeats."""

    status: int
    body: bytes
    replayed_from: str | None = None
    kind: bytes = b"application/json"


async def api(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    request = Request(
        method=scope["method"],
        path=scope["path"].rstrip("/"),
        query=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        ip_address=(scope.get("client") or ("",))[0],
    )
    if request.method == "OPTIONS":
        await _send(send, request, Answer(204, b""))
        return
    request.body = await _body(receive)
    gone = asyncio.ensure_future(_gone(receive))
    try:
        answer = await _answer(request, gone)
        if answer is None:
            _cut(scope)
            # Returning with the connection still open would have the server answer after all.
            await gone
        elif request.meets("truncated_after_success"):
            await _send(send, request, answer, len(answer.body) // 2)
            _cut(scope, orderly=True)
        else:
            await _send(send, request, answer)
    finally:
        gone.cancel()


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(chunks)
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if not message.get("more_body") or size > LARGEST_BODY:
            return b"".join(chunks)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _cut(scope: Scope, *, orderly: bool = False) -> None:
    """Closes the connection; unless it is to be orderly, with a reset as a broken network would."""
    transport = scope["sandbox.transport"]
    if orderly:
        transport.close()
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        # Linger 0: the kernel sends RST instead of an orderly end.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _answer(request: Request, gone: asyncio.Future[Any]) -> Answer | None:
    """The answer, or None when the connection is to be cut."""
    try:
        key = auth.key_of(request.headers.get("authorization"))
        request.publishable = key.publishable
        request.raw = _decoded(request)
        request.version = versions.parse(request.headers.get("stripe-version"))
        operation, path_ids = _found(request)
        key.check(operation)
    except ApiError as refusal:
        return _refuse(request, refusal)
    request.limited = limits.refused(operation.name)
    request.fault = faults.take(request.method, request.path) if request.limited is None else None
    if request.meets("429"):
        request.limited = "global-rate"
    # The limiter and the network stand before the idempotency layer: nothing of this is saved under the key.
    if request.limited:
        return _refuse(request, limits.error())
    refusal_told = faults.UNSAVED.get(request.fault.kind) if request.fault else None
    if refusal_told is not None:
        return _refuse(request, refusal_told)
    if request.meets("502"):
        _log(request, 502, faults.BAD_GATEWAY)
        return Answer(502, faults.BAD_GATEWAY, kind=b"text/html")
    if request.meets("timeout", "connection_reset"):
        _log(request, None)
        if request.meets("timeout"):
            await faults.hold(gone)
        return None
    if request.meets("slow"):
        return await _slowly(request, operation, path_ids)
    answer = _process(request, operation, path_ids)
    if deliveries.faults.before_answer:
        await deliveries.drained()
    if request.meets("timeout_after_success"):
        await faults.hold(gone)
    if request.meets("timeout_after_success", "connection_reset_after_success"):
        return None
    return answer


async def _slowly(request: Request, operation: Operation, path_ids: tuple[str, ...]) -> Answer:
    """Keeps the key in flight for a while before anything is done."""
    key = request.idempotency_key
    if key is not None:
        try:
            saved = idempotency.find(key, request.target, idempotency.fingerprint(request.raw))
        except ApiError as refusal:
            return _refuse(request, refusal)
        if saved is None:
            idempotency.begin(key)
    try:
        assert request.fault is not None  # noqa: S101
        await faults.hold(asyncio.Future(), request.fault.seconds)
    finally:
        if key is not None:
            idempotency.end(key)
    return _process(request, operation, path_ids)


def _decoded(request: Request) -> dict[str, Any]:
    raw = params.decode(request.query)
    if request.method == "POST" and request.body:
        if len(request.body) > LARGEST_BODY:
            raise ApiError("Request body is too large.", status=413)
        kind = request.headers.get("content-type", "").partition(";")[0]
        if kind not in ("", "application/x-www-form-urlencoded"):
            raise ApiError("Invalid request (check that your POST content type is application/x-www-form-urlencoded).")
        raw.update(params.decode(request.body.decode("utf-8", "replace")))
    return raw


def _process(request: Request, operation: Operation, path_ids: tuple[str, ...]) -> Answer:
    """One request from the idempotency layer on; its whole effect is one transaction."""
    key = request.idempotency_key
    print_ = idempotency.fingerprint(request.raw)
    try:
        if key is not None:
            saved = idempotency.find(key, request.target, print_)
            if saved is not None:
                _log(request, saved.status, saved.body)
                return Answer(saved.status, saved.body, replayed_from=saved.request_id)
        call = _call(request, operation, path_ids)
    except ApiError as refusal:
        return _refuse(request, refusal)
    with store.transaction():
        status, body, executed = _execute(request, operation, call)
        if key is not None and executed:
            idempotency.save(key, request.target, print_, status, request.id, body)
        _log(request, status, body)
    return Answer(status, body)


def _found(request: Request) -> tuple[Operation, tuple[str, ...]]:
    found = TABLE.find(request.method, request.path)
    if found is None or (found[0].preview and not request.version.preview):
        raise ApiError(
            f"Unrecognized request URL ({request.method}: {request.path}). If you are trying to list objects, remove "
            "the trailing slash. If you are trying to retrieve an object, make sure you passed a valid identifier.",
            status=404,
        )
    return found


def _call(request: Request, operation: Operation, path_ids: tuple[str, ...]) -> Call:
    raw, secret = request.raw, None
    if request.publishable:
        raw = dict(raw)
        secret = raw.pop("client_secret", None)
        raw = publishable.inferred(raw, request.ip_address, request.headers.get("user-agent", ""))
    if request.headers.get("stripe-account"):
        raise ApiError("The sandbox's key has no access to that account.", status=403, code="account_invalid")
    if operation.prepare:
        raw = operation.prepare(raw, request.version)
    checked = params.checked(raw, operation.shape_at(request.version))
    for name in operation.beyond:
        if name in checked:
            raise ApiError(f"`{name}` is a parameter of Stripe's that this sandbox does not act on.", param=name)
    address.base = f"http://{request.headers.get('host', 'localhost')}"
    return Call(path_ids, checked, request.version, request.path, address.base, request.publishable, secret)


def _execute(request: Request, operation: Operation, call: Call) -> tuple[int, bytes, bool]:
    """Status, body, and whether the operation had begun."""
    if request.meets("500"):
        return 500, _json(_INTERNAL.body), True
    events.cause = Cause(request.id, request.idempotency_key, operation.name, operation.emits)
    refusal: ApiError | None = None
    result: Any = None
    try:
        with store.transaction():
            try:
                result = operation.run(call)
                if "expand" in call.params:
                    result = _expanded(result, call)
                if call.publishable and isinstance(result, dict):
                    result = publishable.seen(result)
            except ApiError as caught:
                if not caught.keep:
                    raise
                refusal = caught
    except ApiError as caught:
        refusal = caught
    except sqlite3.Error:
        # The disk is full or broken: nothing of the request can be kept, neither its effect nor its answer.
        raise
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        return 500, _json(_INTERNAL.body), True
    finally:
        events.cause = Cause()
    if refusal is not None:
        return refusal.status, _json(_with_log_url(refusal, request)), refusal.executed
    if request.meets("500_after_success"):
        return 500, _json(_INTERNAL.body), True
    return 200, result.text.encode() if isinstance(result, Raw) else _json(result), True


def _expanded(result: Any, call: Call) -> Body:
    body: Body = json.loads(result.text) if isinstance(result, Raw) else result
    return rendering.expand(body, call.params["expand"], call.version)


def _refuse(request: Request, refusal: ApiError) -> Answer:
    answer = Answer(refusal.status, _json(_with_log_url(refusal, request)))
    _log(request, answer.status, answer.body)
    return answer


def _with_log_url(refusal: ApiError, request: Request) -> dict[str, Any]:
    error = publishable.seen_in(refusal.error) if request.publishable else refusal.error
    return {"error": {**error, "request_log_url": f"https://dashboard.stripe.com/test/logs/{request.id}"}}


def _json(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _log(request: Request, status: int | None, answer: bytes | None = None) -> None:
    journal.note_request(
        journal.Request(
            request.id,
            request.method,
            request.path,
            params.listed(publishable.loggable(request.raw)),
            request.idempotency_key,
            status,
            request.fault.kind if request.fault else None,
            request.version.label,
        ),
        answer,
    )


async def _send(send: Send, request: Request, answer: Answer, until: int | None = None) -> None:
    """Sends the answer, or its beginning alone where it breaks off."""
    headers = [
        (b"content-type", answer.kind),
        (b"content-length", str(len(answer.body)).encode()),
        (b"request-id", request.id.encode()),
        (b"stripe-version", request.version.label.encode("latin-1")),
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"GET, POST, DELETE, OPTIONS"),
        (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key, Stripe-Version"),
        (b"access-control-expose-headers", b"Request-Id"),
        (b"cache-control", b"no-cache, no-store"),
    ]
    key = request.idempotency_key
    if key is not None:
        headers.append((b"idempotency-key", key.encode("latin-1")))
        headers.append((b"original-request", (answer.replayed_from or request.id).encode()))
    if request.limited:
        headers.append((b"stripe-rate-limited-reason", request.limited.encode()))
    if answer.replayed_from:
        headers.append((b"idempotent-replayed", b"true"))
    if request.fault is not None and request.fault.should_retry is not None:
        headers.append((b"stripe-should-retry", b"true" if request.fault.should_retry else b"false"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body[:until], "more_body": until is not None})
