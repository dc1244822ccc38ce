"""The bank's own window: opened by the dialog, answered by the person, found by a token of its own."""

from __future__ import annotations

from sandbox import ids
from sandbox.dialog import catalogue, visits
from sandbox.institution import Institution
from sandbox.store import Body, store
from sandbox.wire import errors
from sandbox.wire.errors import ApiError

KIND = "sandbox.bank_window"


def prepare(body: Body) -> Body:
    """A window for a sign-in at a bank; the dialog opens its address."""
    session = visits.session_of(body)
    visits.open_for(session)
    bank = catalogue.institution_of(body)
    window = store.add(
        {
            "id": "bankauth_" + ids.token(),
            "object": KIND,
            "session": session["id"],
            "bank": bank.key,
            "return_url": session.get("return_url"),
            "word": None,
            "accounts": None,
        }
    )
    return {"window": window["id"], "address": f"/v3/dialog/bank/{window['id']}"}


def state(body: Body) -> Body:
    """What the person has said in the window so far."""
    window = _existing(body)
    if window["session"] != visits.session_of(body)["id"]:
        raise errors.no_such(KIND, window["id"])
    return {"word": window["word"]}


def show(body: Body) -> Body:
    """What the bank shows in its window."""
    window = _existing(body)
    bank = catalogue.institution_of(window)
    accounts = [{"key": each.key, "name": each.name, "last4": each.last4} for each in bank.accounts]
    return {
        "name": bank.name,
        "leads_back": bool(window["return_url"]),
        "accounts": accounts if bank.chooses_in_window else None,
        "word": window["word"],
    }


def answer(body: Body) -> Body:
    """The person's word; where the page goes then, when the dialog runs inside an app."""
    window = _existing(body)
    bank = catalogue.institution_of(window)
    if body.get("word") not in ("allow", "deny"):
        raise errors.invalid("word", "must be one of allow, or deny")
    keys = body.get("accounts") if bank.chooses_in_window else None
    own = {account.key for account in bank.accounts}
    if keys is not None and not (isinstance(keys, list) and set(map(str, keys)) <= own):
        raise errors.invalid("accounts", "the bank has no such account.")
    if window["word"] is None:
        window.update(word=body["word"], accounts=keys)
        store.save(window)
    return {"return_url": window["return_url"]}


def answered(body: Body, session: Body, bank: Institution) -> Body:
    """The window that a sign-in names, once the person has said a word in it."""
    window = _existing(body)
    if window["session"] != session["id"] or window["bank"] != bank.key or window["word"] is None:
        raise ApiError("The bank has not let this session in.", param="window")
    return window


def _existing(body: Body) -> Body:
    window = store.find(KIND, str(body.get("window", "")))
    if window is None:
        raise errors.no_such(KIND, str(body.get("window", "")))
    return window
