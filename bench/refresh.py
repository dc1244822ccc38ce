"""Accounts refreshed a second by one worker process, each with one changed page, beside plain HTTP and a merge.

Two roads: an event of Stripe's says that the rows are ready, as every day; and the sweep, which asks Stripe first.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench import limit, rows, stage
from bench.bank import Bank

HOUSEHOLDS = 14
PAGE = 100


@dataclass
class Linked:
    """An account of ours and the refresh up to which its rows are read."""

    household_id: int
    pk: int
    stripe_id: str
    cursor: str


def run() -> None:
    with stage.sandbox() as url:
        bank = Bank(url)
        bank.control("PUT", "/sandbox/webhook", {"url": None})
        linked = _link(bank)
        with stage.worker("webhooks", "refreshes") as pid:
            for bench, enqueue in (("refresh", _by_event), ("refresh_sweep", _by_sweep)):
                _measure(bench, bank, linked, enqueue, pid)


def _measure(bench: str, bank: Bank, linked: list[Linked], enqueue: Callable[[Linked, Any], None], pid: int) -> None:
    before = {one.stripe_id: one.cursor for one in linked}
    ended = _new_rows(bank, linked, bench)
    cpu, started = stage.cpu_seconds(pid), time.perf_counter()
    for one in linked:
        enqueue(one, ended[one.stripe_id])
    stage.wait_for(lambda: _are_read(linked, ended), 300)
    took, cpu = time.perf_counter() - started, stage.cpu_seconds(pid) - cpu
    for one in linked:
        one.cursor = ended[one.stripe_id]["transaction_refresh"]["id"]
    ceiling = len(linked) / stage.seconds(_plainly, bank, before)
    own = len(linked) / took
    cost = round(cpu / len(linked) * 1000, 1)
    stage.say(bench, len(linked), own, "accounts/s", own / ceiling, limit=round(ceiling, 1), cpu_ms=cost)


def _link(bank: Bank) -> list[Linked]:
    """Households that have linked every account there is, all read up to now."""
    from banking import linking
    from banking.models import Freshness
    from fcdash import tenancy
    from fcdash.gateway import connections

    keys, linked = bank.account_keys(), []
    for _ in range(HOUSEHOLDS):
        user, household, _ = stage.new_household(accounts=0)
        session = linking.start(household.pk, user).session_id
        for plain in bank.authorize(session, keys):
            account = linking.save(household.pk, user, connections.as_account(plain))
            linked.append(Linked(household.pk, account.pk, account.stripe_id, ""))
    for one in linked:
        bank.stripe("POST", f"/v1/financial_connections/accounts/{one.stripe_id}/subscribe", "features[]=transactions")
    for one in linked:
        one.cursor = _ended(bank, one)["transaction_refresh"]["id"]
        with tenancy.scope(one.household_id):
            known = Freshness.objects.filter(household_id=one.household_id, account_id=one.pk)
            known.update(due_at=None)
            known.filter(feature="transactions").update(cursor=one.cursor, target="", status="succeeded")
    stage.empty_queues()
    return linked


def _new_rows(bank: Bank, linked: list[Linked], name: str) -> dict[str, dict[str, Any]]:
    """Each bank books a page of rows and a refresh brings them to Stripe; returns the accounts as Stripe has them."""
    bank.control("POST", "/sandbox/clock/advance", {"seconds": 10})
    for one in linked:
        listed = rows.new_rows(PAGE, f"{name}{one.pk}")
        names = ("amount", "description", "transacted_at", "status")
        bank.book(one.stripe_id, [{key: row[key] for key in names} for row in listed])
        bank.stripe("POST", f"/v1/financial_connections/accounts/{one.stripe_id}/refresh", "features[]=transactions")
    return {one.stripe_id: _ended(bank, one) for one in linked}


def _ended(bank: Bank, one: Linked) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        account = bank.account(one.stripe_id)
        return account if account["transaction_refresh"]["status"] == "succeeded" else None

    account: dict[str, Any] = stage.wait_for(look)
    return account


def _by_event(one: Linked, account: dict[str, Any]) -> None:
    from webhooks import inbox

    event = {
        "id": f"evt_{account['transaction_refresh']['id']}",
        "type": "financial_connections.account.refreshed_transactions",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": account},
    }
    inbox.store(event)


def _by_sweep(one: Linked, account: dict[str, Any]) -> None:
    from banking.tasks import catch_up

    catch_up.delay(one.household_id, one.pk)


def _are_read(linked: list[Linked], ended: dict[str, dict[str, Any]]) -> bool:
    from banking.models import Freshness
    from fcdash import tenancy

    time.sleep(0.05)
    with tenancy.system("benchmark"):
        found = dict(Freshness.objects.filter(feature="transactions").values_list("account__stripe_id", "cursor"))
    return all(found[one.stripe_id] == ended[one.stripe_id]["transaction_refresh"]["id"] for one in linked)


def _plainly(bank: Bank, before: dict[str, str]) -> None:
    """The ceiling: the same pages by plain HTTP, merged and rolled up, each account in a transaction."""
    limit.prepare()
    for number, (account, cursor) in enumerate(before.items()):
        path = "/v1/financial_connections/transactions"
        page = bank.stripe("GET", f"{path}?account={account}&limit=100&transaction_refresh%5Bafter%5D={cursor}")
        if len(json.loads(page)["data"]) != PAGE:
            raise RuntimeError("the page is not the one that the product read")
        limit.ingest([page], number)
