"""The sandbox with a million rows in one account: how fast it takes them in and serves them, and its memory meanwhile.

It stands for Stripe in the other benchmarks, so it must never be what they measure.
"""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench import load, stage
from bench.bank import Bank

ROWS = 1_000_000
PAGE = 100
CLIENTS = (1, 4)
SECONDS = 5.0
ROUNDS = 3
LIST = "/v1/financial_connections/transactions"


def run() -> None:
    with stage.sandbox() as url, stage.standin() as standin:
        bank, process = Bank(url), _process()
        started = _megabytes(process)
        account = _linked(bank)
        _fill(bank, account)
        loaded = _megabytes(process)
        pages = _pages(bank, account)
        for clients in CLIENTS:
            _serve(pages, clients, stage.Web(urlsplit(url).port or 0, process.pid), standin)
        served = _megabytes(process)
        stage.say("sandbox_memory", ROWS, served, "MB", started=started, loaded=loaded)


def _process() -> psutil.Process:
    return next(one for one in psutil.Process().children() if "sandbox" in one.cmdline())


def _megabytes(process: psutil.Process) -> float:
    return round(process.memory_info().rss / 2**20, 1)


def _linked(bank: Bank) -> str:
    customer = bank.made("/v1/customers", "name=Ana")
    form = f"account_holder[type]=customer&account_holder[customer]={customer}&permissions[]=transactions"
    session = bank.made("/v1/financial_connections/sessions", form)
    account: str = bank.authorize(session, bank.account_keys()[:1])[0]["id"]
    return account


def _fill(bank: Bank, account: str) -> None:
    """The bank books the rows, a refresh brings them over; meanwhile others wait a moment for their answers."""
    took = stage.seconds(
        bank.control, "POST", f"/sandbox/accounts/{account}/transactions/generate", {"count": ROWS, "days": 3650}
    )
    stage.say("sandbox_book", ROWS, ROWS / took, "rows/s")
    bank.stripe("POST", f"/v1/financial_connections/accounts/{account}/refresh", "features[]=transactions")
    begun, waits = time.perf_counter(), []
    while bank.account(account)["transaction_refresh"]["status"] == "pending":
        waits.append(stage.seconds(bank.account, account))
        time.sleep(0.01)
    took = time.perf_counter() - begun
    stage.say("sandbox_refresh", ROWS, ROWS / took, "rows/s", others_wait_ms_p95=round(_p95(waits) * 1000, 1))


def _p95(waits: list[float]) -> float:
    return stage.percentile(waits, 0.95)


def _pages(bank: Bank, account: str) -> Path:
    """A request for every page, as a walk through the whole list sends them."""
    head = "GET {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk_test_sandbox\r\n\r\n"
    path = f"{LIST}?account={account}&limit={PAGE}"
    requests, after = [], ""
    while True:
        requests.append(head.format(path + after).encode())
        page = bank.stripe("GET", path + after)
        if b'"has_more":true' not in page:
            return load.pack(requests, stage.HOME / "sandbox-pages")
        # The last row's id: what a walk needs of a page.
        after = "&starting_after=" + page.rpartition(b'{"id":"')[2].partition(b'"')[0].decode()


def _serve(pages: Path, clients: int, sandbox: stage.Web, standin: str) -> None:
    """Beside a server that makes its pages up: above that no client gets."""
    head = f"GET {LIST}?account=fca_{ROWS}_a&limit={PAGE} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    easy = load.pack([head.encode()], stage.HOME / "standin-pages")
    other = stage.Web(urlsplit(standin).port or 0, sandbox.pid)
    own, limit = stage.Rounds(), stage.Rounds()
    for _ in range(ROUNDS):
        own.held.append(sandbox.load(pages, SECONDS, clients=clients))
        limit.held.append(other.load(easy, SECONDS, clients=clients))
    stage.say(
        f"sandbox_pages_{clients}", ROWS, own.per_second, "pages/s", own.over(limit),
        cpu_ms=round(own.cpu_ms, 2), p95_ms=round(own.latency(0.95), 1),
    )  # fmt: skip
