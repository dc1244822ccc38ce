"""The page behind `hosted_verification_url`: the person says what arrived, and hears what follows."""

from __future__ import annotations

from sandbox.dialog.answering import text
from sandbox.money import confirming, setup_intents
from sandbox.store import Body, store
from sandbox.wire import errors
from sandbox.wire.operations import Call
from sandbox.wire.versions import CURRENT

_VERIFY = {
    confirming.KIND: confirming.verify_microdeposits,
    setup_intents.KIND: setup_intents.verify_microdeposits,
}


def show(body: Body) -> Body:
    """The bank account, and whether it waits to be verified."""
    intent = _intent(body)
    action = (intent["next_action"] or {}).get("verify_with_microdeposits") or {}
    method = store.find("payment_method", intent["payment_method"] or "")
    problem = intent.get("last_payment_error") or intent.get("last_setup_error") or {}
    return {
        "status": intent["status"],
        "for": {"kind": intent["object"], "amount": intent.get("amount"), "currency": intent.get("currency")},
        "bank_account": _bank_account(method or problem.get("payment_method")),
        "arrival_date": action.get("arrival_date"),
        "microdeposit_type": action.get("microdeposit_type"),
        "problem": problem.get("code"),
    }


def verify(body: Body) -> Body:
    """Says the amounts or the code to Stripe; a refusal has its own code."""
    intent = _intent(body)
    call = Call(ids=(intent["id"],), params=_params(body), version=CURRENT, url="", base="")
    _VERIFY[intent["object"]](call)
    return show(body)


def _params(body: Body) -> Body:
    if "descriptor_code" in body:
        return {"descriptor_code": text(body, "descriptor_code")}
    amounts = body.get("amounts")
    if not (isinstance(amounts, list) and len(amounts) == 2 and all(isinstance(each, int) for each in amounts)):
        raise errors.invalid("amounts", "must be two amounts in cents.")
    return {"amounts": amounts}


def _intent(body: Body) -> Body:
    token = str(body.get("token", ""))
    intent = store.find_by_secret(token) if token.startswith("pacs_test_") else None
    if intent is None or intent["object"] not in _VERIFY:
        raise errors.no_such("verification", token)
    return intent


def _bank_account(method: Body | None) -> Body | None:
    if method is None:
        return None
    details = method["us_bank_account"]
    return {"bank_name": details["bank_name"], "last4": details["last4"], "account_type": details["account_type"]}
