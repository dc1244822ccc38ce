"""What a person may do to an object from the page: the controls and API calls that its state allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox import banks
from sandbox.connections import access, account_numbers, bank_side
from sandbox.money import disputes, returns
from sandbox.pages.cells import Body


@dataclass(frozen=True)
class Choice:
    """One thing that the person sets before pressing; `kind` is select, text, number or list (a list of one).

    A name with points is a place further in: `transactions.0.amount`.
    """

    name: str
    label: str
    kind: str = "select"
    options: Sequence[Sequence[str]] = ()
    value: str = ""


@dataclass(frozen=True)
class Action:
    """A button: what it calls, sends, and asks first. `api`: a call of Stripe's own, by form and with the key."""

    label: str
    path: str
    body: Body = field(default_factory=dict)
    choices: Sequence[Choice] = ()
    method: str = "POST"
    asks: str = ""
    danger: bool = False
    api: bool = False


# Failures that no bank names by a return code, or that name more than the code does.
_OTHER_FAILURES = ("charge_exceeds_source_limit", "charge_exceeds_transaction_limit", "processing_error",
                   "tokenized_account_number_deactivated")  # fmt: skip


def of(body: Body) -> list[Body]:
    """The actions on an object as the store keeps it."""
    known = _BY_KIND.get(body["object"])
    return [asdict(action) for action in known(body)] if known else []


def resend(event_id: str) -> list[Body]:
    return [asdict(Action("Send again", f"/sandbox/events/{event_id}/resend"))]


def _payment(intent: Body) -> Iterator[Action]:
    path = f"/sandbox/payment_intents/{intent['id']}"
    if intent["status"] == "processing":
        codes = [(name, f"{name} {why.code}") for name, why in returns.RETURNS.items()]
        codes += [(name, name) for name in _OTHER_FAILURES]
        yield Action("Settle", f"{path}/settle", {"outcome": "succeeded"})
        if not intent["_"].get("posted"):
            yield Action("Post", f"{path}/post")
        yield Action(
            "Send back",
            f"{path}/settle",
            {"outcome": "failed"},
            [Choice("failure_code", "Return code", "select", codes)],
        )
    if intent["status"] == "succeeded":
        claims = [(reason, reason) for reason in disputes.NETWORK_CODES if reason not in disputes.LATE_RETURNS]
        late = [(reason, reason) for reason in disputes.LATE_RETURNS]
        yield Action("Dispute", f"{path}/dispute", choices=[Choice("reason", "Claim", "select", claims)])
        yield Action("Return late", f"{path}/dispute", choices=[Choice("reason", "Reason", "select", late)])
        yield Action(
            "Refund", "/v1/refunds", {"payment_intent": intent["id"]},
            [Choice("amount", "Cents, or empty for all", "number")], api=True,
        )  # fmt: skip
    yield from _microdeposits(intent, "payment_intents")


def _setup(intent: Body) -> Iterator[Action]:
    yield from _microdeposits(intent, "setup_intents")


def _microdeposits(intent: Body, plural: str) -> Iterator[Action]:
    """Stripe's test values: what arrived, what is wrong too often, what comes too late."""
    waits = (intent["next_action"] or {}).get("verify_with_microdeposits")
    if intent["status"] != "requires_action" or not waits:
        return
    path = f"/v1/{plural}/{intent['id']}/verify_microdeposits"
    if waits["microdeposit_type"] == "amounts":
        yield Action("Verify 32 and 45 cents", path, {"amounts": [32, 45]}, api=True)
        yield Action("Verify wrongly", path, {"amounts": [10, 11]}, api=True)
        return
    codes = [("SM11AA", "SM11AA verifies"), ("SM33CC", "SM33CC too many tries"), ("SM44DD", "SM44DD too late")]
    yield Action(
        "Verify", path, {}, [Choice("descriptor_code", "Code on the bank statement", "select", codes)], api=True
    )


def _refund(refund: Body) -> Iterator[Action]:
    if refund["status"] in ("pending", "succeeded"):
        yield Action("Fail", f"/sandbox/refunds/{refund['id']}/fail")


