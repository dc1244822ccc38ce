"""Debits of bank accounts (ACH): the permission, the debit itself, and what became of it.

A debit is a PaymentIntent made in two calls, create_debit and confirm_debit, so that its id is in our database
before any money can move. What is read is a Debit: the intent, its charge, its dispute and its refunds in one.

Idempotency keys are made of our row's key, the step, and the round: the round goes up only when Stripe has answered 5xx
under the former key, which it repeats for a day, and a look-up has shown that nothing happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fcdash.gateway.client import read, write

BANK_ACCOUNT = "us_bank_account"
# Stripe's word for "no more to say"; the charge or the error knows better.
VAGUE_CODES = ("", "generic_decline", "payment_intent_payment_attempt_failed")
PAGES = 20


@dataclass(frozen=True)
class Acceptance:
    """How a person accepted a mandate: when they pressed, and from where."""

    at: datetime
    ip_address: str
    user_agent: str


@dataclass(frozen=True)
class Setup:
    """A SetupIntent: how far the permission to debit an account has come at Stripe."""

    id: str
    status: str
    customer: str
    payment_method: str
    mandate: str
    failure_code: str
    failure_message: str


@dataclass(frozen=True)
class MandateNow:
    """A mandate as Stripe has it now; `status` is active, inactive or pending."""

    id: str
    status: str
    payment_method: str


@dataclass(frozen=True)
class PaymentMethodNow:
    """A payment method as Stripe has it now; without a customer it is detached and can never be used again."""

    id: str
    customer: str
    blocked_reason: str


@dataclass(frozen=True)
class DebitOrder:
    """What is to be debited. `key` is our payment's: root of the idempotency keys, and what find_debit looks for."""

    key: str
    customer: str
    payment_method: str
    amount_cents: int
    currency: str
    description: str
    statement_descriptor: str = ""
    destination: str = ""


@dataclass(frozen=True)
class Debit:
    """A PaymentIntent with its charge, dispute and refunds, as Stripe has them now."""

    id: str
    status: str
    key: str
    customer: str
    payment_method: str
    amount_cents: int
    currency: str
    charge: str = ""
    expected_debit_on: date | None = None
    failure_code: str = ""
    failure_network_code: str = ""
    refunded_cents: int = 0
    refund: str = ""
    dispute: str = ""
    dispute_reason: str = ""
    dispute_network_code: str = ""


# --- Permission -------------------------------------------------------------------------------------------------


def start_setup(
    key: str, customer: str, account: str, holder_name: str, email: str, acceptance: Acceptance, round: int = 0
) -> Setup:
    """Make an account debitable under the mandate that was accepted. `account` is an fca_…

    Raises TryAgain, WillNotWork, OutcomeUnknown; after the last, find_setup tells.
    """
    params: Any = {
        "customer": customer,
        "confirm": True,
        "usage": "off_session",
        "allowed_payment_method_types": [BANK_ACCOUNT],
        "payment_method_data": {
            "type": BANK_ACCOUNT,
            BANK_ACCOUNT: {"financial_connections_account": account},
            "billing_details": {"name": holder_name, "email": email},
        },
        "mandate_data": {
            "customer_acceptance": {
                "type": "online",
                "accepted_at": int(acceptance.at.timestamp()),
                "online": {"ip_address": acceptance.ip_address, "user_agent": acceptance.user_agent},
            }
        },
        "metadata": {"fcdash_mandate": key},
    }
    body = write(
        lambda c, options: c.v1.setup_intents.create(params, options).to_dict(),
        key=_key("mandate", key, "setup", round),
    )
    return _setup(body)


def read_setup(setup_id: str) -> Setup:
    """The SetupIntent as it is now. Raises TryAgain or WillNotWork."""
    return _setup(read(lambda c: c.v1.setup_intents.retrieve(setup_id).to_dict()))


def find_setup(key: str, customer: str) -> Setup | None:
    """The SetupIntent that start_setup made for this key, if it arrived. Raises TryAgain or WillNotWork."""
    after: dict[str, Any] = {}
    for _ in range(PAGES):
        params: Any = {"customer": customer, "limit": 100, **after}
        page = read(lambda c, params=params: c.v1.setup_intents.list(params).to_dict())  # type: ignore[misc]
        for body in page["data"]:
            if (body.get("metadata") or {}).get("fcdash_mandate") == key:
                return _setup(body)
        if not page["has_more"] or not page["data"]:
            break
        after = {"starting_after": page["data"][-1]["id"]}
    return None


