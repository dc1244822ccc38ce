"""What two hands at once could break: readings, disconnects and answers that cross each other on the way."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, expect

from accounts.models import Membership, Role
from banking import disconnecting, ingesting, linking, refreshing
from banking.models import Account, Feature, Freshness, LinkSession, Owner, Refresh, Transaction
from fcdash import tenancy
from fcdash.gateway import connections
from fcdash.gateway.connections import RemoteRefresh
from spending import dashboard, filtering, rollups, totals
from spending.models import Transfer
from tests.banking.test_linking import bank_rows, our_rows
from tests.banking.test_refreshing import book, freshness
from tests.cast import AccountFactory, Cast, TransactionFactory
from tests.sandbox_client import Sandbox
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
Link = Callable[..., list[Account]]
Settle = Callable[..., None]


@pytest.fixture
def account(link: Link, settle: Settle) -> Account:
    """Alice's checking account, linked and read."""
    [linked] = link()
    settle(linked)
    return linked


class Died(BaseException):
    """A worker is gone, in the middle of what it did."""


def meanwhile(do: Callable[[], Any]) -> threading.Thread:
    """Run it beside this thread, on a connection of its own."""

    def run() -> None:
        try:
            do()
        except Exception as problem:
            thread.problem = problem  # type: ignore[attr-defined]
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.problem = None  # type: ignore[attr-defined]
    thread.start()
    return thread


def done(thread: threading.Thread) -> None:
    """Wait for its end, and raise what it raised."""
    thread.join(30)
    assert not thread.is_alive()
    if problem := thread.problem:  # type: ignore[attr-defined]
        raise problem


