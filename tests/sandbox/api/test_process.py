"""The process: its command line, what outlives it, and how it ends."""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from sandbox import starting
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

    process, base = start(tmp_path, stderr=subprocess.PIPE)
    try:
        assert Sandbox(base, receiver).api.customers.create({}).id
    finally:
        process.terminate()
        _, said = process.communicate(timeout=10)

    assert (tmp_path / "old-sandbox.sqlite3").exists()
    assert "kept there as old-sandbox.sqlite3" in said
    assert len(said.splitlines()) == 1


def refused(*options: str, **environment: str) -> str:
    """What a sandbox says that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "0", *options],
        cwd=ROOT, capture_output=True, text=True, timeout=30, env={**os.environ, **environment},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_it_never_starts_in_production(tmp_path: Path) -> None:
    said = refused("--data", str(tmp_path), SOME_OTHER_NAME="rk_live_51abc")

    assert said == "SOME_OTHER_NAME holds a live key of Stripe: the sandbox starts in development only.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"STRIPE_SECRET_KEY": "sk_live_51abc"}, "STRIPE_SECRET_KEY"),
        ({"STRIPE_SECRET_KEY": "sk_test_51abc", "DEBUG": "1"}, None),
        ({"DEBUG": "0"}, "DEBUG"),
        ({"DEBUG": "False"}, "DEBUG"),
        ({}, None),
    ],
)
def test_production_is_told_by_live_keys_and_debug(environment: dict[str, str], named: str | None) -> None:
    said = starting.refusal(environment)

    assert (said and said.split()[0]) == named


def test_a_folder_that_cannot_hold_state_gives_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sandbox.sqlite3").write_bytes(b"this is no database" * 100)

    for folder in ("file/below", "broken"):
        assert f"cannot keep its state in {tmp_path / folder}: " in refused("--data", str(tmp_path / folder))


def test_a_folder_belongs_to_one_sandbox(tmp_path: Path) -> None:
    process, _ = start(tmp_path)
    try:
        assert "another sandbox is at work there" in refused("--data", str(tmp_path))
    finally:
        process.kill()
        process.wait()


def test_another_host_is_listened_on_with_a_warning(tmp_path: Path) -> None:
    process, base = start(tmp_path, "--host", "0.0.0.0", stderr=subprocess.PIPE)
    try:
        assert base.startswith("http://0.0.0.0:")
        assert requests.get(f"{base}/sandbox/ready", timeout=5).json() == {"ok": True}
    finally:
        process.terminate()
        _, said = process.communicate(timeout=10)

    assert said.startswith("The sandbox listens on 0.0.0.0: whoever reaches this machine")


def test_a_full_disk_refuses_writes_until_there_is_room(tmp_path: Path, receiver: Receiver) -> None:
    process, base = start(tmp_path, stderr=subprocess.PIPE)
    try:
        sandbox = Sandbox(base, receiver)
        kept = sandbox.api.customers.create({}).id
        whole = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, whole[1]))
        answer = sandbox.raw("POST", "/v1/customers", headers={"Idempotency-Key": "k"})
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, whole)

        assert answer.status_code == 500
        assert "cannot write its state" in answer.json()["error"]["message"]
        again = sandbox.raw("POST", "/v1/customers", headers={"Idempotency-Key": "k"})
        assert [each.id for each in sandbox.api.customers.list().data] == [again.json()["id"], kept]
    finally:
        process.terminate()
        _, said = process.communicate(timeout=10)
    assert "Traceback" not in said


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path, receiver: Receiver) -> None:
    process, base = start(tmp_path)
    acknowledged: list[tuple[str, str]] = []

    def write(name: int) -> None:
        with requests.Session() as session, contextlib.suppress(requests.RequestException):
            session.headers["Authorization"] = "Bearer sk_test_sandbox"
            for number in itertools.count():
                key = f"{name}-{number}"
                answer = session.post(f"{base}/v1/customers", headers={"Idempotency-Key": key}, timeout=5)
                acknowledged.append((key, answer.json()["id"]))

    writers = [threading.Thread(target=write, args=(name,)) for name in range(3)]
    for writer in writers:
        writer.start()
    eventually(lambda: len(acknowledged) > 100)
    process.kill()
    process.wait()
    for writer in writers:
        writer.join()

    process, base = start(tmp_path)
    try:
        after = Sandbox(base, receiver)
        kept = {each.id for each in after.api.customers.list({"limit": 100}).auto_paging_iter()}
        told = {each.data.object.id for each in after.api.events.list({"limit": 100}).auto_paging_iter()}
        assert {customer for _, customer in acknowledged} <= kept
        assert kept == told
        key, customer = acknowledged[-1]
        assert after.raw("POST", "/v1/customers", headers={"Idempotency-Key": key}).json()["id"] == customer
        for name in range(3):
            number = sum(key.startswith(f"{name}-") for key, _ in acknowledged)
            # The one that was cut off: done or not, its key finds out which.
            again = after.raw("POST", "/v1/customers", headers={"Idempotency-Key": f"{name}-{number}"}).json()["id"]
            kept.add(again)
        assert len(kept) == len(acknowledged) + 3
    finally:
        process.terminate()
        process.wait(10)


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
