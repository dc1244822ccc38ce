"""Links that break, change and come back: nothing of a former link, a lost message or a late answer does harm."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db import connections as databases
from django.utils import timezone

from accounts.models import Mail
from banking import ingesting, linking, refreshing, succeeding
from banking.asking import Choice
from banking.models import Account, BilledUse, Freshness, LinkSession, Refresh, Transaction
from banking.tasks import sweep
from fcdash import tenancy
from fcdash.gateway import connections
from fcdash.gateway.errors import OutcomeUnknown, StripeProblem, WillNotWork
from tests.banking.test_health import again, ends_at_the_bank
from tests.banking.test_linking import bank_rows, our_rows
from tests.banking.test_refreshing import SANDBOX_PAUSE_SECONDS, freshness, refresh_at_the_bank
from tests.banking.test_succeeding import bank_row, go_on, held, read
from tests.cast import AccountFactory, Cast
from tests.sandbox_client import Sandbox
from tests.tasks import empty_valkey
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
Link = Callable[..., list[Account]]
Settle = Callable[..., None]
RunTasks = Callable[..., Any]


def fail(sandbox: Sandbox, match: str, kind: str = "500", times: int = 9) -> None:
    faults = [{"match": match, "kind": kind, "times": times}] if match else []
    sandbox.put("/sandbox/faults", {"api": faults})


def asked(sandbox: Sandbox, end: str) -> int:
    return sum(request["path"].endswith(end) for request in sandbox.get("/sandbox/requests")["data"])


# --- The account goes on under a new link ------------------------------------------------------------------------


def test_an_answer_about_the_former_link_changes_nothing(
    sandbox: Sandbox, cast: Cast, link: Link, settle: Settle, run_tasks: RunTasks
) -> None:
    [account] = link()
    settle(account)
    former = connections.account(account.stripe_id)
    ends_at_the_bank(sandbox, account, run_tasks)
    [new] = link()
    gone_on = linking.go_on(cast.household.pk, new.pk)

    refreshing.apply(cast.household.pk, account.pk, replace(former, status="inactive"))

    assert again(account).status == "active"
    assert freshness(account).target != former.refreshes["transactions"].cursor
    settle(gone_on)
    assert our_rows(gone_on) == bank_rows(sandbox, gone_on)


def test_the_former_link_does_not_come_back_as_another_account(
    sandbox: Sandbox, cast: Cast, link: Link, settle: Settle, run_tasks: RunTasks
) -> None:
    [account] = link()
    settle(account)
    with tenancy.scope(cast.household):
        first_session = LinkSession.objects.get()
    ends_at_the_bank(sandbox, account, run_tasks)
    [new] = link()
    fail(sandbox, "POST /v1/financial_connections/accounts/*/disconnect")
    linking.go_on(cast.household.pk, new.pk)
    fail(sandbox, "")

    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"status": "active"})
    found = linking.sync_account(account.stripe_id)
    saved = linking.complete(cast.household.pk, cast.alice, str(first_session.stripe_id))

    assert found is None or found.pk == account.pk
    assert [each.pk for each in saved] == [account.pk]
    with tenancy.scope(cast.household):
        assert list(Account.objects.values_list("pk", "stripe_id")) == [(account.pk, new.stripe_id)]

    sweep()
    run_tasks()
    assert connections.account(account.stripe_id).status == "disconnected", "it is ended as soon as Stripe answers"
    linking.complete(cast.household.pk, cast.alice, str(first_session.stripe_id))
    with tenancy.scope(cast.household):
        assert Account.objects.count() == 1


def test_an_account_that_goes_on_while_stripe_is_away_is_read_once_it_is_back(
    sandbox: Sandbox, cast: Cast, link: Link, settle: Settle, run_tasks: RunTasks
) -> None:
    [account] = link()
    settle(account)
    ends_at_the_bank(sandbox, account, run_tasks)
    [new] = link()
    fail(sandbox, "* /v1/financial_connections/accounts/**", times=30)
    with pytest.raises(StripeProblem):
        linking.go_on(cast.household.pk, new.pk)
    fail(sandbox, "")
    empty_valkey()  # the message is lost as well

    assert (account.household_id, account.pk) in refreshing.due()
    settle(again(account))
    assert again(account).status == "active"
    assert our_rows(account) == bank_rows(sandbox, again(account))


def test_a_member_does_not_decide_for_the_holder(sandbox: Sandbox, cast: Cast, link: Link, run_tasks: RunTasks) -> None:
    [account] = link()
    ends_at_the_bank(sandbox, account, run_tasks)
    [new] = link()

    cast.client(cast.bob).post(f"/banks/{new.pk}/continuation/")
    assert again(new).status == "duplicate"

    cast.client(cast.alice).post(f"/banks/{new.pk}/continuation/")
    assert again(account).stripe_id == new.stripe_id


def test_an_account_that_is_being_disconnected_goes_on_under_no_new_link(
    sandbox: Sandbox, cast: Cast, link: Link, run_tasks: RunTasks
) -> None:
    [account] = link()
    ends_at_the_bank(sandbox, account, run_tasks)
    with tenancy.scope(cast.household):
        Account.objects.filter(pk=account.pk).update(disconnecting_since=timezone.now())
    [new] = link()

    with pytest.raises(linking.NotAllowed):
        linking.go_on(cast.household.pk, new.pk)


def test_of_two_new_links_in_one_session_only_one_can_be_the_account(
    sandbox: Sandbox, cast: Cast, link: Link, settle: Settle, bank_keys: list[str]
) -> None:
    [account], [other] = link(), link(keys=bank_keys[1:2])
    with tenancy.scope(cast.household):
        look = {"institution": account.institution, "last4": account.last4, "subcategory": account.subcategory}
        Account.objects.filter(pk=other.pk).update(status="duplicate", **look)
        second = AccountFactory(household=cast.household, holder=cast.alice, status="duplicate", **look)
    session = linking.Relinking(account.pk, (other.stripe_id, second.stripe_id))

    saved = [linking._recognised(each, session) for each in (again(other), second)]

    assert [each.pk for each in saved] == [other.pk, second.pk]
    assert again(account).stripe_id == account.stripe_id


def test_the_reader_that_settles_waits_for_the_account_before_it_holds_anything_else(cast: Cast) -> None:
    account = cast.checking
    read(account, bank_row(1))
    go_on(account, "fca_new")
    with tenancy.scope(cast.household):
        Freshness.objects.filter(account=account).update(target="fctxnref_1")
    row = refreshing._take(cast.household.pk, account.pk)
    assert row is not None

    def store() -> None:
        try:
            with tenancy.scope(cast.household):
                tenancy.lock_household(cast.household)
                found = refreshing._still_ours(row)
                assert found is not None
                succeeding.conclude(cast.household.pk, account.pk, is_first=True)
        finally:
            databases.close_all()

    with tenancy.scope(cast.household):
        assert refreshing.held(cast.household.pk, account.pk)
        reader = threading.Thread(target=store)
        reader.start()
        until(_somebody_waits)
        list(Freshness.objects.filter(account=account).select_for_update(nowait=True))
    reader.join()
    assert again(account).rows_before is None


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_void_row_takes_no_edit_from_the_posted_one(cast: Cast) -> None:
    account = cast.checking
    read(account, bank_row(1, status="void"), bank_row(2))
    with tenancy.scope(cast.household):
        Transaction.objects.filter(stripe_id="fctxn_2").update(note="mine")
    before = held(account)
    go_on(account, "fca_new")

    read(account, bank_row(11, status="void"), bank_row(12))

    assert held(account) == [
        (before[0][0], "fctxn_11", "void", ""),
        (before[1][0], "fctxn_12", "posted", "mine"),
    ]


def test_a_pending_row_that_the_new_link_calls_void_is_that_row(cast: Cast) -> None:
    account = cast.checking
    read(account, bank_row(1, status="pending"))
    [(pk, *_)] = held(account)
    go_on(account, "fca_new")

    read(account, bank_row(11, status="void"))

    assert held(account) == [(pk, "fctxn_11", "void", "")]


def test_a_second_new_link_before_the_first_was_read_to_its_end_doubles_nothing(cast: Cast) -> None:
    account = cast.checking
    read(account, bank_row(1))
    [(pk, *_)] = held(account)
    go_on(account, "fca_second")
    with tenancy.scope(cast.household):
        tenancy.lock_household(cast.household)
        half = [bank_row(11, description="OTHER WORDS")]
        succeeding.adopt(again(account), half)
        ingesting.ingest(again(account), cast.household, half, is_first=True)
        succeeding.go_on(again(account), "fca_third")

    read(account, bank_row(21, description="OTHER WORDS"))

    assert held(account) == [(pk, "fctxn_21", "posted", "")]


def test_a_refresh_asked_of_the_former_link_is_not_under_way_any_more(cast: Cast) -> None:
    account = cast.checking
    with tenancy.scope(cast.household):
        Refresh.objects.create(household=cast.household, account=account, feature="balance", cause="person")
    go_on(account, "fca_new")
    with tenancy.scope(cast.household):
        assert Refresh.objects.get().status == "failed"


def test_an_account_that_another_household_of_the_person_has_stays_there_and_says_so(
    sandbox: Sandbox, cast: Cast, bank_keys: list[str]
) -> None:
    started = linking.start(cast.household.pk, cast.alice)
    chosen = {"accounts": bank_keys[:1], "result": "success"}
    [shown] = sandbox.post(f"/sandbox/link-sessions/{started.session_id}/authorize", chosen)["accounts"]
    with tenancy.scope(cast.strange_household):
        AccountFactory(household=cast.strange_household, holder=cast.alice, stripe_id=shown["id"])

    with pytest.raises(linking.NotAllowed):
        linking.complete(cast.household.pk, cast.alice, started.session_id)
    page = cast.client(cast.alice).post(f"/banks/link/{started.session_id}/completion/", follow=True)

    assert page.status_code == 200
    with tenancy.scope(cast.household):
        assert not Account.objects.exists()


# --- Asking ------------------------------------------------------------------------------------------------------


def test_a_stored_failure_at_stripe_is_not_repeated_for_a_day(sandbox: Sandbox, link: Link, settle: Settle) -> None:
    [account] = link()
    settle(account)
    sandbox.post("/sandbox/clock/advance", {"seconds": SANDBOX_PAUSE_SECONDS + 1})
    refreshing.apply(account.household_id, account.pk, connections.account(account.stripe_id))
    fail(sandbox, "POST /v1/financial_connections/accounts/*/refresh")
    with pytest.raises(OutcomeUnknown):
        refreshing.ask(account.household_id, account.pk, ["balance"])
    fail(sandbox, "")

    refreshing.ask(account.household_id, account.pk, ["balance"])

    assert freshness(account, "balance").status == "pending"
    with tenancy.scope(account.household_id):
        assert BilledUse.objects.get(feature="balance").count == 1, "only what was done is billed"


def test_a_subscription_that_no_message_began_is_made_by_the_sweep(
    sandbox: Sandbox, link: Link, run_tasks: RunTasks
) -> None:
    [account] = link()
    empty_valkey()

    refreshing.catch_up(account.household_id, account.pk)

    assert connections.account(account.stripe_id).subscriptions == ("transactions",)
    assert again(account).subscribed


def test_a_refresh_that_failed_is_asked_for_again_when_it_is_due(sandbox: Sandbox, link: Link, settle: Settle) -> None:
    [account] = link()
    settle(account)
    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"refresh": "fail"})
    refresh_at_the_bank(sandbox, account, "balance")
    settle(account)
    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"refresh": "succeed"})
    sandbox.post("/sandbox/clock/advance", {"seconds": SANDBOX_PAUSE_SECONDS + 1})
    before = asked(sandbox, "/refresh")
    refreshing.catch_up(account.household_id, account.pk)
    assert asked(sandbox, "/refresh") == before, "not before its time"

    with tenancy.scope(account.household_id):
        Freshness.objects.filter(account=account, feature="balance").update(due_at=timezone.now())
    refreshing.catch_up(account.household_id, account.pk)

    assert asked(sandbox, "/refresh") == before + 1


def test_other_news_of_an_account_do_not_put_its_next_balance_off(sandbox: Sandbox, link: Link, settle: Settle) -> None:
    [account] = link()
    settle(account)
    remote = connections.account(account.stripe_id)
    state = replace(remote.refreshes["balance"], attempted_at=timezone.now() - timedelta(hours=23))
    with tenancy.scope(account.household_id):
        Freshness.objects.filter(feature="balance").update(attempted_at=state.attempted_at)

    refreshing.apply(account.household_id, account.pk, replace(remote, refreshes={"balance": state}))

    due_at = freshness(account, "balance").due_at
    assert due_at is not None
    assert due_at < timezone.now() + timedelta(hours=2)


def test_a_feature_that_is_permitted_no_more_does_not_keep_the_others_from_being_asked_for(
    sandbox: Sandbox, cast: Cast, bank_keys: list[str], run_tasks: RunTasks, settle: Settle
) -> None:
    started = linking.start(cast.household.pk, cast.alice, choice=Choice(["balances"], prefetch=[]))
    chosen = {"accounts": bank_keys[:1], "result": "success"}
    sandbox.post(f"/sandbox/link-sessions/{started.session_id}/authorize", chosen)
    [account] = linking.complete(cast.household.pk, cast.alice, started.session_id)
    with tenancy.scope(cast.household):
        Freshness.objects.create(household=cast.household, account=account, feature="ownership")

    refreshing.catch_up(cast.household.pk, account.pk)

    assert asked(sandbox, "/refresh") == 1


def test_a_place_in_the_list_that_stripe_knows_no_more_is_left_and_the_list_read_anew(
    sandbox: Sandbox, link: Link, settle: Settle
) -> None:
    [account] = link()
    settle(account)
    with tenancy.scope(account.household_id):
        rows = Freshness.objects.filter(account=account, feature="transactions")
        cursor = rows.get().cursor
        rows.update(cursor="", target=cursor, page_after="fctxn_gone")
    with pytest.raises(WillNotWork):
        refreshing.read_transactions(account.household_id, account.pk)
    assert freshness(account).due_at > timezone.now() + timedelta(minutes=30), "not at every sweep"

    refreshing.read_transactions(account.household_id, account.pk)

    assert (freshness(account).cursor, freshness(account).target) == (cursor, "")


# --- Telling -----------------------------------------------------------------------------------------------------


def test_a_sign_in_that_is_wanted_again_without_a_date_is_told_again(sandbox: Sandbox, link: Link) -> None:
    [account] = link()
    remote = connections.account(account.stripe_id)

    for wants in (True, True, False, True):
        refreshing.apply(account.household_id, account.pk, replace(remote, wants_relink=wants))

    assert Mail.objects.filter(kind="bank_trouble").count() == 2


def test_a_name_that_cannot_be_stored_does_not_keep_the_account_away(sandbox: Sandbox, cast: Cast, link: Link) -> None:
    [account] = link()
    remote = connections.account(account.stripe_id)
    named = replace(
        remote, id="fca_poison", name="Ever\x00yday \u202eyad\ud800", institution="Ban\x00k", last4="99\x00"
    )

    saved = linking.save(cast.household.pk, cast.alice, named)

    assert "\x00" not in saved.name + saved.institution + saved.last4
    assert "\u202e" not in saved.name
