"""What a test session stands on: PostgreSQL, Valkey and one sandbox a process, made before the settings are read."""

from __future__ import annotations

import atexit
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from local import Problem, places, processes, services

SHARED = "FCDASH_TEST_STAGE"
SANDBOX_SECONDS = 30
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Stage:
    """One process's part of the session: its environment, its sandbox, and the servers if it started them."""

    home: Path
    environment: dict[str, str]
    sandbox: subprocess.Popen[bytes] | None = None
    sandbox_problem: str = ""
    slot: IO[str] | None = None
    left: bool = field(default=False)

    def leave(self) -> None:
        """Stops what this process started."""
        if self.left:
            return
        self.left = True
        if self.sandbox is not None:
            self.sandbox.terminate()
            self.sandbox.wait(10)
        if self.slot is not None:
            services.stop(self.home)
            self.slot.close()


def enter() -> Stage:
    """Starts the session's servers (or joins those of the xdist controller) and this process's sandbox."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    sandbox_log = None
    if shared := os.environ.get(SHARED):
        stage = Stage(Path(shared), {})
    else:
        stage = _take_slot()
        os.environ[SHARED] = str(stage.home)
    atexit.register(stage.leave)
    own = stage.home / (worker or "main")
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    if not _only_directs():
        sandbox_log = own / "sandbox.log"
        stage.sandbox = _start_sandbox(own / "sandbox", sandbox_log)
    running = _servers(stage.home)
    url = NOWHERE
    if stage.sandbox and sandbox_log:
        try:
            url = _sandbox_url(stage.sandbox, sandbox_log)
        except RuntimeError as error:
            # What does not need the sandbox can still be tested; what does fails with this sentence.
            stage.sandbox_problem = str(error)
    number = int(worker.removeprefix("gw") or 0) + 1 if worker else 0
    stage.environment = _environment(running, own, number, url)
    _apply(stage.environment)
    return stage


def _take_slot() -> Stage:
    """The first session folder that no other session holds; its cluster is kept, so that the next one starts sooner."""
    number = 0
    while True:
        home = places.home() / "test" / str(number)
        home.mkdir(parents=True, exist_ok=True)
        slot = (home / "session").open("a")
        try:
            fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            slot.close()
            number += 1
        else:
            return Stage(home, {}, slot=slot)


def _servers(home: Path) -> services.Services:
    try:
        return services.start(home, durable=False)
    except Problem:
        # The cluster runs without fsync: a crash of the machine may have spoilt it, and nothing in it is worth keeping.
        services.stop(home)
        for name in ("postgres", "valkey"):
            shutil.rmtree(home / name, ignore_errors=True)
        return services.start(home, durable=False)


def _only_directs() -> bool:
    """True in the process that only hands tests out to xdist's workers."""
    return "PYTEST_XDIST_WORKER" not in os.environ and any(re.match(r"-n\d|-n$|--numprocesses", a) for a in sys.argv)


def _start_sandbox(data: Path, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-u", "-m", "sandbox", "--port", "0", "--data", str(data), "--webhook", f"{NOWHERE}/"]
    with log.open("wb") as output:
        return processes.spawn(command, os.environ, places.CHECKOUT, output)


def _sandbox_url(sandbox: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the sandbox prints once it listens."""
    deadline = time.monotonic() + SANDBOX_SECONDS
    while time.monotonic() < deadline and sandbox.poll() is None:
        if found := re.search(r"listening on (http://\S+)", log.read_text()):
            return found[1]
        time.sleep(0.02)
    raise RuntimeError(f"The sandbox does not start: {places.last_line(log)} (its log is {log})")


def _environment(running: services.Services, home: Path, number: int, sandbox_url: str) -> dict[str, str]:
    """Every variable that could lead a test elsewhere, named, so that no shell or .env of a developer shows through."""
    return {
        "DEBUG": "1",
        "FCDASH_HOME": str(home),
        "DATABASE_URL": running.database.url,
        "DATABASE_POOL_SIZE": "8",
        "CELERY_BROKER_URL": running.queue.broker_url(2 * number),
        "REDIS_URL": running.queue.cache_url(2 * number + 1),
        "STRIPE_SECRET_KEY": "sk_test_sandbox",
        "STRIPE_PUBLISHABLE_KEY": "pk_test_sandbox",
        "STRIPE_WEBHOOK_SECRETS": "whsec_sandbox",
        "STRIPE_API_BASE": sandbox_url,
        "STRIPE_JS_URL": f"{sandbox_url}/v3/",
        "DJANGO_SETTINGS_MODULE": "fcdash.settings",
        # Playwright's loop runs in the thread that also asks the database.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
    }


FOREIGN = (
    *("PORT", "SANDBOX_PORT", "SECRET_KEY", "ALLOWED_HOSTS", "PUBLIC_URL", "EMAIL_URL", "DEFAULT_FROM_EMAIL"),
    *("OPERATOR_NAME", "SUPPORT_EMAIL", "STATEMENT_DESCRIPTOR", "MOBILE_RETURN_URLS", "STRIPE_EVENT_DAYS"),
    *("SWEEP_SECONDS", "TRUSTED_PROXIES", "STRIPE_REQUESTS_PER_SECOND", "STRIPE_TEST_KEY_IN_PRODUCTION"),
    *("STAFF_SECOND_FACTOR", "LINK_PERMISSIONS", "LINK_PREFETCH", "LINK_ACCOUNT_SUBCATEGORIES", "LINK_PAYABLE"),
    *("LINK_ACCOUNTS", "APPLE_APP_IDS", "ANDROID_APPS"),
)


def _apply(environment: dict[str, str]) -> None:
    for name in [name for name in os.environ if name in FOREIGN or name.startswith("PG")]:
        del os.environ[name]
    os.environ.update(environment)
