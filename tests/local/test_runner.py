"""One command starts everything, and one signal, however it comes, ends it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from local import places, processes, runner
from tests.local.places import open_home
from tests.waiting import until

pytestmark = pytest.mark.kill
START_SECONDS = 180


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Run:
    """`make run` or `python -m local` in a process group of its own, with its log in a file."""

    def __init__(self, home: Path, command: list[str], *, ignore_sigint: bool = False) -> None:
        self.home = home
        self.port = free_port()
        self.log = home / "run.log"
        kept = {name: os.environ[name] for name in ("PATH", "HOME")}
        ports = {"PORT": str(self.port), "SANDBOX_PORT": str(free_port())}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env={**kept, **ports, "FCDASH_HOME": str(home)},
                cwd=places.CHECKOUT,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if ignore_sigint else None,
            )

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def await_text(self, wanted: str) -> None:
        def look() -> bool:
            assert self.process.poll() is None or wanted in self.text(), self.text()[-3000:]
            return wanted in self.text()

        until(look, f"{wanted!r} in the log", START_SECONDS)

    def await_ready(self) -> None:
        self.await_text(f"fcdash is ready: http://localhost:{self.port}")

    def parts(self) -> list[psutil.Process]:
        """The processes of this run, but for its servers."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get(runner.MARK) == str(self.home) and processes.is_alive(process):
                    found.append(process)
        return found

    def servers(self) -> list[psutil.Process]:
        cluster = places.named_folder(self.home / "postgres" / "cluster-is-in", os.geteuid())
        data = (cluster or self.home / "postgres" / "cluster") / "data"
        return processes.running_in(data, "postgres") + processes.running_in(self.home / "valkey", "valkey-server")

    def assert_all_gone(self) -> None:
        self.process.wait(60)
        assert self.parts() == []
        assert self.servers() == []
        assert not (self.home / "services.json").exists()


PYTHON = [sys.executable, "-m", "local"]


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One home for all runs of this module: the first migrates and seeds, the others start quickly."""
    with open_home() as home:
        yield home


@pytest.fixture
def runs(home: Path) -> Iterator[list[Run]]:
    started: list[Run] = []
    yield started
    for run in started:
        with suppress(ProcessLookupError):
            os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait()
        processes.end(run.parts(), signal.SIGKILL, 5)


def test_sigint_stops_all_even_when_it_arrives_ignored(home: Path, runs: list[Run]) -> None:
    runs.append(run := Run(home, PYTHON, ignore_sigint=True))
    run.await_ready()
    with urlopen(f"http://localhost:{run.port}/readyz") as answer:
        assert answer.status == 200
    assert "demo@example.com" in run.text()
    assert "staff@example.com" in run.text()
    assert run.servers()

    run.process.send_signal(signal.SIGINT)

    run.assert_all_gone()
    assert run.process.returncode == 0


def test_part_that_dies_is_named_and_started_again_and_so_is_the_database(home: Path, runs: list[Run]) -> None:
    runs.append(run := Run(home, PYTHON))
    run.await_ready()
    beat = next(process for process in run.parts() if "beat" in process.cmdline())
    beat.kill()
    run.await_text("The part beat was killed by SIGKILL; it is started again")
    until(lambda: any("beat" in process.cmdline() for process in run.parts()), "a new beat")
    for server in run.servers():
        with suppress(psutil.Error):
            server.kill()
    run.await_text("PostgreSQL is gone; it is started again.")
    run.await_text("Valkey is gone; it is started again.")

    def works() -> bool:
        with suppress(OSError), urlopen(f"http://localhost:{run.port}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
        return False

    until(works, "readiness after the crash", 60)
    os.killpg(run.process.pid, signal.SIGTERM)
    run.assert_all_gone()


def test_killed_runner_leaves_nothing_that_stops_the_next(home: Path, runs: list[Run]) -> None:
    runs.append(first := Run(home, PYTHON))
    first.await_ready()
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()

    runs.append(second := Run(home, PYTHON))
    second.await_ready()
    old = set(first_ports(second.parts())) - {second.port}
    assert first.port not in old
    runs.append(third := Run(home, PYTHON))
    third.process.wait(30)
    assert third.process.returncode == 1
    assert re.search(r"^fcdash already runs from .*: stop that run first", third.text(), re.MULTILINE)
    second.process.send_signal(signal.SIGHUP)
    second.assert_all_gone()


def first_ports(parts: list[psutil.Process]) -> Iterator[int]:
    for part in parts:
        with suppress(psutil.Error):
            yield from (connection.laddr.port for connection in part.net_connections() if connection.status == "LISTEN")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_to_make_alone_stops_all(home: Path, runs: list[Run], number: signal.Signals) -> None:
    runs.append(run := Run(home, ["make", "run"]))
    run.await_text("listening on")

    run.process.send_signal(number)

    run.assert_all_gone()
