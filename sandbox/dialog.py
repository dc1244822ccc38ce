"""The bank-link dialog and the stand-in Stripe.js that opens it: their files, and what they ask the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.banks import INSTITUTIONS, BankAccount, Institution
from sandbox.connections import sessions
from sandbox.wire import errors

STATIC = Path(__file__).parent / "static"
# No frame-ancestors: whatever page holds a client secret may show the dialog, as with the real one.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
SUBCATEGORIES = {
    "checking": "Checking",
    "savings": "Savings",
    "credit_card": "Credit card",
    "line_of_credit": "Line of credit",
    "mortgage": "Mortgage",
}
# Words that Stripe's own test bank understands as a password.
ASKS_CODE, ASKS_AGAIN, ENDS = "mfa", "incorrect", "error"


@dataclass
class Visit:
    """What the banks remember of one session's dialog: who was signed in to, who refused a password once."""

    signed_in: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    asked_code: set[str] = field(default_factory=set)


_visits: dict[str, Visit] = {}

Body = dict[str, Any]
Answer = Callable[[Body], Awaitable[Body]]


def _answering(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """A route that reads JSON and answers JSON; refusals keep Stripe's form, so that the page can pass them on."""

    @wraps(answer)
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await answer(await _body(request)))
        except errors.ApiError as refusal:
            return JSONResponse(refusal.body, status_code=refusal.status)

    return endpoint


async def _body(request: Request) -> Body:
    try:
        body = await request.json()
    except ValueError:
        raise errors.invalid("body", "must be JSON.") from None
    if not isinstance(body, dict) or not isinstance(body.get("client_secret"), str):
        raise errors.missing("client_secret")
    # Intents have client secrets too, and nothing in here is for them.
    if not body["client_secret"].startswith("fcsess_client_secret_"):
        raise errors.invalid("client_secret", "it belongs to no Financial Connections Session.")
    return body


async def _open_session(body: Body) -> Body:
    """The session as the first screen shows it, and every bank."""
    session = _session(body)
    if session["status"] == "succeeded" and not session["hosted_return_url"]:
        raise errors.ApiError("This session is complete; create a new one.", code="session_expired")
    return {"session": session, "banks": [_bank(institution) for institution in INSTITUTIONS]}


async def _sign_in(body: Body) -> Body:
    """What follows a sign-in: accounts, a code, another try, or the end of it."""
    session = _session(body)
    bank = _institution(body)
    visit = _visits.setdefault(session["id"], Visit())
    if stop := _sign_in_stops(bank, body, visit):
        return stop
    visit.signed_in.add(bank.key)
    offered = [account for account in bank.accounts if _is_wanted(account, session)]
    if not offered:
        return {"next": "stop", "reason": "no_accounts"}
    return {
        "next": "accounts",
        "accounts": [_offer(account, offered) for account in offered],
        "limit": (session["limits"] or {}).get("accounts") or None,
        "needs_payable": session["filters"].get("require_payment_method_support") == "at_least_one",
    }


def _sign_in_stops(bank: Institution, body: Body, visit: Visit) -> Body | None:
    if bank.behaviour == "down":
        return {"next": "stop", "reason": "down"}
    password = str(body.get("password", "")).strip()
    with_code = bool(body.get("code")) and bank.key in visit.asked_code
    if not bank.oauth and not with_code and not (password and str(body.get("username", "")).strip()):
        return {"next": "again", "message": "Enter a username and a password."}
    if bank.behaviour == "refuses" or password == ENDS or (bank.oauth and body.get("allowed") is not True):
        return {"next": "stop", "reason": "refused"}
    if password == ASKS_AGAIN or (bank.behaviour == "wrong_password_once" and bank.key not in visit.refused):
        visit.refused.add(bank.key)
        return {"next": "again", "message": f"{bank.name} did not accept this password. Try once more."}
    if (bank.asks_code or password == ASKS_CODE) and not with_code:
        visit.asked_code.add(bank.key)
        return {"next": "code"}
    return None


