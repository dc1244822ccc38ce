"""The first screen: whose accounts, who asks, for what, and which way the person may go."""

from __future__ import annotations

from sandbox.connections import sessions
from sandbox.dialog import catalogue, finishing, purposes, returning, visits
from sandbox.store import Body
from sandbox.wire.errors import ApiError


def open_dialog(body: Body) -> Body:
    """What the dialog needs to begin; its further calls name the session's own secret."""
    session = purposes.session_for(body)
    shown = sessions.describe(session["_"]["secret"])
    hosted = shown["hosted_return_url"]
    over = shown["status"] != "pending" if hosted else shown["status"] == "succeeded"
    if over and not hosted:
        raise ApiError("This session is complete; create a new one.", code="session_expired")
    visits.keep(session, visits.open_for(session))
    manual = purposes.manual_entry(session)
    return {
        "client_secret": session["_"]["secret"],
        "session": {**shown, "over": over},
        "purpose": _purpose(session),
        "abandoned": finishing.result_of(session),
        "banks": [] if manual == "only" else catalogue.listed(session),
        "manual": manual,
        "returning": returning.greeting(session) if manual != "only" else None,
        "relink": None,
    }


def _purpose(session: Body) -> Body:
    purpose, intent = purposes.of(session), purposes.intent_of(session)
    amount = {name: intent[name] for name in ("amount", "currency")} if intent and "amount" in intent else {}
    return {"kind": purpose["kind"], **amount}
