"""Accounts kept by hand: what they hold by day, their rows, and that no bank is ever asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from banking import manual, overview, refreshing
from banking.manual import HandRow
from banking.models import Account, Balance, StatedBalance, Transaction
from fcdash import tenancy
from spending import filing, networth, rollups, totals
from tests.cast import Cast, TransactionFactory
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db
WALLET = manual.Face("Wallet", "cash")


@pytest.fixture
def wallet(cast: Cast) -> Iterator[Account]:
    """$100 on the first of November; the test runs in the household's scope."""
    with tenancy.scope(cast.household) as household:
        yield manual.open_account(household, cast.alice, WALLET, "usd", 100_00, date(2026, 11, 1))


def days(account: Account) -> list[tuple[int, int, int]]:
    found = Balance.objects.filter(household_id=account.household_id, account=account).order_by("on")
    return [(b.on.month, b.on.day, b.current_cents) for b in found]


def spend(account: Account, day: int, cents: int, words: str = "Kiosk", month: int = 11) -> Transaction:
    return manual.add_row(account.household_id, account.pk, HandRow(date(2026, month, day), cents, words))


def test_it_holds_what_was_said_and_its_rows_since(wallet: Account) -> None:
    spend(wallet, 3, -5_00)
    spend(wallet, 1, -10_00)
    spend(wallet, 3, 1_00)

    assert days(wallet) == [(11, 1, 90_00), (11, 3, 86_00)]


def test_older_rows_tell_how_it_came_to_that_and_change_nothing_now(wallet: Account) -> None:
    spend(wallet, 10, -1_00, month=10)
    spend(wallet, 15, -40_00, month=10)

    assert days(wallet) == [(11, 1, 100_00)]
    worth = networth.net_worth(wallet.household_id, date(2026, 10, 1), date(2026, 11, 2), "usd")
    by_day = {point.on: point.cents for point in worth.points}
    assert (by_day[date(2026, 10, 14)], by_day[date(2026, 10, 15)]) == (140_00, 100_00)


def test_a_balance_said_again_counts_from_that_day_on(cast: Cast, wallet: Account) -> None:
    spend(wallet, 3, -5_00)
    manual.state_balance(wallet.household_id, wallet.pk, cast.alice, 80_00, date(2026, 11, 3))
    spend(wallet, 5, -1_00)

    assert days(wallet) == [(11, 1, 100_00), (11, 3, 80_00), (11, 5, 79_00)]
    assert Transaction.objects.filter(account=wallet).count() == 2


def test_rows_of_the_day_are_in_what_was_said_and_later_ones_change_it(cast: Cast, wallet: Account) -> None:
    first = spend(wallet, 3, -5_00)
    manual.state_balance(wallet.household_id, wallet.pk, cast.alice, 80_00, date(2026, 11, 3))
    spend(wallet, 3, -2_00)
    manual.remove_row(wallet.household_id, first.pk)

    assert days(wallet)[-1] == (11, 3, 78_00)


def test_a_row_changed_or_taken_away_moves_its_days(wallet: Account) -> None:
    row = spend(wallet, 3, -5_00)
    manual.change_row(wallet.household_id, row.pk, HandRow(date(2026, 11, 2), -7_00, "Kiosk"))
    assert days(wallet) == [(11, 1, 100_00), (11, 2, 93_00)]
    manual.change_row(wallet.household_id, row.pk, HandRow(date(2026, 11, 4), -7_00, "Kiosk"))
    assert days(wallet) == [(11, 1, 100_00), (11, 4, 93_00)]

    manual.remove_row(wallet.household_id, row.pk)
    assert days(wallet) == [(11, 1, 100_00)]
    assert rollups.drifts(wallet.household_id) == []


def test_a_balance_that_is_taken_back_leaves_no_day_behind(cast: Cast, wallet: Account) -> None:
    manual.state_balance(wallet.household_id, wallet.pk, cast.alice, 60_00, date(2026, 10, 15))
    assert days(wallet) == [(10, 15, 60_00), (11, 1, 100_00)]

    StatedBalance.objects.filter(account=wallet, on=date(2026, 10, 15)).delete()
    manual.work_out(wallet, date(2026, 10, 15))

    assert days(wallet) == [(11, 1, 100_00)]


