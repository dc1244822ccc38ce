"""manage.py finds the running servers, and starts none itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import places, postgres, services
from tests.local.places import open_home

ASK = "from django.conf import settings; print(settings.DEBUG, settings.PORT, settings.DATABASES['default']['NAME'])"


def manage(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` in another terminal, which knows nothing but the folder."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**kept, "FCDASH_HOME": str(home), **variables},
        cwd=places.CHECKOUT,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def home() -> Iterator[Path]:
    with open_home() as home:
        yield home


def test_shell_without_servers_says_so_in_one_sentence(home: Path) -> None:
    answer = manage(home, "shell", "-c", ASK)

    assert answer.returncode == 1
    assert answer.stderr.strip() == (
        "No database is running: start `make run` in another terminal, or set DATABASE_URL."
    )


def test_check_starts_no_database(home: Path) -> None:
    answer = manage(home, "check")

    assert answer.returncode == 0, answer.stderr
    assert list(home.iterdir()) == []


def test_shell_finds_the_running_servers_and_ports(home: Path) -> None:
    running = services.start(home, durable=False)
    services.write_down(home, {**running.environment, "PORT": "8123"})

    answer = manage(home, "shell", "--no-imports", "-c", ASK, PGPORT="1", PGHOST="/nowhere")

    assert answer.stdout.strip() == "True 8123 fcdash", answer.stderr


def test_note_of_servers_that_are_gone_is_not_believed(home: Path) -> None:
    services.write_down(home, {"DATABASE_URL": "postgresql://fcdash_app@/fcdash?host=/nowhere"})

    assert "No database is running" in manage(home, "shell", "-c", ASK).stderr


def test_production_is_never_filled_in(home: Path) -> None:
    answer = manage(home, "check", DEBUG="0")

    assert answer.returncode != 0
    assert "is not set" in answer.stderr


def test_servers_of_a_live_run_are_not_stopped_under_it(home: Path) -> None:
    running = services.start(home, durable=False)
    with places.locked(home / "runner.lock"):
        answer = subprocess.run(
            [sys.executable, "-m", "local.services", "stop"],
            env={**os.environ, "FCDASH_HOME": str(home)},
            cwd=places.CHECKOUT,
            capture_output=True,
            text=True,
        )

    assert answer.returncode == 1
    assert answer.stderr.startswith(f"A run is at work in {home}")
    assert postgres.condition(running.database) is postgres.Condition.UP
