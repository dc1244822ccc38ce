"""A restricted key with the rights that stripe_doctor names, and no others, is enough for all that the project does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.households import Place
from banking import disconnecting, refreshing
from banking.models import Account, Feature
from fcdash import tenancy
from fcdash.gateway import connections
from fcdash.gateway.rights import RIGHTS
from payments import mandates, paying
from payments.models import Mandate, Payment
from tests.payments.conftest import reload
from tests.sandbox_client import Sandbox
from tests.tasks import Ran
from webhooks import binding, inbox
from webhooks.models import StripeBinding

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "rk_test_least"
# Stripe's Dashboard has more words than the sandbox has resources.
NAMES = {"SetupIntents": "setup_intents", "PaymentMethods": "payment_methods", "PaymentIntents": "payment_intents"}


def resource(name: str) -> str:
    if name.startswith("Financial Connections"):
        return "financial_connections"
    return {**NAMES, "Refunds": "charges"}.get(name, name.lower())


def least() -> dict[str, str]:
    """The rights that fcdash cannot do without, by the sandbox's names."""
    found: dict[str, str] = {}
    for right in RIGHTS:
        if not right.is_optional:
            found[resource(right.resource)] = max(right.level, found.get(resource(right.resource), ""))
    return found


@pytest.fixture(autouse=True)
def _least_key(sandbox: Sandbox, settings: Any) -> Iterator[None]:
    sandbox.put("/sandbox/keys", {KEY: least()})
    settings.STRIPE_SECRET_KEY = KEY
    binding.forget()
    yield
    binding.forget()


def test_the_whole_road_goes_by_the_least_key(
    sandbox: Sandbox,
    place: Place,
    account: Account,
    mandate: Mandate,
    sent: Payment,
    run_tasks: Callable[..., list[Ran]],
) -> None:
    intent = str(sent.stripe_payment_intent_id)
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "succeeded"})
    paying.sync_payment(intent, "payment_intent.succeeded")
    assert reload(sent).state == "paid"
    sandbox.post(f"/sandbox/payment_intents/{intent}/dispute", {})
    paying.sync_payment(intent, "charge.dispute.created")
    assert reload(sent).state == "disputed"
    sandbox.post("/sandbox/clock/advance", {"seconds": 4})
    inbox.catch_up()
    run_tasks()
    sandbox.post("/sandbox/clock/advance", {"seconds": 10})
    refreshing.apply(account.household_id, account.pk, connections.account(account.stripe_id))
    refreshing.ask(account.household_id, account.pk, list(Feature))
    mandates.revoke(place, mandate.pk)
    disconnecting.disconnect(account.household_id, account.pk, False)
    run_tasks()

    refused = {(r["method"], r["path"]) for r in sandbox.get("/sandbox/requests")["data"] if r["status"] == 403}
    # A restricted key may not read its account; the refusal names it, and that is enough.
    assert refused == {("GET", "/v1/account")}
    assert StripeBinding.objects.get().account == "acct_sandbox"
    with tenancy.scope(account.household_id):
        assert Account.objects.get(pk=account.pk).status == "disconnected"