def read_mandate(mandate_id: str) -> MandateNow:
    """The mandate as it is now. Raises TryAgain or WillNotWork."""
    body = read(lambda c: c.v1.mandates.retrieve(mandate_id).to_dict())
    return MandateNow(body["id"], str(body["status"]), _id(body.get("payment_method")))


def read_payment_method(payment_method_id: str) -> PaymentMethodNow:
    """The payment method as it is now. Raises TryAgain or WillNotWork."""
    body = read(lambda c: c.v1.payment_methods.retrieve(payment_method_id).to_dict())
    blocked = ((body.get(BANK_ACCOUNT) or {}).get("status_details") or {}).get("blocked") or {}
    return PaymentMethodNow(body["id"], _id(body.get("customer")), str(blocked.get("reason") or ""))


def detach_payment_method(key: str, payment_method_id: str, round: int = 0) -> None:
    """End for good what the payment method can be used for. Raises TryAgain, WillNotWork, OutcomeUnknown."""
    write(
        lambda c, options: c.v1.payment_methods.detach(payment_method_id, {}, options),
        key=_key("mandate", key, "detach", round),
    )


# --- The debit --------------------------------------------------------------------------------------------------


def create_debit(order: DebitOrder, round: int = 0) -> str:
    """Make the PaymentIntent, not confirmed: no money can move yet. Returns its id.

    Raises TryAgain, WillNotWork, OutcomeUnknown; after the last, find_debit tells.
    """
    params: Any = {
        "amount": order.amount_cents,
        "currency": order.currency,
        "customer": order.customer,
        "payment_method": order.payment_method,
        "allowed_payment_method_types": [BANK_ACCOUNT],
        "description": order.description,
        "metadata": {"fcdash_payment": order.key},
    }
    if order.statement_descriptor:
        params["statement_descriptor"] = order.statement_descriptor
    if order.destination:
        # No on_behalf_of: the operator stays the one who debits, as the mandate says.
        params["transfer_data"] = {"destination": order.destination}
    return write(
        lambda c, options: c.v1.payment_intents.create(params, options).id,
        key=_key("payment", order.key, "create", round),
    )


def find_debit(key: str, customer: str, since: datetime) -> str | None:
    """The id of the PaymentIntent that create_debit made for this key, if any. Raises TryAgain or WillNotWork."""
    after: dict[str, Any] = {}
    for _ in range(PAGES):
        params: Any = {"customer": customer, "limit": 100, "created": {"gte": int(since.timestamp()) - 600}, **after}
        page = read(lambda c, params=params: c.v1.payment_intents.list(params).to_dict())  # type: ignore[misc]
        for body in page["data"]:
            if (body.get("metadata") or {}).get("fcdash_payment") == key:
                return str(body["id"])
        if not page["has_more"] or not page["data"]:
            break
        after = {"starting_after": page["data"][-1]["id"]}
    return None


def confirm_debit(key: str, payment_intent_id: str, mandate: str, round: int = 0) -> None:
    """Start the debit. Stripe refuses a second confirmation of one PaymentIntent, so this moves money at most once.

    Raises TryAgain, WillNotWork, OutcomeUnknown; after the last, read_debit tells.
    """
    params: Any = {"mandate": mandate, "off_session": True}
    write(
        lambda c, options: c.v1.payment_intents.confirm(payment_intent_id, params, options),
        key=_key("payment", key, "confirm", round),
    )


def cancel_debit(key: str, payment_intent_id: str, round: int = 0) -> None:
    """Call the debit back before it reaches the bank. Raises TryAgain, WillNotWork (too late), OutcomeUnknown."""
    params: Any = {"cancellation_reason": "requested_by_customer"}
    write(
        lambda c, options: c.v1.payment_intents.cancel(payment_intent_id, params, options),
        key=_key("payment", key, "cancel", round),
    )


