"""`python -m sandbox`: serves the sandbox until it is told to stop, on loopback unless told otherwise."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import socket
import sqlite3
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox import starting
from sandbox.app import build
from sandbox.store import store
from sandbox.wire import faults

LOOPBACK = "127.0.0.1"


class Protocol(H11Protocol):
    """Hands the application its connection, so that a fault can cut it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope["sandbox.transport"] = self.transport
            await inner(scope, receive, send)

        self.app = with_transport


class Server(uvicorn.Server):
    """Says where it listens once it does, and lets nothing that is being held delay the end."""

    host = LOOPBACK

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets and self.started:
            host = f"[{self.host}]" if ":" in self.host else self.host
            sys.stdout.write(f"listening on http://{host}:{sockets[0].getsockname()[1]}\n")
            sys.stdout.flush()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        faults.release_held()
        super().handle_exit(sig, frame)


def listen(host: str, port: int) -> list[socket.socket]:
    """Loopback in both families, so that `localhost` works whichever it means; another host as it is."""
    if host != LOOPBACK:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return [_bound(family, str(address[0]), port)]
    first = _bound(socket.AF_INET, LOOPBACK, port)
    sockets = [first]
    # Without IPv6 here, or with somebody else on the port there, 127.0.0.1 still serves.
    with contextlib.suppress(OSError):
        sockets.append(_bound(socket.AF_INET6, "::1", first.getsockname()[1]))
    return sockets


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # Named as TCP, or asyncio would leave Nagle on: an answer of two writes would then wait 40 ms for the ACK.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A local Stripe.")
    parser.add_argument("--port", type=int, default=8001, help="0 takes a free one")
    parser.add_argument("--host", default=LOOPBACK, help="where to listen, if not on loopback alone")
    parser.add_argument("--data", type=Path, required=True, help="folder that keeps its state")
    parser.add_argument("--webhook", help="where events go")
    options = parser.parse_args()
    logging.basicConfig(format="sandbox: %(message)s", level=logging.WARNING)
    refusal = starting.refusal(os.environ)
    if refusal:
        return _give_up(refusal)
    try:
        sockets = listen(options.host, options.port)
    except (OSError, OverflowError) as problem:
        return _give_up(starting.why_not_listening(options.host, options.port, problem))
    try:
        store.open(options.data)
    except (OSError, sqlite3.Error) as problem:
        return _give_up(starting.why_not_opened(options.data, problem))
    if not starting.is_loopback(options.host):
        sys.stderr.write(f"{starting.warning(options.host)}\n")
    config = uvicorn.Config(
        build(options.webhook),
        http=Protocol,
        ws="none",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=3,
        timeout_keep_alive=30,
    )
    server = Server(config)
    server.host = options.host
    server.run(sockets)
    return 0


def _give_up(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
