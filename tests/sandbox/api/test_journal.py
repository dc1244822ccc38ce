"""What came in and what went out, as people and assertions read it: whole, masked, filtered and bounded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import journal
from sandbox.store import store
from tests.sandbox.api.driving import Linked, Sandbox, confirmed_payment, eventually, new_payment


def entries(sandbox: Sandbox, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.get(path)
    return found


def test_requests_are_listed_with_their_answers(sandbox: Sandbox) -> None:
    customer = sandbox.api.customers.create({"name": "Ana"})
    sandbox.raw("GET", "/v1/customers/cus_none")

    made, missing = entries(sandbox, "/requests?bodies=1")

    assert json.loads(made["answer"])["id"] == customer.id
    assert made["params"] == {"name": "Ana"}
    assert (missing["status"], json.loads(missing["answer"])["error"]["code"]) == (404, "resource_missing")
    assert "answer" not in entries(sandbox, "/requests")[0]


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("limit=1", ["/v1/events"]),
        ("method=POST", ["/v1/customers", "/v1/customers"]),
        ("path=/v1/customers/*", ["/v1/customers/cus_none"]),
        ("status=404", ["/v1/customers/cus_none"]),
        ("key=mine", ["/v1/customers"]),
        ("method=POST&limit=1", ["/v1/customers"]),
    ],
)
def test_requests_are_filtered(sandbox: Sandbox, query: str, paths: list[str]) -> None:
    sandbox.api.customers.create({}, {"idempotency_key": "mine"})
    sandbox.api.customers.create({})
    sandbox.raw("GET", "/v1/customers/cus_none")
    sandbox.api.events.list()

    assert [entry["path"] for entry in entries(sandbox, f"/requests?{query}")] == paths


def test_what_came_after_a_line_is_asked_for_by_its_number(sandbox: Sandbox) -> None:
    sandbox.api.customers.create({})
    (first,) = entries(sandbox, "/requests")
    sandbox.api.events.list()

    assert [entry["path"] for entry in entries(sandbox, f"/requests?after={first['seq']}")] == ["/v1/events"]
    assert "error" in sandbox.control("GET", "/requests?after=x", ok=False)
    assert "error" in sandbox.control("GET", "/requests?metod=POST", ok=False)


def test_deliveries_keep_what_was_sent_and_answered(sandbox: Sandbox) -> None:
    customer = sandbox.api.customers.create({"name": "Ana"}).id
    sandbox.api.customers.delete(customer)
    eventually(lambda: sandbox.control("GET", "/deliveries")["waiting"] == 0)

    (sent,) = entries(sandbox, "/deliveries?type=customer.created&bodies=1")

    assert (sent["outcome"], sent["status"]) == ("delivered", 200)
    assert json.loads(sent["body"]) in sandbox.receiver.events
    assert [entry["type"] for entry in entries(sandbox, "/deliveries?type=customer.*&limit=1")] == ["customer.deleted"]


def test_nothing_secret_is_written_down(sandbox: Sandbox, linked: Linked) -> None:
    secrets = [new_payment(sandbox, linked).client_secret, confirmed_payment(sandbox, linked).client_secret]
    endpoint = sandbox.api.webhook_endpoints.create({"url": sandbox.receiver.url, "enabled_events": ["*"]})
    eventually(lambda: sandbox.control("GET", "/deliveries")["waiting"] == 0)

    log = json.dumps([entries(sandbox, "/requests?bodies=1"), entries(sandbox, "/deliveries?bodies=1")])

    assert "_secret_****" in log
    for secret in (*secrets, endpoint.secret):
        assert secret not in log


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"client_secret": "pi_1_secret_abc", "id": "x"}', '{"client_secret": "pi_1_secret_****", "id": "x"}'),
        ('{"client_secret":"seti_1_secret_ab', '{"client_secret":"seti_1_secret_****'),
        ('"account_number":"000123456789"', '"account_number":"****6789"'),
        ('"secret":"whsec_abc"', '"secret":"whsec_****"'),
        ("key sk_live_51abc and rk_test_7", "key sk_live_**** and rk_test_****"),
    ],
)
def test_secrets_are_masked_also_where_the_text_was_cut_off(text: str, shown: str) -> None:
    assert journal.masked(text) == shown


@pytest.fixture
def small_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(journal, "LINES", 50)
    monkeypatch.setattr(journal, "BODIES", 10)
    store.open(tmp_path)
    yield
    store.close()


@pytest.mark.usefixtures("small_journal")
def test_the_oldest_lines_go_and_bodies_before_them() -> None:
    for number in range(200):
        request = journal.Request(f"req_{number}", "GET", "/v1/events", {}, None, 200, None, "v")
        journal.note_request(request, b"x" * 20_000)
        journal.note_delivery(f"evt_{number}", "t", "u", 1, "delivered", body=b"sent", answer=b"ok")

    for kept, name in ((journal.requests, "answer"), (journal.deliveries, "body")):
        lines = kept({"bodies": "1"})["data"]
        assert [line["seq"] for line in lines] == list(range(151, 201))
        assert [line["seq"] for line in lines if line[name]] == list(range(191, 201))
    assert len(journal.requests({"bodies": "1", "limit": "1"})["data"][0]["answer"]) == journal.LONGEST_BODY
