"""Permissions and payments by the API."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from banking.models import Account, Owner
from fcdash import tenancy
from payments.models import Biller, Mandate, Payment
from tests.api.calling import Api, api_of, ok, refused
from tests.cast import Cast
from tests.payments.conftest import biller  # noqa: F401
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
Run = Callable[..., Any]
SETUP = "POST /v1/setup_intents"


@pytest.fixture
def account(link: Callable[..., list[Account]]) -> Account:
    """Alice's linked checking account."""
    return link()[0]


@pytest.fixture
def mandate(alice: Api, account: Account) -> str:
    """The id of Alice's permission for her account."""
    return str(ok(alice.post("/mandates", agreement(alice, account)), 201)["id"])


@pytest.fixture
def bill(alice: Api, biller: Biller, cast: Cast) -> str:  # noqa: F811
    """The id of a bill of $84.50, due in ten days."""
    due_on = (cast.household.today() + timedelta(days=10)).isoformat()
    return str(ok(alice.post("/bills", {"biller": str(biller.pk), "amount": 84_50, "due_on": due_on}), 201)["id"])


@pytest.fixture
def order(account: Account, mandate: str, bill: str) -> dict[str, str]:
    """The body that pays the bill."""
    return {"bill": bill, "account": str(account.pk), "mandate": mandate}


def agreement(api: Api, account: Account) -> dict[str, Any]:
    version = ok(api.get("/mandates/terms", account=account.pk))["version"]
    return {"account": str(account.pk), "version": version, "accept": True}


# --- Permissions ------------------------------------------------------------------------------------------------


def test_the_words_are_kept_as_they_were_shown(alice: Api, account: Account, cast: Cast) -> None:
    words = ok(alice.get("/mandates/terms", account=account.pk))
    body = {"account": str(account.pk), "version": words["version"], "accept": True}
    given = ok(alice.with_headers(User_Agent="Phone/1.0").post("/mandates", body), 201)

    assert set(words) == {"text", "version"}
    assert set(given) == {"id", "stripe_id", "status", "account", "failure"}
    assert (given["status"], given["account"], given["failure"]) == ("active", str(account.pk), None)
    assert given["stripe_id"].startswith("mandate_")
    with tenancy.scope(cast.household):
        row = Mandate.objects.get(pk=given["id"])
    assert (row.text, row.user_agent, row.ip_address) == (words["text"], "Phone/1.0", "127.0.0.1")
    assert ok(alice.get(f"/mandates/{given['id']}")) == given
    assert ok(alice.get("/mandates"))["data"] == [given]


def test_the_same_agreement_again_is_the_same_permission(alice: Api, account: Account, mandate: str) -> None:
    assert ok(alice.post("/mandates", agreement(alice, account)), 201)["id"] == mandate


@pytest.mark.parametrize("change", [{"accept": False}, {"accept": "yes"}, {"version": None}, {"status": "active"}])
def test_an_agreement_that_is_none(alice: Api, account: Account, change: dict[str, Any]) -> None:
    refused(alice.post("/mandates", agreement(alice, account) | change), 422, "invalid")


def test_other_words_than_those_in_force(alice: Api, account: Account) -> None:
    body = agreement(alice, account)

    problem = refused(alice.post("/mandates", body | {"version": "old"}), 409, "terms_changed")

    assert problem["version"] == body["version"]