def test_a_closed_account_takes_nothing(cast: Cast) -> None:
    client = cast.client(cast.alice)
    with tenancy.scope(cast.household) as household:
        pk = manual.open_account(household, cast.alice, WALLET, "usd", 5_00, date(2026, 11, 1)).pk
    client.post(f"/banks/{pk}/closing/", {"delete_data": "yes"})

    row = client.post(f"/banks/{pk}/rows/", {"direction": "out", "amount": "1", "on": "2026-11-02", "description": "x"})
    balance = client.post(f"/banks/{pk}/balance/", {"amount": "1", "on": "2026-11-02"})

    assert row.headers["Location"] == balance.headers["Location"] == f"/banks/{pk}/"
    with tenancy.scope(household):
        assert (Transaction.objects.count(), StatedBalance.objects.count()) == (0, 0)
        with pytest.raises(manual.Closed):
            manual.add_row(household, pk, HandRow(date(2026, 11, 2), 1, "x"))


def test_what_a_person_said_of_a_row_outlives_its_change(cast: Cast, wallet: Account) -> None:
    row = spend(wallet, 3, -5_00)
    filing.set_category(wallet.household_id, row.pk, "fun", cast.alice)
    filing.set_note(wallet.household_id, row.pk, "for Bob", cast.alice)

    manual.change_row(wallet.household_id, row.pk, HandRow(date(2026, 11, 4), -6_00, "STARBUCKS STORE 12"))

    row = Transaction.objects.get(pk=row.pk)
    assert (row.category, row.note, row.amount_cents) == ("fun", "for Bob", -6_00)


def test_it_counts_as_a_linked_one_does(cast: Cast, wallet: Account) -> None:
    spend(wallet, 3, -5_00, "STARBUCKS STORE 12")

    november = totals.spending(wallet.household_id, date(2026, 11, 1), date(2026, 11, 30), "usd")
    now = overview.account(wallet.household_id, wallet.pk)

    assert november.cents == 5_00
    assert (now.balance and now.balance.current_cents, now.counts, now.payable) == (95_00, True, False)
    assert (now.light, now.words, now.by_hand) == ("hand", "Kept by hand", True)


def test_the_rows_of_a_bank_are_nobody_elses(cast: Cast) -> None:
    with tenancy.scope(cast.household) as household:
        row = TransactionFactory(household=cast.household, account=cast.checking)

        for write in (
            lambda: manual.change_row(household, row.pk, HandRow(date(2026, 11, 2), 1, "x")),
            lambda: manual.remove_row(household, row.pk),
        ):
            with pytest.raises(manual.Written):
                write()
        with pytest.raises(manual.NotByHand):
            manual.state_balance(household, cast.checking.pk, cast.alice, 1, date(2026, 11, 2))


def test_no_bank_is_asked_and_nothing_is_due(cast: Cast, sandbox: Sandbox) -> None:
    client = cast.client(cast.alice)
    with tenancy.scope(cast.household) as household:
        pk = manual.open_account(household, cast.alice, WALLET, "usd", 0, date(2026, 11, 1)).pk

    with pytest.raises(refreshing.NotRefreshable):
        refreshing.ask(household, pk, ["balance"])
    client.post(f"/banks/{pk}/closing/")

    assert [pair for pair in refreshing.due() if pair[1] == pk] == []
    assert sandbox.get("/sandbox/requests")["data"] == []
    with tenancy.scope(household):
        assert overview.account(household, pk).words == "Closed, no longer counted"


def test_a_closed_account_opens_again_unless_it_was_emptied(cast: Cast) -> None:
    client = cast.client(cast.alice)
    with tenancy.scope(cast.household) as household:
        kept, emptied = (
            manual.open_account(household, cast.alice, WALLET, "usd", 5_00, date(2026, 11, 1)) for _ in range(2)
        )
        spend(emptied, 2, -1_00)

    for account, form in ((kept, {}), (emptied, {"delete_data": "yes"})):
        client.post(f"/banks/{account.pk}/closing/", form)
        client.post(f"/banks/{account.pk}/reopening/")

    with tenancy.scope(household):
        statuses = dict(Account.objects.values_list("pk", "status"))
        assert (statuses[kept.pk], statuses[emptied.pk]) == ("active", "disconnected")
        assert Transaction.objects.count() == 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"amount": "ten"}, "Write an amount such as 84.50."),
        ({"on": "2062-01-01"}, "Choose a day that is not to come."),
        ({"name": ""}, "This field is required."),
        ({"last4": "123456789"}, "Enter a valid value."),
        ({"kind": "yacht"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(cast: Cast, changed: dict[str, str], words: str) -> None:
    assert cast.household
    good = {"name": "Wallet", "kind": "cash", "currency": "usd", "amount": "1", "on": "2026-11-01", "last4": ""}

    answer = cast.client(cast.alice).post("/banks/by-hand/", good | changed)

    assert answer.status_code == 422
    assert words in answer.content.decode()
