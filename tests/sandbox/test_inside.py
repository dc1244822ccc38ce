"""The sandbox's page at `/`: what it reads, whom it refuses, and its buttons in a real browser."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from sandbox.pages import exchanges, finding, inside, overview, related, stories
from sandbox.pages.indexes import INDEXES
from sandbox.pages.paging import SIZE, Query
from sandbox.pages.reader import Reader
from sandbox.store import SCHEMA
from tests.sandbox.api import driving
from tests.sandbox.api.driving import Linked, Receiver, confirmed_payment, eventually, refresh, save_method
from tests.sandbox_client import Sandbox as Client

HOSTILE = "<img src=x onerror=document.title='owned'> \u202e=1+1 \x00 \ud800"


@pytest.fixture
def driven(sandbox: Client) -> driving.Sandbox:
    """This process's sandbox, emptied, as the API's tests drive it."""
    return driving.Sandbox(sandbox.url, Receiver())


@pytest.fixture
def linked(driven: driving.Sandbox) -> Linked:
    return driving.link(driven)


def read(driven: driving.Sandbox, what: str, **params: str) -> Any:
    answer = requests.get(f"{driven.base}/sandbox/inside/{what}", params=params, timeout=10)
    assert answer.ok, answer.text
    return answer.json()


# Who may press


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:1", "Host": "localhost:1"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:2", "Host": "localhost:1"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://box.local", "Host": "box.local"}, 200),
        ({"Origin": "https://example.com"}, 403),
        ({"Origin": "null"}, 403),
        # A public name that somebody points at this machine is the same origin as itself.
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://bad.example.com:1", "Host": "bad.example.com:1"}, 403),
    ],
)
def test_a_page_of_another_site_presses_nothing(driven: driving.Sandbox, headers: dict[str, str], status: int) -> None:
    driven.api.customers.create({"name": "Ana"})

    answer = requests.post(f"{driven.base}/sandbox/reset", headers=headers, timeout=10)

    assert answer.status_code == status
    assert len(driven.api.customers.list().data) == (0 if status == 200 else 1)


def test_the_page_allows_no_code_but_its_own(driven: driving.Sandbox) -> None:
    answer = requests.get(driven.base, timeout=10)

    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert {
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    } <= {each.strip() for each in policy.split(";")}
    assert "<script>" not in answer.text
    assert "style=" not in answer.text


# What it reads


def test_a_list_comes_in_pages_newest_first(driven: driving.Sandbox) -> None:
    made = [driven.api.customers.create({}).id for _ in range(SIZE + 2)]

    first = read(driven, "lists/customers")
    second = read(driven, "lists/customers", before=first["older"])

    assert [row["key"] for row in first["rows"] + second["rows"]] == made[::-1]
    assert second["older"] is None


def test_requests_narrow_to_those_refused(driven: driving.Sandbox) -> None:
    driven.raw("GET", "/v1/customers/cus_nobody")
    driven.raw("POST", "/v1/customers")
    driven.raw("POST", "/v1/customers", data={"nope": "1"})

    errors = read(driven, "lists/requests", errors="1")["rows"]
    posts = read(driven, "lists/requests", method="POST", path="/customers")["rows"]

    assert [row["cells"][1]["state"] for row in errors] == ["400", "404"]
    assert [row["cells"][2]["code"] for row in posts] == ["POST /v1/customers"] * 2


def test_secrets_are_masked(driven: driving.Sandbox) -> None:
    bank = {"account_number": "000123456789", "routing_number": "110000000", "account_holder_type": "individual"}
    driven.api.payment_methods.create(
        {"type": "us_bank_account", "billing_details": {"name": "Ana"}, "us_bank_account": bank}
    )
    secret = driven.api.setup_intents.create({"allowed_payment_method_types": ["us_bank_account"]}).client_secret

    keys = [row["key"] for row in read(driven, "lists/requests")["rows"]]
    shown = [str(read(driven, f"objects/{key}")) for key in [secret.partition("_secret_")[0], *keys]]

    assert "_secret_" in shown[0]
    assert not [text for text in shown if secret in text or "000123456789" in text]


def test_the_strangest_rows_are_read_exactly(driven: driving.Sandbox, linked: Linked) -> None:
    row = {"amount": -(2**63), "description": HOSTILE, "currency": "eur", "status": "posted", "transacted_at": 0}
    driven.post(f"/accounts/{linked.account}/transactions", {"transactions": [row]})
    refresh(driven, linked.account, "transactions")

    tables = read(driven, f"objects/{linked.account}", before="1.0")["tables"]
    (shown,) = next(table for table in tables if table["title"] == "Rows")["rows"]

    assert shown["cells"][1] == {"money": "−92,233,720,368,547,758.08 EUR"}
    assert shown["cells"][2] == HOSTILE


@pytest.mark.parametrize("what", ["id", "beginning", "line", "email", "key"])
def test_the_search_finds(driven: driving.Sandbox, what: str) -> None:
    made = driven.client().v1.customers.create({"email": "Ana.Rivera@example.com"}, {"idempotency_key": "key-of-ana"})
    line = f'INFO created {{"customer": "{made.id}"}} in 3 ms'
    asked = {"id": made.id, "beginning": made.id[:12], "line": line, "email": "rivera@", "key": "key-of-ana"}

    found = read(driven, "find", q=asked[what])["data"]

    assert found[0]["id"].startswith("req_" if what == "key" else made.id)
    assert len(found) == 1


class Explaining(Reader):
    """A reader of an empty store that asks the database how it would answer, and keeps where it reads a whole table."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.row_factory = sqlite3.Row
        self.db.executescript(SCHEMA + INDEXES)
        self.scans: list[str] = []
        self.steps: list[str] = []

    def rows(self, sql: str, values: Any = ()) -> list[dict[str, Any]]:
        for step in self.db.execute(f"EXPLAIN QUERY PLAN {sql}", values):
            self.steps.append(step["detail"])
            if step["detail"].startswith("SCAN") and "INDEX" not in step["detail"]:
                self.scans.append(f"{step['detail']}: {sql}")
        return super().rows(sql, values)

    def row(self, sql: str, values: Any = ()) -> dict[str, Any] | None:
        return next(iter(self.rows(sql, values)), None)

    def value(self, sql: str, values: Any = ()) -> Any:
        return next(iter((self.row(sql, values) or {"": None}).values()))


