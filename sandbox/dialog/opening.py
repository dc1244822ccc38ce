"""The first screen: whose accounts, who asks, for what, and which way the person may go."""

from __future__ import annotations

from sandbox.banks import find_account
from sandbox.connections import sessions
from sandbox.dialog import catalogue, finishing, purposes, returning, visits
from sandbox.store import Body


def open_dialog(body: Body) -> Body:
    """What the dialog needs to begin; its further calls name the session's own secret."""
    session = purposes.session_for(body)
    shown = sessions.describe(session["_"]["secret"])
    over = shown["status"] != "pending"
    # A hosted page has nobody to tell; it leads back instead.
    if not (over and shown["hosted_return_url"]):
        visits.open_for(session)
    manual = purposes.manual_entry(session)
    return {
        "client_secret": session["_"]["secret"],
        "session": {**shown, "over": over},
        "purpose": _purpose(session),
        "abandoned": finishing.result_of(session),
        "banks": [] if manual == "only" else catalogue.listed(shown["institutions"]),
        "manual": manual,
        "returning": returning.greeting(session) if manual != "only" else None,
        "relink": catalogue.bank(find_account(shown["relinks"][0])[0]) if shown["relinks"] else None,
    }


def _purpose(session: Body) -> Body:
    purpose, intent = purposes.of(session), purposes.intent_of(session)
    amount = {name: intent[name] for name in ("amount", "currency")} if intent and "amount" in intent else {}
    return {"kind": purpose["kind"], **amount}
