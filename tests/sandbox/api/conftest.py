"""A sandbox in its own process and a receiver for its webhooks, shared by the tests of this folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.sandbox.api.driving import Linked, Receiver, Sandbox, link, start
from tests.sandbox.api.world import World


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            received.signatures.append(self.headers["Stripe-Signature"])
            self.send_response(received.statuses.pop(0) if received.statuses else received.status)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield received
    server.shutdown()


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Sandbox]:
    process, base = start(tmp_path_factory.mktemp("sandbox"), "--webhook", receiver.url)
    yield Sandbox(base, receiver)
    process.terminate()
    process.wait(10)


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.post("/reset")
    running_sandbox.receiver.forget()
    return running_sandbox


@pytest.fixture
def linked(sandbox: Sandbox) -> Linked:
    return link(sandbox)


@pytest.fixture(scope="module")
def world(running_sandbox: Sandbox) -> World:
    """One of everything, for all tests of a module."""
    running_sandbox.post("/reset")
    return World(running_sandbox)
