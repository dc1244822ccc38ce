"""No sequence of calls, controls and days brings a state that Stripe does not document; each change is told once."""

from __future__ import annotations

import time
from typing import Any

import requests
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.sandbox.api import schema
from tests.sandbox.api.connecting import ACCOUNTS, HOSTED, PREVIEW, SESSIONS
from tests.sandbox.api.driving import DAY, Sandbox

ACCOUNT = "financial_connections.account."
CURRENT = "2026-10-28.endive"
FEATURES = {"balance": "balance_refresh", "ownership": "ownership_refresh", "transactions": "transaction_refresh"}
MOVES = {
    ACCOUNT + "created": (None, "active"),
    ACCOUNT + "deactivated": ("active", "inactive"),
    ACCOUNT + "reactivated": ("inactive", "active"),
    ACCOUNT + "disconnected": ("active|inactive", "disconnected"),
}
ENDS = {ACCOUNT + "deactivated", ACCOUNT + "reactivated", ACCOUNT + "disconnected"}
# Which events a part of an account may change with; with the first of each it must.
CHANGES = {
    "account_numbers": {ACCOUNT + "account_numbers_updated", ACCOUNT + "disconnected"},
    "supported_payment_method_types": {ACCOUNT + "supported_payment_method_types_updated"},
    "status_details": {ACCOUNT + "expected_deactivation_date_updated", *ENDS},
    "balance": {ACCOUNT + "refreshed_balance", ACCOUNT + "disconnected"},
    "ownership": {ACCOUNT + "refreshed_ownership", ACCOUNT + "disconnected"},
    "display_name": set(),
    "institution_name": set(),
    "last4": set(),
    "account_holder": set(),
    "category": set(),
}
BANKS = {
    "cascade-checking": "cascade-savings",
    "eventually-checking": "eventually-savings",
    "immediately-checking": "immediately-savings",
    "tokenized-expiring": "tokenized-expired",
    "unpayable-pending": "unpayable-savings",
}


