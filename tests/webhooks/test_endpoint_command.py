"""`manage.py stripe_endpoint`: making the endpoint, saying how the one there differs, mending it, rolling it."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from fcdash.gateway import endpoints
from payments.models import Biller
from tests.sandbox_client import Sandbox
from webhooks import dispatch

pytestmark = pytest.mark.django_db(transaction=True)
URL = "https://money.example.org/webhooks/stripe/"
VERSION = "2026-10-28.endive"


@pytest.fixture(autouse=True)
def _address(settings: Any) -> None:
    settings.PUBLIC_URL = "https://money.example.org"


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("stripe_endpoint", *arguments, stdout=out)
    return out.getvalue()


def ours(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The endpoints, the oldest first, without the one that the tests' sandbox has from its start."""
    return [e for e in reversed(sandbox.get("/v1/webhook_endpoints")["data"]) if e["id"] != "we_sandbox"]


def make(**given: Any) -> str:
    """An endpoint as a person would make it in the Dashboard, but for what is given."""
    wanted: dict[str, Any] = {"url": URL, "events": list(dispatch.handlers()), "api_version": VERSION, "mark": "own"}
    return endpoints.make_endpoint(**wanted | given).id


def test_it_is_made_once_with_our_events_and_version(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        first = run()
    again = run()

    [made] = ours(sandbox)
    assert (made["url"], made["api_version"], made["status"]) == (URL, VERSION, "enabled")
    assert set(made["enabled_events"]) == set(dispatch.handlers())
    assert first.count("whsec_") == 2
    assert "whsec_" not in again + caplog.text
    assert f"{made['id']} is as it should be." in again


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"events": ["mandate.updated", "customer.created"]}, "it sends customer.created, which nobody handles"),
        ({"events": ["mandate.updated"]}, "it does not send charge.dispute.closed, charge.dispute.created"),
        ({"events": ["*"]}, "it sends every event there is"),
        ({"url": "https://old.example.org/webhooks/stripe/"}, "it sends to https://old.example.org/webhooks/stripe/"),
        ({"url": URL.rstrip("/"), "mark": ""}, f"it sends to {URL.rstrip('/')}, not to {URL}"),
    ],
)
def test_a_difference_is_named_and_mended_when_asked(sandbox: Sandbox, given: dict[str, Any], words: str) -> None:
    endpoint_id = make(**given)

    with pytest.raises(CommandError, match="Run this again with --fix"):
        run()
    assert words in run("--dry-run")
    assert f"Would change {endpoint_id}" in run("--dry-run", "--fix")
    run("--fix")

    [mended] = ours(sandbox)
    assert (mended["id"], mended["url"]) == (endpoint_id, URL)
    assert set(mended["enabled_events"]) == set(dispatch.handlers())
    assert "is as it should be" in run()


def test_one_that_is_switched_off_is_switched_on(sandbox: Sandbox) -> None:
    endpoints.switch_off(make())

    assert "it is switched off" in run("--fix")

    assert [e["status"] for e in ours(sandbox)] == ["enabled"]


def test_another_version_needs_a_new_one_and_the_old_goes_on_until_then(sandbox: Sandbox) -> None:
    make(api_version="2024-06-20")

    made = run("--fix")
    assert "it speaks 2024-06-20" in made
    assert "whsec_" in made
    assert [(e["api_version"], e["status"]) for e in ours(sandbox)] == [("2024-06-20", "enabled"), (VERSION, "enabled")]

    run("--fix")
    assert [(e["api_version"], e["status"]) for e in ours(sandbox)] == [
        ("2024-06-20", "disabled"),
        (VERSION, "enabled"),
    ]
    assert "is as it should be" in run()


def test_the_secret_is_rolled_by_a_second_endpoint(sandbox: Sandbox) -> None:
    old = make()

    assert "whsec_" in run("--replace")
    run("--fix")

    assert {e["id"]: e["status"] for e in ours(sandbox)}[old] == "disabled"
    assert sorted(e["status"] for e in ours(sandbox)) == ["disabled", "enabled"]


def test_nothing_is_made_by_a_dry_run(sandbox: Sandbox) -> None:
    assert "Would make it" in run("--dry-run")

    assert ours(sandbox) == []


def test_a_biller_with_a_stripe_account_has_its_events_sent_too(sandbox: Sandbox) -> None:
    Biller.objects.create(name="Water", receives="Water Works", stripe_account="acct_water")

    run()

    own, connect = ours(sandbox)
    assert (own["metadata"], connect["metadata"]) == ({"fcdash": "own"}, {"fcdash": "connect"})
    assert set(connect["enabled_events"]) == set(dispatch.connect_handlers())
    sent = [r["params"] for r in sandbox.get("/sandbox/requests")["data"] if r["method"] == "POST"]
    assert [params.get("connect") for params in sent] == [None, "true"]
    assert run().count("is as it should be") == 2


def test_an_address_that_stripe_cannot_reach_is_refused_at_once(sandbox: Sandbox, settings: Any) -> None:
    settings.STRIPE_SANDBOX = False
    settings.PUBLIC_URL = "http://localhost:8000"

    with pytest.raises(CommandError, match="Stripe reaches public addresses only"):
        run()


def test_a_refused_key_and_a_lost_answer_are_said(sandbox: Sandbox, settings: Any) -> None:
    fault = {"match": "POST /v1/webhook_endpoints", "kind": "500", "times": 9}
    sandbox.put("/sandbox/faults", {"api": [fault]})
    with pytest.raises(CommandError, match="Run this again: if it is there, its secret was not seen"):
        run()
    settings.STRIPE_SECRET_KEY = "sk_test_wrong"
    with pytest.raises(CommandError, match="STRIPE_SECRET_KEY is refused"):
        run()
