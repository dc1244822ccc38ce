"""Charges: each attempt to debit a bank account, pending until the bank has spoken."""

from __future__ import annotations

from datetime import date

from stripe.params import ChargeListParams, ChargeRetrieveParams

from sandbox import clock, events, ids
from sandbox.money import balance
from sandbox.money.returns import Return
from sandbox.money.terms import ACCOUNT_DESCRIPTOR
from sandbox.store import Body, store
from sandbox.wire import errors, listing, rendering
from sandbox.wire.operations import Call, Operation


def add(intent: Body, method: Body, mandate: Body | None, debit_on: date) -> Body:
    """A pending charge for a confirmed PaymentIntent; the account is debited on `debit_on`, as far as one knows."""
    bank = method["us_bank_account"]
    charge: Body = {
        "id": ids.new_id("charge"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": intent["application_fee_amount"],
        "balance_transaction": None,
        "billing_details": dict(method["billing_details"]),
        "calculated_statement_descriptor": intent["statement_descriptor"] or ACCOUNT_DESCRIPTOR,
        "captured": True,
        "created": clock.stamp(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": intent["on_behalf_of"],
        "outcome": _outcome("approved_by_network", "authorized", "Payment complete."),
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "type": "us_bank_account",
            "us_bank_account": {
                "account_holder_type": bank["account_holder_type"],
                "account_type": bank["account_type"],
                "bank_name": bank["bank_name"],
                "expected_debit_date": debit_on.isoformat(),
                "fingerprint": bank["fingerprint"],
                "last4": bank["last4"],
                "payment_reference": None,
                "routing_number": bank["routing_number"],
            },
        },
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": None,
        "status": "pending",
        "transfer_data": _transfer_data(intent),
        "transfer_group": intent["transfer_group"],
        # Refunds end 180 days later, on the sandbox's clock.
        "_": {"began": clock.now()},
    }
    if mandate is not None:
        charge["payment_method_details"]["us_bank_account"]["mandate"] = mandate["id"]
    return store.add(charge)


def _transfer_data(intent: Body) -> Body | None:
    if not intent.get("transfer_data"):
        return None
    return {"amount": intent["transfer_data"].get("amount"), "destination": intent["transfer_data"]["destination"]}


def _outcome(network: str, kind: str, message: str, why: Return | None = None) -> Body:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": why.network_code if why else None,
        "network_status": network,
        "reason": why.decline_code if why else None,
        "risk_level": "not_assessed",
        "seller_message": message,
        "type": kind,
    }


def succeed(charge: Body) -> None:
    fee = balance.debit_fee(charge["amount"])
    charge.update(
        status="succeeded", paid=True, balance_transaction=balance.move("payment", charge, charge["amount"], fee)["id"]
    )
    charge["payment_method_details"]["us_bank_account"]["payment_reference"] = ids.token(10).upper()
    store.save(charge)
    events.emit("charge.succeeded", charge)


def fail(charge: Body, why: Return) -> None:
    _void(charge, failure_code=why.code, failure_message=why.message)
    charge["outcome"] = _outcome("declined_by_network", "issuer_declined", why.message, why)
    if why.too_risky:
        charge["outcome"].update(
            network_status="not_sent_to_network", type="blocked", reason="highest_risk_level", risk_level="highest"
        )
    store.save(charge)
    events.emit("charge.failed", charge)


def call_back(charge: Body) -> None:
    """The debit was taken back before it was at the bank: its charge comes to nothing."""
    _void(charge, failure_message="The payment was canceled.")
    store.save(charge)
    events.emit("charge.failed", charge)


def _void(charge: Body, **why: str) -> None:
    charge.update(status="failed", paid=False, captured=False, amount_captured=0, **why)


def existing(charge_id: str, param: str | None) -> Body:
    charge = store.find("charge", charge_id)
    if charge is None:
        raise errors.no_such("charge", charge_id, param)
    return charge


# The API


def retrieve(call: Call) -> Body:
    return rendering.shown(existing(call.id, None), call.version)


def list_charges(call: Call) -> Body:
    params = call.params
    return listing.page(
        "charge",
        params,
        call.url,
        call.version,
        places={"customer": params.get("customer"), "payment_intent": params.get("payment_intent")},
        equal={"transfer_group": params.get("transfer_group")},
    )


OPERATIONS = (
    Operation("GET", "/v1/charges", list_charges, ChargeListParams),
    Operation("GET", "/v1/charges/*", retrieve, ChargeRetrieveParams),
)
