"""Refunds: money sent back to a debited account, days later, and sometimes not arriving."""

from __future__ import annotations

from stripe.params import RefundCreateParams, RefundListParams, RefundRetrieveParams, RefundUpdateParams

from sandbox import clock, customers, events, ids, timers
from sandbox.money import balance, bank_days, charges
from sandbox.store import Body, store
from sandbox.wire import errors, listing, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation

KIND = "refund"
# Working days until the money is there.
ARRIVES_AFTER = 3
DAYS_LEFT = 180
FAILURES = (
    "charge_for_pending_refund_disputed", "declined", "expired_or_canceled_card", "insufficient_funds",
    "lost_or_stolen_card", "merchant_request", "unknown",
)  # fmt: skip


def create(call: Call) -> Body:
    params = call.params
    charge = _charge(call)
    left = charge["amount"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    _refuse_unrefundable(charge, amount, left)
    if params.get("reverse_transfer") and not charge["transfer_data"]:
        raise ApiError("This charge has no transfer to reverse.", param="reverse_transfer")
    if params.get("refund_application_fee") and not charge["application_fee_amount"]:
        raise ApiError("This charge has no application fee to refund.", param="refund_application_fee")
    waiting = charge["status"] == "pending"
    refund: Body = {
        "id": ids.new_id(KIND),
        "object": KIND,
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": clock.stamp(),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {"type": "us_bank_account"},
        "metadata": customers.merged_metadata({}, params.get("metadata", {})),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "pending_reason": "charge_pending",
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending",
        "transfer_reversal": None,
    }
    store.add(refund)
    _count(charge, amount)
    if not waiting:
        _start(refund)
    events.emit("refund.created", refund)
    events.emit("charge.refunded", charge)
    return rendering.shown(refund, call.version)


def _charge(call: Call) -> Body:
    params = call.params
    if params.get("charge"):
        return charges.existing(params["charge"], "charge")
    if not params.get("payment_intent"):
        raise errors.missing("payment_intent")
    intent = store.find("payment_intent", params["payment_intent"])
    if intent is None:
        raise errors.no_such("payment_intent", params["payment_intent"], "payment_intent")
    if intent["latest_charge"] is None:
        raise ApiError("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
    return charges.existing(intent["latest_charge"], None)


def _refuse_unrefundable(charge: Body, amount: int, left: int) -> None:
    if charge["status"] == "failed":
        raise ApiError("This charge failed: there is nothing to refund.", code="charge_not_refundable", executed=True)
    if clock.now() - charge["_"]["began"] > DAYS_LEFT * clock.DAY:
        raise ApiError(
            f"This charge is over {DAYS_LEFT} days old and can no longer be refunded.",
            code="charge_not_refundable",
            executed=True,
        )
    if charge["disputed"]:
        raise ApiError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
            executed=True,
        )
    if left <= 0:
        raise ApiError(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", executed=True
        )
    if amount < 1:
        raise errors.invalid("amount", "must be at least 1.")
    if amount > left:
        raise ApiError(
            f"Refund amount (${amount / 100:,.2f}) is greater than unrefunded amount on charge (${left / 100:,.2f})",
            param="amount",
        )


def _count(charge: Body, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] >= charge["amount"]
    store.save(charge)


def _start(refund: Body) -> None:
    """The money leaves, and is there some working days later."""
    refund["pending_reason"] = "processing"
    refund["balance_transaction"] = balance.move("payment_refund", refund, -refund["amount"])["id"]
    store.save(refund)
    sent = bank_days.day_of(clock.now())
    timers.set_timer("refund_arrives", refund["id"], bank_days.opening(bank_days.later(sent, ARRIVES_AFTER)))


@timers.action("refund_arrives")
def _arrive(refund_id: str) -> None:
    refund = existing(refund_id)
    _end(refund, "succeeded")
    events.emit("refund.updated", refund, previous={"status": "pending"})


def _end(refund: Body, status: str) -> None:
    refund["status"] = status
    refund.pop("pending_reason", None)
    store.save(refund)


def charge_succeeded(charge: Body) -> None:
    """Refunds that waited for their charge set out."""
    for refund in store.all(KIND, charge=charge["id"]):
        if refund["status"] == "pending":
            _start(refund)
            events.emit(
                "refund.updated", refund, previous={"balance_transaction": None, "pending_reason": "charge_pending"}
            )


def charge_failed(charge: Body) -> None:
    """Refunds that waited for a charge that never came have nothing to send."""
    _fail_pending(charge, "declined")


def charge_disputed(charge: Body) -> None:
    """Refunds under way stop: the customer has the money back already. One that has arrived was paid twice."""
    _fail_pending(charge, "charge_for_pending_refund_disputed")


def _fail_pending(charge: Body, reason: str) -> None:
    for refund in store.all(KIND, charge=charge["id"]):
        if refund["status"] == "pending":
            fail(refund["id"], reason)


def fail(refund_id: str, reason: str) -> Body:
    """The bank sends the refund back; a failure can surface even after it had succeeded."""
    refund = existing(refund_id)
    if refund["status"] not in ("pending", "succeeded"):
        raise ApiError(f"Only a pending or succeeded refund can fail; this one is {refund['status']}.")
    if reason not in FAILURES:
        raise errors.invalid("reason", "must be one of " + ", ".join(FAILURES))
    timers.drop_timers(refund_id, "refund_arrives")
    refund["failure_reason"] = reason
    if refund["balance_transaction"]:
        refund["failure_balance_transaction"] = balance.move("refund_failure", refund, refund["amount"])["id"]
    _end(refund, "failed")
    charge = charges.existing(refund["charge"], None)
    _count(charge, -refund["amount"])
    events.emit("refund.failed", refund)
    events.emit("charge.refund.updated", refund)
    return refund


def existing(refund_id: str) -> Body:
    refund = store.find(KIND, refund_id)
    if refund is None:
        raise errors.no_such(KIND, refund_id)
    return refund


def retrieve(call: Call) -> Body:
    return rendering.shown(existing(call.id), call.version)


def update(call: Call) -> Body:
    refund = existing(call.id)
    if "metadata" in call.params:
        refund["metadata"] = customers.merged_metadata(refund["metadata"], call.params["metadata"])
        store.save(refund)
        events.emit("refund.updated", refund, previous={})
    return rendering.shown(refund, call.version)


def list_refunds(call: Call) -> Body:
    places = {"charge": call.params.get("charge"), "payment_intent": call.params.get("payment_intent")}
    return listing.page(KIND, call.params, call.url, call.version, places=places)


_BEYOND = ("customer", "instructions_email", "origin")

_EMITS = ("refund.created", "charge.refunded", "refund.updated", "refund.failed", "charge.refund.updated")

OPERATIONS = (
    Operation("POST", "/v1/refunds", create, RefundCreateParams, beyond=_BEYOND, emits=_EMITS),
    Operation("GET", "/v1/refunds", list_refunds, RefundListParams),
    Operation("GET", "/v1/refunds/*", retrieve, RefundRetrieveParams),
    Operation("POST", "/v1/refunds/*", update, RefundUpdateParams, emits=("refund.updated",)),
)