def test_no_page_reads_a_whole_table() -> None:
    reader = Explaining()
    fill = 'INSERT INTO objects (id, kind, body) VALUES (?, ?, \'{"latest_charge": "py_1"}\')'
    reader.db.executemany(fill, [("cus_1", "customer"), ("pi_1", "payment_intent"), ("fca_1", "x")])

    for filters in ({}, {"errors": "1", "failed": "1", "type": "a", "state": "b"}, {"path": "/x", "method": "GET"}):
        for listed in inside.LISTS.values():
            listed(reader, Query(None, filters))
    for text in ("cus_1", "key", "ana@example.com"):
        finding.find(reader, text)
    for object_id in ("evt_1", "delivery_1", "req_1", "fctxn_1"):
        exchanges.describe(reader, object_id)
    stories.of(reader, ("pi_1", "py_1"))
    for table in (related.accounts, related.payments, related.setups, related.methods, related.charges):
        table(reader, "cus_1")
    related.bank_rows(reader, "fca_1", "5.5")
    related.requests(reader, {"id": "pi_1", "object": "payment_intent"})
    related.deliveries_of(reader, "evt_1")
    related.events_of(reader, "req_1")
    overview.counts(reader)
    overview.overview(reader)

    # The queues themselves may be read: a few rows, in the order in which they are due.
    assert [scan for scan in reader.scans if not scan.startswith(("SCAN outbox", "SCAN (subquery"))] == []
    # What went wrong is rare: looked for from the newest on, all of a table would be read.
    for index in ("pages_requests_refused", "pages_deliveries_failed"):
        assert [step for step in reader.steps if index in step], index


# What people see and press


class Inside:
    """The page as a person meets it."""

    def __init__(self, page: Page, driven: driving.Sandbox) -> None:
        self.page, self.driven = page, driven
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def open(self, place: str = "") -> None:
        self.page.goto(f"{self.driven.base.replace('127.0.0.1', 'localhost')}/#/{place}")
        expect(self.page.locator("#main")).to_have_attribute("data-at", f"#/{place}")

    def press(self, label: str, within: Locator | None = None) -> None:
        (within or self.page).get_by_role("button", name=label, exact=True).click()
        expect(self.page.locator("#said-text")).to_have_text(f"{label}: done.")

    def state(self, text: str) -> None:
        expect(self.page.locator(".head .state")).to_contain_text(text)


@pytest.fixture
def shown(page: Page, driven: driving.Sandbox) -> Iterator[Inside]:
    """The page, of which nothing may complain in the console."""
    inside_page = Inside(page, driven)
    yield inside_page
    assert inside_page.complaints == []


