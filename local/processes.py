"""Processes: those that die with us, those of an earlier run, and those that run as another user."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from local import Problem

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Owner:
    """The operating-system user that a server runs as."""

    uid: int
    gid: int

    @property
    def is_me(self) -> bool:
        return self.uid == os.geteuid()

    @property
    def name(self) -> str:
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)


def me() -> Owner:
    return Owner(os.geteuid(), os.getegid())


def run_as(owner: Owner, command: Sequence[str | Path], log: Path | None = None) -> bool:
    """Runs `command` to its end as `owner`, its output in `log`; True when it succeeded."""
    try:
        with _popen_as(owner, command, log) as process:
            try:
                return process.wait() == 0
            except BaseException:
                # A Ctrl-C must not leave it at work behind our back.
                process.kill()
                raise
    except PermissionError as error:
        # Without a file name it was the change of user that was refused, as in some containers.
        if error.filename is None:
            raise Problem(f"PostgreSQL does not run as root, and this root may not become {owner.name}.") from error
        return False
    except OSError:
        return False


def launch_as(owner: Owner, command: Sequence[str | Path], log: Path) -> subprocess.Popen[bytes]:
    """Starts a server as `owner` that outlives us."""
    return _popen_as(owner, command, log, start_new_session=True)


def _popen_as(
    owner: Owner, command: Sequence[str | Path], log: Path | None, *, start_new_session: bool = False
) -> subprocess.Popen[bytes]:
    switch: dict[str, Any] = {} if owner.is_me else {"user": owner.uid, "group": owner.gid, "extra_groups": []}
    # Output goes to a file: a pipe would stay open in a server and hang whoever reads it. "/" is where all may be.
    with open(log or os.devnull, "ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=plain_environment(),
            start_new_session=start_new_session,
            **switch,
        )


def plain_environment() -> dict[str, str]:
    """Our environment without locale and PostgreSQL variables, which initdb and the server would obey."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PG"))}
    return {**kept, "LC_ALL": "C"}


def running_in(folder: Path, name: str) -> list[psutil.Process]:
    """Live processes called `name` that work in `folder`; a pid in a file proves nothing, the kernel's word does."""
    found = []
    where = os.path.realpath(folder)
    for process in psutil.process_iter():
        try:
            if process.name() == name and process.status() != psutil.STATUS_ZOMBIE and process.cwd() == where:
                found.append(process)
        except psutil.Error:
            continue
    return found


def end(processes: Sequence[psutil.Process], how: signal.Signals, patience_seconds: float) -> None:
    """Sends `how` to each, waits, and kills what is left."""
    for process in processes:
        try:
            process.send_signal(how)
        except psutil.Error:
            continue
    if not gone(processes, patience_seconds):
        for process in processes:
            try:
                process.kill()
            except psutil.Error:
                continue
        gone(processes, 5)


def gone(processes: Sequence[psutil.Process], patience_seconds: float) -> bool:
    """True once all have ended; zombies count as ended, since whoever must reap them may be slow."""
    deadline = time.monotonic() + patience_seconds
    while any(is_alive(process) for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str], env: Mapping[str, str], cwd: Path, output: int | IO[bytes] | None
) -> subprocess.Popen[bytes]:
    """Starts a child in a process group of its own that is told to end when we are killed (Linux).

    To be called from the main thread: the kernel watches the thread that forked, not the process.
    """
    parent = os.getpid()

    def follow_parent() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)

    return subprocess.Popen(
        list(command),
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        process_group=0,
        preexec_fn=follow_parent,
    )
