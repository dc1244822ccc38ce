"""What benchmarks stand on: durable embedded servers in a folder of their own, a fresh database, one household."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

HOME = Path(os.environ.get("FCDASH_HOME", ".local")).resolve() / "bench"


def say(bench: str, n: int, value: float, unit: str, limit_ratio: float | None = None, **more: Any) -> None:
    """Print one figure. `limit_ratio` is the product's figure over the limit's: above 1 is better than the limit."""
    line = {"bench": bench, "n": n, "value": round(value, 3), "unit": unit}
    line["limit_ratio"] = None if limit_ratio is None else round(limit_ratio, 3)
    print(json.dumps({**line, **more}), flush=True)


@contextmanager
def open_stage() -> Iterator[None]:
    """Start the servers, migrate an empty database, set Django up; stop all of it at the end."""
    from local import services

    with suppress(Exception):
        services.stop(HOME)
    shutil.rmtree(HOME, ignore_errors=True)
    running = services.start(HOME)
    os.environ.update(
        running.environment,
        DEBUG="1",
        FCDASH_HOME=str(HOME),
        DJANGO_SETTINGS_MODULE="fcdash.settings",
        STRIPE_SECRET_KEY="sk_test_sandbox",
        STRIPE_API_BASE="http://127.0.0.1:9",
        PYTHONWARNINGS="ignore",
    )
    try:
        _set_up()
        yield
    finally:
        services.stop(HOME)


def _set_up() -> None:
    import logging

    import django

    django.setup()
    logging.disable(logging.INFO)
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


@contextmanager
def process(*command: str, log: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own, stopped at the end; its output goes to a file of that name."""
    with (HOME / log).open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-m", *command], env={**os.environ, **environment}, stdout=output, stderr=output
        )
        try:
            yield running
        finally:
            running.terminate()
            running.wait(20)


@contextmanager
def sandbox(webhook: str = "http://127.0.0.1:9/") -> Iterator[str]:
    """A sandbox on a free port, with the settings pointing at it; yields its address."""
    from django.conf import settings

    data = HOME / "sandbox"
    shutil.rmtree(data, ignore_errors=True)
    arguments = ("sandbox", "--port", "0", "--data", str(data), "--webhook", webhook)
    with process("sandbox", *arguments[1:], log="sandbox.log", PYTHONUNBUFFERED="1"):
        url = wait_for(lambda: _listening((HOME / "sandbox.log").read_text()))
        os.environ["STRIPE_API_BASE"] = settings.STRIPE_API_BASE = url
        yield url


def _listening(text: str) -> str:
    return text.split("listening on ")[1].split()[0] if "listening on " in text else ""


def wait_for(look: Any, seconds: float = 60) -> Any:
    """The first true answer of `look`."""
    until = time.monotonic() + seconds
    while not (answer := look()):
        if time.monotonic() > until:
            raise TimeoutError("the stage did not get ready")
        time.sleep(0.02)
    return answer


def new_household(name: str = "Bench") -> tuple[Any, Any, Any]:
    """(user, household, account): a verified person with a household and a checking account."""
    from uuid import uuid4

    from allauth.account.models import EmailAddress

    from accounts.households import open_household
    from accounts.models import User
    from banking.models import Account
    from fcdash import tenancy

    user = User.objects.create_user(f"{uuid4().hex[:12]}@example.com", "bench-password", name=name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    household = open_household(user)
    with tenancy.scope(household):
        account = Account.objects.create(
            household=household,
            holder=user,
            stripe_id=f"fca_{uuid4().hex}",
            institution="Bench Bank",
            name="Checking",
            last4="0001",
            category="cash",
            subcategory="checking",
            permissions=["balances", "transactions"],
        )
    return user, household, account


def median(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