def read_debit(payment_intent_id: str) -> Debit:
    """The debit as it is now; up to three readings. Raises TryAgain or WillNotWork."""
    params: Any = {"expand": ["latest_charge"]}
    body = read(lambda c: c.v1.payment_intents.retrieve(payment_intent_id, params).to_dict())
    charge = body.get("latest_charge") or {}
    if isinstance(charge, str):  # not expanded
        charge_id = charge
        charge = read(lambda c: c.v1.charges.retrieve(charge_id).to_dict())
    dispute = _dispute_of(payment_intent_id) if charge.get("disputed") else {}
    refunds = _refunds_of(payment_intent_id) if charge.get("amount_refunded") else []
    code, network_code = _failure(body.get("last_payment_error") or {}, charge)
    details = (charge.get("payment_method_details") or {}).get(BANK_ACCOUNT) or {}
    return Debit(
        id=body["id"],
        status=str(body["status"]),
        key=str((body.get("metadata") or {}).get("fcdash_payment") or ""),
        customer=_id(body.get("customer")),
        payment_method=_id(body.get("payment_method")),
        amount_cents=int(body["amount"]),
        currency=str(body["currency"]),
        charge=str(charge.get("id") or ""),
        expected_debit_on=_day(details.get("expected_debit_date")),
        failure_code=code,
        failure_network_code=network_code,
        refunded_cents=sum(int(refund["amount"]) for refund in refunds if refund["status"] == "succeeded"),
        refund=str(refunds[0]["id"]) if refunds else "",
        dispute=str(dispute.get("id") or ""),
        dispute_reason=str(dispute.get("reason") or ""),
        dispute_network_code=str(
            dispute.get("network_reason_code")
            or ((dispute.get("payment_method_details") or {}).get(BANK_ACCOUNT) or {}).get("reason_code")
            or ""
        ),
    )


def payment_intent_of_charge(charge_id: str) -> str:
    """The id of the PaymentIntent that a charge belongs to, or "". Raises TryAgain or WillNotWork."""
    return _id(read(lambda c: c.v1.charges.retrieve(charge_id).to_dict()).get("payment_intent"))


def _dispute_of(payment_intent_id: str) -> dict[str, Any]:
    params: Any = {"payment_intent": payment_intent_id, "limit": 100}
    page = read(lambda c: c.v1.disputes.list(params).to_dict())
    # A dispute that was won or withdrawn has given the money back; none is known for ACH, yet it costs nothing.
    lost = [body for body in page["data"] if body.get("status") not in ("won", "warning_closed", "prevented")]
    return lost[0] if lost else {}


def _refunds_of(payment_intent_id: str) -> list[dict[str, Any]]:
    params: Any = {"payment_intent": payment_intent_id, "limit": 100}
    return list(read(lambda c: c.v1.refunds.list(params).to_dict())["data"])


def _failure(error: dict[str, Any], charge: dict[str, Any]) -> tuple[str, str]:
    """(Stripe's most telling code, Nacha's code), each "" when unknown: the two vocabularies lie in several fields."""
    outcome = charge.get("outcome") or {}
    failed = charge if charge.get("status") == "failed" else {}
    candidates = (error.get("decline_code"), failed.get("failure_code"), error.get("code"))
    known = [str(code) for code in candidates if code]
    telling = [code for code in known if code not in VAGUE_CODES]
    network = error.get("network_decline_code") or (outcome.get("network_decline_code") if failed else "") or ""
    return (telling or known or [""])[0], str(network)


def _setup(body: dict[str, Any]) -> Setup:
    error = body.get("last_setup_error") or {}
    return Setup(
        id=body["id"],
        status=str(body["status"]),
        customer=_id(body.get("customer")),
        payment_method=_id(body.get("payment_method")) or _id(error.get("payment_method")),
        mandate=_id(body.get("mandate")),
        failure_code=str(error.get("decline_code") or error.get("code") or ""),
        failure_message=str(error.get("message") or ""),
    )


def _key(kind: str, key: str, step: str, round: int) -> str:
    return f"{kind}-{key}-{step}" + (f"-{round}" if round else "")


def _id(value: Any) -> str:
    """The id of an object that may stand expanded, or be absent."""
    return str(value["id"]) if isinstance(value, dict) else str(value or "")


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None
