"""No sequence of calls, controls and days leads where the documentation has no way, and every move is told once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.sandbox.api import schema
from tests.sandbox.api.driving import DAY, Sandbox
from tests.sandbox.api.machines import Body, Log

KEY = {"Authorization": "Bearer sk_test_sandbox"}
TOKENS = ("success", "success", "dispute", "accountClosed", "insufficientFunds", "processing", "riskLevelHighest")
NUMBERS = ("000123456789", "000222222227", "000666666661")
CODES = ("SM11AA", "SM11AA", "SM99ZZ", "SM33CC", "SM44DD")
ANSWERS = ("", "", "", "R01", "R02", "R10")
REASONS = ("debit_not_authorized", "insufficient_funds", "R02", "R10")
STEPS = 60
AMOUNTS = ({}, {"amount": 300}, {"amount": 700}, {"amount": 1000})
DAYS = (0.5, 1, 3, 14, 14)
FAULTS: tuple[Body, ...] = (
    {},
    {"duplicate": 1.0, "shuffle": True},
    {"drop": 1.0},
    {"duplicate": 0.5, "drop": 0.5, "shuffle": True},
)
MANDATE = {
    "mandate_data[customer_acceptance][type]": "online",
    "mandate_data[customer_acceptance][online][ip_address]": "203.0.113.7",
    "mandate_data[customer_acceptance][online][user_agent]": "test",
}
SCHEMAS = schema.load()["components"]["schemas"] if schema.FILE.exists() else None


@dataclass
class Money:
    """A customer and everything that can be done with their money; most of it is refused at any one time."""

    sandbox: Sandbox
    web: requests.Session
    log: Log
    customer: str = ""
    last: str | None = None
    methods: list[str] = field(default_factory=list)
    mandates: list[str] = field(default_factory=list)
    setups: list[str] = field(default_factory=list)
    intents: list[str] = field(default_factory=list)

    # What can be done: `which` says with which object, `how` says in which way.

    def save(self, which: int, how: int) -> None:
        token = f"pm_usBankAccount_{choice(TOKENS, how)}"
        setup = self.ask("/v1/setup_intents", customer=self.customer, payment_method=token, confirm="true", **MANDATE)
        self.setups.append(setup["id"])
        self.methods.append(setup["payment_method"])
        self.mandates.append(setup["mandate"])

    def set_up_typed(self, which: int, how: int) -> None:
        typed = typed_in(choice(NUMBERS, which)) if how % 5 else {}
        self.setups.append(self.ask("/v1/setup_intents", customer=self.customer, **typed)["id"])
        self.confirm_setup(1, 0)

    def pay_typed(self, which: int, how: int) -> None:
        self.begin(which, how)
        self.confirm(1, 0)

    def begin(self, which: int, how: int) -> None:
        typed = typed_in(choice(NUMBERS, which)) if how % 3 else {}
        more = {"setup_future_usage": "off_session"} if how % 2 else {}
        self._begin(**typed, **more)

    def pay(self, which: int, how: int) -> None:
        self.begin_with_saved(which, how)
        self.confirm(1, 0)

    def begin_with_saved(self, which: int, how: int) -> None:
        for method in picked(self.methods, which):
            self._begin(payment_method=method)

    def _begin(self, **params: str) -> None:
        intent = self.ask("/v1/payment_intents", customer=self.customer, amount=1000, currency="usd", **params)
        if "id" in intent:
            self.intents.append(intent["id"])

    def confirm(self, which: int, how: int) -> None:
        ways: tuple[Body, ...] = (
            MANDATE,
            MANDATE,
            {**MANDATE, "payment_method": f"pm_usBankAccount_{choice(TOKENS, how // 5)}"},
            {"mandate": choice(self.mandates, how // 5)},
            {**MANDATE, "off_session": "true"},
        )
        for intent in self.fitting(self.intents, which, "requires_confirmation"):
            self.ask(f"/v1/payment_intents/{intent}/confirm", **choice(ways, how))

    def confirm_setup(self, which: int, how: int) -> None:
        for setup in self.fitting(self.setups, which, "requires_confirmation"):
            self.ask(f"/v1/setup_intents/{setup}/confirm", **MANDATE)

    def change(self, which: int, how: int) -> None:
        for intent in picked(self.intents, which):
            self.ask(f"/v1/payment_intents/{intent}", payment_method=choice(self.methods, how))
            self.ask(f"/v1/payment_intents/{intent}", amount=1000 + how)

    def verify(self, which: int, how: int) -> None:
        for intent in self.fitting(self.intents, which, "requires_action"):
            self.ask(f"/v1/payment_intents/{intent}/verify_microdeposits", descriptor_code=choice(CODES, how))

    def verify_setup(self, which: int, how: int) -> None:
        for setup in self.fitting(self.setups, which, "requires_action"):
            self.ask(f"/v1/setup_intents/{setup}/verify_microdeposits", descriptor_code=choice(CODES, how))

    def cancel(self, which: int, how: int) -> None:
        for intent in picked(self.intents, which):
            self.ask(f"/v1/payment_intents/{intent}/cancel")

    def cancel_setup(self, which: int, how: int) -> None:
        for setup in picked(self.setups, which):
            self.ask(f"/v1/setup_intents/{setup}/cancel")

    def settle(self, which: int, how: int) -> None:
        code = choice(ANSWERS, how)
        body = {"outcome": "failed", "failure_code": code} if code else {"outcome": "succeeded"}
        for intent in self.fitting(self.intents, which, "processing"):
            self.tell(f"/payment_intents/{intent}/settle", body)

    def post(self, which: int, how: int) -> None:
        for intent in self.fitting(self.intents, which, "processing"):
            self.tell(f"/payment_intents/{intent}/post", {})

    def dispute(self, which: int, how: int) -> None:
        for intent in self.fitting(self.intents, which, "succeeded"):
            self.tell(f"/payment_intents/{intent}/dispute", {"reason": choice(REASONS, how)})

    def refund(self, which: int, how: int) -> None:
        for intent in self.fitting(self.intents, which, "succeeded"):
            self.ask("/v1/refunds", payment_intent=intent, **choice(AMOUNTS, how))
            self.ask("/v1/refunds", payment_intent=intent, **choice(AMOUNTS, how // 4))

    def send_back(self, which: int, how: int) -> None:
        for refund in picked([body["id"] for body in self.log.objects.values() if body["object"] == "refund"], which):
            self.tell(f"/refunds/{refund}/fail", {})

    def end_mandate(self, which: int, how: int) -> None:
        self.tell(f"/mandates/{choice(self.mandates, which)}/state", {"status": "inactive"})

    def detach(self, which: int, how: int) -> None:
        method = choice(self.methods, which)
        self.ask(f"/v1/payment_methods/{method}/detach")
        if len(self.methods) > 1 and which % 3:
            self.methods.remove(method)

    def attach(self, which: int, how: int) -> None:
        self.ask(f"/v1/payment_methods/{choice(self.methods, which)}/attach", customer=self.customer)

    def wait(self, which: int, how: int) -> None:
        self.tell("/clock/advance", {"seconds": choice(DAYS, how) * DAY})

    def go_wrong(self, which: int, how: int) -> None:
        lost = [{"match": "POST /v1/payment_intents/*/confirm", "kind": "500_after_success", "times": 1}]
        every = {"duplicate": 0.0, "drop": 0.0, "shuffle": False, **choice(FAULTS, how)}
        faults = {"webhooks": every, "api": lost if which % 2 else []}
        self.web.put(f"{self.sandbox.base}/sandbox/faults", json=faults).raise_for_status()

    # What always holds

    def every_move_is_legal_and_told_once(self) -> None:
        for event in self.news():
            self.log.read(event)
            if SCHEMAS is not None:
                body = event["data"]["object"]
                found = list(schema.complaints(event, SCHEMAS["event"], SCHEMAS, event["type"]))
                found += schema.complaints(body, SCHEMAS[body["object"]], SCHEMAS, event["type"])
                assert not found, found

    def what_is_there_is_what_was_told(self) -> None:
        for family in ("payment_intents", "setup_intents", "charges"):
            for body in self.read(f"/v1/{family}?limit=100{'&customer=' + self.customer}"):
                self.log.agrees_with(body)
        for mandate in self.mandates:
            self.log.agrees_with(self.get(f"/v1/mandates/{mandate}"))
        for intent in self.intents:
            self.money_is_conserved(self.get(f"/v1/payment_intents/{intent}"))

    def money_is_conserved(self, intent: Body) -> None:
        succeeded = intent["status"] == "succeeded"
        assert intent["amount_received"] == (intent["amount"] if succeeded else 0)
        charges = self.read(f"/v1/charges?limit=100&payment_intent={intent['id']}")
        assert sum(charge["status"] == "succeeded" for charge in charges) == succeeded
        assert sum(charge["status"] == "pending" for charge in charges) == (intent["status"] == "processing")
        refunds = self.read(f"/v1/refunds?limit=100&payment_intent={intent['id']}")
        for charge in charges:
            back = sum(r["amount"] for r in refunds if r["charge"] == charge["id"] and r["status"] != "failed")
            assert charge["amount_refunded"] == back <= charge["amount"]
        for refund in refunds:
            self.log.agrees_with(refund)
        disputes = self.read(f"/v1/disputes?payment_intent={intent['id']}")
        assert len(disputes) == sum(charge["disputed"] for charge in charges)
        for body in [*charges, *refunds, *disputes]:
            self.is_booked(body)

    def is_booked(self, body: Body) -> None:
        """What an object moved on the balance is what its state says."""
        booked = sum(move["amount"] for move in self.read(f"/v1/balance_transactions?source={body['id']}"))
        gone = {"refund": {"pending", "succeeded"}, "dispute": {"lost"}, "charge": {"succeeded"}}[body["object"]]
        left = body["status"] in gone and body.get("pending_reason") != "charge_pending"
        assert booked == (body["amount"] if body["object"] == "charge" else -body["amount"]) * left

    # How it is asked

    def fitting(self, ids: list[str], which: int, state: str) -> list[str]:
        """One that is in the state for which this is meant, two times out of three; else any."""
        self.every_move_is_legal_and_told_once()
        meant = [each for each in ids if self.log.objects[each]["status"] == state]
        return picked(meant if which % 3 and meant else ids, which)

    def ask(self, path: str, **params: Any) -> Body:
        answer = self.web.post(self.sandbox.base + path, data=params, headers=KEY)
        known = "The sandbox was told to fail" in answer.text
        assert answer.status_code < 500 or known, (path, params, answer.text)
        return answer.json()

    def get(self, path: str) -> Body:
        answer = self.web.get(self.sandbox.base + path, headers=KEY)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def read(self, path: str) -> list[Body]:
        return self.get(path)["data"]

    def tell(self, path: str, body: Body) -> None:
        answer = self.web.post(f"{self.sandbox.base}/sandbox{path}", json=body)
        assert answer.status_code < 500, (path, body, answer.text)

    def news(self) -> Iterator[Body]:
        """The events since the last time, the oldest first."""
        more = True
        while more:
            after = f"&ending_before={self.last}" if self.last else ""
            page = self.get(f"/v1/events?limit=100{after}")
            for event in reversed(page["data"]):
                self.last = event["id"]
                yield event
            more = page["has_more"] and bool(after)


def typed_in(number: str) -> Body:
    return {
        "payment_method_data[type]": "us_bank_account",
        "payment_method_data[billing_details][name]": "Ana",
        "payment_method_data[us_bank_account][account_number]": number,
        "payment_method_data[us_bank_account][routing_number]": "110000000",
    }


def choice(options: Any, number: int) -> Any:
    return options[number % len(options)]


def picked(ids: list[str], which: int) -> list[str]:
    """One of them, the latest most often; none where there is none."""
    return [ids[-1 - which // 3 % len(ids)]] if ids else []


# As often as it takes to get far: most lives should see money arrive, and go back.
ACTS = (
    Money.pay, Money.pay, Money.pay, Money.settle, Money.settle, Money.settle, Money.settle, Money.dispute,
    Money.dispute, Money.dispute, Money.refund, Money.refund, Money.refund, Money.refund, Money.wait, Money.wait,
    Money.pay_typed, Money.pay_typed, Money.begin, Money.begin_with_saved, Money.confirm, Money.confirm, Money.verify,
    Money.verify, Money.save, Money.set_up_typed, Money.confirm_setup, Money.verify_setup, Money.cancel, Money.cancel,
    Money.cancel_setup, Money.change, Money.send_back, Money.end_mandate, Money.post, Money.detach, Money.attach,
    Money.go_wrong,
)  # fmt: skip


# A smaller seed is no simpler walk, so nothing is shrunk.
@settings(
    max_examples=10,
    phases=[Phase.generate],
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**32))
def test_no_sequence_leaves_the_documented_machines(sandbox: Sandbox, seed: int) -> None:
    chance = random.Random(seed)
    sandbox.post("/reset")
    with requests.Session() as web:
        money = Money(sandbox, web, Log())
        money.customer = money.ask("/v1/customers", name="Ana")["id"]
        money.save(0, 0)
        for _ in range(STEPS):
            act, which, how = chance.choice(ACTS), chance.randrange(6), chance.randrange(35)
            note(f"{act.__name__}({which}, {how})")
            act(money, which, how)
        money.every_move_is_legal_and_told_once()
        money.what_is_there_is_what_was_told()
