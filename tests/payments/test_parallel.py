"""Many hands at once: one debit, whichever door they come through."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.conf import settings
from django.db import connections

from accounts.households import Place
from payments import paying, settling
from payments.models import Bill, Mandate, Payment
from tests.cast import Cast
from tests.payments.conftest import debits, intents, reload, states
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 20


def browser(cast: Cast) -> requests.Session:
    """A browser of Alice's, signed in."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set(
        settings.SESSION_COOKIE_NAME, cast.client(cast.alice).cookies[settings.SESSION_COOKIE_NAME].value
    )
    return session


def form_of(session: requests.Session, url: str) -> dict[str, str]:
    """The pay page's form as a person would send it."""
    page = session.get(url, timeout=30)
    fields = dict(re.findall(r'name="(csrfmiddlewaretoken|nonce|period|version)" value="([^"]+)"', page.text))
    account = re.search(r'name="account" value="(\d+)" checked', page.text)
    assert account, page.text
    return {**fields, "account": account[1], "when": "now", "agree": "on"}


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Runs all of them in threads of their own; exceptions are results."""

    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as problem:
            return problem
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.parametrize("forms", ["one form", "a form each"])
@pytest.mark.parametrize("permission", ["given", "asked for"])
def test_twenty_submits_are_one_debit(
    forms: str,
    permission: str,
    live_server: Any,
    request: pytest.FixtureRequest,
    sandbox: Sandbox,
    cast: Cast,
    bill: Bill,
    run_tasks: Callable[..., Any],
) -> None:
    request.getfixturevalue("mandate" if permission == "given" else "account")
    url = f"{live_server.url}/bills/{bill.pk}/pay/"
    sessions = [browser(cast) for _ in range(MANY)]
    sent = [form_of(session, url) for session in (sessions if forms == "a form each" else sessions[:1])]

    def press(number: int) -> requests.Response:
        fields = sent[number % len(sent)]
        session = sessions[number % len(sent)]
        return session.post(url, data=fields, allow_redirects=False, timeout=60)

    answers = at_once([lambda number=number: press(number) for number in range(MANY)])
    run_tasks()

    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert (len(intents(sandbox)), len(debits(sandbox))) == (1, 1)


def test_twenty_workers_at_one_payment_are_one_debit(sandbox: Sandbox, claimed: Payment) -> None:
    results = at_once([lambda: paying.advance(claimed.household_id, claimed.pk) for _ in range(MANY)])

    assert results == [None] * MANY
    assert (len(intents(sandbox)), len(debits(sandbox))) == (1, 1)
    assert reload(claimed).state == "processing"


def test_one_worker_has_the_lease_at_a_time(sandbox: Sandbox, claimed: Payment) -> None:
    at_once([lambda: paying.advance(claimed.household_id, claimed.pk) for _ in range(MANY)])

    creates = [r for r in sandbox.get("/sandbox/requests")["data"] if r["path"] == "/v1/payment_intents"]
    assert [r["method"] for r in creates] == ["POST"]


def test_approving_and_canceling_at_once_ends_in_one_truth(
    sandbox: Sandbox, cast: Cast, place: Place, bill: Bill, mandate: Mandate
) -> None:
    payment = paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)

    at_once(
        [
            lambda: paying.advance(payment.household_id, payment.pk),
            *(lambda: paying.cancel(place, payment.pk) for _ in range(4)),
        ]
    )

    ours, [there] = reload(payment).state, intents(sandbox) or [{"status": "canceled"}]
    assert (ours, there["status"]) in {("canceled", "canceled"), ("processing", "processing")}


def test_hearing_of_one_change_many_times_at_once_writes_it_once(sandbox: Sandbox, sent: Payment) -> None:
    sandbox.post(f"/sandbox/payment_intents/{sent.stripe_payment_intent_id}/settle", {"outcome": "succeeded"})

    at_once([lambda: settling.sync_payment(str(sent.stripe_payment_intent_id), "event") for _ in range(MANY)])

    assert states(sent) == ["scheduled", "submitted", "processing", "paid"]
