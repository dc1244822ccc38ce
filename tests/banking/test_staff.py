"""Staff and linked accounts: what they see of them, and a refresh that they ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import StaffAction
from banking.models import Account, Owner, Refresh, Transaction
from fcdash import tenancy
from tests.cast import Cast
from tests.sandbox_client import Sandbox
from tests.staff import ask, sam_at_work

pytestmark = pytest.mark.django_db(transaction=True)
Run = Callable[..., Any]


@pytest.fixture
def account(link: Callable[..., list[Account]], settle: Callable[..., None]) -> Account:
    """Alice's checking account, all its rows read."""
    [linked] = link()
    settle(linked)
    return linked


def _outcome(action: StaffAction | None) -> str:
    assert action is not None
    action.refresh_from_db()
    return action.outcome


def test_the_page_shows_freshness_and_receipts_and_no_money(cast: Cast, account: Account) -> None:
    with tenancy.scope(account.household_id):
        words = list(Transaction.objects.order_by("pk").values_list("description", flat=True)[:20])
        owners = list(Owner.objects.values_list("name", flat=True))
        assert Refresh.objects.filter(status="succeeded").exists()

    page = sam_at_work(cast).get(f"/admin/banking/account/{account.pk}/change/").content.decode()

    assert account.stripe_id in page
    assert "Latest 20 refreshes" in page
    assert not [shown for shown in [*words, *owners] if shown in page]


def test_no_list_of_staff_holds_transactions_balances_or_owners(cast: Cast) -> None:
    for model in ("transaction", "balance", "owner"):
        assert sam_at_work(cast).get(f"/admin/banking/{model}/").status_code == 404


def test_a_refresh_is_asked_for_by_the_worker(
    cast: Cast, sandbox: Sandbox, account: Account, settle: Callable[..., None], run_tasks: Run
) -> None:
    sandbox.post("/sandbox/clock/advance", {"seconds": 30})
    settle(account)

    action = ask(sam_at_work(cast), account, "accounts.refresh")
    run_tasks()

    assert _outcome(action) == "asked for balance, transactions"
    with tenancy.scope(account.household_id):
        assert Refresh.objects.filter(cause="staff").count() == 2


def test_too_early_the_bank_is_left_alone(cast: Cast, account: Account, run_tasks: Run) -> None:
    action = ask(sam_at_work(cast), account, "accounts.refresh")
    run_tasks()

    assert _outcome(action).startswith("Not done: the bank gives new data from")


def test_a_disconnected_account_is_not_asked_for(cast: Cast, account: Account, run_tasks: Run) -> None:
    with tenancy.scope(account.household_id):
        Account.objects.filter(pk=account.pk).update(status="disconnected")

    action = ask(sam_at_work(cast), account, "accounts.refresh")
    run_tasks()

    assert _outcome(action) == "Not done: The account is not active at its bank."


def test_reading_again_brings_the_state_at_stripe(
    cast: Cast, sandbox: Sandbox, account: Account, run_tasks: Run
) -> None:
    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"status": "inactive"})

    action = ask(sam_at_work(cast), account, "accounts.reread")
    run_tasks()

    assert _outcome(action) == "read: inactive"
