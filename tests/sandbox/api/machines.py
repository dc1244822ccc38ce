"""The state machines of Stripe's money objects as documented, and a reader of the event log that holds them against it.

Written from the documentation, without a look at the sandbox's own tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]

# From what to what; None is "not there yet".
STATES: dict[str, dict[str | None, set[str]]] = {
    "payment_intent": {
        None: {"requires_payment_method", "requires_confirmation"},
        "requires_payment_method": {"requires_confirmation", "canceled"},
        "requires_confirmation": {"requires_payment_method", "requires_action", "processing", "canceled"},
        "requires_action": {"requires_payment_method", "requires_confirmation", "processing", "canceled"},
        "processing": {"succeeded", "requires_payment_method", "canceled"},
        "succeeded": set(),
        "canceled": set(),
    },
    "setup_intent": {
        None: {"requires_payment_method", "requires_confirmation"},
        "requires_payment_method": {"requires_confirmation", "canceled"},
        "requires_confirmation": {"requires_payment_method", "requires_action", "succeeded", "canceled"},
        "requires_action": {"requires_payment_method", "requires_confirmation", "succeeded", "canceled"},
        "succeeded": set(),
        "canceled": set(),
    },
    # One that is refused at once was never pending.
    "charge": {None: {"pending", "failed"}, "pending": {"succeeded", "failed"}, "succeeded": set(), "failed": set()},
    # A bank can send a refund back weeks after it had arrived.
    "refund": {None: {"pending"}, "pending": {"succeeded", "failed"}, "succeeded": {"failed"}, "failed": set()},
    "mandate": {"active": {"inactive"}, "pending": {"active", "inactive"}, "inactive": set()},
    "dispute": {None: {"lost"}, "lost": set()},
}

# The state that each event tells of. Others tell of the object without moving it.
TELLS = {
    "payment_intent.requires_action": {"requires_action"},
    "payment_intent.processing": {"processing"},
    "payment_intent.succeeded": {"succeeded"},
    "payment_intent.payment_failed": {"requires_payment_method"},
    "payment_intent.canceled": {"canceled"},
    "payment_intent.created": {"requires_payment_method", "requires_confirmation"},
    "setup_intent.created": {"requires_payment_method", "requires_confirmation"},
    "setup_intent.requires_action": {"requires_action"},
    "setup_intent.succeeded": {"succeeded"},
    "setup_intent.setup_failed": {"requires_payment_method"},
    "setup_intent.canceled": {"canceled"},
    "charge.pending": {"pending"},
    "charge.succeeded": {"succeeded"},
    "charge.failed": {"failed"},
    "refund.created": {"pending"},
    "refund.failed": {"failed"},
    "mandate.updated": {"active", "inactive", "pending"},
    "charge.dispute.created": {"lost"},
}
# What changes of intents Stripe tells nobody: a method was given, and it waits to be confirmed.
SILENT = "requires_confirmation"


def may_become(kind: str, old: str | None, new: str) -> bool:
    """Whether an object can have gone from `old` to `new` with nothing to be told in between."""
    moves = STATES[kind]
    if new in moves[old]:
        return True
    return kind.endswith("_intent") and old is not None and SILENT in moves[old] and new in moves[SILENT]


@dataclass
class Log:
    """The events so far: each seen once, each telling of one move."""

    ids: set[str] = field(default_factory=set)
    objects: dict[str, Body] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)

    def read(self, event: Body) -> None:
        """Raises AssertionError when the event tells of what cannot be, or of what has been told."""
        body, type = event["data"]["object"], event["type"]
        assert event["id"] not in self.ids, f"{event['id']} stands twice in the log"
        self.ids.add(event["id"])
        if body["object"] == "payment_method":
            self._read_payment_method(type, body, event["data"])
        elif body["object"] in STATES:
            self._read_state(type, body, event["data"])

    def _read_state(self, type: str, body: Body, data: Body) -> None:
        kind, before = body["object"], self.objects.get(body["id"])
        old = before["status"] if before else None
        if kind == "mandate":
            # Nothing tells of a mandate's beginning.
            old = data["previous_attributes"]["status"]
        if kind == "dispute":
            self._once(type, body)
        tells = type in TELLS or (type == "refund.updated" and "status" in data["previous_attributes"])
        if not tells:
            assert before is None or body["status"] == old, f"{type} moves {body['id']} on"
        elif self._is_news(type, before, body):
            assert body["status"] in TELLS.get(type, {"succeeded"}), f"{type} shows {body['status']}"
            assert may_become(kind, old, body["status"]), f"{body['id']} went from {old} to {body['status']}: {type}"
        self.objects[body["id"]] = body

    def _is_news(self, type: str, before: Body | None, body: Body) -> bool:
        """A second telling of the same state needs another attempt behind it."""
        if before is None or before["status"] != body["status"]:
            return True
        attempt = ("latest_charge", "last_payment_error", "payment_method", "latest_attempt")
        assert any(before.get(name) != body.get(name) for name in attempt), f"{type} of {body['id']} is told twice"
        return body["object"].endswith("_intent") and body["status"] != "requires_action"

    def _read_payment_method(self, type: str, body: Body, data: Body) -> None:
        before = self.objects.get(body["id"])
        if type in ("payment_method.attached", "payment_method.detached"):
            self._once(type, body)
            assert (body["customer"] is None) == type.endswith("detached")
        if type == "payment_method.automatically_updated":
            was = data["previous_attributes"]["us_bank_account"]["status_details"]
            assert was != body["us_bank_account"]["status_details"], f"{type} of {body['id']} changes nothing"
            assert not was, f"{body['id']} is blocked twice"
        if before and before["customer"] is None and type != "payment_method.attached":
            assert body["customer"] is None, f"{body['id']} came back"
        self.objects[body["id"]] = body

    def _once(self, type: str, body: Body) -> None:
        assert (type, body["id"]) not in self.told, f"{type} of {body['id']} is told twice"
        self.told.add((type, body["id"]))

    def agrees_with(self, body: Body) -> None:
        """What is there now is what was told last."""
        # Nothing tells of a mandate's beginning.
        known = self.objects.get(body["id"], {"status": "active"} if body["object"] == "mandate" else None)
        assert known is not None, f"{body['id']} was never told of"
        now, told = body["status"], known["status"]
        silent = now == SILENT and SILENT in STATES[body["object"]][told]
        assert now == told or silent, f"{body['id']} is {now}, and {told} was told"