def at(place: str, do: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Do it the first time that the reader comes by the place."""
    left = [do]
    monkeypatch.setattr(refreshing, "failpoint", lambda name: left.pop()() if name == place and left else None)


def ended(sandbox: Sandbox, account: Account) -> RemoteRefresh:
    """The bank's refresh of transactions, once it has ended."""

    def state() -> RemoteRefresh | None:
        found = connections.account(account.stripe_id).refreshes["transactions"]
        return found if found.status == "succeeded" else None

    return until(state)  # type: ignore[return-value]


def news(sandbox: Sandbox, account: Account, row_id: str) -> RemoteRefresh:
    """The bank books a row and refreshes; the state that its event tells. The event itself does not come."""
    before = connections.account(account.stripe_id).refreshes["transactions"].cursor
    book(sandbox, account, {"id": row_id, "amount": -1_00})
    sandbox.post("/sandbox/clock/advance", {"seconds": 6})
    connections.refresh(account.stripe_id, ("transactions",), f"test-{row_id}")

    def state() -> RemoteRefresh | None:
        found = connections.account(account.stripe_id).refreshes["transactions"]
        return found if found.status == "succeeded" and found.cursor != before else None

    return until(state)  # type: ignore[return-value]


def die() -> None:
    raise Died


def begun(sandbox: Sandbox, link: Link, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account whose first reading died after its first hundred rows."""
    [account] = link()
    state = ended(sandbox, account)
    monkeypatch.setattr(ingesting, "BATCH_ROWS", 100)
    at("ingest-after-commit", die, monkeypatch)
    with pytest.raises(Died):
        refreshing.hint(account.stripe_id, state)
    assert freshness(account).page_after
    return account


# --- Readings --------------------------------------------------------------------------------------------------


def test_a_refresh_between_a_readers_death_and_its_resumption_loses_no_row(
    sandbox: Sandbox, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = begun(sandbox, link, monkeypatch)

    refreshing.hint(account.stripe_id, news(sandbox, account, "fctxn_news"))

    assert our_rows(account) == bank_rows(sandbox, account)


def test_a_refresh_while_a_reader_reads_that_dies_after_it_loses_no_row(
    sandbox: Sandbox, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    [account] = link()
    state = ended(sandbox, account)
    monkeypatch.setattr(ingesting, "BATCH_ROWS", 100)

    def first() -> None:
        done(meanwhile(lambda: refreshing.hint(account.stripe_id, news(sandbox, account, "fctxn_news"))))
        at("ingest-after-commit", die, monkeypatch)

    at("ingest-after-commit", first, monkeypatch)
    with pytest.raises(Died):
        refreshing.hint(account.stripe_id, state)

    refreshing.read_transactions(account.household_id, account.pk)
    assert our_rows(account) == bank_rows(sandbox, account)


def test_a_reader_that_outlived_its_lease_leaves_the_reading_to_its_successor(
    sandbox: Sandbox, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    [account] = link()
    state = ended(sandbox, account)
    monkeypatch.setattr(ingesting, "BATCH_ROWS", 100)

    def successor() -> None:
        """Finishes the list, and the next one, while the first reader sleeps."""
        with tenancy.scope(account.household_id):
            Freshness.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        refreshing.read_transactions(account.household_id, account.pk)
        assert freshness(account).cursor == state.cursor

    def first() -> None:
        done(meanwhile(successor))
        at("ingest-after-commit", die, monkeypatch)

    at("ingest-after-commit", first, monkeypatch)
    with suppress(Died):
        refreshing.hint(account.stripe_id, state)
    now = freshness(account)
    assert (now.cursor, now.page_after) == (state.cursor, "")

    at("", die, monkeypatch)
    refreshing.hint(account.stripe_id, news(sandbox, account, "fctxn_news"))
    assert our_rows(account) == bank_rows(sandbox, account)


def test_a_reader_that_outlived_its_lease_does_not_end_anothers(
    sandbox: Sandbox, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = timezone.now() + timedelta(minutes=4)

    def overtake() -> None:
        with tenancy.scope(account.household_id):
            Freshness.objects.filter(feature=Feature.TRANSACTIONS).update(leased_until=later)

    real = connections.transactions_page

    def page(*args: Any) -> Any:
        overtake()
        return real(*args)

    monkeypatch.setattr(connections, "transactions_page", page)
    refreshing.hint(account.stripe_id, news(sandbox, account, "fctxn_news"))

    assert freshness(account).leased_until == later


def test_an_answer_recorded_while_a_list_ends_does_not_undo_the_reading(
    sandbox: Sandbox, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = connections.account(account.stripe_id)
    state = news(sandbox, account, "fctxn_news")
    with tenancy.scope(account.household_id):
        Freshness.objects.filter(feature=Feature.TRANSACTIONS).update(target=state.cursor)
    reader: list[threading.Thread] = []
    real = refreshing._keep_receipt

    def once(*args: Any) -> None:
        if not reader:
            reader.append(meanwhile(lambda: refreshing.read_transactions(account.household_id, account.pk)))
            reader[0].join(2)  # it waits for the row, or it is done
        real(*args)

    monkeypatch.setattr(refreshing, "_keep_receipt", once)
    refreshing.apply(account.household_id, account.pk, remote)
    done(reader[0])
    refreshing.read_transactions(account.household_id, account.pk)

    now = freshness(account)
    assert (now.cursor, now.target) == (state.cursor, "")


def test_an_event_while_a_list_ends_is_not_forgotten(
    sandbox: Sandbox, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = news(sandbox, account, "fctxn_news")
    real = ingesting.after_ingest
    event: list[threading.Thread] = []

    def once(*args: Any) -> None:
        if not event:
            later = replace(state, cursor="fctxnref_later", attempted_at=timezone.now())
            monkeypatch.setattr(refreshing, "read_transactions", lambda *args: None)
            event.append(meanwhile(lambda: refreshing.hint(account.stripe_id, later)))
            event[0].join(2)
        real(*args)

    reading = refreshing.read_transactions
    monkeypatch.setattr(ingesting, "after_ingest", once)
    with tenancy.scope(account.household_id):
        Freshness.objects.filter(feature=Feature.TRANSACTIONS).update(target=state.cursor)
    row = refreshing._take(account.household_id, account.pk)
    assert row is not None
    refreshing._read_list(row)
    done(event[0])
    monkeypatch.setattr(refreshing, "read_transactions", reading)

    assert freshness(account).target == "fctxnref_later"


def test_rows_read_while_the_next_refresh_runs_are_not_called_its_own(
    sandbox: Sandbox, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = news(sandbox, account, "fctxn_news")
    running = replace(state, status="pending", cursor="fctxnref_later", attempted_at=timezone.now())

    def ask() -> None:
        remote = connections.account(account.stripe_id)
        refreshing.apply(account.household_id, account.pk, replace(remote, refreshes={"transactions": running}))

    real = connections.transactions_page

    def page(*args: Any) -> Any:
        ask()
        return real(*args)

    monkeypatch.setattr(connections, "transactions_page", page)
    refreshing.hint(account.stripe_id, state)

    now = freshness(account)
    assert (now.status, now.as_of, now.cursor) == ("pending", state.attempted_at, state.cursor)
    assert now.due_at is not None
    assert now.due_at < timezone.now() + timedelta(minutes=2)


def test_an_answer_from_before_the_end_does_not_open_the_refresh_again(account: Account) -> None:
    remote = connections.account(account.stripe_id)
    before = replace(remote.refreshes["transactions"], status="pending")

    refreshing.apply(account.household_id, account.pk, replace(remote, refreshes={"transactions": before}))

    assert freshness(account).status == "succeeded"
    with tenancy.scope(account.household_id):
        assert not Refresh.objects.filter(status="running").exists()


def test_recording_an_answer_and_storing_rows_do_not_wait_for_each_other(account: Account) -> None:
    """A row's key to its account is checked at the commit; whoever holds the account by then must not want the row."""
    remote = connections.account(account.stripe_id)
    with tenancy.scope(account.household_id):
        tenancy.lock_household(account.household_id)
        held = Freshness.objects.select_for_update().get(account=account, feature=Feature.TRANSACTIONS)
        Refresh.objects.create(household_id=account.household_id, account=account, feature="balance", cause="event")
        recording = meanwhile(lambda: refreshing.apply(account.household_id, account.pk, remote))
        recording.join(1)
        held.save()
    done(recording)


# --- Disconnects -----------------------------------------------------------------------------------------------


def test_a_disconnect_while_a_list_is_read_ends_the_reading(
    sandbox: Sandbox, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = news(sandbox, account, "fctxn_news")
    before = our_rows(account)
    real = connections.transactions_page

    def page(*args: Any) -> Any:
        answer = real(*args)
        disconnecting.close(account.household_id, account.pk)
        return answer

    monkeypatch.setattr(connections, "transactions_page", page)
    refreshing.hint(account.stripe_id, state)

    assert our_rows(account) == before
    assert refreshing._take(account.household_id, account.pk) is None


def test_a_deletion_while_a_list_is_read_leaves_nothing(
    sandbox: Sandbox, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = news(sandbox, account, "fctxn_news")
    real = connections.transactions_page

    def page(*args: Any) -> Any:
        answer = real(*args)
        with tenancy.scope(account.household_id):
            Account.objects.update(deletes_data=True)
        disconnecting.close(account.household_id, account.pk)
        return answer

    monkeypatch.setattr(connections, "transactions_page", page)
    refreshing.hint(account.stripe_id, state)

    assert our_rows(account) == {}


def test_deleting_and_storing_rows_do_not_wait_for_each_other(account: Account) -> None:
    with tenancy.scope(account.household_id):
        Account.objects.update(deletes_data=True)
    with tenancy.scope(account.household_id):
        tenancy.lock_household(account.household_id)
        deleting = meanwhile(lambda: disconnecting.close(account.household_id, account.pk))
        deleting.join(1)
        Freshness.objects.filter(account=account).update(due_at=timezone.now())
    done(deleting)
    assert our_rows(account) == {}


def test_deleted_data_does_not_come_back_when_the_old_session_is_completed_again(
    cast: Cast, account: Account, run_tasks: Callable[..., Any]
) -> None:
    disconnecting.disconnect(account.household_id, account.pk, delete_data=True)
    with tenancy.scope(account.household_id):
        session = LinkSession.objects.get()

    linking.complete(account.household_id, cast.alice, session.stripe_id or "")
    run_tasks()

    with tenancy.scope(account.household_id):
        left = [m.objects.filter(account=account).count() for m in (Transaction, account.balances.model, Freshness)]
    assert left == [0, 0, 0]


def test_owners_that_were_under_way_do_not_come_back_after_the_deletion(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    ownership = connections.account(account.stripe_id).ownership
    real = connections.owners

    def owners(*args: Any) -> Any:
        answer = real(*args)
        disconnecting.disconnect(account.household_id, account.pk, delete_data=True)
        return answer

    monkeypatch.setattr(connections, "owners", owners)
    refreshing.read_owners(account.household_id, account.pk, ownership or "")

    with tenancy.scope(account.household_id):
        assert not Owner.objects.exists()


def test_a_wish_to_disconnect_survives_an_event_beside_it(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    remote = connections.account(account.stripe_id)
    real, wish = linking._copy, list[threading.Thread]()

    def wished() -> None:
        with tenancy.scope(account.household_id):
            Account.objects.filter(pk=account.pk).update(disconnecting_since=timezone.now(), deletes_data=True)

    def copy(*args: Any) -> None:
        wish.append(meanwhile(wished))
        wish[0].join(1)
        real(*args)

    monkeypatch.setattr(linking, "_copy", copy)
    linking.save(account.household_id, account.holder, remote)
    done(wish[0])

    with tenancy.scope(account.household_id):
        now = Account.objects.get(pk=account.pk)
    assert now.deletes_data
    assert now.disconnecting_since


# --- Where a link's accounts go --------------------------------------------------------------------------------


def test_an_account_goes_to_the_household_that_linked_it_not_to_the_newest_session(
    sandbox: Sandbox, cast: Cast, bank_keys: list[str]
) -> None:
    with tenancy.system("a test's household"):
        Membership.objects.create(household=cast.strange_household, user=cast.alice, role=Role.MEMBER)
    first = linking.start(cast.household.pk, cast.alice)
    linking.start(cast.strange_household.pk, cast.alice)
    sandbox.post(
        f"/sandbox/link-sessions/{first.session_id}/authorize", {"accounts": bank_keys[:1], "result": "success"}
    )
    [linked] = connections.finished_session(first.session_id).account_ids

    linking.sync_account(linked)  # as its event does, before the person's device says anything

    with tenancy.scope(cast.strange_household):
        assert not Account.objects.exists()
    [saved] = linking.complete(cast.household.pk, cast.alice, first.session_id)
    assert saved.household_id == cast.household.pk


# --- Figures ---------------------------------------------------------------------------------------------------


def test_a_bank_linked_again_after_its_end_counts_once(
    sandbox: Sandbox, cast: Cast, account: Account, link: Link, settle: Settle
) -> None:
    today = cast.household.today()
    span = (cast.household.pk, today - timedelta(days=400), today, "usd")
    with tenancy.scope(cast.household):
        mine = Transaction.objects.filter(account=account, status="posted")
        said = mine.latest("booked_on")
        mine.filter(pk=said.pk).update(note="For Bob", chosen_category="fun")
        other = AccountFactory(household=cast.household, holder=cast.alice, status="disconnected", last4="9999")
        TransactionFactory(household=cast.household, account=account, booked_on=today - timedelta(days=300))
        TransactionFactory(household=cast.household, account=other, booked_on=today - timedelta(days=9))
        before = totals.spending(*span)
    disconnecting.disconnect(account.household_id, account.pk)

    [again] = link()
    settle(again)

    with tenancy.scope(cast.household):
        assert totals.spending(*span) == before
        assert rollups.drifts(cast.household.pk) == []
        kept = Transaction.objects.get(note="For Bob")
        assert (kept.account_id, kept.chosen_category) == (again.pk, "fun")
        assert Transaction.objects.filter(account=account, status="posted").count() == 1


def test_a_transfer_whose_other_side_was_deleted_is_none(
    sandbox: Sandbox, cast: Cast, link: Link, bank_keys: list[str], settle: Settle
) -> None:
    [checking, savings] = link(keys=bank_keys[:2])
    settle(checking, savings)
    with tenancy.scope(cast.household):
        assert Transfer.objects.exists()

    disconnecting.disconnect(savings.household_id, savings.pk, delete_data=True)

    with tenancy.scope(cast.household):
        assert not Transfer.objects.exists()
        assert not Transaction.objects.filter(transfer_id__isnull=False).exists()


def test_what_needs_a_look_leads_to_just_those_rows(cast: Cast) -> None:
    today = cast.household.today()
    unsure = {"household": cast.household, "account": cast.checking, "guessed_category": "other", "guessed_why": ""}
    with tenancy.scope(cast.household):
        TransactionFactory(**unsure, merchant="New", booked_on=today - timedelta(days=3))
        TransactionFactory(**unsure, merchant="Old", booked_on=today - timedelta(days=90))
        TransactionFactory(**unsure, merchant="Abroad", booked_on=today - timedelta(days=3), currency="eur")
        [need] = [n for n in dashboard.basis(cast.household.pk, today, "usd").needs if "confirm" in n.title]
    assert need.title.startswith("1 transaction ")

    shown = cast.client(cast.alice).get(need.url).content.decode()
    assert "New" in shown
    assert "Old" not in shown
    assert "Abroad" not in shown


# --- Addresses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/transactions/", "/spending/", "/cash-flow/", "/net-worth/"])
@pytest.mark.parametrize("value", ["a\x00b", "²", "9" * 25, "9" * 4400, "0001-01-01", "9999-12-31", "'\\"])
def test_nothing_in_an_address_is_an_error_of_ours(cast: Cast, path: str, value: str) -> None:
    with tenancy.scope(cast.household):
        TransactionFactory(household=cast.household, account=cast.checking, booked_on=cast.household.today())
    client = cast.client(cast.alice)
    for name in (*filtering.PARAMETERS, "open", "cursor", "months"):
        assert client.get(path, {name: value}).status_code < 500, name


def test_a_note_with_a_nul_is_kept_without_it(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        row = TransactionFactory(household=cast.household, account=cast.checking)
    answer = cast.client(cast.alice).post(f"/transactions/{row.pk}/note/", {"note": "a\x00b"})
    assert answer.status_code < 400
    with tenancy.scope(cast.household):
        assert Transaction.objects.get(pk=row.pk).note == "ab"


@pytest.mark.browser
def test_without_scripts_the_link_button_leads_to_stripes_own_page(
    sandbox: Sandbox, cast: Cast, browser: Browser, live_server: Any
) -> None:
    assert cast.household
    signed_in = cast.client(cast.alice).cookies["session"].value
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "session", "value": signed_in, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/banks/link/")
    page.get_by_role("button", name="Link a bank").click()
    expect(page).to_have_url(re.compile("/v3/dialog/hosted/"))
    context.close()
