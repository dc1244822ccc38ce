"""The runner behind `make run`: starts all parts, tells their logs apart, brings back what dies, stops all together."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import IO

import psutil

from local import Problem, environment, parts, places, postgres, processes, readiness, services, valkey
from local.parts import Part
from local.voices import Voices

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Every process of a run carries it, so that the next start finds what a killed runner left.
MARK = "FCDASH_RUN"
AT_ONCE_SECONDS = 10
DEATHS_AT_ONCE = 3
LONGEST_PAUSE_SECONDS = 30
STOP_SECONDS = 10
LOOK_SECONDS = 0.2
LAST_LINES_SECONDS = 1
SERVERS_EVERY_SECONDS = 2
SAY_NOT_READY_SECONDS = 30


class Stop(BaseException):
    """Somebody asked the run to end."""


@dataclass
class Running:
    """A part as it runs: its process, and how often it died right after a start."""

    part: Part
    process: subprocess.Popen[bytes]
    voice: Thread
    started: float
    deaths_at_once: int = 0
    pause_seconds: float = 1
    start_again_at: float | None = None


class Runner:
    """One run, from the first check to the last process gone."""

    def __init__(self) -> None:
        self.voices = Voices()
        self.home = places.home()
        self.environment: dict[str, str] = {}
        self.running: list[Running] = []
        self.owns_database = self.owns_queue = False
        self.lock: IO[str] | None = None
        self.stopping = False
        self.hurry = False
        self.make = _make_above_us()

    # --- The whole --------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Runs until a signal or a part that will not live; the exit code."""
        for number in SIGNALS:
            # SIGINT also when it arrives ignored, as in a script's background job; but nohup means what it says.
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)
        code = 0
        try:
            self._start()
            self._watch()
        except Stop:
            pass
        except Problem as problem:
            self.voices.say(str(problem))
            code = 1
        except OSError as error:
            self.voices.say(f"{error.strerror or error}: {error.filename or self.home}")
            code = 1
        finally:
            self.stopping = True
            self._stop()
        return code

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.stopping:
            self.hurry = True
        else:
            self.stopping = True
            raise Stop

    # --- Starting ---------------------------------------------------------------------------------------------

    def _start(self) -> None:
        readiness.check_python()
        environment.read_dotenv()
        self.home = places.home()
        self.home.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        self._end_leftovers()
        self.environment = self._basic_environment()
        readiness.check_ports(self.environment)
        readiness.check_space(self.home)
        self._start_part(parts.sandbox(self.environment))
        self._start_servers()
        self._prepare()
        for part in parts.application(self.environment):
            self._start_part(part)
        self._await_ready()
        self._greet()

    def _basic_environment(self) -> dict[str, str]:
        """Our environment with what a run needs said; what the person set stays."""
        wanted = {
            "DEBUG": "1",
            "PORT": "8000",
            "SANDBOX_PORT": "8001",
            "RUN_WORKERS": str(parts.WORKERS),
            "PYTHONUNBUFFERED": "1",
            # Celery warns each time that root runs it; here that is the person's choice.
            "PYTHONWARNINGS": "ignore:::celery.platforms",
        }
        ours = os.environ if os.environ.get("DATABASE_URL") else postgres.without_client_variables(os.environ)
        return {**wanted, **ours, "FCDASH_HOME": str(self.home), MARK: str(self.home)}

    def _take_lock(self) -> None:
        """Makes sure that one runner works in this folder; the kernel gives the lock back when we die."""
        self.lock = (self.home / "runner.lock").open("a")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.lock.close()
            self.lock = None
            raise Problem(
                f"fcdash already runs from {self.home}: stop that run first, or set FCDASH_HOME to another folder."
            ) from None

    def _end_leftovers(self) -> None:
        """Ends parts of a run whose runner was killed."""
        left = []
        for process in psutil.process_iter():
            try:
                if process.pid != os.getpid() and process.environ().get(MARK) == str(self.home):
                    left.append(process)
            except (psutil.Error, OSError):
                continue
        if left:
            self.voices.say(f"Ending {len(left)} processes that an earlier run left.")
            processes.end(left, signal.SIGTERM, 5)

    def _start_servers(self) -> None:
        """Starts PostgreSQL and Valkey, unless the environment names others, and writes down where they are."""
        found: dict[str, str] = {}
        if not self.environment.get("DATABASE_URL"):
            self.owns_database = True
            found["DATABASE_URL"] = postgres.start(self.home / "postgres").url
        if not self.environment.get("REDIS_URL"):
            self.owns_queue = True
            queue = valkey.start(self.home / "valkey")
            found["REDIS_URL"] = queue.cache_url()
            if not self.environment.get("CELERY_BROKER_URL"):
                found["CELERY_BROKER_URL"] = queue.broker_url()
        self.environment.update(found)
        told = {name: self.environment[name] for name in ("PORT", "SANDBOX_PORT")}
        services.write_down(self.home, {**found, **told})

    def _prepare(self) -> None:
        """Migrates and seeds in a process of its own, to its end."""
        command = (sys.executable, "-m", "local.prepare")
        running = self._spawn(Part("prepare", command))
        self.running.append(running)
        while running.process.poll() is None:
            self._look_after(self.running[:-1])
            time.sleep(LOOK_SECONDS / 4)
        self.running.remove(running)
        running.voice.join(LAST_LINES_SECONDS)
        if running.process.returncode:
            raise Problem("The database could not be prepared: the reason stands above.")

    def _start_part(self, part: Part) -> None:
        self.running.append(self._spawn(part))

    def _spawn(self, part: Part) -> Running:
        process = processes.spawn(part.command, self.environment, places.CHECKOUT, subprocess.PIPE)
        assert process.stdout is not None
        return Running(part, process, self.voices.follow(part.name, process.stdout), time.monotonic())

    def _await_ready(self) -> None:
        began = told = time.monotonic()
        while True:
            ready, answer = readiness.ask_ready(self.environment["PORT"])
            if ready:
                return
            self._look_after(self.running)
            self._heed_make()
            if time.monotonic() - told > SAY_NOT_READY_SECONDS:
                told = time.monotonic()
                self.voices.say(f"Not ready after {told - began:.0f} s: {answer}")
            time.sleep(LOOK_SECONDS)

    def _greet(self) -> None:
        url = self.environment.get("PUBLIC_URL") or f"http://localhost:{self.environment['PORT']}"
        for line in (
            "",
            f"fcdash is ready: {url}",
            "  demo household   demo@example.com    try-fcdash",
            f"  staff            staff@example.com   try-fcdash   ({url}/admin/)",
            f"  local Stripe     http://localhost:{self.environment['SANDBOX_PORT']}/",
            f"  mail it sends    {self.home / 'mail'}",
            "Ctrl-C stops everything.",
            "",
        ):
            self.voices.say(line)

    # --- Watching ---------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        looked = time.monotonic()
        while True:
            time.sleep(LOOK_SECONDS)
            self._heed_make()
            self._look_after(self.running)
            if time.monotonic() - looked > SERVERS_EVERY_SECONDS:
                self._look_after_servers()
                looked = time.monotonic()

    def _heed_make(self) -> None:
        """Stops when `make` was told to: of all signals it hands on SIGTERM only, and waits for us."""
        if self.make is not None and self.make.was_told_to_stop():
            raise Stop

    def _look_after(self, watched: list[Running]) -> None:
        now = time.monotonic()
        for running in watched:
            if running.start_again_at is not None:
                if now >= running.start_again_at:
                    self._start_again(running)
            elif running.process.poll() is not None:
                self._plan_restart(running, now)

    def _plan_restart(self, running: Running, now: float) -> None:
        name, code = running.part.name, running.process.returncode
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        lived = now - running.started
        # Its children (a web worker, a prefork child) must not outlive it beside their successors.
        _signal_group(running.process, signal.SIGKILL)
        running.voice.join(LAST_LINES_SECONDS)
        if lived < AT_ONCE_SECONDS:
            running.deaths_at_once += 1
        else:
            running.deaths_at_once, running.pause_seconds = 1, 1
        if running.deaths_at_once >= DEATHS_AT_ONCE:
            raise Problem(
                f"The part {name} {how} right after its start, {DEATHS_AT_ONCE} times in a row: see its lines above."
            )
        self.voices.say(f"The part {name} {how}; it is started again in {running.pause_seconds:g} s.")
        running.start_again_at = now + running.pause_seconds
        running.pause_seconds = min(2 * running.pause_seconds, LONGEST_PAUSE_SECONDS)

    def _start_again(self, running: Running) -> None:
        fresh = self._spawn(running.part)
        running.process, running.voice, running.started = fresh.process, fresh.voice, fresh.started
        running.start_again_at = None

    def _look_after_servers(self) -> None:
        """Starts PostgreSQL and Valkey again should they be gone; the parts reconnect by themselves."""
        start: list[tuple[bool, str, Callable[[Path], bool], Callable[[Path], object], str]] = [
            (self.owns_database, "PostgreSQL", postgres.is_down, postgres.start, "postgres"),
            (self.owns_queue, "Valkey", valkey.is_down, valkey.start, "valkey"),
        ]
        for ours, name, is_down, bring_back, folder in start:
            if ours and is_down(self.home / folder):
                self.voices.say(f"{name} is gone; it is started again.")
                bring_back(self.home / folder)

    # --- Stopping ---------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        if self.lock is None:
            return
        if self.running:
            self.voices.say("Stopping.")
        services.note(self.home).unlink(missing_ok=True)
        for running in self.running:
            _signal_group(running.process, signal.SIGTERM, leader_only=True)
        deadline = time.monotonic() + STOP_SECONDS
        while any(running.process.poll() is None for running in self.running):
            if self.hurry or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        for running in self.running:
            _signal_group(running.process, signal.SIGKILL)
            running.process.wait()
        self._stop_servers()
        self.lock.close()

    def _stop_servers(self) -> None:
        for ours, stop, folder in (
            (self.owns_queue, valkey.stop, "valkey"),
            (self.owns_database, postgres.stop, "postgres"),
        ):
            if not ours:
                continue
            try:
                stop(self.home / folder)
            except (Problem, OSError) as problem:
                self.voices.say(str(problem))


@dataclass(frozen=True)
class Make:
    """The `make` that started us, and the signals it caught then (Linux tells)."""

    process: psutil.Process
    caught: int

    def was_told_to_stop(self) -> bool:
        """True once it is gone, or has put a signal's handling back to the default, as it does on receiving one."""
        return os.getppid() != self.process.pid or _caught_signals(self.process.pid) & self.caught != self.caught


def _make_above_us() -> Make | None:
    try:
        process = psutil.Process(os.getppid())
        if process.name() not in {"make", "gmake"}:
            return None
        caught = _caught_signals(process.pid)
    except psutil.Error:
        return None
    watched = sum(1 << (number - 1) for number in SIGNALS)
    return Make(process, caught & watched)


def _caught_signals(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            return next((int(line.split()[1], 16) for line in file if line.startswith("SigCgt:")), 0)
    except OSError:
        return 0


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals, *, leader_only: bool = False) -> None:
    """Signals a part: its first process, which ends its children in order, or all of the group."""
    try:
        if leader_only:
            process.send_signal(number)
        else:
            os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def main() -> int:
    """`python -m local`."""
    return Runner().run()
