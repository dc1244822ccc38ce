"""What stands in the way of a start is said in one sentence that names what to change."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import Problem, readiness


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT"])
def test_taken_port_names_its_variable(name: str, taken_port: int) -> None:
    ports = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port()), name: str(taken_port)}

    with pytest.raises(Problem, match=f"Port {taken_port} is in use: set {name} "):
        readiness.check_ports(ports)


def test_free_ports_pass() -> None:
    readiness.check_ports({"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())})


@pytest.mark.parametrize("value", ["", "http", "0", "70000", "-1"])
def test_what_is_no_port_is_named(value: str) -> None:
    with pytest.raises(Problem, match=r"PORT is .* not a port"):
        readiness.check_ports({"PORT": value, "SANDBOX_PORT": "8001"})


def test_one_port_for_two_parts_is_refused() -> None:
    with pytest.raises(Problem, match="PORT and SANDBOX_PORT are both 8001"):
        readiness.check_ports({"PORT": "8001", "SANDBOX_PORT": "8001"})


def test_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "FREE_BYTES", 10**18)

    with pytest.raises(Problem, match=r"The disk of .* has \d+ MB left and .* set FCDASH_HOME"):
        readiness.check_space(tmp_path)
