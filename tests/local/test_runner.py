"""One command starts everything, and one signal, however it comes, ends it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from local import places, processes, runner
from tests.local.places import open_home
from tests.waiting import until

# One xdist worker, so that the first migration and the demo data are paid for once.
pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("runner")]
START_SECONDS = 180


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Run:
    """`make run` or `python -m local` in a process group of its own, with its log in a file."""

    def __init__(self, home: Path, ports: dict[str, str], command: list[str], *, ignore_sigint: bool = False) -> None:
        self.home = home
        self.url = f"http://localhost:{ports['PORT']}"
        self.log = Path(tempfile.mkstemp(".log", "run-", home)[1])
        kept = {name: os.environ[name] for name in ("PATH", "HOME")}
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
        self.await_text(f"fcdash is ready: {self.url}")

    def answers(self) -> bool:
        """Whether every part says it is well."""
        with suppress(OSError), urlopen(f"{self.url}/readyz", timeout=30) as answer:
            return bool(answer.status == 200)
        return False

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


@pytest.fixture(scope="module")
def ports() -> dict[str, str]:
    """The same for all runs, so that one which does not let go stops the next."""
    return {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}


@pytest.fixture
def start(home: Path, ports: dict[str, str]) -> Iterator[Callable[..., Run]]:
    started: list[Run] = []

    def begin(command: list[str], *, ignore_sigint: bool = False) -> Run:
        started.append(Run(home, ports, command, ignore_sigint=ignore_sigint))
        return started[-1]

    yield begin
    for run in started:
        with suppress(ProcessLookupError):
            os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait()
        processes.end(run.parts(), signal.SIGKILL, 5)


def test_what_dies_comes_back_and_sigint_ends_all_even_when_it_arrived_ignored(start: Callable[..., Run]) -> None:
    run = start(PYTHON, ignore_sigint=True)
    run.await_ready()
    assert "demo@example.com" in run.text()
    assert "staff@example.com" in run.text()

    beat = next(process for process in run.parts() if "beat" in process.cmdline())
    for process in (beat, *run.servers()):
        with suppress(psutil.Error):
            process.kill()
    run.await_text("The part beat was killed by SIGKILL; it is started again")
    run.await_text("PostgreSQL is gone; it is started again.")
    run.await_text("Valkey is gone; it is started again.")
    until(lambda: any("beat" in process.cmdline() for process in run.parts()), "a new beat")
    until(run.answers, f"readiness after the crash; {run.log}", START_SECONDS)

    run.process.send_signal(signal.SIGINT)
    run.assert_all_gone()
    assert run.process.returncode == 0


def test_killed_runner_leaves_nothing_that_stops_the_next(start: Callable[..., Run]) -> None:
    first = start(PYTHON)
    first.await_ready()
    orphans = first.parts()
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait()

    second = start(PYTHON)
    second.await_ready()
    assert not any(processes.is_alive(orphan) for orphan in orphans)

    third = start(PYTHON)
    assert third.process.wait(30) == 1
    assert re.search(r"^fcdash already runs from .*: stop that run first", third.text(), re.MULTILINE)
    second.process.send_signal(signal.SIGHUP)
    second.assert_all_gone()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_to_make_alone_stops_all(start: Callable[..., Run], number: signal.Signals) -> None:
    run = start(["make", "run"])
    run.await_text("listening on")

    run.process.send_signal(number)

    run.assert_all_gone()
