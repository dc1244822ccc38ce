"""The gateway: no call inside a transaction, our key on every write, errors sorted by what can be done about them."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from fcdash import tenancy
from fcdash.gateway import bucket, client, connections, customers
from fcdash.gateway.errors import OutcomeUnknown, StripeProblem, TryAgain, WillNotWork
from tests.sandbox_client import Sandbox

ROOT = Path(settings.BASE_DIR)
APPS = ("fcdash", "webhooks", "accounts", "banking", "spending", "payments", "api", "local")


def sources() -> list[Path]:
    return [path for app in APPS for path in (ROOT / app).rglob("*.py")]


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_only_the_gateway_imports_stripe() -> None:
    importing = {path.relative_to(ROOT).as_posix() for path in sources() if "stripe" in imported(path)}

    assert importing
    assert {path for path in importing if not path.startswith("fcdash/gateway/")} == set()


def test_the_project_and_the_sandbox_do_not_import_each_other() -> None:
    assert [path for path in sources() if "sandbox" in imported(path)] == []
    assert [path for path in (ROOT / "sandbox").rglob("*.py") if imported(path) & {*APPS, "django"}] == []


@pytest.mark.django_db
def test_a_call_inside_a_transaction_is_refused_also_in_a_tests_own(sandbox: Sandbox) -> None:
    customers.find_customer("nobody@example.com", "k")  # the test case's own transaction is left aside

    for opened in (transaction.atomic(), tenancy.system("test")):
        with pytest.raises(client.StripeInsideTransaction), opened:
            customers.create_customer("a@example.com", "A", "key")
    assert [r for r in sandbox.get("/sandbox/requests")["data"] if r["method"] == "POST"] == []


@pytest.mark.django_db(transaction=True)
def test_a_write_carries_our_key_and_repeating_it_repeats_nothing(sandbox: Sandbox) -> None:
    first = customers.create_customer("a@example.com", "A", "key-1")
    again = customers.create_customer("a@example.com", "A", "key-1")

    assert first == again
    keys = [r["idempotency_key"] for r in sandbox.get("/sandbox/requests")["data"] if r["method"] == "POST"]
    assert set(keys) == {"user-key-1-customer"}


FAULTS = {
    "429": TryAgain,
    "500": OutcomeUnknown,
    "connection_reset": OutcomeUnknown,
    "500_after_success": OutcomeUnknown,
    "connection_reset_after_success": OutcomeUnknown,
    "timeout": OutcomeUnknown,
    "timeout_after_success": OutcomeUnknown,
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("kind", "error"), FAULTS.items())
def test_a_write_that_fails_in_transit_is_unknown_never_failed(
    sandbox: Sandbox, settings: Any, kind: str, error: type[StripeProblem]
) -> None:
    settings.STRIPE_READ_SECONDS = 0.5
    sandbox.put("/sandbox/faults", {"api": [{"match": "POST /v1/customers", "kind": kind, "times": 5}]})

    with pytest.raises(error):
        customers.create_customer("a@example.com", "A", f"key-{kind}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["429", "500", "connection_reset", "timeout"])
def test_a_read_that_fails_in_transit_may_be_tried_again(sandbox: Sandbox, settings: Any, kind: str) -> None:
    settings.STRIPE_READ_SECONDS = 0.5
    sandbox.put("/sandbox/faults", {"api": [{"match": "GET /v1/*", "kind": kind, "times": 5}]})
    sandbox.put("/sandbox/faults", {"api": [{"match": "GET /v1/events", "kind": kind, "times": 5}]})

    from datetime import UTC, datetime

    from fcdash.gateway import events

    with pytest.raises(TryAgain):
        list(events.list_events(datetime.now(UTC)))


@pytest.mark.django_db(transaction=True)
def test_what_stripe_refuses_comes_with_its_reason(sandbox: Sandbox) -> None:
    with pytest.raises(WillNotWork) as refused:
        connections.account("fca_nowhere")

    assert refused.value.is_missing
    assert refused.value.reason == "resource_missing"


@pytest.mark.django_db(transaction=True)
def test_a_refused_key_is_told_apart(sandbox: Sandbox, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_wrong"

    with pytest.raises(WillNotWork) as refused:
        customers.find_customer("a@example.com", "k")

    assert refused.value.reason == "key_refused"


def test_the_bucket_lets_no_more_through_in_a_second_than_it_may(settings: Any) -> None:
    settings.STRIPE_REQUESTS_PER_SECOND = 5
    seconds: dict[int, int] = {}

    for _ in range(12):
        bucket.take()
        seconds[int(time.time())] = seconds.get(int(time.time()), 0) + 1

    assert len(seconds) >= 3
    # A call let through at the very end of a second may be counted here in the next.
    assert max(seconds.values()) <= 6


def test_secrets_do_not_show_in_results() -> None:
    started = connections.StartedSession("fcsess_1", "fcsess_client_secret_x", None)

    assert "secret" not in f"{started!r} {started}"


def test_refreshes_that_wait_leave_payments_their_room(settings: Any) -> None:
    settings.STRIPE_REQUESTS_PER_SECOND = 4
    now = time.time() + 100

    bucket.give_way(True)
    refreshes = [bucket.has_room(now) for _ in range(20)]
    bucket.give_way(False)

    assert refreshes.count(True) == 3
    assert [bucket.has_room(now) for _ in range(2)] == [True, False]
