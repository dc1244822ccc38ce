"""What a payment in tests stands on: an approved biller, a linked account, a bill, a permission."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from accounts.households import Place, place_of
from banking.models import Account
from fcdash import tenancy
from payments import bills, mandates, paying
from payments.models import Bill, Biller, BillPeriod, Mandate, Payment
from tests.cast import Cast
from tests.sandbox_client import Sandbox

PHONE = "Mozilla/5.0 (test phone)"


@pytest.fixture
def biller(db: None) -> Biller:
    """An approved biller; the money stays with the operator."""
    return Biller.objects.create(
        name="Alder Creek Water",
        receives="Alder Creek Community Services",
        statement_descriptor="ALDER CREEK WATER",
        approved_at=timezone.now(),
    )


@pytest.fixture
def place(cast: Cast) -> Place:
    """Alice's place in her household."""
    found = place_of(cast.alice, cast.household.pk)
    assert found is not None
    return found


@pytest.fixture
def account(link: Callable[..., list[Account]]) -> Account:
    """Alice's linked checking account."""
    return link()[0]


@pytest.fixture
def bill(place: Place, cast: Cast, biller: Biller) -> Bill:
    """A bill of $84.50, due in ten days, once."""
    return bills.add_bill(place, cast.alice, biller.pk, 84_50, place.today + timedelta(days=10))


@pytest.fixture
def mandate(place: Place, cast: Cast, account: Account) -> Mandate:
    """Alice's active permission for her account."""
    return accept(place, cast, account)


def accept(place: Place, cast: Cast, account: Account) -> Mandate:
    """Alice accepts the words in force for the account."""
    with tenancy.scope(place.household_id):
        words = mandates.terms(place, cast.alice, account)
    return mandates.accept(place, cast.alice, account.pk, words.version, "", "203.0.113.7", PHONE)


@pytest.fixture
def claimed(place: Place, cast: Cast, bill: Bill, mandate: Mandate) -> Payment:
    """The bill's approved payment; nothing has been sent."""
    return paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)


@pytest.fixture
def sent(claimed: Payment) -> Payment:
    """The same, sent: on its way."""
    paying.advance(claimed.household_id, claimed.pk)
    return reload(claimed)


def reload(payment: Payment) -> Payment:
    """The payment as it is in the database now."""
    with tenancy.scope(payment.household_id):
        row: Payment = Payment.objects.for_household(payment.household_id).get(pk=payment.pk)
    return row


def reload_mandate(mandate: Mandate) -> Mandate:
    with tenancy.scope(mandate.household_id):
        row: Mandate = Mandate.objects.for_household(mandate.household_id).get(pk=mandate.pk)
    return row


def period_of(payment: Payment) -> BillPeriod:
    with tenancy.scope(payment.household_id):
        row: BillPeriod = BillPeriod.objects.for_household(payment.household_id).get(pk=payment.period_id)
    return row


def states(payment: Payment) -> list[str]:
    """The payment's history of states, the oldest first."""
    with tenancy.scope(payment.household_id):
        return list(payment.history.order_by("pk").values_list("state", flat=True))


def intents(sandbox: Sandbox) -> list[dict]:
    """All PaymentIntents at the sandbox."""
    found = sandbox.get("/v1/payment_intents?limit=100")
    return list(found["data"])


def post_form(sandbox: Sandbox, path: str, **fields: object) -> dict:
    """A call of Stripe's own API, as the operator's dashboard would make it."""
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    answer = requests.post(f"{sandbox.url}{path}", data=fields, headers=headers, timeout=30)
    assert answer.ok, answer.text
    return dict(answer.json())


def debits(sandbox: Sandbox) -> list[dict]:
    """Those that moved money, or are about to."""
    return [body for body in intents(sandbox) if body["status"] in ("processing", "succeeded")]
