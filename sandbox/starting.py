"""When the sandbox does not start, and why, each in one sentence."""

from __future__ import annotations

import errno
import ipaddress
import sqlite3
from collections.abc import Mapping
from pathlib import Path

_LIVE = ("sk_live_", "rk_live_", "pk_live_")
_NO = ("0", "false", "no", "off", "n", "f")


def refusal(environment: Mapping[str, str]) -> str | None:
    """Why the sandbox does not start here: a stand-in for Stripe beside live keys or a live site helps nobody."""
    for name, value in environment.items():
        if value.strip().startswith(_LIVE):
            return f"{name} holds a live key of Stripe: the sandbox starts in development only."
    if environment.get("DEBUG", "").strip().lower() in _NO:
        return "DEBUG is off, as in production: the sandbox starts in development only."
    return None


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def warning(host: str) -> str:
    return (
        f"The sandbox listens on {host}: whoever reaches this machine there can read and change all that is in it, "
        "for its keys are public."
    )


def why_not_listening(host: str, port: int, problem: Exception) -> str:
    number = problem.errno if isinstance(problem, OSError) else None
    if number == errno.EADDRINUSE:
        return f"Port {port} is in use; name another with --port."
    if number == errno.EACCES:
        return f"Port {port} is not for this user to listen on; name one above 1023 with --port."
    if isinstance(problem, OverflowError):
        return f"{port} is no port; name one up to 65535 with --port."
    return f"{host} is no address of this machine: {problem.strerror if isinstance(problem, OSError) else problem}."


def why_not_opened(folder: Path, problem: OSError | sqlite3.Error) -> str:
    """A folder that cannot be made or read, a full disk, a file that is no database, another sandbox's file."""
    reason = problem.strerror if isinstance(problem, OSError) else str(problem)
    return f"The sandbox cannot keep its state in {folder}: {reason}. Free it, or name another folder with --data."


def why_not_written(problem: sqlite3.Error) -> str:
    return f"The sandbox cannot write its state: {problem}. Nothing of this request was kept; is the disk full?"
