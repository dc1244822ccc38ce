"""What benchmarks stand on: durable embedded servers in a folder of their own, a fresh database, one household."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

HOME = Path(os.environ.get("FCDASH_HOME", ".local")).resolve() / "bench"
NOWHERE = "http://127.0.0.1:9"
CONCURRENCY = 8
SERVERS: list[Any] = []


def say(bench: str, n: int, value: float, unit: str, limit_ratio: float | None = None, **more: Any) -> None:
    """Print one figure. `limit_ratio` is the product's figure over the limit's: above 1 is better than the limit."""
    line = {"bench": bench, "n": n, "value": round(value, 3), "unit": unit}
    line["limit_ratio"] = None if limit_ratio is None else round(limit_ratio, 3)
    print(json.dumps({**line, **more}), flush=True)


@contextmanager
def open_stage() -> Iterator[None]:
    """Start the servers, migrate an empty database, set Django up as in production; stop all of it at the end."""
    from local import services

    with suppress(Exception):
        services.stop(HOME)
    shutil.rmtree(HOME, ignore_errors=True)
    running = services.start(HOME)
    SERVERS[:] = [running]
    os.environ.update(
        running.environment,
        DEBUG="0",
        FCDASH_HOME=str(HOME),
        DJANGO_SETTINGS_MODULE="bench.settings",
        SECRET_KEY="a-key-of-the-benchmarks-alone-0123456789-abcdefghijklmnopqrstuvwxyz",
        ALLOWED_HOSTS="fcdash.example,localhost",
        PUBLIC_URL="https://fcdash.example",
        EMAIL_URL="smtp://127.0.0.1:9",
        OPERATOR_NAME="Alder Creek Community Services",
        SUPPORT_EMAIL="help@aldercreek.example",
        STRIPE_SECRET_KEY="sk_test_sandbox",
        STRIPE_TEST_KEY_IN_PRODUCTION="1",
        STRIPE_API_BASE=NOWHERE,
        STRIPE_JS_URL=f"{NOWHERE}/v3/",
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
    call_command("collectstatic", verbosity=0, interactive=False)


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
def sandbox(webhook: str = NOWHERE) -> Iterator[str]:
    """A sandbox on a free port, with the settings pointing at it; yields its address."""
    data = HOME / "sandbox"
    shutil.rmtree(data, ignore_errors=True)
    arguments = ("--port", "0", "--data", str(data), "--webhook", webhook)
    with process("sandbox", *arguments, log="sandbox.log", PYTHONUNBUFFERED="1", DEBUG="1"):
        url = wait_for(lambda: _listening((HOME / "sandbox.log").read_text()))
        with stripe_at(url):
            yield url


@contextmanager
def stripe_at(url: str) -> Iterator[None]:
    """Have this process, and those it starts, call Stripe there."""
    from django.conf import settings

    os.environ["STRIPE_API_BASE"] = settings.STRIPE_API_BASE = url
    try:
        yield
    finally:
        os.environ["STRIPE_API_BASE"] = settings.STRIPE_API_BASE = NOWHERE


def _listening(text: str) -> str:
    return text.split("listening on ")[1].split()[0] if "listening on " in text else ""


def _wait_for_line(words: str, log: str, running: subprocess.Popen[bytes]) -> None:
    def said() -> bool:
        if running.poll() is not None:
            raise RuntimeError((HOME / log).read_text()[-2000:])
        return words in (HOME / log).read_text()

    wait_for(said)


def wait_for(look: Any, seconds: float = 60) -> Any:
    """The first true answer of `look`."""
    until = time.monotonic() + seconds
    while not (answer := look()):
        if time.monotonic() > until:
            raise TimeoutError("the stage did not get ready")
        time.sleep(0.02)
    return answer


@contextmanager
def standin() -> Iterator[str]:
    """The stand-in for Stripe's list; yields its address."""
    port = free_port()
    with process("bench.standin", str(port), log="standin.log") as running:
        _wait_for_line("listening", "standin.log", running)
        yield f"http://127.0.0.1:{port}"


