"""Set-up and checks say plainly what is missing and what they did not look at."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local import places
from local.parts import QUEUES
from tools import audit, vendored

SKIPPED = {"name": "amqp", "skip_reason": "not found on PyPI"}
CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
FLAWED = {"name": "pip", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}


def judge(*packages: object) -> audit.Audit:
    return audit.judge(json.dumps({"dependencies": packages}), "")


def test_audit_that_looked_at_nothing_is_not_measured() -> None:
    assert not judge(SKIPPED, SKIPPED).measured
    assert not audit.judge("", "ConnectionError: no route").measured


def test_audit_that_skipped_a_package_is_not_green() -> None:
    assert judge(CLEAN, SKIPPED) == audit.Audit(True, ["amqp was skipped: not found on PyPI"])


def test_audit_names_flaws() -> None:
    assert judge(CLEAN).problems == []
    assert judge(CLEAN, FLAWED).problems == ["pip 1: CVE-1 (fixed in: 2)"]


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    (tmp_path / "lib-1").mkdir()
    (tmp_path / "lib-1" / "lib.js").write_text("1")
    (tmp_path / "HASHES").write_text(f"{hashlib.sha256(b'1').hexdigest()}  lib-1/lib.js\n")
    return tmp_path


def test_vendored_files_as_listed_pass(vendor: Path) -> None:
    assert vendored.differences(vendor) == []


def test_changed_missing_and_unlisted_vendored_files_are_named(vendor: Path) -> None:
    (vendor / "lib-1" / "lib.js").write_text("2")
    (vendor / "lib-1" / "more.js").write_text("3")
    with (vendor / "HASHES").open("a") as hashes:
        hashes.write(f"{'0' * 64}  lib-2/gone.js\n")

    assert vendored.differences(vendor) == [
        "lib-1/lib.js differs from its hash",
        "lib-2/gone.js is listed but missing",
        "lib-1/more.js is not listed",
    ]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=places.CHECKOUT, capture_output=True, text=True)


def test_missing_python_is_one_sentence() -> None:
    answer = make("run", "PYTHON=")

    assert answer.returncode != 0
    assert answer.stderr.startswith("fcdash needs Python 3.11 or newer (found: ")


def test_missing_venv_module_names_the_package(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "installing.py").write_text((places.CHECKOUT / "tools" / "installing.py").read_text())
    without = "import sys, runpy; sys.modules['ensurepip'] = None; sys.argv[1:] = ['local'];"
    code = f"{without} runpy.run_path({str(tmp_path / 'tools' / 'installing.py')!r}, run_name='__main__')"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "python3-venv" in answer.stderr


def test_example_environment_names_every_variable_that_the_settings_read() -> None:
    settings = (places.CHECKOUT / "fcdash" / "settings.py").read_text()
    read = set(re.findall(r'(?:env\.\w+|required)\(\s*"([A-Z_]+)"', settings)) - {"RUN_WORKERS"}
    named = set(re.findall(r"^#([A-Z_]+)=", (places.CHECKOUT / ".env.example").read_text(), re.MULTILINE))

    assert read - named == set()
    assert named - read == {"CHROME_PATH", "REQUIRE_BROWSER"}


def test_every_queue_that_tasks_are_routed_to_has_a_worker() -> None:
    from django.conf import settings

    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE}

    assert routed <= set(QUEUES)
