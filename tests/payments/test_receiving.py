"""Billers with a Stripe account of their own: hidden once it can receive nothing, by the event of that account."""

from __future__ import annotations

import time

import pytest
from django.utils import timezone

from payments.models import Biller
from tests.sandbox_client import Sandbox
from webhooks import inbox
from webhooks.models import StripeEvent

pytestmark = pytest.mark.django_db(transaction=True)


def arrive(account: str, type: str = "account.application.deauthorized") -> StripeEvent:
    """An event of a connected account comes in and is processed."""
    body = {
        "id": f"evt_{account}_{type}",
        "type": type,
        "created": int(time.time()),
        "livemode": False,
        "account": account,
        "data": {"object": {"id": "ca_1"}},
    }
    inbox.store(body)
    event = StripeEvent.objects.get(stripe_id=body["id"])
    inbox.process(event.pk)
    event.refresh_from_db()
    return event


@pytest.mark.parametrize(("account", "stays"), [("acct_gone", False), ("acct_sandbox", True)])
def test_a_biller_whose_account_is_gone_is_hidden(sandbox: Sandbox, account: str, stays: bool) -> None:
    biller = Biller.objects.create(
        name="Water", receives="Water Works", stripe_account=account, approved_at=timezone.now()
    )

    event = arrive(account)

    biller.refresh_from_db()
    assert (event.state, biller.is_approved) == ("processed", stays)


def test_a_connected_accounts_own_payments_are_none_of_ours(sandbox: Sandbox) -> None:
    assert arrive("acct_water", "payment_intent.succeeded").state == "ignored"
