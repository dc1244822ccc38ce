"""Rows as the worst banks give them: what can be stored is, the rest is set aside with its reason, reading goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from banking.models import Account, Feature, Freshness, QuarantinedRow, Transaction
from fcdash import tenancy
from tests.banking.test_linking import bank_rows
from tests.banking.test_refreshing import refresh_at_the_bank
from tests.cast import Cast
from tests.linking import bank_keys, link, settle
from tests.sandbox_client import Sandbox

__all__ = ["bank_keys", "link", "settle"]
pytestmark = pytest.mark.django_db(transaction=True)
KINDS = ("hostile_text", "extreme_amounts", "odd_instants", "foreign_currencies", "lookalikes", "pending")


def test_every_row_of_the_bank_is_stored_or_set_aside_and_the_pages_show_them(
    sandbox: Sandbox, cast: Cast, link: Callable[..., list[Account]], settle: Callable[..., None]
) -> None:
    [account] = link()
    settle(account)
    sandbox.put(
        "/sandbox/faults", {"seed": 7, "banks": [{"account": account.stripe_id, "kind": kind} for kind in KINDS]}
    )
    for _ in range(2):
        refresh_at_the_bank(sandbox, account, Feature.BALANCE, Feature.TRANSACTIONS)
        settle(account)

    theirs = bank_rows(sandbox, account)
    with tenancy.scope(cast.household):
        stored = dict(Transaction.objects.filter(account=account).values_list("stripe_id", "description"))
        aside = dict(QuarantinedRow.objects.filter(account=account).values_list("stripe_id", "reason"))
        row = Freshness.objects.get(account=account, feature=Feature.TRANSACTIONS)
    assert stored.keys() | aside.keys() == theirs.keys()
    assert not stored.keys() & aside.keys()
    assert aside
    assert all(aside.values())
    odd = {hex(ord(c)) for text in stored.values() for c in text if not c.isprintable()}
    assert odd == set()
    assert (row.status, row.target) == ("succeeded", "")
    client = cast.client(cast.alice)
    for page in ("/", "/banks/", f"/banks/{account.pk}/", f"/transactions/?account={account.pk}", "/spending/"):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert "<script>alert" not in answer.content.decode()
