"""Linking a bank: from the session to the rows, whoever tells us first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from accounts.models import User
from banking import linking, overview
from banking.asking import Choice
from banking.models import Account, LinkSession, Transaction
from fcdash import tenancy
from tests.cast import Cast
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
Link = Callable[..., list[Account]]


def bank_rows(sandbox: Sandbox, account: Account) -> dict[str, tuple[int, str]]:
    """All rows of the account as the sandbox lists them: id → (amount, status)."""
    found: dict[str, tuple[int, str]] = {}
    after = ""
    while True:
        query = {"account": account.stripe_id, "limit": 100, **({"starting_after": after} if after else {})}
        page = sandbox.get(f"/v1/financial_connections/transactions?{urlencode(query)}")
        found.update({row["id"]: (row["amount"], row["status"]) for row in page["data"]})
        if not page["has_more"]:
            return found
        after = page["data"][-1]["id"]


def our_rows(account: Account) -> dict[str, tuple[int, str]]:
    with tenancy.scope(account.household_id):
        rows = Transaction.objects.filter(account=account)
        return {row.stripe_id: (row.amount_cents, row.status) for row in rows}


def test_linking_brings_balance_owner_and_all_rows(
    sandbox: Sandbox, link: Link, run_tasks: Callable[[], Any], settle: Callable[..., None]
) -> None:
    [account] = link()
    settle(account)

    assert our_rows(account) == bank_rows(sandbox, account)
    assert len(our_rows(account)) > 100
    with tenancy.scope(account.household_id):
        now = overview.account(account.household_id, account.pk)
        assert now.balance is not None
        assert account.owners.count() == 1
        assert Account.objects.get(pk=account.pk).subscribed


def test_completing_twice_and_by_event_saves_once(sandbox: Sandbox, cast: Cast, link: Link) -> None:
    [account] = link()
    session_id = LinkSession_id(cast)

    linking.complete(cast.household.pk, cast.alice, session_id)
    linking.sync_account(account.stripe_id)

    with tenancy.scope(cast.household):
        assert Account.objects.count() == 1


def LinkSession_id(cast: Cast) -> str:
    with tenancy.scope(cast.household):
        return str(LinkSession.objects.get().stripe_id)


def test_the_event_alone_brings_the_account_into_the_sessions_household(
    sandbox: Sandbox, cast: Cast, bank_keys: list[str]
) -> None:
    started = linking.start(cast.household.pk, cast.bob)
    shown = sandbox.post(
        f"/sandbox/link-sessions/{started.session_id}/authorize", {"accounts": bank_keys[:1], "result": "success"}
    )
    account = linking.sync_account(shown["accounts"][0]["id"])

    assert account is not None
    assert (account.household_id, account.holder) == (cast.household.pk, cast.bob)


def test_a_cancelled_dialog_leaves_nothing(sandbox: Sandbox, cast: Cast) -> None:
    started = linking.start(cast.household.pk, cast.alice)
    sandbox.post(f"/sandbox/link-sessions/{started.session_id}/authorize", {"accounts": [], "result": "cancel"})

    assert linking.complete(cast.household.pk, cast.alice, started.session_id) == []
    with tenancy.scope(cast.household):
        assert LinkSession.objects.get().state == "canceled"


def test_a_session_of_somebody_else_cannot_be_completed(sandbox: Sandbox, cast: Cast) -> None:
    started = linking.start(cast.household.pk, cast.alice)

    for household, user in ((cast.household, cast.bob), (cast.strange_household, cast.charlie)):
        with pytest.raises(LinkSession.DoesNotExist):
            linking.complete(household.pk, user, started.session_id)


def test_the_client_secret_is_stored_nowhere(sandbox: Sandbox, cast: Cast) -> None:
    started = linking.start(cast.household.pk, cast.alice)

    assert started.client_secret
    assert started.client_secret not in repr(started)
    with tenancy.scope(cast.household):
        assert started.client_secret not in str(LinkSession.objects.values().get())


def test_the_same_bank_account_linked_again_is_in_no_figure_until_a_person_decides(
    sandbox: Sandbox, cast: Cast, link: Link, settle: Callable[..., None]
) -> None:
    [first] = link()
    [second] = link(cast.bob)
    settle(first)

    assert (first.status, second.status) == ("active", "duplicate")
    assert our_rows(second) == {}

    linking.keep_both(cast.household.pk, second.pk)
    settle(second)
    assert our_rows(second) == bank_rows(sandbox, second)


@pytest.mark.parametrize(
    ("mode", "permissions", "return_url"),
    [
        ("phone", ["balances"], None),
        ("web", [], None),
        ("web", ["balance"], None),
        ("webview", ["balances"], "https://elsewhere.example/"),
        ("hosted", ["balances"], "https://elsewhere.example/"),
    ],
)
def test_what_linking_does_not_offer_is_refused(
    sandbox: Sandbox, cast: Cast, mode: str, permissions: list[str], return_url: str | None
) -> None:
    with pytest.raises(linking.NotAllowed):
        linking.start(cast.household.pk, cast.alice, mode, Choice(permissions), return_url)


def test_starting_makes_the_customer_if_the_task_has_not(sandbox: Sandbox, cast: Cast) -> None:
    linking.start(cast.household.pk, cast.alice)

    user = User.objects.get(pk=cast.alice.pk)
    assert user.stripe_customer_id
    assert user.stripe_customer_id.startswith("cus_")