def _mandate(mandate: Body) -> Iterator[Action]:
    path = f"/sandbox/mandates/{mandate['id']}/state"
    if mandate["status"] != "inactive":
        yield Action("End", path, {"status": "inactive"}, danger=True)
    if mandate["status"] != "active":
        yield Action("Make active", path, {"status": "active"})


def _method(method: Body) -> Iterator[Action]:
    path = f"/sandbox/payment_methods/{method['id']}/state"
    if (method["us_bank_account"]["status_details"] or {}).get("blocked"):
        yield Action("Lift the block", path, {"blocked": None})
        return
    reasons = sorted({why.blocks for why in returns.RETURNS.values() if why.blocks})
    yield Action("Block", path, {}, [Choice("blocked", "Reason", "select", [(each, each) for each in reasons])])


def _account(account: Body) -> Iterator[Action]:
    if account["status"] == "disconnected":
        return
    controls, api = f"/sandbox/accounts/{account['id']}", f"/v1/financial_connections/accounts/{account['id']}"
    if account["status"] == "active":
        granted = set(account["permissions"])
        needs = (("balance", "balances"), ("ownership", "ownership"), ("transactions", "transactions"))
        features = [feature for feature, permission in needs if permission in granted]
        for feature in features:
            yield Action(f"Refresh {feature}", f"{api}/refresh", {"features": [feature]}, api=True)
        causes = [(cause, cause) for cause in access.CAUSES]
        yield Action(
            "Make inactive", f"{controls}/state", {"status": "inactive"}, [Choice("cause", "Cause", "select", causes)]
        )
    else:
        yield Action("Make active", f"{controls}/state", {"status": "active"})
    yield from _bank_side(account, controls)
    yield Action(
        "Disconnect", f"{api}/disconnect", api=True, danger=True,
        asks="Disconnect this account? Its data can no longer be read, and only linking it again brings it back.",
    )  # fmt: skip


def _bank_side(account: Body, controls: str) -> Iterator[Action]:
    """What the bank answers from now on, whatever the account's state."""
    modes = [(mode, mode) for mode in bank_side.SERVES]
    served = Choice("refresh", "Refreshes", "select", modes, account["_"].get("refresh", "succeed"))
    yield Action("Set refreshes", f"{controls}/state", {}, [served])
    if account["account_numbers"]:
        numbers = [(status, status) for status in account_numbers.STATUSES]
        shown = Choice("account_numbers.status", "Number", "select", numbers, account["account_numbers"][0]["status"])
        yield Action("Set number", f"{controls}/state", {}, [shown])
    yield Action("Set balance", f"{controls}/state", {}, [Choice("balance", "Cents", "number")])
    yield Action(
        "Book many rows", f"{controls}/transactions/generate", {},
        [
            Choice("count", "How many", "number", value="10000"),
            Choice("days", "Over how many days", "number", value="180"),
        ],
    )  # fmt: skip
    yield Action(
        "Book a row", f"{controls}/transactions", {},
        [
            Choice("transactions.0.amount", "Cents, negative is money out", "number", value="-1250"),
            Choice("transactions.0.description", "Description", "text", value="CORNER BAKERY 12"),
            Choice("transactions.0.status", "Status", "select", [(each, each) for each in ("posted", "pending")]),
        ],
    )  # fmt: skip


def _session(session: Body) -> Iterator[Action]:
    if session["_"].get("status") != "pending":
        return
    path = f"/sandbox/link-sessions/{session['id']}/authorize"
    accounts = [
        (account.key, f"{bank.name}, {account.name}") for bank in banks.INSTITUTIONS for account in bank.accounts
    ]
    yield Action("Link", path, {"result": "success"}, [Choice("accounts", "Account", "list", accounts)])
    yield Action("Cancel", path, {"accounts": [], "result": "cancel"})
    yield Action("Fail", path, {"accounts": [], "result": "fail"})


_BY_KIND: dict[str, Any] = {
    "payment_intent": _payment,
    "setup_intent": _setup,
    "payment_method": _method,
    "refund": _refund,
    "mandate": _mandate,
    "financial_connections.account": _account,
    "financial_connections.session": _session,
}