class Life(RuleBasedStateMachine):
    """One customer's two accounts at one bank, whatever happens to them."""

    sandbox: Sandbox
    schemas: dict[str, Any] | None

    def __init__(self) -> None:
        super().__init__()
        self.http = requests.Session()
        self.told: set[str] = set()
        self.last: dict[str, Any] = {}
        self.asked: dict[tuple[str, str], int] = {}
        self.sessions: dict[str, str] = {}
        self.last_event: str | None = None

    # Ways to reach the sandbox

    def api(self, method: str, path: str, version: str = PREVIEW, **form: Any) -> Any:
        headers = {"Authorization": "Bearer sk_test_sandbox", "Stripe-Version": version}
        options: dict[str, Any] = {"data": form} if method == "POST" else {"params": form}
        answer = self.http.request(method, self.sandbox.base + path, headers=headers, timeout=20, **options)
        assert answer.status_code in (200, 400, 404), (path, form, answer.text)
        return answer.json()

    def control(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"{self.sandbox.base}/sandbox{path}", json=body, timeout=20)
        assert answer.status_code in (200, 400), (path, body, answer.text)
        return answer.json()

    # What happens

    @initialize(key=st.sampled_from(sorted(BANKS)), prefetch=st.booleans())
    def link(self, key: str, prefetch: bool) -> None:
        self.control("/reset")
        self.keys = [key, BANKS[key]]
        customer = self.api("POST", "/v1/customers", email="ana@example.com")["id"]
        self.holder = {"account_holder[type]": "customer", "account_holder[customer]": customer}
        session = self.open(**({"prefetch[]": "balances"} if prefetch else {}))
        linked = self.control(f"/link-sessions/{session}/authorize", accounts=self.keys)["accounts"]
        self.accounts = [account["id"] for account in linked]
        for account in self.accounts if prefetch else []:
            self.asked[account, "balance"] = 1

    def open(self, version: str = PREVIEW, **form: Any) -> str:
        asked: dict[str, Any] = {
            "permissions[]": ["balances", "ownership", "payment_method", "transactions"],
            **self.holder,
            **form,
        }
        session = self.api("POST", SESSIONS, version, **asked)
        self.sessions[session["id"]] = session["status"]
        return str(session["id"])

    accounts_ = st.integers(0, 1)

    @rule(which=accounts_, features=st.sets(st.sampled_from(sorted(FEATURES)), min_size=1))
    def refresh(self, which: int, features: set[str]) -> None:
        account = self.accounts[which]
        answer = self.api("POST", f"{ACCOUNTS}/{account}/refresh", **{"features[]": sorted(features)})
        if "error" not in answer:
            for feature in features:
                assert answer[FEATURES[feature]]["status"] == "pending"
                self.asked[account, feature] = self.asked.get((account, feature), 0) + 1

    @rule(which=accounts_, verb=st.sampled_from(["subscribe", "unsubscribe"]))
    def subscription(self, which: int, verb: str) -> None:
        self.api("POST", f"{ACCOUNTS}/{self.accounts[which]}/{verb}", **{"features[]": "transactions"})

    @rule(which=accounts_, chance=st.integers(0, 5))
    def disconnect(self, which: int, chance: int) -> None:
        if chance == 0:
            self.api("POST", f"{ACCOUNTS}/{self.accounts[which]}/disconnect")

    @rule(
        which=accounts_,
        state=st.sampled_from(
            [
                {"status": "inactive"},
                {"status": "inactive", "cause": "account_closed"},
                {"status": "active"},
                {"refresh": "hang"},
                {"refresh": "fail"},
                {"refresh": "succeed"},
                {"account_numbers": {"status": "deactivated"}},
                {"account_numbers": {"status": "transactable"}},
                {"expected_deactivation_date": None},
                {"supported_payment_method_types": []},
                {"subscriptions": []},
                {"balance": None},
            ]
        ),
    )
    def bank(self, which: int, state: dict[str, Any]) -> None:
        self.control(f"/accounts/{self.accounts[which]}/state", **state)

    @rule(which=accounts_, days=st.integers(1, 40))
    def expect_end(self, which: int, days: int) -> None:
        at = int(time.time()) + days * DAY
        self.control(f"/accounts/{self.accounts[which]}/state", expected_deactivation_date=at)

    @rule(seconds=st.sampled_from([1, 10, DAY, 3 * DAY, 31 * DAY]))
    def wait(self, seconds: int) -> None:
        # In steps, as events are listed for thirty days.
        while seconds > 0:
            self.control("/clock/advance", seconds=min(seconds, 20 * DAY))
            seconds -= 20 * DAY
            self.take_events()

    @rule(result=st.sampled_from(["success", "cancel", "fail"]), only=st.booleans(), count=st.integers(1, 2))
    def relink(self, result: str, only: bool, count: int) -> None:
        authorization = self.api("GET", f"{ACCOUNTS}/{self.accounts[0]}")["authorization"]
        form: dict[str, Any] = {
            "relink_options[authorization]": authorization,
            "permissions[]": ["balances", "transactions"],
        }
        if only:
            form["relink_options[account]"] = self.accounts[0]
        session = self.api("POST", SESSIONS, **form)
        if "error" in session:
            return
        self.sessions[session["id"]] = session["status"]
        self.control(f"/link-sessions/{session['id']}/authorize", accounts=self.keys[:count], result=result)

    @rule(result=st.sampled_from(["success", "cancel", "fail", "nothing"]))
    def hosted(self, result: str) -> None:
        session = self.open(HOSTED, ui_mode="hosted", **{"hosted[return_url]": "https://app.test/"})
        self.control(f"/link-sessions/{session}/authorize", accounts=self.keys[:1], result=result)

    @precondition(lambda self: self.sessions)
    @rule()
    def end_an_ended_session(self) -> None:
        ended = [session for session, status in self.sessions.items() if status != "pending"]
        for session in ended[-1:]:
            answer = self.control(f"/link-sessions/{session}/authorize", accounts=self.keys[:1])
            assert answer["error"]["code"] == "session_expired"

    # What must hold

    def take_events(self) -> None:
        """Reads what was told since the last time, and follows it account by account."""
        form: dict[str, Any] = {"limit": 100, "type": "financial_connections.*"}
        if self.last_event:
            form["ending_before"] = self.last_event
        page = self.api("GET", "/v1/events", CURRENT, **form)
        assert not page["has_more"]
        for event in reversed(page["data"]):
            self.last_event = event["id"]
            if event["data"]["object"]["object"] == "financial_connections.account":
                self.follow(event["type"], event["data"]["object"])

    def follow(self, type: str, now: dict[str, Any]) -> None:
        self.check_shape(now)
        before = self.last.get(now["id"])
        self.last[now["id"]] = now
        was = before["status"] if before else None
        if type in MOVES:
            source, target = MOVES[type]
            assert was in (source or "").split("|") if source else was is None, f"{type} from {was}"
            assert now["status"] == target
        else:
            assert now["status"] == was, f"{type} told of {now['status']}"
        if before is None:
            return
        for part, with_events in CHANGES.items():
            assert now[part] == before[part] or type in with_events, f"{type} changed {part}"
        if type.endswith("_updated"):
            assert self.is_told(type, before, now), f"{type} told of no change"
        for feature, field in FEATURES.items():
            if type == ACCOUNT + f"refreshed_{feature}":
                assert now[field]["status"] in ("succeeded", "failed")
                assert self.asked.get((now["id"], feature), 1) > 0
                key = (now["id"], "told " + feature)
                self.asked[key] = self.asked.get(key, 0) + 1
        if type == ACCOUNT + "refreshed_transactions":
            refresh = now["transaction_refresh"]["id"]
            assert refresh not in self.told, "told twice of one refresh"
            self.told.add(refresh)

    @staticmethod
    def is_told(type: str, before: dict[str, Any], now: dict[str, Any]) -> bool:
        if type.endswith("account_numbers_updated"):
            tokenized = (now["account_numbers"] or [{}])[0].get("identifier_type") == "tokenized_account_number"
            return tokenized or now["account_numbers"] != before["account_numbers"]
        part = "status_details" if "deactivation" in type else "supported_payment_method_types"
        return bool(now[part] != before[part])

    def check_shape(self, body: dict[str, Any]) -> None:
        if self.schemas is not None:
            found = list(schema.complaints(body, self.schemas[body["object"]], self.schemas))
            assert not found, found

    @invariant()
    def accounts_are_as_told(self) -> None:
        if not hasattr(self, "accounts"):
            return
        for account_id in self.accounts:
            account = self.settled(account_id)
            self.check_shape(account)
            told = self.last[account_id]
            for part in ("status", *CHANGES):
                assert account[part] == told[part], f"{part} changed and nobody was told"
            self.check_refreshes(account)
            assert account["status"] != "disconnected" or account["subscriptions"] == []

    def settled(self, account_id: str) -> Any:
        """The account at a moment after which nothing was told yet; real time goes on meanwhile."""
        while True:
            self.take_events()
            before, account = self.last_event, self.api("GET", f"{ACCOUNTS}/{account_id}", CURRENT)
            self.take_events()
            if self.last_event == before:
                return account

    def check_refreshes(self, account: dict[str, Any]) -> None:
        for feature, field in FEATURES.items():
            refresh = account[field]
            if refresh is None:
                continue
            pending = refresh["status"] == "pending"
            assert not pending or account["status"] == "active"
            may_ask = account["status"] == "active" and not pending
            assert (refresh["next_refresh_available_at"] is not None) == may_ask, (feature, account["status"], refresh)
            if feature != "transactions":
                told = self.asked.get((account["id"], "told " + feature), 0)
                assert self.asked.get((account["id"], feature), 0) in (told, told + 1)

    @invariant()
    def sessions_end_once(self) -> None:
        self.check_sessions([each for each, status in self.sessions.items() if status == "pending"])

    def check_sessions(self, session_ids: list[str]) -> None:
        for session_id in session_ids:
            session = self.api("GET", f"{SESSIONS}/{session_id}", HOSTED)
            before, now = self.sessions[session_id], session["status"]
            assert now in ("pending", "succeeded", "cancelled", "failed")
            assert before in ("pending", now), f"{before} became {now}"
            assert bool(session.get("url")) == (now == "pending" and session["ui_mode"] == "hosted")
            assert bool(session["accounts"]["data"]) == (now == "succeeded")
            self.sessions[session_id] = now

    def teardown(self) -> None:
        self.check_sessions(list(self.sessions))
        for session in self.sessions:
            self.check_shape(self.api("GET", f"{SESSIONS}/{session}", CURRENT))
        self.http.close()


def test_no_sequence_leaves_the_documented_states(running_sandbox: Sandbox) -> None:
    running_sandbox.control("PUT", "/webhook", {"url": None})
    Life.sandbox = running_sandbox
    Life.schemas = schema.load()["components"]["schemas"] if schema.FILE.exists() else None
    try:
        run_state_machine_as_test(
            Life,
            settings=settings(
                max_examples=10,
                stateful_step_count=15,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        running_sandbox.control("PUT", "/webhook", {"url": running_sandbox.receiver.url})
