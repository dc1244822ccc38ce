"""What must hold before a run starts, each failure said in one sentence; and when it is up."""

from __future__ import annotations

import errno
import http.client
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from local import Problem
from local.parts import loopbacks

OLDEST_PYTHON = (3, 11)
FREE_BYTES = 500_000_000


def check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        raise Problem(f"fcdash needs Python 3.11 or newer; this is {sys.version.split()[0]}.")


def check_ports(environment: Mapping[str, str]) -> None:
    """Refuses ports that are no ports, the same, or taken; the sentence names the variable to change."""
    ports = {name: _port(name, environment[name]) for name in ("PORT", "SANDBOX_PORT")}
    if ports["PORT"] == ports["SANDBOX_PORT"]:
        raise Problem(f"PORT and SANDBOX_PORT are both {ports['PORT']}: give them different values.")
    for name, port in ports.items():
        for address in loopbacks():
            _check_port(name, port, address)


def _port(name: str, value: str) -> int:
    if value.isdigit() and 0 < int(value) < 65536:
        return int(value)
    raise Problem(f"{name} is {value!r}, which is not a port: choose a number from 1024 to 65535.")


def _check_port(name: str, port: int, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # A port that a run just left counts as free, as it will for the servers.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except PermissionError:
            raise Problem(f"Port {port} is reserved for root: set {name} to a number above 1023.") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Problem(f"Port {port} cannot be used ({error.strerror}): set {name} to another.") from None
            raise Problem(
                f"Port {port} is in use: set {name} to a free one, for example `{name}={port + 10} make run`."
            ) from None


def check_space(home: Path) -> None:
    free = shutil.disk_usage(home).free
    if free < FREE_BYTES:
        raise Problem(
            f"The disk of {home} has {free // 1_000_000} MB left and {FREE_BYTES // 1_000_000} MB are needed:"
            " make room, or set FCDASH_HOME to a folder on another disk."
        )


def ask_ready(port: str) -> tuple[bool, str]:
    """Whether /readyz says that all parts answer, and what it says instead."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"localhost:{port}"})
        answer = connection.getresponse()
        return answer.status == 200, f"{answer.status} {answer.read(500).decode('utf-8', 'replace').strip()}"
    except OSError:
        return False, "the web part does not answer yet"
    except http.client.HTTPException as error:
        return False, f"the web part answers nonsense ({error!r})"
    finally:
        connection.close()
