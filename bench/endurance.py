"""Years of trouble in minutes: does every household hold what its banks say, to the cent, whatever died on the way?

Rows appear while pages are read, pending ones post or are dropped, events double and get lost, links end and are
renewed, workers are killed without warning, and for two days Stripe does not answer. At the end the rows and their sum
are compared with the bank's for each account; on the way no figure's date may go back, and the calls stay within the
shared limit. Run alone: `make bench ARGS=endurance`; ENDURANCE_ACCOUNTS and ENDURANCE_KILLS set its size.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from bench import stage
from bench.bank import OTHER_VERSION, Bank

ACCOUNTS = int(os.environ.get("ENDURANCE_ACCOUNTS", "200"))
KILLS = int(os.environ.get("ENDURANCE_KILLS", "50"))
ROWS = 500
ACCOUNTS_A_HOUSEHOLD = 4
ROUNDS = 10
CALLS_A_SECOND = 100
DAY = 86_400
QUEUES = "webhooks,refreshes,default,mail"


@dataclass
class Linked:
    """One account: whose it is, at which bank, under which id."""

    household: Any
    user: Any
    key: str
    pk: int
    stripe_id: str
    rows: list[str] = field(default_factory=list)


@dataclass
class Watch:
    """What was seen on the way."""

    went_back: int = 0
    looks: int = 0
    is_over: bool = False


def run() -> None:
    chance = random.Random(20_261_122)
    os.environ.update(STRIPE_REQUESTS_PER_SECOND=str(CALLS_A_SECOND), REFRESH_LEASE_SECONDS="5")
    port = stage.free_port()
    with stage.sandbox(f"http://127.0.0.1:{port}/webhooks/stripe/") as url, stage.web(port=port):
        bank = Bank(url)
        started = time.perf_counter()
        linked = _link(bank, chance)
        watch = Watch()
        with _watching(watch), _workers() as workers:
            _wait_until_read(bank, linked, workers)
            for number in range(ROUNDS):
                _trouble(bank, linked, chance, workers, number)
        wrong = [one for one in linked if not _agrees(bank, one)]
        stage.say(
            "endurance",
            len(linked),
            len(wrong),
            "accounts that differ from their bank",
            kills=workers.kills,
            rows=sum(len(_theirs(bank, one.stripe_id)) for one in linked),
            dates_gone_back=watch.went_back,
            looks=watch.looks,
            busiest_second=_busiest_second(bank),
            calls_a_second=CALLS_A_SECOND,
            seconds=round(time.perf_counter() - started),
        )
    if wrong or watch.went_back:
        raise RuntimeError(f"{len(wrong)} accounts differ, {watch.went_back} dates went back")


# --- The stage -------------------------------------------------------------------------------------------------


class Workers:
    """The worker processes, killed together with their children and started anew."""

    def __init__(self) -> None:
        self.kills = 0
        self.running: subprocess.Popen[bytes] | None = None
        self.log = (stage.HOME / "endurance-worker.log").open("wb")

    def start(self) -> None:
        command = [sys.executable, "-m", "celery", "-A", "fcdash", "worker", "-Q", QUEUES, "-c", "2", "-l", "WARNING"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "-n", f"endurance{self.kills}@%h"]
        self.running = subprocess.Popen([*command, *quiet], stdout=self.log, stderr=self.log, start_new_session=True)

    def kill(self) -> None:
        assert self.running is not None
        os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()
        self.kills += 1

    def kill_and_restart(self) -> None:
        self.kill()
        self.start()


@contextmanager
def _workers() -> Iterator[Workers]:
    workers = Workers()
    workers.start()
    try:
        yield workers
    finally:
        if workers.running is not None:
            os.killpg(workers.running.pid, signal.SIGKILL)
            workers.running.wait()


@contextmanager
def _watching(watch: Watch) -> Iterator[None]:
    """Looks at the date of every figure again and again, and has the sweeps run as beat does."""
    thread = threading.Thread(target=_look, args=(watch,), daemon=True)
    thread.start()
    yield
    watch.is_over = True
    thread.join(30)


def _look(watch: Watch) -> None:
    from banking.models import Freshness
    from banking.tasks import sweep as due_refreshes
    from fcdash import tenancy
    from webhooks.tasks import catch_up, sweep

    newest: dict[int, Any] = {}
    while not watch.is_over:
        for task in (due_refreshes, sweep, catch_up):
            task.delay()
        for _ in range(4):
            with tenancy.system("endurance"):
                dates: dict[int, Any] = dict(Freshness.objects.exclude(as_of=None).values_list("pk", "as_of"))
            watch.went_back += sum(pk in newest and as_of < newest[pk] for pk, as_of in dates.items())
            newest |= dates
            watch.looks += 1
            time.sleep(0.5)


# --- What happens ----------------------------------------------------------------------------------------------


def _link(bank: Bank, chance: random.Random) -> list[Linked]:
    keys = [a["key"] for b in bank.control("GET", "/sandbox/banks")["data"] for a in b["accounts"]][
        :ACCOUNTS_A_HOUSEHOLD
    ]
    linked: list[Linked] = []
    while len(linked) < ACCOUNTS:
        user, household, _ = stage.new_household(accounts=0)
        for key in keys:
            linked += _link_again(bank, user, household, key)
    for one in linked:
        _book(bank, one, chance, ROWS - len(_theirs(bank, one.stripe_id)))
    return linked


def _link_again(bank: Bank, user: Any, household: Any, key: str, relinks: int | None = None) -> list[Linked]:
    from banking import linking

    session = linking.start(household.pk, user, relink_account=relinks).session_id
    bank.authorize(session, [key])
    saved = linking.complete(household.pk, user, session)
    return [Linked(household, user, key, account.pk, account.stripe_id) for account in saved]


def _book(bank: Bank, one: Linked, chance: random.Random, count: int) -> None:
    now = int(time.time())
    rows = [
        {
            "amount": -chance.randint(1_00, 90_00),
            "description": f"SHOP {chance.randint(1, 400)}",
            "status": "pending" if chance.random() < 0.1 else "posted",
            "transacted_at": now - chance.randint(60, 170 * DAY),
        }
        for _ in range(count)
    ]
    if rows:
        path = f"/sandbox/accounts/{one.stripe_id}/transactions"
        one.rows += [made["id"] for made in bank.control("POST", path, {"transactions": rows})["data"]]


def _trouble(bank: Bank, linked: list[Linked], chance: random.Random, workers: Workers, number: int) -> None:
    """One round: banks book and change rows, events suffer, workers die; now and then something worse."""
    is_outage = number == ROUNDS // 2
    bank.control(
        "PUT",
        "/sandbox/faults",
        {
            "seed": number,
            "api": _OUTAGE if is_outage else [],
            "webhooks": {"duplicate": 0.2, "drop": 1.0 if is_outage else 0.1, "shuffle": True},
        },
    )
    for one in chance.sample(linked, max(1, len(linked) // 3)):
        _book(bank, one, chance, chance.randint(1, 30))
        changed = [{"id": row, "status": chance.choice(["posted", "void"])} for row in chance.sample(one.rows, 3)]
        bank.control("POST", f"/sandbox/accounts/{one.stripe_id}/transactions", {"transactions": changed})
    # A day, so that the daily refreshes of all subscribed accounts come; two for the time that Stripe is away.
    bank.control("POST", "/sandbox/clock/advance", {"seconds": 2 * DAY if is_outage else DAY})
    for _ in range(KILLS // ROUNDS):
        time.sleep(chance.uniform(0.3, 2.0))
        workers.kill_and_restart()
    if is_outage:
        bank.control("PUT", "/sandbox/faults", {"api": [], "webhooks": {"drop": 0.0}})
        _all_are_due()
    if number % 3 == 1:
        for one in chance.sample(linked, max(1, len(linked) // 20)):
            _break_and_mend(bank, one)
    bank.control("PUT", "/sandbox/faults", {"webhooks": {"duplicate": 0.2, "drop": 0.0, "shuffle": True}})
    _wait_until_read(bank, linked, workers)


_OUTAGE = tuple(
    {"match": f"{method} /v1/{path}", "kind": "connection_reset", "times": 5000}
    for method in ("GET", "POST")
    for path in (
        "events",
        "financial_connections/transactions",
        "financial_connections/accounts/*",
        "financial_connections/accounts/*/refresh",
        "financial_connections/accounts/*/owners",
        "financial_connections/accounts/*/subscribe",
    )
)


def _all_are_due() -> None:
    """Two days have passed for us too: whatever was to be asked for is due."""
    from django.utils import timezone

    from banking.models import Freshness
    from fcdash import tenancy

    with tenancy.system("endurance"):
        Freshness.objects.exclude(due_at=None).update(due_at=timezone.now(), next_allowed_at=None)


def _break_and_mend(bank: Bank, one: Linked) -> None:
    bank.control("POST", f"/sandbox/accounts/{one.stripe_id}/state", {"status": "inactive"})
    [renewed] = _link_again(bank, one.user, one.household, one.key, relinks=one.pk)
    if renewed.pk != one.pk:
        raise RuntimeError("signing in again made another account")
    one.stripe_id = renewed.stripe_id


# --- What is true ----------------------------------------------------------------------------------------------


def _wait_until_read(bank: Bank, linked: list[Linked], workers: Workers) -> None:
    """Until each account is read up to its bank's last refresh. Whatever the kills left is mended by the sweeps."""
    waiting = list(linked)

    def all_read() -> bool:
        if workers.running is not None and workers.running.poll() is not None:
            workers.start()
        waiting[:] = [one for one in waiting if not _is_read(bank, one)]
        time.sleep(0.5)
        return not waiting

    stage.wait_for(all_read, 600)


