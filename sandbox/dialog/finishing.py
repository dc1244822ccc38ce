"""The end of a dialog: accounts linked or none, and the result as Stripe.js hands it to the page."""

from __future__ import annotations

from sandbox import clock, ids
from sandbox.connections import sessions
from sandbox.dialog import purposes, visits
from sandbox.money import payment_intents, payment_methods, setup_intents
from sandbox.store import Body, store
from sandbox.wire import errors, publishable, rendering
from sandbox.wire.operations import Call
from sandbox.wire.versions import CURRENT

_UPDATE = {"payment": payment_intents.update, "setup": setup_intents.update}


def finish(body: Body) -> Body:
    """Ends the session with the accounts that were chosen, or with none."""
    session = visits.session_of(body)
    keys = body.get("accounts")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise errors.missing("accounts")
    result = body.get("result", "cancel")
    if result == "success" and not set(keys) <= visits.open_for(session).reachable():
        raise errors.invalid("accounts", "the person has not signed in to the bank that holds them.")
    ended = sessions.authorize(session["id"], keys, result, body.get("reason", "other"))
    # Renewing a connection may fail although the person came to the end.
    linked = ended["accounts"][0]["id"] if ended["accounts"] else None
    if linked is None or purposes.of(session)["kind"] == "accounts":
        return {"result": result_of(session), "linked": linked is not None}
    return with_method(session, _from_account(session, linked))


def with_method(session: Body, method: Body) -> Body:
    """Ends the session with a bank account: it goes to the intent, or into a token."""
    stored = _stored(session)
    stored["_"]["status"] = "succeeded"
    if purposes.of(session)["kind"] in purposes.INTENTS:
        _give_to_intent(session, method)
    else:
        stored["bank_account_token"] = _token(method)
    store.save(stored)
    return {"result": result_of(session), "linked": True}


def result_of(session: Body) -> Body:
    """What the promise of Stripe.js resolves to, as things stand."""
    stored = _stored(session)
    purpose, intent = purposes.of(stored), purposes.intent_of(stored)
    if intent is not None:
        body = rendering.expand(rendering.shown(intent), purpose["expand"], CURRENT)
        return {"paymentIntent" if purpose["kind"] == "payment" else "setupIntent": publishable.seen(body)}
    shown = {**rendering.shown(stored), "accounts": _accounts(stored)}
    result: Body = {"financialConnectionsSession": shown}
    if purpose["kind"] == "token":
        result["token"] = stored.get("bank_account_token")
    return result


def _accounts(session: Body) -> list[Body]:
    """All of them, as a plain list: Stripe.js hands no page of a list on."""
    found = [store.find_any(account_id) for account_id in session["_"]["accounts"]]
    return [rendering.shown(account) for account in found if account is not None]


def _from_account(session: Body, account_id: str) -> Body:
    billing = purposes.of(session).get("billing_details") or {"name": "Account holder"}
    data = {
        "type": "us_bank_account",
        "billing_details": billing,
        "us_bank_account": {"financial_connections_account": account_id},
    }
    return payment_methods.build(data, "payment_method_data")


def _give_to_intent(session: Body, method: Body) -> None:
    """As a server would that updates its intent, so that all that is checked there is checked."""
    purpose = purposes.of(session)
    call = Call(ids=(purpose["intent"],), params={"payment_method": method["id"]}, version=CURRENT, url="", base="")
    _UPDATE[purpose["kind"]](call)


def _token(method: Body) -> Body:
    """The bank account as a token that a server makes a payout account of."""
    details = method["us_bank_account"]
    return {
        "id": "btok_" + ids.token(),
        "object": "token",
        "bank_account": {
            "id": "ba_" + ids.token(),
            "object": "bank_account",
            "account_holder_name": None,
            "account_holder_type": details["account_holder_type"],
            "account_type": details["account_type"],
            "bank_name": details["bank_name"],
            "country": "US",
            "currency": "usd",
            "fingerprint": details["fingerprint"],
            "last4": details["last4"],
            "routing_number": details["routing_number"],
            "status": "verified" if details["financial_connections_account"] else "new",
        },
        "client_ip": None,
        "created": clock.stamp(),
        "livemode": False,
        "type": "bank_account",
        "used": False,
    }


def _stored(session: Body) -> Body:
    stored = store.find(sessions.KIND, session["id"])
    if stored is None:
        raise errors.no_such(sessions.KIND, session["id"])
    return stored
