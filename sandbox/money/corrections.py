"""What changes about a payment method by itself: details that the bank corrected, blocks set and lifted by Stripe."""

from __future__ import annotations

from typing import Any

from sandbox import events
from sandbox.money import bank_accounts, payment_methods
from sandbox.money.returns import RETURNS
from sandbox.store import Body, store
from sandbox.wire import errors

_REASONS = sorted({why.blocks for why in RETURNS.values() if why.blocks} | {"tokenized_account_number_deactivated"})
_DETAILS = ("account_number", "routing_number", "account_type")


def correct(method_id: str, given: Body) -> Body:
    """Applies a bank's notification of change, or Stripe's word on a block, and tells of it once."""
    method = payment_methods.existing(method_id, None)
    before = method["us_bank_account"]
    bank = dict(before)
    if any(name in given for name in _DETAILS):
        _correct_details(method, bank, given)
    if "blocked" in given:
        bank["status_details"] = _block(given["blocked"])
    if bank == before:
        return method
    method["us_bank_account"] = bank
    store.save(method)
    changed = {name: value for name, value in before.items() if bank[name] != value}
    events.emit("payment_method.automatically_updated", method, previous={"us_bank_account": changed})
    return method


def _correct_details(method: Body, bank: Body, given: Body) -> None:
    kind = given.get("account_type", bank["account_type"])
    if kind not in ("checking", "savings"):
        raise errors.invalid("account_type", "must be checking or savings.")
    bank["account_type"] = kind
    if "routing_number" not in given and "account_number" not in given:
        return
    if "account_number" not in given:
        raise errors.missing("account_number")
    numbers = {"routing_number": bank["routing_number"], "account_type": kind}
    numbers.update({name: str(given[name]) for name in ("account_number", "routing_number") if name in given})
    fresh = bank_accounts.described(numbers, "us_bank_account")
    method["_"]["outcome"] = fresh["_"]["outcome"]
    bank.update({name: fresh[name] for name in ("fingerprint", "last4", "routing_number")})


def _block(reason: Any) -> Body:
    if reason is None:
        return {}
    if reason not in _REASONS:
        raise errors.invalid("blocked", f"must be null or one of {', '.join(_REASONS)}.")
    codes = [code for code, why in RETURNS.items() if why.blocks == reason]
    return {"blocked": {"network_code": codes[-1] if codes else None, "reason": reason}}
