"""The process: its command line, what outlives it, and how it ends."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from tests.sandbox.api.driving import ROOT, Receiver, Sandbox, confirmed_payment, eventually, link, start


def test_it_listens_on_loopback_under_both_names(sandbox: Sandbox) -> None:
    port = sandbox.base.rsplit(":", 1)[1]

    assert requests.get(f"http://localhost:{port}/sandbox/ready", timeout=5).json() == {"ok": True}
    assert requests.get(f"http://127.0.0.1:{port}/sandbox/ready", timeout=5).json() == {"ok": True}
    if socket.has_ipv6:
        assert requests.get(f"http://[::1]:{port}/sandbox/ready", timeout=5).json() == {"ok": True}


def test_a_port_in_use_gives_one_sentence(sandbox: Sandbox, tmp_path: Path) -> None:
    port = sandbox.base.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "sandbox", "--port", port, "--data", str(tmp_path)]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)

    assert done.returncode == 1
    assert done.stderr == f"Port {port} is in use; name another with --port.\n"


def test_what_was_kept_outlives_the_process(tmp_path: Path, receiver: Receiver) -> None:
    receiver.forget()
    process, base = start(tmp_path)
    before = Sandbox(base, receiver)
    intent = confirmed_payment(before, link(before))
    before.post("/clock/advance", {"seconds": 60})
    before.control("PUT", "/faults", {"api": [{"match": "GET /v1/customers", "kind": "429"}]})
    process.send_signal(signal.SIGKILL)
    process.wait()

    process, base = start(tmp_path)
    try:
        after = Sandbox(base, receiver)
        assert after.api.payment_intents.retrieve(intent.id).status == "processing"
        assert after.control("GET", "/faults")["api"][0]["left"] == 1
        after.post("/clock/advance", {"seconds": 14 * 86_400})
        assert after.api.payment_intents.retrieve(intent.id).status == "succeeded"
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_while_a_request_is_held(tmp_path: Path, receiver: Receiver, how: signal.Signals) -> None:
    process, base = start(tmp_path)
    held = Sandbox(base, receiver)
    held.control("PUT", "/faults", {"api": [{"match": "GET /v1/customers", "kind": "timeout"}]})
    ended: list[Exception] = []

    def call() -> None:
        try:
            held.raw("GET", "/v1/customers")
        except requests.ConnectionError as problem:
            ended.append(problem)

    caller = threading.Thread(target=call)
    caller.start()
    while held.control("GET", "/faults")["api"][0]["left"]:
        pass

    process.send_signal(how)

    assert process.wait(8) is not None
    caller.join(5)
    assert len(ended) == 1


def test_state_of_another_release_is_put_aside(tmp_path: Path, receiver: Receiver) -> None:
    other = sqlite3.connect(tmp_path / "sandbox.sqlite3")
    other.executescript("PRAGMA user_version = 7; CREATE TABLE events (id TEXT)")
    other.close()

    process, base = start(tmp_path)
    try:
        assert Sandbox(base, receiver).api.customers.create({}).id
    finally:
        process.terminate()
        process.wait(10)

    assert (tmp_path / "old-sandbox.sqlite3").exists()


def test_a_delivery_cut_off_by_a_kill_is_sent_again(tmp_path: Path, receiver: Receiver) -> None:
    receiver.forget()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process, base = start(tmp_path, "--webhook", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        customer = Sandbox(base, receiver).api.customers.create({}).id
        connection, _ = silent.accept()
        process.send_signal(signal.SIGKILL)
        process.wait()
        connection.close()

    process, base = start(tmp_path, "--webhook", receiver.url)
    try:
        eventually(lambda: customer in [event["data"]["object"]["id"] for event in receiver.events])
    finally:
        process.terminate()
        process.wait(10)
