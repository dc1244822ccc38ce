"""Refreshes: asked for within the bank's limits, read to the end whatever dies or gets lost on the way."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from banking import reconciling, refreshing
from banking.models import Account, Balance, BilledUse, Feature, Freshness, Refresh, Transaction
from fcdash import tenancy
from fcdash.gateway import connections
from fcdash.gateway.errors import OutcomeUnknown, TryAgain
from tests.banking.test_linking import bank_rows, our_rows
from tests.cast import Cast
from tests.sandbox_client import Sandbox
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
Settle = Callable[..., None]
SANDBOX_PAUSE_SECONDS = 5


@pytest.fixture
def account(link: Callable[..., list[Account]], settle: Settle) -> Account:
    """Alice's checking account, linked and read."""
    [linked] = link()
    settle(linked)
    return linked


def freshness(account: Account, feature: str = Feature.TRANSACTIONS) -> Freshness:
    with tenancy.scope(account.household_id):
        return Freshness.objects.get(account=account, feature=feature)


def book(sandbox: Sandbox, account: Account, *rows: dict[str, Any]) -> None:
    now = int(time.time())
    given = [{"status": "posted", "transacted_at": now - 3600, "description": "LATE NEWS", **row} for row in rows]
    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/transactions", {"transactions": given})


def refresh_at_the_bank(sandbox: Sandbox, account: Account, *features: str) -> None:
    """Ask as soon as the bank gives new data again, which the clock brings about."""
    sandbox.post("/sandbox/clock/advance", {"seconds": SANDBOX_PAUSE_SECONDS + 1})
    refreshing.apply(account.household_id, account.pk, connections.account(account.stripe_id))
    refreshing.ask(account.household_id, account.pk, features or [Feature.TRANSACTIONS])


def test_new_and_changed_rows_arrive_and_nothing_else_is_written(
    sandbox: Sandbox, account: Account, settle: Settle
) -> None:
    pending = next(id for id, (_, status) in our_rows(account).items() if status == "pending")
    before = len(our_rows(account))
    book(sandbox, account, {"id": "fctxn_news", "amount": -42_00}, {"id": pending, "amount": -43_00})

    refresh_at_the_bank(sandbox, account)
    settle(account)

    assert our_rows(account) == bank_rows(sandbox, account)
    assert our_rows(account)[pending] == (-43_00, "posted")
    with tenancy.scope(account.household_id):
        receipt = Refresh.objects.filter(feature="transactions").latest("pk")
        assert (receipt.status, receipt.new_count, receipt.changed_count) == ("succeeded", 1, 1)
        assert receipt.counts == "1 new, 1 posted"
        assert Transaction.objects.count() == before + 1


def test_asking_again_while_one_runs_joins_it(sandbox: Sandbox, account: Account) -> None:
    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"refresh": "hang"})
    refresh_at_the_bank(sandbox, account, Feature.BALANCE)
    asked = _asked(sandbox)

    refreshing.ask(account.household_id, account.pk, [Feature.BALANCE])

    assert _asked(sandbox) == asked
    with tenancy.scope(account.household_id):
        assert Refresh.objects.filter(feature="balance", status="running").count() == 1


def _asked(sandbox: Sandbox) -> int:
    return sum(r["path"].endswith("/refresh") for r in sandbox.get("/sandbox/requests")["data"])


def test_asking_too_early_says_when_and_does_not_ask_stripe(sandbox: Sandbox, account: Account) -> None:
    with tenancy.scope(account.household_id):
        Freshness.objects.filter(feature="balance").update(next_allowed_at=timezone.now() + timedelta(hours=1))
    asked = _asked(sandbox)

    with pytest.raises(refreshing.TooEarly) as early:
        refreshing.ask(account.household_id, account.pk, [Feature.BALANCE])

    assert early.value.allowed_at is not None
    assert _asked(sandbox) == asked


@pytest.mark.parametrize("features", [[], ["balances"], ["transactions", "weather"]])
def test_unknown_features_are_refused(account: Account, features: list[str]) -> None:
    with pytest.raises(refreshing.NotRefreshable):
        refreshing.ask(account.household_id, account.pk, features)


def test_an_account_of_another_household_cannot_be_refreshed(account: Account, cast: Cast) -> None:
    with pytest.raises(Account.DoesNotExist):
        refreshing.ask(cast.strange_household.pk, account.pk, [Feature.BALANCE])


