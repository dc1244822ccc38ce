"""Seconds from the end of the bank's dialog to the first figure, and to the last of 5,000 rows: all parts at work."""

from __future__ import annotations

import secrets
import time
from http.client import HTTPConnection
from typing import Any

from bench import rows, stage
from bench.bank import Bank
from local import parts

ROWS = 5_000
DAYS = 170
ROUNDS = 3
PATIENCE_SECONDS = 60


def run() -> None:
    """Medians; of each, the bank's refresh takes 0.3 s by itself."""
    port = stage.free_port()
    hook = f"http://localhost:{port}/webhooks/stripe/"
    with (
        stage.sandbox(hook) as url,
        stage.web(port=port),
        stage.worker(*parts.MONEY_QUEUES, size=2),
        stage.worker(*parts.BANK_QUEUES, size=2),
    ):
        took = [_link(Bank(url), port) for _ in range(ROUNDS)]
    for at, bench in enumerate(("link_balance", "link_first_figure", "link_last_row")):
        stage.say(bench, ROWS, stage.median([one[at] for one in took]), "s")


def _link(bank: Bank, port: int) -> tuple[float, float, float]:
    """Seconds until the first balance, the first total of spending, and the last row with transfers matched."""
    from banking import linking

    user, household, _ = stage.new_household(accounts=0)
    finish = _completion(user, port)
    session = linking.start(household.pk, user).session_id
    booked = _history()
    (account,) = bank.authorize(session, bank.account_keys()[:1])
    ended = time.perf_counter()
    bank.book(account["id"], booked)  # before the bank's refresh is over, which takes it 0.3 s
    finish(session)
    seen: dict[str, float] = {}
    while len(seen) < 3:
        for name in _reached(household.pk):
            seen.setdefault(name, time.perf_counter() - ended)
        if time.perf_counter() - ended > PATIENCE_SECONDS:
            raise TimeoutError(f"of {ROWS} rows not all came; reached {sorted(seen)}")
        time.sleep(0.01)
    return seen["balance"], seen["figure"], seen["last"]


def _history() -> list[dict[str, Any]]:
    now, step = int(time.time()), DAYS * 86_400 // ROWS
    listed = (rows.row(number, ROWS, "l", now) for number in range(ROWS))
    names = ("amount", "description", "status")
    return [{**{key: row[key] for key in names}, "transacted_at": now - n * step} for n, row in enumerate(listed)]


def _completion(user: Any, port: int) -> Any:
    """What the person's browser does once the dialog has closed."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    token = secrets.token_hex(16)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    headers = {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={token}",
        "X-CSRFToken": token,
    }

    def finish(link_session: str) -> None:
        connection = HTTPConnection("localhost", port, timeout=60)
        connection.request("POST", f"/banks/link/{link_session}/completion/", headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"completing the link: {answer.status} {answer.read()[:300]!r}")
        connection.close()

    return finish


def _reached(household_id: int) -> list[str]:
    from banking.models import Balance, Freshness, Transaction
    from fcdash import tenancy
    from spending.models import MonthTotal

    with tenancy.scope(household_id):
        found = {
            "balance": Balance.objects.filter(household_id=household_id).exists(),
            "figure": MonthTotal.objects.filter(household_id=household_id, row_count__gt=0).exists(),
            "last": Transaction.objects.filter(household_id=household_id).count() >= ROWS
            and Freshness.objects.filter(household_id=household_id, feature="transactions", as_of=None).count() == 0,
        }
    return [name for name, is_there in found.items() if is_there]
