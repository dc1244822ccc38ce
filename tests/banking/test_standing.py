"""What is said of accounts: what totals lack, what needs a person and no longer, one line for each reading."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from banking import overview, receipts, standing
from banking.models import Account, Feature, Freshness, Refresh
from fcdash import tenancy
from tests.cast import AccountFactory, BalanceFactory, Cast

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def account(cast: Cast, name: str, age: timedelta | None = timedelta(), currency: str = "usd", **facts: Any) -> Account:
    household, now = cast.household, timezone.now()
    made: Account = AccountFactory(household=household, holder=cast.alice, name=name, **facts)
    if age is not None:
        BalanceFactory(household=household, account=made, on=(now - age).date(), as_of=now - age, currency=currency)
    return made


def keys(cast: Cast) -> list[tuple[str, str]]:
    return [(now.name, notice.key) for now, notice in standing.needs(overview.accounts(cast.household.pk))]


def test_a_total_says_what_it_lacks_and_what_is_old_in_it(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        account(cast, "Fresh", last4="0001")
        assert standing.caveat(overview.accounts(cast.household.pk), "usd") == ""

        account(cast, "Late", 3 * DAY, last4="0002")
        account(cast, "Closed", 9 * DAY, last4="0003", status="disconnected")
        account(cast, "Silent", None, last4="0004")
        account(cast, "Euro", currency="eur", last4="0005")
        words = standing.caveat(overview.accounts(cast.household.pk), "usd")

    assert words.startswith("Partly old: Late ••0002 is of ")
    assert "Without Silent ••0004: no balance is known." in words
    assert "Without Euro ••0005: another currency is not added." in words
    assert "Closed" not in words
    assert "Fresh" not in words


def test_a_link_that_ended_by_itself_is_missed_for_a_month_and_until_it_comes_again(cast: Cast) -> None:
    now = timezone.now()
    with tenancy.scope(cast.household):
        gone = account(cast, "Gone", status="disconnected", ended_at=now - DAY, ended_elsewhere=True)
        account(cast, "Stopped", status="disconnected", ended_at=now - DAY, last4="0002")
        assert keys(cast) == [("Gone", "ended")]

        Account.objects.filter(pk=gone.pk).update(ended_at=now - 31 * DAY)
        assert keys(cast) == []

        Account.objects.filter(pk=gone.pk).update(ended_at=now - DAY)
        account(cast, "Back")
        assert keys(cast) == []


def test_deciding_on_the_new_link_comes_before_signing_in_to_the_old_one(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        account(cast, "Old link", status="inactive", inactive_since=timezone.now())
        assert keys(cast) == [("Old link", "inactive")]

        account(cast, "New link", status="duplicate")
        assert keys(cast) == [("New link", "duplicate")]


def test_owners_that_fail_do_not_make_figures_old(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        made = account(cast, "Checking")
        mine = {"household": cast.household, "account": made, "as_of": timezone.now()}
        for feature in Feature:
            status = "failed" if feature == Feature.OWNERSHIP else "succeeded"
            Freshness.objects.create(**mine, feature=feature, status=status)
        now = overview.account(cast.household.pk, made.pk)

    assert (now.light, standing.notices(now)) == ("ok", [])


def test_what_was_asked_for_together_is_one_receipt(cast: Cast) -> None:
    now = timezone.now()
    with tenancy.scope(cast.household):
        mine = {"household": cast.household, "account": account(cast, "Checking"), "cause": "schedule"}
        counts = {"new_count": 14, "changed_count": 4, "posted_count": 3, "dropped_count": 1}
        Refresh.objects.create(**mine, feature="transactions", status="succeeded", started_at=now - DAY, **counts)
        Refresh.objects.create(
            **mine, feature="balance", status="succeeded", started_at=now - DAY + timedelta(seconds=2)
        )
        Refresh.objects.create(**mine, feature="balance", status="failed", error="The bank gave no new data.")
        found = receipts.receipts(cast.household.pk, mine["account"].pk)

    assert [(receipt.words, receipt.light) for receipt in found] == [
        ("Balance not read: the bank gave no new data", "old"),
        ("14 new, 3 posted, 1 dropped; balance read; nothing that you edited was touched", "ok"),
    ]