async def _finish(body: Body) -> Body:
    """Ends the session; the answer is the session as Stripe.js hands it to the page."""
    session = _session(body)
    keys = body.get("accounts")
    if not isinstance(keys, list):
        raise errors.missing("accounts")
    signed_in = _visits.get(session["id"], Visit()).signed_in
    reachable = {account.key for bank in INSTITUTIONS if bank.key in signed_in for account in bank.accounts}
    if not set(keys) <= reachable:
        raise errors.invalid("accounts", "the person has not signed in to the bank that holds them.")
    return sessions.authorize(session["id"], keys, body.get("result", "cancel"))


def _session(body: Body) -> Body:
    return sessions.describe(body["client_secret"])


def _institution(body: Body) -> Institution:
    for institution in INSTITUTIONS:
        if institution.key == body.get("bank"):
            return institution
    raise errors.invalid("bank", "no such institution.")


def _bank(institution: Institution) -> Body:
    return {
        "key": institution.key,
        "name": institution.name,
        "note": _note(institution),
        "oauth": institution.oauth,
        "down": institution.behaviour == "down",
    }


def _note(institution: Institution) -> str:
    """What trying this bank is good for."""
    tricks = {
        "down": "Is not available",
        "refuses": "Refuses the sign-in",
        "no_accounts": "Has no account to link",
        "wrong_password_once": "Refuses the first password",
    }
    if institution.behaviour in tricks:
        return tricks[institution.behaviour]
    if institution.oauth:
        return "Signs in on a page of its own"
    if institution.asks_code:
        return "Asks for a security code"
    kinds = list(dict.fromkeys(SUBCATEGORIES[account.subcategory].lower() for account in institution.accounts))
    return f"{', '.join(kinds[:-1])} and {kinds[-1]}".capitalize() if len(kinds) > 1 else "Debits that end as named"


def _is_wanted(account: BankAccount, session: Body) -> bool:
    filters = session["filters"]
    subcategories = filters.get("account_subcategories")
    if subcategories and account.subcategory not in subcategories:
        return False
    return filters.get("require_payment_method_support") != "all" or account.supports_payments


def _offer(account: BankAccount, offered: list[BankAccount]) -> Body:
    first_checking = next((each for each in offered if each.subcategory == "checking"), offered[0])
    return {
        "key": account.key,
        "name": account.name,
        "note": f"{SUBCATEGORIES[account.subcategory]} ••{account.last4}",
        "preselected": account is first_checking,
        "payable": account.supports_payments,
    }


async def _bank_by_key(request: Request) -> Response:
    for institution in INSTITUTIONS:
        if institution.key == request.path_params["key"]:
            return JSONResponse(_bank(institution))
    return JSONResponse(errors.no_such("institution", request.path_params["key"]).body, status_code=404)


def _file(name: str, headers: dict[str, str]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return FileResponse(STATIC / name, headers=headers)

    return endpoint


SCRIPT_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}

routes: list[Route | Mount] = [
    Route("/v3", _file("stripe.js", SCRIPT_HEADERS)),
    Route("/v3/", _file("stripe.js", SCRIPT_HEADERS)),
    Route("/v3/dialog/", _file("dialog.html", PAGE_HEADERS)),
    Route("/v3/dialog/hosted/{secret}", _file("dialog.html", PAGE_HEADERS)),
    Route("/v3/dialog/bank/{key}", _file("bank.html", PAGE_HEADERS)),
    Route("/v3/dialog/banks/{key}", _bank_by_key),
    Route("/v3/dialog/session", _answering(_open_session), methods=["POST"]),
    Route("/v3/dialog/sign-in", _answering(_sign_in), methods=["POST"]),
    Route("/v3/dialog/finish", _answering(_finish), methods=["POST"]),
    Mount("/v3/dialog/assets", StaticFiles(directory=STATIC / "dialog")),
]
