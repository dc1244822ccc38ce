"""Stripe fails before or after the effect: never two debits, never "failed" on what is not known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.households import Place
from banking.models import Account
from fcdash.gateway.errors import TryAgain
from payments import mandates, paying
from payments.models import Payment
from payments.tasks import sweep
from tests.cast import Cast
from tests.payments.conftest import accept, debits, intents, reload, reload_mandate, states
from tests.payments.test_crashes import expire_lease
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
CREATE = "POST /v1/payment_intents"
CONFIRM = "POST /v1/payment_intents/*/confirm"
LOOK = "GET /v1/payment_intents/*"
BEFORE = ["500", "429", "timeout", "connection_reset"]
AFTER = ["500_after_success", "timeout_after_success", "connection_reset_after_success"]
OFTEN = 20


@pytest.fixture(autouse=True)
def _impatient(settings: Any) -> None:
    settings.STRIPE_READ_SECONDS, settings.STRIPE_RETRIES = 1, 0


def fault(sandbox: Sandbox, *faults: tuple[str, str], times: int = OFTEN) -> None:
    sandbox.put("/sandbox/faults", {"api": [{"match": m, "kind": k, "times": times} for m, k in faults]})


def mend(sandbox: Sandbox, payment: Payment) -> Payment:
    """Stripe works again, and the sweep has come by twice."""
    fault(sandbox)
    for _ in range(2):
        expire_lease(payment)
        paying.advance(payment.household_id, payment.pk)
    return reload(payment)


@pytest.mark.parametrize("kind", BEFORE)
def test_an_intent_that_was_not_made_is_made_later(kind: str, sandbox: Sandbox, claimed: Payment) -> None:
    fault(sandbox, (CREATE, kind))

    paying.advance(claimed.household_id, claimed.pk)
    assert reload(claimed).state == "scheduled"
    assert debits(sandbox) == []
    payment = mend(sandbox, claimed)

    assert payment.state == "processing"
    assert (len(intents(sandbox)), len(debits(sandbox))) == (1, 1)


@pytest.mark.parametrize("kind", AFTER)
def test_an_intent_whose_answer_was_lost_is_found_at_once(kind: str, sandbox: Sandbox, claimed: Payment) -> None:
    fault(sandbox, (CREATE, kind))

    paying.advance(claimed.household_id, claimed.pk)

    assert reload(claimed).state == "processing"
    assert (len(intents(sandbox)), len(debits(sandbox))) == (1, 1)


@pytest.mark.parametrize("kind", [k for k in BEFORE if k != "429"] + AFTER)
def test_a_lost_confirmation_is_being_checked_while_stripe_is_silent(
    kind: str, sandbox: Sandbox, claimed: Payment
) -> None:
    fault(sandbox, (CONFIRM, kind), (LOOK, "500"))

    paying.advance(claimed.household_id, claimed.pk)
    assert reload(claimed).state == "unknown"
    payment = mend(sandbox, claimed)

    assert payment.state == "processing"
    assert len(debits(sandbox)) == 1
    assert "failed" not in states(payment)


@pytest.mark.parametrize("kind", AFTER)
def test_a_lost_confirmation_is_looked_up_at_once(kind: str, sandbox: Sandbox, claimed: Payment) -> None:
    fault(sandbox, (CONFIRM, kind))

    paying.advance(claimed.household_id, claimed.pk)

    payment = reload(claimed)
    assert payment.state == "processing"
    confirms = [r for r in sandbox.get("/sandbox/requests")["data"] if r["path"].endswith("/confirm")]
    assert len(confirms) == 1


@pytest.mark.parametrize("kind", AFTER)
def test_a_payment_made_and_forgotten_by_stripes_keys_is_found_again(
    kind: str, sandbox: Sandbox, claimed: Payment
) -> None:
    fault(sandbox, (CREATE, kind), ("GET /v1/payment_intents", "500"))
    paying.advance(claimed.household_id, claimed.pk)
    sandbox.post("/sandbox/idempotency/forget")

    payment = mend(sandbox, claimed)

    assert payment.stripe_payment_intent_id == intents(sandbox)[0]["id"]
    assert len(intents(sandbox)) == 1


def test_every_try_of_a_step_goes_under_one_key(sandbox: Sandbox, claimed: Payment) -> None:
    fault(sandbox, (CREATE, "connection_reset"), (CONFIRM, "connection_reset"), times=2)
    for _ in range(6):
        expire_lease(claimed)
        paying.advance(claimed.household_id, claimed.pk)

    keys: dict[str, set[str]] = {}
    for request in sandbox.get("/sandbox/requests")["data"]:
        if request["method"] == "POST" and "payment_intents" in request["path"]:
            keys.setdefault(request["path"], set()).add(request["idempotency_key"])
    assert reload(claimed).state == "processing"
    assert sorted(key for found in keys.values() for key in found) == [
        f"payment-{claimed.key}-confirm",
        f"payment-{claimed.key}-create",
    ]


def test_what_stays_unsent_waits_longer_each_time(sandbox: Sandbox, claimed: Payment) -> None:
    fault(sandbox, (CREATE, "connection_reset"))
    waits = []
    for _ in range(4):
        expire_lease(claimed)
        before = reload(claimed).next_attempt_at
        paying.advance(claimed.household_id, claimed.pk)
        waits.append(reload(claimed).next_attempt_at - before)

    assert waits == sorted(waits)
    assert waits[-1] > 10 * waits[0]


@pytest.mark.parametrize("kind", AFTER)
def test_a_permission_whose_answer_was_lost_is_found(
    kind: str, sandbox: Sandbox, cast: Cast, place: Place, account: Account
) -> None:
    fault(sandbox, ("POST /v1/setup_intents", kind))

    mandate = accept(place, cast, account)

    assert mandate.status == "active"
    assert len(sandbox.get("/v1/setup_intents?limit=10")["data"]) == 1


@pytest.mark.parametrize("kind", BEFORE)
def test_a_permission_that_did_not_arrive_goes_on_with_the_same_request(
    kind: str, sandbox: Sandbox, cast: Cast, place: Place, account: Account, run_tasks: Callable[..., Any]
) -> None:
    fault(sandbox, ("POST /v1/setup_intents", kind))
    with pytest.raises(TryAgain):
        accept(place, cast, account)

    fault(sandbox)
    mandate = accept(place, cast, account)

    assert mandate.status == "active"
    assert len(sandbox.get("/v1/setup_intents?limit=10")["data"]) == 1


def test_a_permission_left_pending_is_finished_by_the_sweep(
    sandbox: Sandbox, cast: Cast, place: Place, account: Account, run_tasks: Callable[..., Any]
) -> None:
    fault(sandbox, ("POST /v1/setup_intents", "500"))
    with pytest.raises(TryAgain):
        accept(place, cast, account)

    fault(sandbox)
    sweep.delay()
    run_tasks()

    pending, _ = mandates.unfinished()
    assert pending == []


def test_a_revocation_that_stripe_did_not_hear_is_carried_on(
    sandbox: Sandbox, cast: Cast, place: Place, account: Account, run_tasks: Callable[..., Any]
) -> None:
    mandate = accept(place, cast, account)
    fault(sandbox, ("POST /v1/payment_methods/*/detach", "500"))
    mandates.revoke(place, mandate.pk)
    run_tasks(failures=True)
    assert reload_mandate(mandate).status == "inactive"
    assert reload_mandate(mandate).detached_at is None

    fault(sandbox)
    sweep.delay()
    run_tasks()

    assert reload_mandate(mandate).detached_at is not None
    assert sandbox.get(f"/v1/payment_methods/{mandate.stripe_payment_method_id}")["customer"] is None
