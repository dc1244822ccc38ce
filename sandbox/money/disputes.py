"""Disputes: a payment taken back after it had succeeded, without appeal."""

from __future__ import annotations

from stripe.params import DisputeListParams, DisputeRetrieveParams

from sandbox import clock, events, ids
from sandbox.money import balance, charges, mandates, payment_methods, refunds, returns
from sandbox.store import Body, store
from sandbox.wire import errors, listing, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation

KIND = "dispute"

# The raw codes that banks give for each reason; the last three are late returns, not the customer's claim.
NETWORK_CODES = {
    "debit_not_authorized": "R10",
    "fraudulent": "R10",
    "general": "R10",
    "unrecognized": "R10",
    "duplicate": "R10",
    "insufficient_funds": "R01",
    "incorrect_account_details": "R03",
    "bank_cannot_process": "R20",
}
LATE_RETURNS = ("insufficient_funds", "incorrect_account_details", "bank_cannot_process")

# The reason that each code of Nacha's comes under when the debit had already succeeded.
_REASONS = {
    "R01": "insufficient_funds", "R09": "insufficient_funds", "R02": "incorrect_account_details",
    "R03": "incorrect_account_details", "R04": "incorrect_account_details", "R15": "bank_cannot_process",
    "R16": "bank_cannot_process", "R20": "bank_cannot_process", "R05": "debit_not_authorized",
    "R07": "debit_not_authorized", "R08": "debit_not_authorized", "R10": "debit_not_authorized",
    "R11": "debit_not_authorized", "R29": "debit_not_authorized", "R31": "debit_not_authorized",
}  # fmt: skip

_EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip


def open_for(intent: Body, reason: str) -> Body:
    """The bank takes the money of a succeeded payment back: disputed and lost at once, as ACH disputes are.

    `reason` is Stripe's word or the bank's return code.
    """
    network_code = reason if reason in _REASONS else NETWORK_CODES.get(reason)
    reason = _REASONS.get(reason, reason)
    if network_code is None:
        raise errors.invalid("reason", "must be one of " + ", ".join([*NETWORK_CODES, *_REASONS]))
    if intent["status"] != "succeeded":
        raise ApiError(f"Only a succeeded payment can be disputed; this one is {intent['status']}.")
    charge = charges.existing(intent["latest_charge"], None)
    if charge["disputed"]:
        raise ApiError("This payment has been disputed already.", code="charge_disputed")
    charge["disputed"] = True
    store.save(charge)
    dispute = _new(charge, reason, network_code)
    taken = balance.move("adjustment", dispute, -charge["amount"], balance.DISPUTE_FEE)
    dispute["balance_transactions"] = [taken]
    store.add(dispute)
    for type in ("created", "funds_withdrawn", "closed"):
        events.emit(f"charge.dispute.{type}", dispute)
    events.emit("charge.updated", charge, previous={"disputed": False})
    refunds.charge_disputed(charge)
    method = payment_methods.existing(charge["payment_method"], None)
    if reason in LATE_RETURNS:
        payment_methods.block_for(method, returns.RETURNS[network_code])
    else:
        end_mandate(charge)
        _count_against(method)
    return dispute


def _new(charge: Body, reason: str, network_code: str) -> Body:
    evidence: Body = {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}}
    return {
        "id": ids.new_id(KIND),
        "object": KIND,
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": clock.stamp(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": evidence,
        "evidence_details": {
            "due_by": None,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": network_code,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "lost",
    }


def end_mandate(charge: Body) -> None:
    """Who disputes a debit takes back the word it stood on."""
    mandate_id = charge["payment_method_details"]["us_bank_account"].get("mandate")
    mandate = store.find("mandate", mandate_id) if mandate_id else None
    if mandate is not None:
        mandates.set_status(mandate, "inactive")


def _count_against(method: Body) -> None:
    """A second dispute blocks the bank account."""
    method["_"]["disputes"] += 1
    store.save(method)
    if sum(each["_"]["disputes"] for each in payment_methods.of_same_account(method)) >= 2:
        payment_methods.block_all(method, "debit_not_authorized", "R10")


def retrieve(call: Call) -> Body:
    dispute = store.find(KIND, call.id)
    if dispute is None:
        raise errors.no_such(KIND, call.id)
    return rendering.shown(dispute, call.version)


def list_disputes(call: Call) -> Body:
    places = {"charge": call.params.get("charge"), "payment_intent": call.params.get("payment_intent")}
    return listing.page(KIND, call.params, call.url, call.version, places=places)


OPERATIONS = (
    Operation("GET", "/v1/disputes", list_disputes, DisputeListParams),
    Operation("GET", "/v1/disputes/*", retrieve, DisputeRetrieveParams),
)