def test_a_lost_answer_is_asked_for_under_the_same_key(sandbox: Sandbox, account: Account) -> None:
    sandbox.post("/sandbox/clock/advance", {"seconds": SANDBOX_PAUSE_SECONDS + 1})
    refreshing.apply(account.household_id, account.pk, connections.account(account.stripe_id))
    fault = {"match": "POST /v1/financial_connections/accounts/*/refresh", "kind": "connection_reset_after_success"}
    sandbox.put("/sandbox/faults", {"api": [{**fault, "times": 3}]})

    with pytest.raises(OutcomeUnknown):
        refreshing.ask(account.household_id, account.pk, [Feature.BALANCE])
    sandbox.put("/sandbox/faults", {"api": []})
    refreshing.ask(account.household_id, account.pk, [Feature.BALANCE])

    keys = {r["idempotency_key"] for r in sandbox.get("/sandbox/requests")["data"] if r["path"].endswith("/refresh")}
    assert len(keys) == 1


def test_a_failed_refresh_keeps_the_old_data_and_says_so(sandbox: Sandbox, account: Account, settle: Settle) -> None:
    before = freshness(account, Feature.BALANCE).as_of
    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"refresh": "fail"})
    refresh_at_the_bank(sandbox, account, Feature.BALANCE)
    settle(account)

    row = freshness(account, Feature.BALANCE)
    assert (row.status, row.as_of) == ("failed", before)
    with tenancy.scope(account.household_id):
        assert Refresh.objects.filter(feature="balance").latest("pk").error


def test_a_refresh_whose_event_never_came_is_found_by_the_sweep(
    sandbox: Sandbox, account: Account, run_tasks: Callable[[], Any]
) -> None:
    sandbox.put("/sandbox/faults", {"webhooks": {"drop": 1.0}})
    book(sandbox, account, {"amount": -1_00})
    refresh_at_the_bank(sandbox, account)
    until(lambda: connections.account(account.stripe_id).refreshes["transactions"].status == "succeeded")
    with tenancy.scope(account.household_id):
        Freshness.objects.update(due_at=timezone.now())

    from banking.tasks import sweep

    sweep()
    run_tasks()

    assert our_rows(account) == bank_rows(sandbox, account)


def test_two_readers_at_once_read_once(account: Account) -> None:
    with tenancy.scope(account.household_id):
        Freshness.objects.filter(feature="transactions").update(target="fctxnref_later", leased_until=None)

    first = refreshing._take(account.household_id, account.pk)
    second = refreshing._take(account.household_id, account.pk)

    assert first is not None
    assert second is None


@pytest.mark.kill
@pytest.mark.parametrize("place", ["ingest-before-commit", "ingest-after-commit"])
def test_a_reader_killed_between_batches_is_resumed_to_the_banks_truth(
    sandbox: Sandbox, link: Callable[..., list[Account]], process_environment: dict[str, str], place: str
) -> None:
    [account] = link()
    until(lambda: connections.account(account.stripe_id).refreshes["transactions"].status == "succeeded")
    refreshing.apply(account.household_id, account.pk, connections.account(account.stripe_id))

    for _ in range(3):
        _read_and_die(account, {**process_environment, "FCDASH_FAILPOINT": place})
        with tenancy.scope(account.household_id):
            Freshness.objects.update(leased_until=None)  # the lease of the dead ends by time
    refreshing.read_transactions(account.household_id, account.pk)

    assert our_rows(account) == bank_rows(sandbox, account)
    assert freshness(account).cursor