def _is_read(bank: Bank, one: Linked) -> bool:
    from banking.models import Freshness
    from fcdash import tenancy

    refresh = bank.account(one.stripe_id)["transaction_refresh"]
    with tenancy.scope(one.household):
        row = Freshness.objects.get(account_id=one.pk, feature="transactions", household_id=one.household.pk)
    return refresh["status"] != "pending" and row.cursor == refresh["id"] and not row.target


def _theirs(bank: Bank, stripe_id: str) -> dict[str, tuple[int, str]]:
    rows: dict[str, tuple[int, str]] = {}
    query: dict[str, Any] = {"account": stripe_id, "limit": 100}
    while True:
        page = json.loads(bank.stripe("GET", f"/v1/financial_connections/transactions?{urlencode(query)}"))
        rows |= {row["id"]: (row["amount"], row["status"]) for row in page["data"]}
        if not page["has_more"]:
            return rows
        query["starting_after"] = page["data"][-1]["id"]


def _agrees(bank: Bank, one: Linked) -> bool:
    from banking.models import Transaction
    from fcdash import tenancy

    theirs = _theirs(bank, one.stripe_id)
    with tenancy.scope(one.household):
        mine = Transaction.objects.filter(household_id=one.household.pk, account_id=one.pk).exclude(stripe_id=None)
        ours = {row[0]: row[1:] for row in mine.values_list("stripe_id", "amount_cents", "status")}
    return ours == theirs


def _busiest_second(bank: Bank) -> int:
    """Calls of the product in the busiest second that the sandbox saw."""
    calls = bank.control("GET", "/sandbox/requests?limit=100000")["data"]
    seen = Counter(int(one["at"]) for one in calls if one["stripe_version"] != OTHER_VERSION)
    return max(seen.values(), default=0)
