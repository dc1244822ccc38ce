"""Staff replay events: the handler reads again, and the outcome is kept."""

# ruff: noqa: F811  (fixtures of the payments are named as they are used)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import StaffAction
from fcdash import tenancy
from payments.models import Payment, PaymentEvent
from tests.cast import Cast
from tests.payments.conftest import account, bill, biller, claimed, mandate, place, reload, sent  # noqa: F401
from tests.sandbox_client import Sandbox
from tests.staff import ask
from webhooks import inbox
from webhooks.models import StripeEvent

pytestmark = pytest.mark.django_db(transaction=True)
Run = Callable[..., Any]


def _outcome(action: StaffAction | None) -> str:
    assert action is not None
    action.refresh_from_db()
    return action.outcome


def _event(type_: str, object_: dict[str, Any]) -> StripeEvent:
    inbox.store(
        {"id": "evt_1", "type": type_, "created": 1763000000, "livemode": False, "data": {"object": object_}}, "list"
    )
    return StripeEvent.objects.get(stripe_id="evt_1")


def test_a_replay_reads_the_truth_and_changes_nothing_twice(
    cast: Cast,
    sandbox: Sandbox,
    sent: Payment,
    run_tasks: Run,
) -> None:
    intent = str(sent.stripe_payment_intent_id)
    event = _event("payment_intent.succeeded", {"id": intent, "object": "payment_intent"})
    run_tasks()
    assert reload(sent).state == "processing"  # Stripe says so, whatever the event says
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "succeeded"})

    # The list shows ids alone: it asks for no reason, the verb does.
    first = ask(cast.client(cast.sam), event, "events.replay")
    run_tasks()
    history = _changes(sent)
    second = ask(cast.client(cast.sam), event, "events.replay")
    run_tasks()

    assert (_outcome(first), _outcome(second)) == ("processed", "processed")
    assert (reload(sent).state, _changes(sent)) == ("paid", history)


def _changes(payment: Payment) -> int:
    with tenancy.scope(payment.household_id):
        return PaymentEvent.objects.filter(payment=payment).count()


def test_an_event_that_nobody_handles_is_left_alone(cast: Cast, run_tasks: Run) -> None:
    event = _event("product.created", {"id": "prod_1"})

    action = ask(cast.client(cast.sam), event, "events.replay")
    run_tasks()

    event.refresh_from_db()
    assert event.state == "ignored"
    assert _outcome(action).startswith("Not done")


def test_a_failing_replay_says_why(cast: Cast, sandbox: Sandbox, sent: Payment, run_tasks: Run) -> None:
    event = _event("payment_intent.succeeded", {"id": sent.stripe_payment_intent_id, "object": "payment_intent"})
    run_tasks()
    sandbox.put("/sandbox/faults", {"api": [{"match": "GET /v1/payment_intents/*", "kind": "500", "times": 50}]})

    action = ask(cast.client(cast.sam), event, "events.replay")
    run_tasks()

    assert _outcome(action).startswith("received: TryAgain")


def test_the_page_of_an_event_needs_a_reason(cast: Cast) -> None:
    event = _event("product.created", {"id": "prod_1"})

    answer = cast.client(cast.sam).get(f"/admin/webhooks/stripeevent/{event.pk}/change/")

    assert answer["Location"].startswith("/admin/reason/")