@pytest.mark.browser
def test_a_payment_settles_and_is_disputed(shown: Inside, linked: Linked) -> None:
    intent = confirmed_payment(shown.driven, linked)
    shown.open(f"payments/{intent.id}")
    shown.state("processing")

    shown.press("Settle")
    shown.state("succeeded")
    shown.page.get_by_label("Claim").select_option("fraudulent")
    shown.press("Dispute")

    shown.state("disputed")
    assert shown.driven.api.disputes.list().data[0].reason == "fraudulent"
    expect(shown.page.locator(".story")).to_contain_text("charge.dispute.closed")


@pytest.mark.browser
def test_a_payment_is_sent_back_with_the_code_one_chose(shown: Inside, linked: Linked) -> None:
    intent = confirmed_payment(shown.driven, linked)
    shown.open(f"payments/{intent.id}")

    shown.page.get_by_label("Return code").select_option("R02")
    shown.press("Send back")

    shown.state("requires payment method")
    expect(shown.page.locator(".facts")).to_contain_text("R02")
    expect(shown.page.get_by_role("table", name="Payments")).to_contain_text("R02")


@pytest.mark.browser
def test_a_refund_is_made_and_fails(shown: Inside, linked: Linked) -> None:
    intent = confirmed_payment(shown.driven, linked)
    shown.driven.post(f"/payment_intents/{intent.id}/settle", {"outcome": "succeeded"})
    shown.open(f"payments/{intent.id}")

    shown.page.get_by_label("Cents, or empty for all").fill("2000")
    shown.press("Refund")
    shown.state("partly refunded")
    shown.press("Fail")

    shown.state("succeeded")
    (refund,) = shown.driven.api.refunds.list().data
    assert (refund.amount, refund.status) == (2000, "failed")


@pytest.mark.browser
def test_an_account_falls_silent_comes_back_and_is_disconnected(shown: Inside, linked: Linked) -> None:
    shown.open(f"accounts/{linked.account}")

    shown.press("Make inactive")
    shown.state("inactive")
    shown.press("Make active")
    shown.state("active")
    shown.page.get_by_role("button", name="Disconnect", exact=True).click()
    shown.page.get_by_role("button", name="Leave it").click()
    shown.state("active")
    shown.page.get_by_role("button", name="Disconnect", exact=True).click()
    shown.press("Disconnect", shown.page.get_by_role("dialog"))

    shown.state("disconnected")


@pytest.mark.browser
def test_the_bank_books_a_row_and_a_refresh_fails(shown: Inside, linked: Linked) -> None:
    shown.open(f"accounts/{linked.account}")

    shown.page.locator("summary", has_text="Book a row").click()
    shown.page.get_by_label("Description").fill(HOSTILE.replace("\ud800", "").replace("\x00", ""))
    shown.press("Book a row")
    shown.press("Refresh transactions")

    row = shown.page.get_by_role("table", name="Rows").get_by_role("row").filter(has_text="<img")
    expect(row).to_contain_text("U+202E")
    expect(row).to_contain_text("−$12.50")
    expect(row.locator("img")).to_have_count(0)
    shown.page.get_by_label("Refreshes", exact=True).select_option("fail")
    shown.press("Set refreshes")
    shown.press("Refresh balance")
    expect(shown.page.locator(".facts")).to_contain_text("failed")
    assert "owned" not in shown.page.title()


@pytest.mark.browser
def test_a_mandate_ends_and_its_method_is_blocked(shown: Inside, linked: Linked) -> None:
    saved = save_method(shown.driven, linked)
    shown.open(f"permissions/{saved.mandate}")

    shown.press("End")
    shown.state("inactive")
    shown.open(f"permissions/{saved.payment_method}")
    shown.press("Block")
    shown.state("blocked")
    shown.press("Lift the block")

    assert shown.driven.api.mandates.retrieve(saved.mandate).status == "inactive"
    method = shown.driven.api.payment_methods.retrieve(saved.payment_method)
    assert method.us_bank_account.status_details.to_dict() == {}


