"""Whether the process lives, and whether all it stands on answers."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from urllib.request import urlopen

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from kombu import Connection

from fcdash.celery import app as celery


class Liveness:
    """Answers /healthz before anything else looks at the request: no session, no database, any host name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.path == "/healthz" and request.method in ("GET", "HEAD")
        return healthz(request) if asked else self.get_response(request)


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """200 always: the process answers."""
    return JsonResponse({"ok": True})


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when all we stand on answers (in `make run` workers and sandbox too); 503 names the parts that do not."""
    failing = {name: problem for name, probe in PROBES.items() if (problem := _problem(probe))}
    return JsonResponse({"ok": not failing, "failing": failing}, status=503 if failing else 200)


def _problem(probe: Callable[[], None]) -> str:
    try:
        probe()
    except Exception as problem:  # whatever it is, the answer is "not ready"
        return type(problem).__name__
    return ""


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError("migrations are waiting")


def _cache() -> None:
    cache.get("readyz")


def _broker() -> None:
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)


def _stripe() -> None:
    import_module(settings.STRIPE_BINDING).refuse_other_mode()


def _workers() -> None:
    answers = celery.control.ping(timeout=2, limit=settings.RUN_WORKERS) or []
    if len(answers) < settings.RUN_WORKERS:
        raise RuntimeError("not all workers answer")


def _sandbox() -> None:
    with urlopen(f"http://localhost:{settings.SANDBOX_PORT}/sandbox/ready", timeout=2):
        pass


PROBES: dict[str, Callable[[], None]] = {
    "database": _database,
    "migrations": _migrations,
    "cache": _cache,
    "broker": _broker,
    # That the keys are of the Stripe that the database belongs to; whether Stripe answers is no part of ours.
    "stripe": _stripe,
    # Under `make run` alone are there workers and a sandbox of our own to wait for.
    **({"worker": _workers, "sandbox": _sandbox} if settings.RUN_WORKERS else {}),
}