def test_a_name_is_asked_for_when_nobody_knows_it(alice: Api, account: Account, cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(name="")
    with tenancy.scope(cast.household):
        Owner.objects.all().delete()
    body = agreement(alice, account)

    refused(alice.post("/mandates", body), 422, "name_required")
    ok(alice.post("/mandates", body | {"name": "Alice Ames"}), 201)


def test_only_the_holder_gives_a_permission(account: Account, cast: Cast) -> None:
    bob = api_of(cast, cast.bob)

    refused(bob.get("/mandates/terms", account=account.pk), 422, "not_payable")
    body = {"account": str(account.pk), "version": "x", "accept": True}
    refused(bob.post("/mandates", body), 422, "not_payable")


def test_stripe_away_then_the_same_goes_on(alice: Api, account: Account, sandbox: Sandbox, cast: Cast) -> None:
    sandbox.put("/sandbox/faults", {"api": [{"match": SETUP, "kind": "connection_reset", "times": 9}]})
    body = agreement(alice, account)
    refused(alice.post("/mandates", body, Idempotency_Key="k1"), 503, "stripe_unavailable")
    sandbox.put("/sandbox/faults", {"api": []})

    assert ok(alice.post("/mandates", body, Idempotency_Key="k1"), 201)["status"] == "active"
    with tenancy.scope(cast.household):
        assert Mandate.objects.count() == 1


def test_a_permission_is_taken_back(alice: Api, mandate: str, order: dict[str, str], run_tasks: Run) -> None:
    tomorrow = ok(alice.post("/payments", order | {"on": _tomorrow()}), 201)

    taken = ok(alice.delete(f"/mandates/{mandate}"))

    assert taken["status"] == "inactive"
    assert ok(alice.get(f"/payments/{tomorrow['id']}"))["state"] == "canceled"
    refused(alice.post("/payments", order), 422, "mandate_inactive")
    assert ok(alice.delete(f"/mandates/{mandate}"))["status"] == "inactive"


def _tomorrow() -> str:
    # A day later than any zone's today.
    return (date.today() + timedelta(days=2)).isoformat()


# --- Payments ---------------------------------------------------------------------------------------------------


def test_a_payment_as_it_is(alice: Api, order: dict[str, str]) -> None:
    paid = ok(alice.post("/payments", order), 201)

    assert set(paid) >= {"id", "state", "amount", "payment_intent", "failure", "history"}
    assert (paid["state"], paid["amount"]) == ("scheduled", {"amount": 84_50, "currency": "usd"})
    assert {name: paid[name] for name in ("bill", "account", "mandate")} == order
    assert (paid["payment_intent"], paid["failure"]) == (None, None)
    [first] = paid["history"]
    assert (set(first), first["state"]) == ({"state", "at", "cause"}, "scheduled")
    assert ok(alice.get(f"/payments/{paid['id']}")) == paid
    assert ok(alice.get("/payments"))["data"] == [paid]
    assert ok(alice.get("/payments", bill=order["bill"]))["data"] == [paid]
    period = ok(alice.get(f"/bills/{order['bill']}"))["period"]
    assert (period["state"], period["payment"]) == ("scheduled", paid["id"])


def test_twenty_at_once_are_one_payment(alice: Api, order: dict[str, str], run_tasks: Run, sandbox: Sandbox) -> None:
    token = alice.headers["X-Session-Token"]

    def send(_: int) -> Any:
        try:
            return Api(token).post("/payments", order)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(20)))
    run_tasks()

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    [made] = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert {answer.json()["payment"] for answer in answers if answer.status_code == 409} == {made}
    assert len(sandbox.get("/v1/payment_intents")["data"]) == 1


def test_a_payment_that_the_bank_refuses(alice: Api, order: dict[str, str], run_tasks: Run, sandbox: Sandbox) -> None:
    payment = _sent(alice, order, run_tasks)
    intent = payment["payment_intent"]
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "failed", "failure_code": "R01"})
    _look(payment["id"], order)

    failed = ok(alice.get(f"/payments/{payment['id']}"))

    assert failed["state"] == "failed"
    assert set(failed["failure"]) == {"code", "network_code", "message"}
    assert (failed["failure"]["code"], failed["failure"]["network_code"]) == ("insufficient_funds", "R01")
    assert "not enough money" in failed["failure"]["message"].lower()
    period = ok(alice.get(f"/bills/{order['bill']}"))["period"]
    assert (period["state"], period["payment"]) == ("due", None)
    ok(alice.post("/payments", order), 201)


def _sent(api: Api, order: dict[str, str], run_tasks: Run) -> Any:
    made = ok(api.post("/payments", order), 201)
    run_tasks()
    return ok(api.get(f"/payments/{made['id']}"))


def _look(payment_id: str, order: dict[str, str]) -> None:
    """What the webhook's handler does."""
    from payments.settling import follow

    with tenancy.system("a test"):
        household_id = Payment.objects.values_list("household_id", flat=True).get(pk=payment_id)
    follow(household_id, int(payment_id), "a test looked")


def test_an_unsent_payment_is_canceled(alice: Api, order: dict[str, str]) -> None:
    payment = ok(alice.post("/payments", order | {"on": _tomorrow()}), 201)

    canceled = ok(alice.post(f"/payments/{payment['id']}/cancel"))

    assert (payment["on"], canceled["state"]) == (_tomorrow(), "canceled")
    assert ok(alice.post(f"/payments/{payment['id']}/cancel"))["state"] == "canceled"


def test_what_is_over_is_not_canceled(alice: Api, order: dict[str, str], run_tasks: Run, sandbox: Sandbox) -> None:
    payment = _sent(alice, order, run_tasks)
    sandbox.post(f"/sandbox/payment_intents/{payment['payment_intent']}/settle", {"outcome": "succeeded"})
    _look(payment["id"], order)

    refused(alice.post(f"/payments/{payment['id']}/cancel"), 409, "too_late")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"on": "2020-01-01"}, "on"),
        ({"on": "soon"}, "invalid"),
        ({"amount": 1}, "invalid"),
        ({"bill": None}, "invalid"),
    ],
)
def test_a_payment_that_cannot_be(alice: Api, order: dict[str, str], change: dict[str, Any], code: str) -> None:
    refused(alice.post("/payments", order | change), 422, code)
    assert ok(alice.get("/payments"))["data"] == []


@pytest.mark.parametrize("name", ["bill", "account", "mandate"])
def test_a_payment_of_what_is_not_there(alice: Api, order: dict[str, str], name: str) -> None:
    for wrong in ("999999", "x", "0"):
        refused(alice.post("/payments", order | {name: wrong}), 404, "not_found")
    assert ok(alice.get("/payments"))["data"] == []