def empty_queues() -> None:
    """Drop the messages that wait in the broker."""
    import redis

    with redis.Redis(unix_socket_path=str(SERVERS[0].queue.socket), db=0) as broker:
        broker.flushdb()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def web(application: str = "fcdash.wsgi:application", settings: str = "bench.settings", port: int = 0) -> Iterator[Web]:
    """A web server as `make run` has it: gunicorn, 2 workers of 4 threads."""
    port = port or free_port()
    size = ("--worker-class=gthread", "--workers=2", "--threads=4", "--preload", "--no-control-socket")
    arguments = (application, f"--bind=127.0.0.1:{port}", *size, "--timeout=60", "--graceful-timeout=2")
    with process("gunicorn", *arguments, log=f"web-{port}.log", DJANGO_SETTINGS_MODULE=settings) as running:
        _wait_for_line("Booting worker", f"web-{port}.log", running)
        yield Web(port, running.pid)


@contextmanager
def worker(*queues: str, size: int = 1) -> Iterator[int]:
    """A Celery worker as `make run` has it, with `size` processes; yields its process id once it takes tasks."""
    name = "worker-" + "-".join(queues)
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "INFO")
    arguments = ("-A", "fcdash", "worker", "-n", f"{name}@%h", "-Q", ",".join(queues), "-c", str(size), *quiet)
    with process("celery", *arguments, log=f"{name}.log") as running:
        _wait_for_line(" ready.", f"{name}.log", running)
        yield running.pid


@dataclass(frozen=True)
class Web:
    """A running web server."""

    port: int
    pid: int

    def load(self, file: Path, seconds: float, once: bool = False, clients: int = CONCURRENCY) -> Round:
        """Let the generator send a file of requests for so long; CPU is that of the server and of the database."""
        before = cpu_seconds(self.pid)
        command = [sys.executable, "-m", "bench.load", str(self.port), str(clients), str(seconds), str(file)]
        done = subprocess.run([*command, *(["once"] if once else [])], stdout=subprocess.PIPE, check=True)
        answer = json.loads(done.stdout)
        if set(answer["statuses"]) != {"200"}:
            raise RuntimeError(f"the server answered {answer['statuses']}")
        return Round(answer["count"], answer["seconds"], answer["latencies"], cpu_seconds(self.pid) - before)


@dataclass(frozen=True)
class Round:
    """What came of one round of load; latencies in ms."""

    count: int
    seconds: float
    latencies: list[float]
    cpu_seconds: float


@dataclass
class Rounds:
    """All rounds of one contender, which were taken in turn with the others'."""

    held: list[Round] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return median([one.count / one.seconds for one in self.held])

    @property
    def cpu_ms(self) -> float:
        """CPU of server and database a request."""
        return median([one.cpu_seconds / one.count * 1000 for one in self.held])

    def latency(self, share: float) -> float:
        return percentile([ms for one in self.held for ms in one.latencies], share)

    def over(self, other: Rounds) -> float:
        """Requests a second over the other's of the same round: the median of the rounds."""
        pairs = zip(self.held, other.held, strict=True)
        return median([(a.count / a.seconds) / (b.count / b.seconds) for a, b in pairs])


def cpu_seconds(pid: int) -> float:
    """CPU that a process and its children have used, and the stage's servers with it."""
    root = psutil.Process(pid)
    total = 0.0
    for one in [root, *root.children(recursive=True), *_servers()]:
        with suppress(psutil.Error):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def _servers() -> list[psutil.Process]:
    from local import processes

    queue = processes.running_in(SERVERS[0].queue.folder, "valkey-server")
    return [*processes.running_in(SERVERS[0].database.data, "postgres"), *queue]


def new_household(accounts: int = 1) -> tuple[Any, Any, list[Any]]:
    """(user, household, accounts): a verified person, a household and checking accounts with nothing read yet."""
    from uuid import uuid4

    from allauth.account.models import EmailAddress

    from accounts.households import open_household
    from accounts.models import User
    from banking.models import Account, Feature, Freshness
    from fcdash import tenancy

    user = User.objects.create_user(f"{uuid4().hex[:12]}@example.com", "bench-password", name="Bench")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    household = open_household(user)
    with tenancy.scope(household):
        held = [
            Account.objects.create(
                household=household,
                holder=user,
                stripe_id=f"fca_{uuid4().hex}",
                institution="Bench Bank",
                name=f"Checking {number}",
                last4=f"{number:04}",
                category="cash",
                subcategory="checking",
                permissions=["balances", "transactions"],
            )
            for number in range(1, accounts + 1)
        ]
        Freshness.objects.bulk_create(
            Freshness(household=household, account=account, feature=Feature.TRANSACTIONS) for account in held
        )
    return user, household, held


def seconds(call: Callable[..., Any], *arguments: Any) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - started


def median(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
