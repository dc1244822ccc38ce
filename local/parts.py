"""The parts that a run consists of beside its servers, and how each is started."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass

# Money first: a thousand refreshes must not keep a payment waiting, so they have a worker of their own.
MONEY_QUEUES = ("payments", "webhooks", "mail", "default")
BANK_QUEUES = ("refreshes", "backfill")
QUEUES = MONEY_QUEUES + BANK_QUEUES
WORKERS = 2


@dataclass(frozen=True)
class Part:
    """One long-running process: its name in the log and its command."""

    name: str
    command: tuple[str, ...]


def sandbox(environment: Mapping[str, str]) -> Part:
    """The local Stripe, which sends its events to our web part."""
    hook = f"http://localhost:{environment['PORT']}/webhooks/stripe/"
    data = f"{environment['FCDASH_HOME']}/sandbox"
    return _python("sandbox", "sandbox", "--port", environment["SANDBOX_PORT"], "--data", data, "--webhook", hook)


def application(environment: Mapping[str, str]) -> list[Part]:
    """Web, workers and beat."""
    return [
        _web(environment["PORT"]),
        _worker("worker", "money", MONEY_QUEUES),
        _worker("bank", "bank", BANK_QUEUES),
        _celery("beat", "beat", "--pidfile=", "--max-interval", "5"),
    ]


def loopbacks() -> list[str]:
    """The addresses that `localhost` may mean to a browser here."""
    addresses = ["127.0.0.1"]
    if socket.has_ipv6:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("::1", 0))
            except OSError:
                return addresses
        addresses.append("::1")
    return addresses


def _web(port: str) -> Part:
    binds = [f"--bind={f'[{address}]' if ':' in address else address}:{port}" for address in loopbacks()]
    size = ("--worker-class=gthread", "--workers=2", "--threads=4", "--preload")
    ends = ("--timeout=60", "--graceful-timeout=5", "--no-control-socket")
    return _python("web", "gunicorn", "fcdash.wsgi:application", *binds, *size, *ends)


def _worker(name: str, node: str, queues: tuple[str, ...]) -> Part:
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return _celery(name, "worker", "-n", f"{node}@%h", "-Q", ",".join(queues), "-c", "2", *quiet)


def _celery(name: str, *command: str) -> Part:
    # At INFO every sweep would leave lines in the log, several times a minute.
    return _python(name, "celery", "-q", "-A", "fcdash", *command, "-l", "WARNING")


def _python(name: str, module: str, *arguments: str) -> Part:
    return Part(name, (sys.executable, "-m", module, *arguments))
