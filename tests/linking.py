"""Linking in tests as a person and Stripe do it: a session, the dialog's outcome at the sandbox, completion."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User
from banking import linking, refreshing
from banking.models import Account, Freshness
from fcdash import tenancy
from tests.cast import Cast
from tests.sandbox_client import Sandbox
from tests.waiting import until


@pytest.fixture
def bank_keys(sandbox: Sandbox) -> list[str]:
    """Keys of the believable bank's accounts: checking, savings, card."""
    return [account["key"] for account in sandbox.get("/sandbox/banks")["data"][0]["accounts"][:3]]


@pytest.fixture
def link(sandbox: Sandbox, cast: Cast, bank_keys: list[str]) -> Callable[..., list[Account]]:
    """`link(user, household, keys)` links bank accounts; by default Alice's checking account."""

    def do(user: User | None = None, keys: list[str] | None = None) -> list[Account]:
        user = user or cast.alice
        household = cast.strange_household if user == cast.charlie else cast.household
        started = linking.start(household.pk, user)
        sandbox.post(
            f"/sandbox/link-sessions/{started.session_id}/authorize",
            {"accounts": keys or bank_keys[:1], "result": "success"},
        )
        return linking.complete(household.pk, user, started.session_id)

    return do


@pytest.fixture
def settle(run_tasks: Callable[[], object]) -> Callable[..., None]:
    """`settle(account)`: run tasks and sweeps until every refresh of the account has ended and its rows are read."""

    def do(*accounts: Account) -> None:
        def ended() -> bool:
            run_tasks()
            for account in accounts:
                refreshing.catch_up(account.household_id, account.pk)
                with tenancy.scope(account.household_id):
                    rows = list(Freshness.objects.filter(account=account))
                if any(row.status == "pending" or row.target for row in rows):
                    return False
            return True

        until(ended, seconds=20)
        run_tasks()

    return do
