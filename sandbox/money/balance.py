"""Balance transactions: what each payment, refund and dispute moved on the Stripe account, and what it cost."""

from __future__ import annotations

from stripe.params import BalanceTransactionListParams, BalanceTransactionRetrieveParams

from sandbox import clock, ids
from sandbox.store import Body, store
from sandbox.wire import errors, listing, rendering
from sandbox.wire.operations import Call, Operation

KIND = "balance_transaction"
DISPUTE_FEE = 15_00
_CATEGORIES = {
    "payment": "charge",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
    "adjustment": "dispute",
}


def move(type: str, source: Body, amount: int, fee: int = 0) -> Body:
    """Books `amount` cents, negative when they leave, for what `source` did."""
    charged = {
        "amount": fee,
        "application": None,
        "currency": "usd",
        "description": "Stripe fees",
        "type": "stripe_fee",
    }
    return store.add(
        {
            "id": ids.new_id(KIND),
            "object": KIND,
            "amount": amount,
            "available_on": clock.stamp(),
            "balance_type": "payments",
            "created": clock.stamp(),
            "currency": source["currency"],
            "description": source.get("description"),
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [charged] if fee else [],
            "net": amount - fee,
            "reporting_category": _CATEGORIES[type],
            "source": source["id"],
            "status": "available",
            "type": type,
        }
    )


def debit_fee(amount: int) -> int:
    """0.8 percent, at most $5.00."""
    return min((amount * 8 + 500) // 1000, 5_00)


def retrieve(call: Call) -> Body:
    found = store.find(KIND, call.id)
    if found is None:
        raise errors.no_such(KIND, call.id)
    return rendering.shown(found, call.version)


def list_transactions(call: Call) -> Body:
    equal = {name: call.params.get(name) for name in ("currency", "source", "type")}
    return listing.page(KIND, call.params, call.url, call.version, equal=equal)


_PATH = "/v1/balance_transactions"

OPERATIONS = (
    Operation("GET", _PATH, list_transactions, BalanceTransactionListParams, beyond=("payout",)),
    Operation("GET", _PATH + "/*", retrieve, BalanceTransactionRetrieveParams),
)