def _read_and_die(account: Account, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tests.banking.crash", str(account.household_id), str(account.pk), "100"]
    ended = subprocess.run(command, env=environment, check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()


def test_the_cursor_stays_while_the_list_is_not_read_to_its_end(sandbox: Sandbox, account: Account) -> None:
    before = freshness(account).cursor
    book(sandbox, account, {"amount": -1_00})
    refresh_at_the_bank(sandbox, account)
    until(lambda: connections.account(account.stripe_id).refreshes["transactions"].status == "succeeded")
    fault = {"match": "GET /v1/financial_connections/transactions", "kind": "500", "times": 10}
    sandbox.put("/sandbox/faults", {"api": [fault]})

    with pytest.raises(TryAgain):
        refreshing.catch_up(account.household_id, account.pk)

    assert freshness(account).cursor == before
    sandbox.put("/sandbox/faults", {"api": []})
    refreshing.read_transactions(account.household_id, account.pk)
    assert our_rows(account) == bank_rows(sandbox, account)


def test_as_of_never_goes_back(account: Account) -> None:
    remote = connections.account(account.stripe_id)
    newest = freshness(account, Feature.BALANCE).as_of
    old = {name: _older(state) for name, state in remote.refreshes.items()}

    refreshing.apply(account.household_id, account.pk, _with(remote, refreshes=old))

    assert freshness(account, Feature.BALANCE).as_of == newest


def _older(state: connections.RemoteRefresh) -> connections.RemoteRefresh:
    return _with(state, attempted_at=timezone.now() - timedelta(days=3))


def _with(value: Any, **changes: Any) -> Any:
    from dataclasses import replace

    return replace(value, **changes)


def test_owners_are_asked_for_once_a_snapshot(
    sandbox: Sandbox, account: Account, settle: Settle, run_tasks: Callable[[], object]
) -> None:
    def asked() -> int:
        paths = [request["path"] for request in sandbox.get("/sandbox/requests")["data"]]
        return sum(path.endswith("/owners") for path in paths)

    assert asked() == 1
    refreshing.catch_up(account.household_id, account.pk)
    run_tasks()
    assert asked() == 1

    refresh_at_the_bank(sandbox, account, Feature.OWNERSHIP)
    settle(account)
    assert asked() == 2


def test_the_rows_add_up_to_the_banks_balance_and_a_row_kept_from_us_is_a_gap(
    sandbox: Sandbox, account: Account, settle: Settle
) -> None:
    def agreement() -> reconciling.Agreement:
        # Balances are stamped by the second: one of the same second as the last would say nothing new.
        with tenancy.scope(account.household_id):
            last = Balance.objects.filter(account=account).latest("as_of").as_of
        until(lambda: timezone.now() >= last + timedelta(seconds=1), seconds=5)
        refresh_at_the_bank(sandbox, account, Feature.BALANCE, Feature.TRANSACTIONS)
        settle(account)
        with tenancy.scope(account.household_id):
            [found] = reconciling.agreements(account.household_id, account.pk)
        return found

    pending = next(id for id, (_, status) in our_rows(account).items() if status == "pending")
    book(sandbox, account, {"amount": -42_00}, {"id": pending, "status": "void"}, {"amount": 10_00})
    assert agreement().matches

    with tenancy.scope(account.household_id):
        lost = Transaction.objects.filter(status="posted").latest("booked_on", "pk")
        lost.delete()
    book(sandbox, account, {"amount": -1_00})
    found = agreement()
    assert found.gap_cents == lost.amount_cents


def test_a_bank_that_fails_or_hangs_is_asked_ever_more_seldom(
    sandbox: Sandbox, account: Account, settle: Settle
) -> None:
    waits = []
    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"refresh": "fail"})
    for _ in range(3):
        refresh_at_the_bank(sandbox, account)
        settle(account)
        row = freshness(account)
        waits.append((row.due_at - timezone.now()).total_seconds())

    assert row.failures == 3
    assert waits[0] < waits[1] < waits[2]
    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"refresh": "succeed"})
    refresh_at_the_bank(sandbox, account)
    settle(account)
    assert freshness(account).failures == 0


def test_a_household_that_used_up_its_day_waits_for_the_next(sandbox: Sandbox, account: Account, settings: Any) -> None:
    with tenancy.scope(account.household_id):
        used = (
            BilledUse.objects.get(feature=Feature.OWNERSHIP).count
            if BilledUse.objects.filter(feature=Feature.OWNERSHIP)
            else 0
        )
    settings.STRIPE_BILLED_A_DAY = {**settings.STRIPE_BILLED_A_DAY, "ownership": used + 1}
    refresh_at_the_bank(sandbox, account, Feature.OWNERSHIP)
    sandbox.post("/sandbox/clock/advance", {"seconds": SANDBOX_PAUSE_SECONDS + 1})
    until(lambda: connections.account(account.stripe_id).refreshes["ownership"].status == "succeeded", seconds=10)
    sandbox.post("/sandbox/clock/advance", {"seconds": SANDBOX_PAUSE_SECONDS + 1})
    refreshing.apply(account.household_id, account.pk, connections.account(account.stripe_id))

    with pytest.raises(refreshing.CapReached) as caught:
        refreshing.ask(account.household_id, account.pk, [Feature.OWNERSHIP])

    assert caught.value.allowed_at is not None
    assert caught.value.allowed_at > timezone.now()
    with tenancy.scope(account.household_id):
        assert BilledUse.objects.get(feature=Feature.OWNERSHIP).count == used + 1
