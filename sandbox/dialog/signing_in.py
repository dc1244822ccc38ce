"""Signing in to a bank: a password or a window of the bank, and whatever it asks after that."""

from __future__ import annotations

from sandbox.connections import sessions
from sandbox.dialog import catalogue, visits, windows
from sandbox.dialog.answering import text
from sandbox.dialog.visits import Visit
from sandbox.institution import Institution
from sandbox.store import Body

# The words by which Stripe's test bank is asked for a prompt, and the prompt of each.
PROMPTS = {"mfa": "code", "options": "options", "confirm_mfa": "confirm", "security_question": "question"}
ENDS, ASKS_AGAIN = "error", "incorrect"
_ONCE_MORE = {
    "code": "This code did not match. Enter it once more.",
    "options": "Choose how the code should come.",
    "confirm": "It was not confirmed. Try once more.",
    "question": "This answer did not match. Try once more.",
}


def sign_in(body: Body) -> Body:
    """What follows a sign-in: accounts, a prompt, another try, or the end of it."""
    session = visits.session_of(body)
    visit = visits.open_for(session)
    bank = catalogue.institution_of(body)
    answer = _step(bank, body, visit, session)
    visits.keep(session, visit)
    return answer


def _step(bank: Institution, body: Body, visit: Visit, session: Body) -> Body:
    if bank.behaviour == "down":
        return {"next": "stop", "reason": "down", "down": catalogue.outage(bank)}
    shared: list[str] | None = None
    if bank.oauth:
        window = windows.answered(body, session, bank)
        if window["word"] != "allow":
            return _stop("refused")
        shared = window["accounts"]
    elif stops := _after_password(bank, body, visit):
        return stops
    if bank.behaviour == "refuses":
        return _stop("refused")
    return accounts_at(bank, visit, session, shared)


def accounts_at(bank: Institution, visit: Visit, session: Body, shared: list[str] | None) -> Body:
    """The accounts to choose from, once the bank has let the person in."""
    visit.asked.pop(bank.key, None)
    offers = catalogue.offered(bank, session, shared, sessions.describe(session["_"]["secret"])["relinks"])
    if not offers:
        return _stop("no_accounts")
    if all(each["unfit"] for each in offers):
        return _stop("none_fits")
    visit.signed_in[bank.key] = [each["key"] for each in offers if each["unfit"] is None]
    return {
        "next": "accounts",
        "accounts": offers,
        "limit": catalogue.limit_of(session),
        "needs_payable": catalogue.needs_payable(session),
    }


def _after_password(bank: Institution, body: Body, visit: Visit) -> Body | None:
    """None when the bank is content; the word typed last decides, as at Stripe's test bank."""
    asked = visit.asked.get(bank.key)
    typed = text(body, "answer" if asked and "answer" in body else "password")
    if "answer" in body and asked:
        if not typed:
            return {"next": "again", "message": _missing(asked)}
    elif not typed or not text(body, "username"):
        return {"next": "again", "message": "Enter a username and a password."}
    if typed == ENDS and ENDS in bank.words:
        return _stop("refused")
    if typed == ASKS_AGAIN and ASKS_AGAIN in bank.words:
        return {"next": "again", "message": _not_accepted(bank, asked if "answer" in body else None)}
    if typed in PROMPTS and typed in bank.words:
        return _prompt(bank, visit, PROMPTS[typed])
    if asked == "options" and "answer" in body:
        return _prompt(bank, visit, "code", by=typed)
    if asked and "answer" in body:
        return None
    if bank.behaviour == "wrong_password_once" and bank.key not in visit.refused:
        visit.refused.append(bank.key)
        return {"next": "again", "message": _not_accepted(bank, None)}
    return _prompt(bank, visit, "code") if bank.asks_code else None


def _missing(asked: str) -> str:
    return {"code": "Enter the security code.", "question": "Enter an answer."}.get(asked, _ONCE_MORE[asked])


def _not_accepted(bank: Institution, asked: str | None) -> str:
    return _ONCE_MORE[asked] if asked else f"{bank.name} did not accept this password. Try once more."


def _prompt(bank: Institution, visit: Visit, kind: str, by: str = "phone") -> Body:
    visit.asked[bank.key] = kind
    return {"next": "prompt", "kind": kind, "by": by}


def _stop(reason: str) -> Body:
    return {"next": "stop", "reason": reason}