@pytest.mark.browser
def test_time_passes_faults_are_set_and_all_begins_again(shown: Inside, linked: Linked) -> None:
    intent = confirmed_payment(shown.driven, linked)
    shown.open("controls")

    shown.press("Advance 4 business days")
    assert shown.driven.api.payment_intents.retrieve(intent.id).status == "succeeded"
    expect(shown.page.locator("#time")).to_contain_text("ahead")
    shown.page.get_by_label("Fail as").select_option("429")
    shown.page.get_by_role("button", name="Add this fault").first.click()
    expect(shown.page.locator(".in-force")).to_contain_text("429, 1 more")
    assert shown.driven.raw("POST", "/v1/payment_intents").status_code == 429
    shown.page.get_by_label("Twice").fill("0.5")
    shown.page.get_by_role("button", name="Set these").click()
    expect(shown.page.locator(".in-force")).to_contain_text("twice 0.5")
    shown.page.get_by_role("button", name="All off").click()
    expect(shown.page.locator(".in-force")).to_have_count(0)
    shown.press("Forget all keys")
    shown.page.get_by_role("button", name="Reset").click()
    assert shown.driven.api.customers.list().data
    shown.press("Reset", shown.page.get_by_role("dialog"))

    assert shown.driven.api.customers.list().data == []


@pytest.mark.browser
def test_a_delivery_is_read_and_sent_again(shown: Inside) -> None:
    shown.driven.api.customers.create({"name": "Ana"})
    delivery = eventually(lambda: read(shown.driven, "lists/deliveries", failed="1")["rows"])[0]["key"]
    shown.open(f"deliveries/{delivery}")

    expect(shown.page.locator("pre").first).to_contain_text('"type": "customer.created"')
    shown.press("Send again")

    event = shown.driven.api.events.list().data[0]
    assert event.pending_webhooks == 2


@pytest.mark.browser
def test_the_page_follows_without_losing_what_one_types(shown: Inside) -> None:
    shown.driven.api.customers.create({"name": "Ana"})
    shown.open("customers")
    rows = shown.page.get_by_role("table", name="Customers").locator("tbody tr")
    expect(rows).to_have_count(1)
    field = shown.page.get_by_role("searchbox", name="Find by id")
    field.press_sequentially("cus_")
    first = rows.first.element_handle()

    shown.driven.api.customers.create({"name": HOSTILE.replace("\ud800", "")})

    expect(rows).to_have_count(2)
    expect(field).to_be_focused()
    expect(field).to_have_value("cus_")
    assert rows.last.evaluate("(row, first) => row === first", first)
    expect(rows.first).to_contain_text("<img src=x onerror=")


@pytest.mark.browser
def test_a_pasted_line_leads_to_its_object(shown: Inside, linked: Linked) -> None:
    shown.open()
    field = shown.page.get_by_role("searchbox", name="Find by id")

    shown.page.keyboard.press("/")
    expect(field).to_be_focused()
    field.fill(f'"account": "{linked.account}",')
    field.press("Enter")

    expect(shown.page.get_by_role("heading", level=1)).to_have_text("Bank account")
    expect(shown.page).to_have_url(f"{shown.page.url.split('#')[0]}#/accounts/{linked.account}")
    shown.page.locator("pre a", has_text=linked.customer).first.click()
    expect(shown.page.get_by_role("heading", level=1)).to_have_text("Customer")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(shown: Inside, linked: Linked, scheme: Any) -> None:
    intent = confirmed_payment(shown.driven, linked)
    shown.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")

    for place in (f"payments/{intent.id}", "controls"):
        shown.open(place)
        found = Axe().run(shown.page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], place


@pytest.mark.browser
def test_the_widest_rows_fit_beside_their_object(shown: Inside, linked: Linked) -> None:
    intent = confirmed_payment(shown.driven, linked, amount=999_999_99)
    shown.driven.post(f"/payment_intents/{intent.id}/settle", {"outcome": "failed", "failure_code": "R01"})

    for place in (f"payments/{intent.id}", f"accounts/{linked.account}"):
        shown.open(place)
        panes = shown.page.locator("#list, #detail").evaluate_all(
            "all => all.map(one => one.scrollWidth - one.clientWidth)"
        )
        assert panes == [0, 0], place


@pytest.mark.browser
def test_it_fits_a_phone(shown: Inside, linked: Linked) -> None:
    intent = confirmed_payment(shown.driven, linked, description="long " * 100 + "x" * 300)
    row = {"amount": -(2**63), "description": "y" * 10_000, "currency": "kwd", "status": "posted"}
    shown.driven.post(f"/accounts/{linked.account}/transactions", {"transactions": [row]})
    refresh(shown.driven, linked.account, "transactions")
    shown.page.set_viewport_size({"width": 360, "height": 800})

    for place in ("", "payments", f"payments/{intent.id}", f"accounts/{linked.account}", "requests", "controls"):
        shown.open(place)
        assert shown.page.evaluate("document.documentElement.scrollWidth") == 360, place
