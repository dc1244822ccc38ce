"""What a dialog is opened for: linking accounts, a bank account token, or the payment method of an intent."""

from __future__ import annotations

from typing import Any

from stripe.params import PaymentMethodCreateParams

from sandbox import account
from sandbox.connections import sessions
from sandbox.dialog import visits
from sandbox.money import payment_intents, setup_intents
from sandbox.store import Body, store
from sandbox.wire import auth, errors
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call
from sandbox.wire.params import checked
from sandbox.wire.versions import CURRENT

INTENTS = {"payment": payment_intents.KIND, "setup": setup_intents.KIND}
KINDS = ("accounts", "token", *INTENTS)
_COLLECTS_FROM = ("requires_payment_method", "requires_confirmation")


def session_for(body: Body) -> Body:
    """The session that a dialog runs in: the one whose secret was given, or a new one for the intent."""
    kind = body.get("kind", "accounts")
    if kind not in KINDS:
        raise errors.invalid("kind", "must be one of " + ", ".join(KINDS))
    if body.get("key") is not None:
        auth.key_of(f"Bearer {body['key']}")
    if kind in INTENTS:
        return _for_intent(kind, body)
    session = visits.session_of(body)
    if kind == "token":
        session["_"]["purpose"] = {"kind": "token"}
        store.save(session)
    return session


def of(session: Body) -> Body:
    """The purpose of a session; `kind` is always there."""
    return session["_"].get("purpose") or {"kind": "accounts"}


def intent_of(session: Body) -> Body | None:
    purpose = of(session)
    return store.find(INTENTS[purpose["kind"]], purpose["intent"]) if purpose["kind"] in INTENTS else None


def manual_entry(session: Body) -> str:
    """Whether numbers may be typed: `none`, `allowed`, `only`, or `custom`: on the page that opened the dialog."""
    kind = of(session)["kind"]
    mode = (session.get("manual_entry") or {}).get("mode")
    if mode == "custom":
        return "custom"
    if kind == "accounts":
        # Numbers alone link no account; they are taken only where the session asks for them.
        return "allowed" if mode == "automatic" and "payment_method" in session["permissions"] else "none"
    intent = intent_of(session)
    if intent is not None and _bank_options(intent).get("verification_method") == "microdeposits":
        return "only"
    return "none" if mode == "disabled" else "allowed"


def _for_intent(kind: str, body: Body) -> Body:
    intent = _intent_by_secret(kind, body)
    params = body.get("params")
    billing = _billing_details(params if isinstance(params, dict) else {})
    created = sessions.create(
        Call(ids=(), params=_session_params(intent), version=CURRENT, url="/v1/financial_connections/sessions", base="")
    )
    session = store.find(sessions.KIND, created["id"])
    assert session is not None  # noqa: S101
    expand = body.get("expand") if isinstance(body.get("expand"), list) else []
    session["_"]["purpose"] = {"kind": kind, "intent": intent["id"], "billing_details": billing, "expand": expand}
    return store.save(session)


def _intent_by_secret(kind: str, body: Body) -> Body:
    secret = body.get("client_secret")
    intent_id = secret.partition("_secret_")[0] if isinstance(secret, str) else ""
    intent = store.find(INTENTS[kind], intent_id)
    if intent is None or intent["client_secret"] != secret:
        raise errors.no_such(INTENTS[kind], intent_id, "intent")
    if intent["status"] not in _COLLECTS_FROM:
        raise ApiError(
            f"You cannot collect a bank account for this intent because it has a status of {intent['status']}.",
            code=f"{INTENTS[kind]}_unexpected_state",
        )
    return intent


def _billing_details(params: Body) -> Body:
    if params.get("payment_method_type") != "us_bank_account":
        raise errors.invalid("payment_method_type", "must be us_bank_account.")
    data = params.get("payment_method_data")
    asked = {**(data if isinstance(data, dict) else {}), "type": "us_bank_account"}
    billing: Body = checked(asked, PaymentMethodCreateParams, "payment_method_data").get("billing_details") or {}
    if not billing.get("name"):
        raise errors.missing("payment_method_data[billing_details][name]")
    return billing


def _session_params(intent: Body) -> Body:
    options = _bank_options(intent)
    asked = options.get("financial_connections") or {}
    holder = {"type": "customer", "customer": intent["customer"]}
    params: dict[str, Any] = {
        # Without a customer the accounts are held for the platform alone.
        "account_holder": holder if intent["customer"] else {"type": "account", "account": account.ACCOUNT_ID},
        "permissions": asked.get("permissions") or ["payment_method"],
        "filters": {
            "account_subcategories": (asked.get("filters") or {}).get("account_subcategories")
            or ["checking", "savings"],
            "require_payment_method_support": "all",
        },
        "limits": {"accounts": 1},
        "manual_entry": {"mode": "disabled" if options.get("verification_method") == "instant" else "automatic"},
    }
    for name in ("prefetch", "return_url"):
        if asked.get(name):
            params[name] = asked[name]
    return params


def _bank_options(intent: Body) -> Body:
    options: Body = (intent["payment_method_options"] or {}).get("us_bank_account") or {}
    return options
