"""One database, one Stripe: what the first call binds, and what is refused from then on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as here
from django.core.checks import run_checks
from django.test import Client

from fcdash.gateway import customers, events
from fcdash.gateway.errors import OtherStripe, TryAgain, WillNotWork
from tests.sandbox_client import Sandbox
from webhooks import binding
from webhooks.models import StripeBinding

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    binding.forget()
    yield
    binding.forget()


def call() -> None:
    customers.find_customer("nobody@example.com", "k")


def asked(sandbox: Sandbox) -> list[str]:
    return [f"{r['method']} {r['path']}" for r in sandbox.get("/sandbox/requests")["data"]]


def test_the_first_call_binds_and_asks_once(sandbox: Sandbox) -> None:
    call()
    call()

    bound = StripeBinding.objects.get()
    assert (bound.mode, bound.account) == ("sandbox", "acct_sandbox")
    assert asked(sandbox) == ["GET /v1/account", "GET /v1/customers", "GET /v1/customers"]


@pytest.mark.parametrize(
    ("mode", "account", "words"),
    [
        ("live", "acct_1", "belongs to Stripe's live mode, acct_1; STRIPE_SECRET_KEY is for the local sandbox."),
        ("test", "", "belongs to Stripe's test mode, account not known;"),
        ("sandbox", "acct_other", "belongs to the local sandbox, acct_other; STRIPE_SECRET_KEY is for the local"),
    ],
)
def test_another_mode_or_account_is_refused_before_any_call(
    sandbox: Sandbox, mode: str, account: str, words: str
) -> None:
    StripeBinding.objects.create(mode=mode, account=account)

    for attempt in (
        lambda: customers.create_customer("a@example.com", "A", "k"),
        lambda: list(events.list_events(binding.StripeBinding.objects.get().bound_at)),
    ):
        with pytest.raises(OtherStripe, match=words):
            attempt()
    assert [path for path in asked(sandbox) if path != "GET /v1/account"] == []


@pytest.mark.parametrize("mode", ["test", "live"])
def test_a_sandbox_database_refuses_a_key_of_stripes(sandbox: Sandbox, settings: Any, mode: str) -> None:
    call()
    binding.forget()
    settings.STRIPE_MODE = mode

    with pytest.raises(OtherStripe, match="belongs to the local sandbox, acct_sandbox"):
        call()


def test_an_account_that_was_not_told_at_first_is_filled_in(sandbox: Sandbox) -> None:
    StripeBinding.objects.create(mode="sandbox", account="")

    call()

    assert StripeBinding.objects.get().account == "acct_sandbox"


def test_a_refused_key_and_a_lost_answer_bind_nothing(sandbox: Sandbox, settings: Any) -> None:
    sandbox.put("/sandbox/faults", {"api": [{"match": "GET /v1/account", "kind": "500", "times": 9}]})
    with pytest.raises(TryAgain):
        call()
    settings.STRIPE_SECRET_KEY = "sk_test_wrong"
    with pytest.raises(WillNotWork):
        call()

    assert not StripeBinding.objects.exists()


def test_the_check_and_readiness_name_it() -> None:
    StripeBinding.objects.create(mode="live", account="acct_1")

    [found] = [f for f in run_checks(databases=["default"], tags=["database"]) if f.id == "webhooks.E001"]
    assert "belongs to Stripe's live mode, acct_1" in found.msg
    assert Client().get("/readyz").json()["failing"]["stripe"] == "OtherStripe"


def test_a_worker_does_not_start(process_environment: dict[str, str]) -> None:
    StripeBinding.objects.create(mode="live", account="acct_1")
    command = [sys.executable, "-m", "celery", "-A", "fcdash", "worker", "-P", "solo"]

    ran = subprocess.run(
        command, env=process_environment, cwd=here.BASE_DIR, capture_output=True, text=True, timeout=60
    )

    assert ran.returncode != 0
    assert "This database belongs to Stripe's live mode, acct_1" in ran.stderr
