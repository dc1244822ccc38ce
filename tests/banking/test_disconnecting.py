"""Disconnecting ends reading, for good and for sure; permission to pay is another switch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from banking import disconnecting, overview, refreshing
from banking.models import Account, Feature, Freshness, Transaction
from fcdash import tenancy
from tests.cast import Cast
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account(link: Callable[..., list[Account]], settle: Callable[..., None]) -> Account:
    [linked] = link()
    settle(linked)
    return linked


def reread(account: Account) -> Account:
    with tenancy.scope(account.household_id):
        return Account.objects.get(pk=account.pk)


def test_disconnecting_stops_reading_and_keeps_the_rows(sandbox: Sandbox, account: Account) -> None:
    assert disconnecting.disconnect(account.household_id, account.pk) is True

    assert sandbox.get(f"/v1/financial_connections/accounts/{account.stripe_id}")["status"] == "disconnected"
    with tenancy.scope(account.household_id):
        now = overview.account(account.household_id, account.pk)
        assert (now.status, now.counts) == ("disconnected", False)
        assert Transaction.objects.exists()
        assert not Freshness.objects.filter(due_at__isnull=False).exists()


def test_deleting_the_data_deletes_all_that_was_read(account: Account) -> None:
    disconnecting.disconnect(account.household_id, account.pk, delete_data=True)

    with tenancy.scope(account.household_id):
        assert not Transaction.objects.exists()
        assert not account.balances.exists()
        assert not account.owners.exists()


def test_when_stripe_is_down_it_is_finished_later(
    sandbox: Sandbox, account: Account, run_tasks: Callable[..., Any]
) -> None:
    fault = {"match": "POST /v1/financial_connections/accounts/*/disconnect", "kind": "timeout", "times": 1}
    sandbox.put("/sandbox/faults", {"api": [{**fault, "kind": "connection_reset", "times": 3}]})

    assert disconnecting.disconnect(account.household_id, account.pk) is False
    assert reread(account).disconnecting_since is not None
    assert (account.household_id, account.pk) in disconnecting.unfinished()

    run_tasks(later=True)
    assert reread(account).status == "disconnected"
    assert disconnecting.unfinished() == []


def test_a_lost_answer_ends_disconnected_once(
    sandbox: Sandbox, account: Account, run_tasks: Callable[..., Any]
) -> None:
    fault = {"match": "POST /v1/financial_connections/accounts/*/disconnect", "kind": "connection_reset_after_success"}
    sandbox.put("/sandbox/faults", {"api": [{**fault, "times": 3}]})

    disconnecting.disconnect(account.household_id, account.pk)
    sandbox.post("/sandbox/idempotency/forget")
    run_tasks(later=True)

    assert reread(account).status == "disconnected"


def test_an_answer_that_was_under_way_does_not_bring_it_back(account: Account) -> None:
    from fcdash.gateway import connections

    remote = connections.account(account.stripe_id)
    disconnecting.disconnect(account.household_id, account.pk, delete_data=True)

    refreshing.apply(account.household_id, account.pk, remote)
    refreshing.read_transactions(account.household_id, account.pk)

    assert reread(account).status == "disconnected"
    with tenancy.scope(account.household_id):
        assert not Transaction.objects.exists()


def test_a_disconnected_account_cannot_be_refreshed(account: Account) -> None:
    disconnecting.disconnect(account.household_id, account.pk)

    with pytest.raises(refreshing.NotRefreshable):
        refreshing.ask(account.household_id, account.pk, [Feature.BALANCE])


def test_another_households_account_cannot_be_disconnected(account: Account, cast: Cast) -> None:
    with pytest.raises(Account.DoesNotExist):
        disconnecting.disconnect(cast.strange_household.pk, account.pk)
