"""The process that pays is killed between every two steps: afterwards one debit and a true state."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.households import Place
from fcdash import tenancy
from local import places
from payments import paying, sending
from payments.models import Bill, Mandate, Payment
from payments.tasks import sweep
from tests.cast import Cast
from tests.payments.conftest import debits, intents, period_of, reload, states
from tests.sandbox_client import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]
RunTasks = Callable[..., list[Any]]


@pytest.fixture
def die_at(process_environment: dict[str, str]) -> Callable[..., None]:
    """`die_at("k5", "advance", household, payment)`: a process does it and is killed there (SIGKILL)."""

    def run(point: str, verb: str, *numbers: int) -> None:
        command = [sys.executable, "-m", "tests.payments.crash", verb, *map(str, numbers)]
        environment = {**process_environment, "FCDASH_FAILPOINT": point}
        ended = subprocess.run(command, env=environment, cwd=places.CHECKOUT, capture_output=True, timeout=60)
        assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()[-2000:]

    return run


def expire_lease(payment: Payment) -> None:
    """The time that the dead worker had is over."""
    with tenancy.scope(payment.household_id):
        Payment.objects.filter(pk=payment.pk).update(next_attempt_at=timezone.now())


def recover(payment: Payment, run_tasks: RunTasks) -> Payment:
    """What beat and a living worker do."""
    expire_lease(payment)
    sweep.delay()
    run_tasks()
    return reload(payment)


@pytest.mark.parametrize(
    ("point", "keys"),
    [*((f"k{n}", "kept") for n in range(4, 12)), *((f"k{n}", "forgotten") for n in (5, 6, 8, 9))],
)
def test_killed_while_sending_it_is_sent_once(
    point: str, keys: str, sandbox: Sandbox, claimed: Payment, die_at: Callable[..., None], run_tasks: RunTasks
) -> None:
    die_at(point, "advance", claimed.household_id, claimed.pk)
    if keys == "forgotten":  # Stripe drops idempotency keys after a day
        sandbox.post("/sandbox/idempotency/forget")

    payment = recover(claimed, run_tasks)

    assert (len(intents(sandbox)), len(debits(sandbox))) == (1, 1)
    assert payment.state == "processing"
    assert payment.stripe_payment_intent_id == debits(sandbox)[0]["id"]
    assert states(payment) == ["scheduled", "submitted", "processing"]


@pytest.mark.parametrize("point", ["k5", "k8"])
def test_killed_twice_at_one_place_it_is_sent_once(
    point: str, sandbox: Sandbox, claimed: Payment, die_at: Callable[..., None], run_tasks: RunTasks
) -> None:
    for _ in range(2):
        expire_lease(claimed)
        die_at(point, "advance", claimed.household_id, claimed.pk)

    payment = recover(claimed, run_tasks)

    assert (len(intents(sandbox)), len(debits(sandbox))) == (1, 1)
    assert payment.state == "processing"


@pytest.mark.parametrize(("point", "is_there"), [("k1", False), ("k2", True), ("k3", True)])
def test_killed_while_approving_the_payment_is_there_or_not(
    point: str,
    is_there: bool,
    sandbox: Sandbox,
    cast: Cast,
    place: Place,
    bill: Bill,
    mandate: Mandate,
    die_at: Callable[..., None],
    run_tasks: RunTasks,
) -> None:
    die_at(point, "claim", cast.alice.pk, bill.pk, mandate.account_id, mandate.pk)

    with tenancy.scope(place.household_id):
        rows = list(Payment.objects.for_household(place.household_id))
    assert len(rows) == is_there
    if is_there:
        assert recover(rows[0], run_tasks).state == "processing"
    else:
        paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)
        run_tasks()
    assert len(debits(sandbox)) == 1


def test_killed_while_canceling_before_sending_nothing_is_sent(
    sandbox: Sandbox, cast: Cast, claimed: Payment, die_at: Callable[..., None], run_tasks: RunTasks
) -> None:
    die_at("k16", "cancel", cast.alice.pk, claimed.pk)

    payment = recover(claimed, run_tasks)

    assert payment.state == "canceled"
    assert debits(sandbox) == []
    assert period_of(payment).state == "due"


def test_killed_while_canceling_after_sending_the_wish_is_carried_out(
    sandbox: Sandbox, cast: Cast, sent: Payment, die_at: Callable[..., None], run_tasks: RunTasks
) -> None:
    die_at("k16", "cancel", cast.alice.pk, sent.pk)
    assert reload(sent).state == "processing"

    payment = recover(sent, run_tasks)

    assert payment.state == "canceled"
    assert [body["status"] for body in intents(sandbox)] == ["canceled"]


def test_the_sweep_takes_over_only_when_the_lease_is_over(
    claimed: Payment, die_at: Callable[..., None], sandbox: Sandbox
) -> None:
    die_at("k4", "advance", claimed.household_id, claimed.pk)

    assert sending.due() == []
    expire_lease(claimed)
    assert sending.due() == [(claimed.household_id, claimed.pk)]
