"""Whatever order, duplication and loss of events: we end where the sandbox is."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.households import Place
from banking.models import Account
from fcdash import tenancy
from payments import bills, paying, settling
from payments.models import Biller, Mandate, Payment
from payments.tasks import sweep
from tests.cast import Cast
from tests.payments.conftest import accept, period_of, post_form, reload, reload_mandate, states
from tests.payments.test_parallel import at_once
from tests.sandbox_client import Sandbox
from webhooks import inbox
from webhooks.models import StripeEvent

pytestmark = pytest.mark.django_db(transaction=True)
RETURNS = ("insufficient_funds", "incorrect_account_details", "bank_cannot_process")
PERIODS = {
    "paid": {"paid", "partly_paid"},
    "refunded": {"skipped"},
    "processing": {"scheduled"},
    "submitted": {"scheduled"},
}


@dataclass
class Life:
    """One payment, the sandbox it lives at, and the events that have not reached us yet."""

    sandbox: Sandbox
    place: Place
    payment: Payment
    chance: random.Random
    seen: set[str] = field(default_factory=set)
    waiting: list[dict[str, Any]] = field(default_factory=list)

    @property
    def intent(self) -> str:
        return str(reload(self.payment).stripe_payment_intent_id)

    def try_it(self, path: str, body: dict[str, Any]) -> None:
        """What the bank, the operator or Stripe does, if it can happen at this point of the life."""
        with contextlib.suppress(AssertionError):
            self.sandbox.post(path, body)

    def act(self, what: str) -> None:
        kind, _, detail = what.partition(" ")
        if kind == "settle":
            failed = {"outcome": "failed", "failure_code": detail}
            outcome = {"outcome": "succeeded"} if detail == "ok" else failed
            self.try_it(f"/sandbox/payment_intents/{self.intent}/settle", outcome)
        elif kind == "dispute":
            self.try_it(f"/sandbox/payment_intents/{self.intent}/dispute", {"reason": detail})
        elif kind == "refund":
            amount = self.payment.amount_cents if detail == "all" else 10_00
            with contextlib.suppress(AssertionError):
                post_form(self.sandbox, "/v1/refunds", payment_intent=self.intent, amount=amount)
        elif kind == "refund-fails":
            for refund in self.sandbox.get(f"/v1/refunds?payment_intent={self.intent}")["data"]:
                self.try_it(f"/sandbox/refunds/{refund['id']}/fail", {})
        elif kind == "days":
            self.try_it("/sandbox/clock/advance", {"seconds": int(detail) * 86_400})
        elif kind == "cancel":
            with contextlib.suppress(paying.TooLate):
                paying.cancel(self.place, self.payment.pk)
        elif kind == "mandate-off":
            mandate = self.payment.mandate
            self.try_it(f"/sandbox/mandates/{mandate.stripe_id}/state", {"status": "inactive"})

    def collect(self) -> None:
        """Fetch what the sandbox has told since; some of it is lost, some comes several times."""
        for event in self.sandbox.get("/v1/events?limit=100")["data"]:
            if event["id"] in self.seen:
                continue
            self.seen.add(event["id"])
            if self.chance.random() > 0.3:
                self.waiting += [event] * self.chance.randint(1, 3)
        self.chance.shuffle(self.waiting)

    def deliver(self, count: int, run_tasks: Callable[..., Any], threads: bool) -> None:
        now, self.waiting = self.waiting[:count], self.waiting[count:]
        for event in now:
            payload = json.dumps(event)
            signature = stripe.WebhookSignature.generate_signature_header(payload, "whsec_sandbox")
            answer = Client().post("/webhooks/stripe/", payload, "application/json", HTTP_STRIPE_SIGNATURE=signature)
            assert answer.status_code == 200
        if threads:
            rows = list(StripeEvent.objects.filter(state="received").values_list("pk", flat=True))
            if rows:
                at_once([lambda pk=pk: inbox.process(pk) for pk in rows[:6]])
        else:
            run_tasks()

    def finish(self, run_tasks: Callable[..., Any]) -> None:
        """The Events list is read for what never came, and the sweep comes by."""
        self.deliver(len(self.waiting), run_tasks, threads=False)
        inbox.catch_up()
        with tenancy.scope(self.place.household_id):
            Payment.objects.filter(pk=self.payment.pk).update(next_attempt_at=timezone.now())
        StripeEvent.objects.filter(state="received").update(next_attempt_at=timezone.now())
        for pk in inbox.due():
            inbox.process(pk)
        sweep.delay()
        run_tasks()


def truth(sandbox: Sandbox, intent: str) -> str:
    """The state that the sandbox's own objects amount to; written without looking at the project's reading."""
    body = sandbox.get(f"/v1/payment_intents/{intent}")
    if body["status"] == "succeeded":
        disputes = sandbox.get(f"/v1/disputes?payment_intent={intent}")["data"]
        if disputes:
            return "returned" if disputes[0]["reason"] in RETURNS else "disputed"
        refunds = sandbox.get(f"/v1/refunds?payment_intent={intent}")["data"]
        back = sum(refund["amount"] for refund in refunds if refund["status"] == "succeeded")
        return "refunded" if back == body["amount"] else "paid"
    return {"requires_payment_method": "failed", "processing": "processing", "canceled": "canceled"}[body["status"]]


ACTS = st.sampled_from(
    [
        "settle ok",
        "settle ok",
        "settle R01",
        "settle R10",
        "dispute debit_not_authorized",
        "dispute insufficient_funds",
        "refund all",
        "refund part",
        "refund-fails",
        "days 1",
        "days 7",
        "cancel",
        "mandate-off",
    ]
)


@pytest.fixture
def start(
    sandbox: Sandbox, cast: Cast, place: Place, biller: Biller, account: Account
) -> Callable[[random.Random], Life]:
    """`start(chance)`: a new payment that is on its way, under a permission in force."""
    days = itertools.count(10)

    def run(chance: random.Random) -> Life:
        mandate: Mandate = accept(place, cast, account)
        bill = bills.add_bill(place, cast.alice, biller.pk, 84_50, place.today + timedelta(days=next(days)))
        payment = paying.claim(place, cast.alice, bill.pk, account.pk, mandate.pk)
        paying.advance(payment.household_id, payment.pk)
        with tenancy.scope(place.household_id):
            payment = Payment.objects.select_related("mandate").get(pk=payment.pk)
        return Life(sandbox, place, payment, chance)

    return run


def live(life: Life, acts: list[str], run_tasks: Callable[..., Any], threads: bool = False) -> None:
    for act in acts:
        life.act(act)
        life.collect()
        life.deliver(life.chance.randint(0, len(life.waiting)), run_tasks, threads)
    life.finish(run_tasks)

    ours = reload(life.payment)
    assert ours.state == truth(life.sandbox, life.intent), states(ours)
    history = states(ours)
    assert history[-1] == ours.state
    assert all(before != after for before, after in itertools.pairwise(history))
    assert period_of(ours).state in PERIODS.get(ours.state, {"due", "late"})
    there = life.sandbox.get(f"/v1/mandates/{life.payment.mandate.stripe_id}")["status"]
    assert reload_mandate(life.payment.mandate).status == there


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, min_size=1, max_size=6), seed=st.integers(0, 2**32))
def test_any_delivery_order_ends_as_the_sandboxs_truth(
    acts: list[str], seed: int, start: Callable[..., Life], run_tasks: Callable[..., Any]
) -> None:
    live(start(random.Random(seed)), acts, run_tasks)


@pytest.mark.parametrize("seed", range(6))
def test_so_it_does_with_many_workers_at_once(
    seed: int, start: Callable[..., Life], run_tasks: Callable[..., Any]
) -> None:
    chance = random.Random(seed)
    acts = ["settle ok", chance.choice(["dispute debit_not_authorized", "refund all", "refund part"]), "days 7"]

    live(start(chance), [*acts, "refund-fails"], run_tasks, threads=True)


def test_an_older_reading_never_overwrites_a_newer_one(
    sandbox: Sandbox, sent: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our reading and our lock the refund fails, and another worker reads and writes that."""
    intent = str(sent.stripe_payment_intent_id)
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "succeeded"})
    settling.sync_payment(intent, "event")
    refund = post_form(sandbox, "/v1/refunds", payment_intent=intent)
    sandbox.post("/sandbox/clock/advance", {"seconds": 30 * 86_400})
    lock, between = settling.lock, iter([True])

    def late_lock(household_id: int, payment_id: int) -> Payment:
        if next(between, False):
            sandbox.post(f"/sandbox/refunds/{refund['id']}/fail", {})
            at_once([lambda: settling.sync_payment(intent, "a faster worker's event")])
        return lock(household_id, payment_id)

    monkeypatch.setattr(settling, "lock", late_lock)
    settling.sync_payment(intent, "a slow worker's event")

    assert truth(sandbox, intent) == "paid"
    assert reload(sent).state == "paid"


def test_a_refund_that_is_not_through_is_none(sandbox: Sandbox, sent: Payment) -> None:
    intent = str(sent.stripe_payment_intent_id)
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "succeeded"})
    refund = post_form(sandbox, "/v1/refunds", payment_intent=intent)

    settling.sync_payment(intent, "event")

    assert refund["status"] == "pending"
    assert reload(sent).state == "paid"
