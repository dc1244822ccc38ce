"""API faults: each kind strikes as often as it was asked to, before the effect or after it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.api.driving import Sandbox, eventually, link, rows_of

CUSTOMERS = "POST /v1/customers"


def arm(sandbox: Sandbox, kind: str, match: str = CUSTOMERS, **more: Any) -> None:
    sandbox.control("PUT", "/faults", {"api": [{"match": match, "kind": kind, **more}]})


def count(sandbox: Sandbox) -> int:
    return len(sandbox.api.customers.list().data)


def create(sandbox: Sandbox, key: str = "k", **options: Any) -> requests.Response:
    return sandbox.raw("POST", "/v1/customers", data={"name": "Ana"}, headers={"Idempotency-Key": key}, **options)


@pytest.mark.parametrize(("kind", "effects"), [("500", 0), ("500_after_success", 1)])
def test_a_500_is_saved_under_its_key(sandbox: Sandbox, kind: str, effects: int) -> None:
    arm(sandbox, kind)

    answers = [create(sandbox).status_code, create(sandbox).status_code, create(sandbox, "other").status_code]

    assert answers == [500, 500, 200]
    assert count(sandbox) == effects + 1


def test_a_429_is_not_saved(sandbox: Sandbox) -> None:
    arm(sandbox, "429", should_retry=False)

    limited = create(sandbox)

    assert limited.status_code == 429
    assert limited.headers["Stripe-Should-Retry"] == "false"
    assert create(sandbox).status_code == 200
    assert count(sandbox) == 1


@pytest.mark.parametrize(
    ("kind", "effects"),
    [
        ("connection_reset", 0),
        ("connection_reset_after_success", 1),
    ],
)
def test_a_cut_connection_gives_no_answer(sandbox: Sandbox, kind: str, effects: int) -> None:
    arm(sandbox, kind)

    with pytest.raises(requests.ConnectionError):
        create(sandbox)

    assert count(sandbox) == effects
    assert create(sandbox).status_code == 200
    assert count(sandbox) == 1


@pytest.mark.parametrize(("kind", "effects"), [("timeout", 0), ("timeout_after_success", 1)])
def test_a_timeout_outlasts_the_client(sandbox: Sandbox, kind: str, effects: int) -> None:
    arm(sandbox, kind)

    with pytest.raises(requests.Timeout):
        requests.post(
            sandbox.base + "/v1/customers",
            data={"name": "Ana"},
            headers={"Authorization": "Bearer sk_test_sandbox", "Idempotency-Key": "k"},
            timeout=0.4,
        )

    assert count(sandbox) == effects
    assert create(sandbox).status_code == 200
    assert count(sandbox) == 1


def test_the_sdk_recovers_the_lost_answer_by_its_key(sandbox: Sandbox) -> None:
    arm(sandbox, "connection_reset_after_success")

    customer = sandbox.client(max_network_retries=1).v1.customers.create({"name": "Ana"})

    assert [each.id for each in sandbox.api.customers.list().data] == [customer.id]


def test_faults_count_down_and_match_one_segment(sandbox: Sandbox) -> None:
    arm(sandbox, "500", match="GET /v1/customers/*", times=2)
    customer = create(sandbox).json()["id"]

    assert sandbox.raw("GET", "/v1/customers").status_code == 200
    assert sandbox.raw("GET", f"/v1/customers/{customer}/payment_methods").status_code == 200
    statuses = [sandbox.raw("GET", f"/v1/customers/{customer}").status_code for _ in range(2)]

    assert statuses == [500, 500]
    assert sandbox.control("GET", "/faults")["api"][0]["left"] == 0
    assert sandbox.raw("GET", f"/v1/customers/{customer}").status_code == 200


def test_an_absent_half_stays_as_it_was(sandbox: Sandbox) -> None:
    arm(sandbox, "429", times=3)

    faults = sandbox.control("PUT", "/faults", {"webhooks": {"duplicate": 0.5}})

    assert faults["api"][0]["left"] == 3
    assert faults["webhooks"]["duplicate"] == 0.5
    assert sandbox.control("PUT", "/faults", {"api": []})["webhooks"]["duplicate"] == 0.5


@pytest.mark.parametrize("spec", [{"match": "/v1/customers", "kind": "500"}, {"match": CUSTOMERS, "kind": "flood"}])
def test_a_misspelt_fault_is_refused(sandbox: Sandbox, spec: dict[str, str]) -> None:
    assert "error" in sandbox.control("PUT", "/faults", {"api": [spec]}, ok=False)


def test_the_log_names_the_fault(sandbox: Sandbox) -> None:
    arm(sandbox, "connection_reset")
    with pytest.raises(stripe.APIConnectionError):
        sandbox.api.customers.create({"name": "Ana"})

    entry = sandbox.get("/requests")[-1]

    assert (entry["fault"], entry["status"]) == ("connection_reset", None)


def test_reset_ends_what_is_held(sandbox: Sandbox) -> None:
    arm(sandbox, "timeout")
    with requests.Session() as session:
        session.headers["Authorization"] = "Bearer sk_test_sandbox"
        with pytest.raises(requests.Timeout):
            session.post(sandbox.base + "/v1/customers", timeout=0.3)

    sandbox.post("/reset")

    assert sandbox.control("GET", "/faults")["api"] == []


@pytest.mark.parametrize(
    ("kind", "status", "code"), [("429", 429, "rate_limit"), ("lock_timeout", 429, "lock_timeout"), ("503", 503, None)]
)
def test_what_never_ran_is_not_saved(sandbox: Sandbox, kind: str, status: int, code: str | None) -> None:
    arm(sandbox, kind)

    refused = create(sandbox)

    assert (refused.status_code, refused.json()["error"].get("code")) == (status, code)
    assert "Stripe-Should-Retry" not in refused.headers
    assert create(sandbox).status_code == 200
    assert count(sandbox) == 1


def test_a_gateway_answers_with_a_page_of_its_own(sandbox: Sandbox) -> None:
    arm(sandbox, "502")

    with pytest.raises(stripe.APIError) as broken:
        sandbox.api.customers.create({"name": "Ana"})

    assert broken.value.http_status == 502
    assert "<html>" in str(broken.value.http_body)
    assert count(sandbox) == 0


def test_an_answer_may_break_off_after_its_effect(sandbox: Sandbox) -> None:
    arm(sandbox, "truncated_after_success")

    with pytest.raises(requests.RequestException):
        create(sandbox)

    assert count(sandbox) == 1
    assert create(sandbox).status_code == 200
    assert count(sandbox) == 1


def test_a_slow_page_keeps_its_place(sandbox: Sandbox) -> None:
    made = [sandbox.api.customers.create({}).id for _ in range(3)]
    arm(sandbox, "slow", match="GET /v1/customers", skip=1, seconds=0.5)
    page = sandbox.api.customers.list({"limit": 1})

    with pytest.raises(requests.Timeout):
        requests.get(
            f"{sandbox.base}/v1/customers?limit=1&starting_after={page.data[0].id}",
            headers={"Authorization": "Bearer sk_test_sandbox"},
            timeout=0.3,
        )

    assert [each.id for each in page.auto_paging_iter()] == made[::-1]


def test_a_fault_may_befall_whatever_is_asked(sandbox: Sandbox) -> None:
    arm(sandbox, "503", match="* /v1/**", times=2)

    statuses = [
        sandbox.raw(*each).status_code
        for each in (("GET", "/v1/events"), ("POST", "/v1/customers/cus_x"), ("GET", "/v1/events"))
    ]

    assert statuses == [503, 503, 200]


def storm(sandbox: Sandbox, seed: int) -> dict[str, Any]:
    """What goes wrong in one run under every kind of fault that chance decides."""
    sandbox.post("/reset")
    sandbox.receiver.forget()
    linked = link(sandbox)
    sandbox.control(
        "PUT",
        "/faults",
        {
            "seed": seed,
            "api": [{"match": CUSTOMERS, "kind": "503", "times": 1000, "chance": 0.3}],
            "webhooks": {"duplicate": 0.3, "drop": 0.3, "twins": 0.3, "delay_s": 3600, "late": 0.5},
            "banks": [{"kind": kind} for kind in ("lookalikes", "pending", "balance")],
        },
    )
    statuses = [sandbox.raw("POST", "/v1/customers", data={"name": str(n)}).status_code for n in range(25)]
    sandbox.api.financial_connections.accounts.refresh(linked.account, {"features": ["transactions", "balance"]})
    sandbox.post("/clock/advance", {"seconds": 60})
    at_once = eventually(lambda: settled(sandbox))
    sandbox.post("/clock/advance", {"seconds": 7200})
    after_all = eventually(lambda: settled(sandbox))
    rows = rows_of(sandbox, linked.account)
    balance = sandbox.api.financial_connections.accounts.retrieve(linked.account).balance
    return {
        "statuses": statuses,
        "events": Counter(each.type for each in sandbox.api.events.list({"limit": 100}).data),
        "at once": at_once,
        "in the end": after_all,
        "rows": [(row.amount, row.description, row.status) for row in rows],
        "balance": balance and {**balance.to_dict(), "as_of": None},
    }


def settled(sandbox: Sandbox) -> Any:
    """What has been delivered of which customer, once nothing is on its way any more."""
    deliveries = sandbox.control("GET", "/deliveries?bodies=1")
    log = [(each["type"], each["outcome"], json.loads(each["body"] or "null")) for each in deliveries["data"]]
    told = Counter((kind, outcome, body and body["data"]["object"].get("name")) for kind, outcome, body in log)
    return told if deliveries["due"] == 0 else None


@pytest.mark.parametrize("seed", [1, 2_026])
def test_a_seed_replays_every_fault(sandbox: Sandbox, seed: int) -> None:
    first, second, other = storm(sandbox, seed), storm(sandbox, seed), storm(sandbox, seed + 1)

    assert first == second
    assert 503 in first["statuses"]
    assert first["statuses"] != other["statuses"]
    assert first["in the end"] != other["in the end"]


def test_a_seed_is_chosen_and_shown_when_none_is_given(sandbox: Sandbox) -> None:
    arm(sandbox, "503", chance=0.5, times=100)
    first = [create(sandbox, str(n)).status_code for n in range(12)]
    seed = sandbox.control("GET", "/faults")["seed"]

    sandbox.post("/reset")
    sandbox.control("PUT", "/faults", {"seed": seed})
    arm(sandbox, "503", chance=0.5, times=100)

    assert [create(sandbox, str(n)).status_code for n in range(12)] == first
