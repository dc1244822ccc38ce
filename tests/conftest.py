"""The session's stage, and the fixtures that every test may use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import stage as stages

# Before anything imports a model, and so before the settings are read: conftests of subfolders may import models.
STAGE = stages.enter()

import django  # noqa: E402

django.setup()
# xdist's workers inherit the variable, and pytest-django would read the settings before they have entered their stage.
del os.environ["DJANGO_SETTINGS_MODULE"]

from django.conf import settings  # noqa: E402

from tests import emptying, tasks  # noqa: E402
from tests.cast import cast  # noqa: E402, F401
from tests.linking import bank_keys, link, settle  # noqa: E402, F401
from tests.sandbox_client import Sandbox  # noqa: E402

# Sign-in is tested, the cost of guessing passwords is Django's own business.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

emptying.install()

_NAMES = (
    [os.environ["CHROME_PATH"]] if os.environ.get("CHROME_PATH") else ["chromium", "google-chrome", "chromium-browser"]
)
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), "")
NO_BROWSER = f"no Chromium found (looked for {', '.join(_NAMES)}): install chromium, or set CHROME_PATH"


def pytest_report_header() -> str:
    return f"browser: {CHROMIUM or NO_BROWSER}"


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    STAGE.leave()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last and share one xdist worker: two browsers at once starve each other on a small machine."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and not CHROMIUM:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(NO_BROWSER, pytrace=False)
        pytest.skip(NO_BROWSER)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    missed = [report for report in terminalreporter.stats.get("skipped", []) if NO_BROWSER in str(report.longrepr)]
    if missed:
        terminalreporter.write_line(f"{len(missed)} browser tests did not run: {NO_BROWSER}.", yellow=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Nothing holds the test database when it is dropped."""
    yield
    emptying.close()


@pytest.fixture(autouse=True)
def _empty_valkey() -> None:
    """Each test starts with an empty cache and empty queues."""
    tasks.empty_valkey()


@pytest.fixture(scope="session")
def _sandbox() -> Sandbox:
    if STAGE.sandbox_problem:
        pytest.fail(STAGE.sandbox_problem, pytrace=False)
    return Sandbox(STAGE.environment["STRIPE_API_BASE"])


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Sandbox:
    """This process's sandbox, emptied."""
    _sandbox.reset()
    return _sandbox


@pytest.fixture
def webhooks_to(sandbox: Sandbox) -> Iterator[Callable[[str], None]]:
    """`webhooks_to(live_server.url)`: events go there from now on, and nowhere after the test."""
    yield lambda url: sandbox.send_webhooks_to(f"{url.rstrip('/')}/webhooks/stripe/")
    sandbox.send_webhooks_to(f"{stages.NOWHERE}/")


@pytest.fixture
def run_tasks() -> Callable[..., list[tasks.Ran]]:
    """`run_tasks()` runs the tasks that wait in the broker, in this process, until none is left."""
    return tasks.run_tasks


@pytest.fixture
def process_environment(transactional_db: None) -> dict[str, str]:
    """The environment of a process that is to work on this test's database, broker and sandbox."""
    from django.db import connection

    url = STAGE.environment["DATABASE_URL"]
    named = url.replace("/fcdash?", f"/{connection.settings_dict['NAME']}?")
    return {**os.environ, **STAGE.environment, "DATABASE_URL": named}


@pytest.fixture
def worker(process_environment: dict[str, str], tmp_path: Path) -> Iterator[tasks.Worker]:
    """A real Celery worker on all queues; `.kill()` is SIGKILL, `.start()` brings it back."""
    running = tasks.Worker(process_environment, tmp_path / "worker.log")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Playwright drives the machine's own Chromium; root needs --no-sandbox."""
    arguments = ["--disable-gpu", "--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": arguments}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "en-US", "timezone_id": "America/New_York"}
