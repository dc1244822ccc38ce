"""`manage.py stripe_doctor`: what it says of a sound set-up, and of each thing that is wrong."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from fcdash.gateway import rights
from fcdash.gateway.probing import Answer
from tests.sandbox_client import Sandbox
from tests.stage import NOWHERE
from webhooks import doctor, endpoint, inbox
from webhooks.models import EventCursor, StripeBinding, StripeEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _in_development(sandbox: Sandbox, settings: Any) -> Iterator[None]:
    """As `make run` is: pytest-django takes DEBUG away, and mail with it."""
    settings.DEBUG = True
    yield
    sandbox.send_webhooks_to(f"{NOWHERE}/")


def examine(*arguments: str) -> dict[str, dict[str, Any]]:
    """The findings by subject; the command fails exactly when one that is not optional does."""
    out = io.StringIO()
    failed = False
    try:
        call_command("stripe_doctor", "--json", *arguments, stdout=out)
    except CommandError:
        failed = True
    said = json.loads(out.getvalue())
    assert said["ok"] is not failed
    return {finding["subject"]: finding for finding in said["findings"]}


def posts(sandbox: Sandbox) -> list[tuple[str, int]]:
    return [(r["path"], r["status"]) for r in sandbox.get("/sandbox/requests")["data"] if r["method"] == "POST"]


def test_a_sound_set_up_is_ok_and_nothing_was_done(sandbox: Sandbox) -> None:
    for standing in endpoint.standings():
        endpoint.bring_into_line(standing)
    EventCursor.objects.create(livemode=False, read_until=timezone.now())
    before = len(posts(sandbox))

    found = examine()

    assert {s for s, f in found.items() if f["verdict"] == "not ok"} == set()
    unknowable = {s for s, f in found.items() if f["verdict"] == "cannot be told"}
    assert unknowable <= {"Webhook secret", "Statement descriptor"}
    assert sum(s.startswith("Right: ") for s in found) == len(rights.RIGHTS)
    # Every question that could change something was refused.
    assert {status for _, status in posts(sandbox)[before:]} <= {400, 404}
    assert not StripeBinding.objects.exclude(mode="sandbox").exists()


def spoil_the_key(sandbox: Sandbox, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_wrong"


def spoil_the_network(sandbox: Sandbox, settings: Any) -> None:
    fault = {"match": "GET /v1/account", "kind": "connection_reset", "times": 9}
    sandbox.put("/sandbox/faults", {"api": [fault]})


@pytest.mark.parametrize(
    ("spoil", "subject", "words"),
    [(spoil_the_key, "Key", "Stripe refuses it"), (spoil_the_network, "API address", "no answer from Stripe")],
)
def test_without_key_or_network_nothing_else_is_guessed(
    sandbox: Sandbox, settings: Any, spoil: Callable[..., None], subject: str, words: str
) -> None:
    spoil(sandbox, settings)

    found = examine()

    last = list(found.values())[-1]
    assert (last["subject"], last["verdict"]) == (subject, "not ok")
    assert words in last["words"]
    assert last["remedy"]


def test_whatever_is_wrong_is_said_with_its_remedy(sandbox: Sandbox, settings: Any) -> None:
    settings.STRIPE_PUBLISHABLE_KEY = "pk_test_wrong"
    settings.STRIPE_JS_URL = f"{settings.STRIPE_API_BASE}/nowhere"
    settings.STRIPE_HOSTED_VERSION = settings.STRIPE_API_VERSION
    settings.STRIPE_SANDBOX = False
    sandbox.put("/sandbox/webhook", {"url": None})
    StripeBinding.objects.create(mode="live", account="acct_1")
    an_hour_ago = timezone.now() - timedelta(hours=1)
    EventCursor.objects.create(livemode=False, read_until=an_hour_ago, read_at=an_hour_ago)

    found = {s: f for s, f in examine().items() if f["verdict"] == "not ok"}

    expected = {
        "Public address": "Stripe reaches public addresses only",
        "Publishable key": "Stripe refuses it",
        "Database": "belongs to Stripe's live mode, acct_1",
        "Stripe's script": "is no script (404)",
        "Stripe's own page for linking": "ui_mode",
        "Webhook endpoint": "there is none",
        "Missed events": "last looked for",
    }
    assert {s for s, words in expected.items() if words not in found[s]["words"]} == set()
    assert all(f["remedy"] for f in found.values())
    # Linking goes on without the preview; only that one fails nothing.
    assert [s for s, f in found.items() if f["is_optional"]] == ["Stripe's own page for linking"]


def test_events_that_never_came_are_counted(sandbox: Sandbox, link: Callable[..., Any]) -> None:
    link()
    inbox.catch_up()

    found = examine()

    assert "events were not delivered" in found["Deliveries"]["words"]
    assert "no signed event came in three days" in found["Webhook secret"]["words"]

    StripeEvent.objects.update(source="webhook", created_at=timezone.now() + timedelta(minutes=1))
    assert examine()["Deliveries"]["verdict"] == "ok"


def test_events_that_were_delivered_are_not(sandbox: Sandbox, link: Callable[..., Any]) -> None:
    sandbox.put("/sandbox/webhook", {"url": None})  # nobody waits for them
    link()

    assert examine()["Deliveries"]["words"] == "nothing undelivered in three days"


def test_in_live_mode_only_a_link_or_a_session_tells_of_the_registration(
    sandbox: Sandbox, settings: Any, link: Callable[..., Any]
) -> None:
    settings.STRIPE_LIVEMODE = True
    assert examine()["Financial Connections"]["verdict"] == "cannot be told"

    link()
    assert examine()["Financial Connections"]["words"] == "registered: a bank was linked in the last 30 days"
    opened = examine("--open-sessions")
    assert "a session was opened" in opened["Financial Connections"]["words"]
    assert "a session was opened" in opened["Stripe's own page for linking"]["words"]


@pytest.mark.parametrize(
    ("ahead", "verdict"), [(2.0, "ok"), (-400.0, "not ok"), (90.0, "not ok"), (None, "cannot be told")]
)
def test_a_clock_that_is_off_is_told(ahead: float | None, verdict: str) -> None:
    assert doctor.of_clock(Answer(200, {}, ahead)).verdict == verdict


def test_lines_for_people_name_the_remedy(sandbox: Sandbox) -> None:
    sandbox.put("/sandbox/webhook", {"url": None})
    out = io.StringIO()

    with pytest.raises(CommandError, match=r"1 not ok: Webhook endpoint\."):
        call_command("stripe_doctor", stdout=out)

    assert "not ok          Webhook endpoint: there is none\n" in out.getvalue()
    assert "-> manage.py stripe_endpoint makes it" in out.getvalue()


def test_a_restricted_key_is_told_which_right_it_lacks(sandbox: Sandbox, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "rk_test_some"
    sandbox.put("/sandbox/keys", {"rk_test_some": {"customers": "write", "events": "read", "mandates": "read"}})

    found = examine()

    rights_held = {s for s, f in found.items() if s.startswith("Right: ") and f["verdict"] == "ok"}
    assert rights_held == {"Right: Customers, write", "Right: Events, read", "Right: Mandates, read"}
    missing = found["Right: PaymentIntents, write"]
    assert (missing["verdict"], missing["words"]) == ("not ok", "missing; it is for debits")
    assert "PaymentIntents Write" in missing["remedy"]
    assert found["Right: Webhook Endpoints, write"]["is_optional"]
    # What the key may not see is not guessed.
    assert found["Key"]["words"].startswith("restricted")
    assert found["Account"]["words"].startswith("acct_sandbox; ")
    unknown = ("Account", "Financial Connections", "Stripe's own page for linking", "Webhook endpoint")
    assert {found[subject]["verdict"] for subject in unknown} == {"cannot be told"}
