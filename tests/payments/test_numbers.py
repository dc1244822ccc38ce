"""Account numbers that a bank ends: nothing is debited under them, and the way out is open to its end."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.households import Place
from banking import refreshing
from banking.models import Account
from fcdash import tenancy
from fcdash.gateway import connections
from payments import mandates, paying
from payments.models import Bill, Biller, Mandate, Payment
from tests.cast import Cast
from tests.payments.conftest import accept
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def change(model: Any, row: Any, **facts: Any) -> None:
    with tenancy.scope(row.household_id):
        model.objects.filter(pk=row.pk).update(**facts)


def refused(place: Place, cast: Cast, bill: Bill, mandate: Mandate) -> str:
    with pytest.raises(paying.ClaimRefused) as refusal:
        paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)
    return str(refusal.value)


@pytest.mark.parametrize("status", ["expired", "deactivated"])
def test_nothing_is_debited_under_a_number_that_is_over(
    place: Place, cast: Cast, bill: Bill, mandate: Mandate, status: str
) -> None:
    change(Account, mandate.account, numbers_status=status)

    assert "ended the number" in refused(place, cast, bill, mandate)
    with tenancy.scope(place.household_id):
        assert not Account.objects.get(pk=mandate.account_id).payable


def test_a_permission_for_a_number_that_is_over_is_replaced_by_a_new_one(
    place: Place, cast: Cast, bill: Bill, mandate: Mandate
) -> None:
    change(Mandate, mandate, blocked_reason=mandates.NUMBER_IS_OVER)
    assert "Give a new permission" in refused(place, cast, bill, mandate)

    new = accept(place, cast, mandate.account)

    assert (new.pk != mandate.pk, new.status) == (True, "active")
    assert paying.claim(place, cast.alice, bill.pk, mandate.account_id, new.pk).mandate_id == new.pk
    with tenancy.scope(place.household_id):
        assert Mandate.objects.get(pk=mandate.pk).revoked_at


def test_after_a_debit_of_an_old_number_the_bank_is_linked_again_and_a_new_permission_given(
    sandbox: Sandbox, place: Place, cast: Cast, biller: Biller, bill: Bill, sent: Payment, mandate: Mandate
) -> None:
    settled = {"outcome": "failed", "failure_code": "tokenized_account_number_deactivated"}
    sandbox.post(f"/sandbox/payment_intents/{sent.stripe_payment_intent_id}/settle", settled)
    paying.sync_payment(str(sent.stripe_payment_intent_id), "told")
    change(Mandate, mandate, blocked_reason="")
    assert "Link the bank again" in refused(place, cast, bill, mandate)

    change(Account, mandate.account, numbers_status="expired")
    account = mandate.account
    refreshing.apply(place.household_id, account.pk, connections.account(account.stripe_id))
    assert "Give a new permission" in refused(place, cast, bill, mandate)

    new = accept(place, cast, account)
    assert paying.claim(place, cast.alice, bill.pk, account.pk, new.pk).mandate_id == new.pk
