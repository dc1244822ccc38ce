"""Mail about money: what had to be known, once, without amounts in the subject."""

from __future__ import annotations

import pytest

from accounts.households import place_of
from accounts.models import Mail, Membership
from fcdash import tenancy
from payments import paying
from payments.models import Mandate, Payment
from tests.cast import Cast
from tests.payments.conftest import reload
from tests.payments.test_claiming import fail, on_the_day
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def mails(kind: str) -> list[Mail]:
    return list(Mail.objects.filter(kind=kind).order_by("pk"))


def test_a_permission_is_mailed_to_who_gave_it_word_for_word(mandate: Mandate) -> None:
    [mail] = mails("permission_given")

    assert mail.to == "alice@example.com"
    assert mandate.text in mail.text
    assert f"/permissions/{mandate.pk}/" in mail.html


def test_a_refusal_is_mailed_once(sandbox: Sandbox, claimed: Payment) -> None:
    fail(sandbox, claimed, "R01")
    for _ in range(3):
        paying.sync_payment(str(reload(claimed).stripe_payment_intent_id), "the same event again")

    [mail] = mails("payment_trouble")
    assert mail.subject == "Refused: your payment to Alder Creek Community Services"
    assert "$84.50 was not taken: not enough money in Everyday Checking (R01)." in mail.text


def test_money_that_went_back_is_mailed(sandbox: Sandbox, sent: Payment) -> None:
    intent = str(sent.stripe_payment_intent_id)
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "succeeded"})
    sandbox.post(f"/sandbox/payment_intents/{intent}/dispute", {"reason": "debit_not_authorized"})
    paying.sync_payment(intent, "event")

    [mail] = mails("payment_trouble")
    assert "Your bank took $84.50 back" in mail.text


def test_a_held_payment_asks_by_mail(claimed: Payment) -> None:
    on_the_day(claimed, 9)
    paying.advance(claimed.household_id, claimed.pk)

    assert "No money has moved" in mails("payment_trouble")[0].text


def test_what_goes_well_sends_no_mail(sandbox: Sandbox, sent: Payment) -> None:
    intent = str(sent.stripe_payment_intent_id)
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "succeeded"})
    paying.sync_payment(intent, "event")

    assert mails("payment_trouble") == []


def test_a_cancellation_that_nobody_asked_for_is_mailed(cast: Cast, claimed: Payment) -> None:
    with tenancy.system("the approver leaves"):
        Membership.objects.filter(user=cast.alice).delete()
    paying.advance(claimed.household_id, claimed.pk)

    assert reload(claimed).state == "canceled"
    [mail] = mails("payment_trouble")
    assert "$84.50 is not taken: the payment was canceled, and nobody of your household asked for it" in mail.text


def test_ones_own_cancellation_sends_no_mail(cast: Cast, claimed: Payment) -> None:
    place = place_of(cast.alice)
    assert place is not None
    paying.cancel(place, claimed.pk)

    assert reload(claimed).state == "canceled"
    assert mails("payment_trouble") == []
