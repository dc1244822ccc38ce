"""Steps that tests of Financial Connections take: link at a bank, link again, look with a preview's eyes."""

from __future__ import annotations

from typing import Any

from tests.sandbox.api.driving import ALL, Sandbox

PREVIEW = "2026-04-22.preview"
HOSTED = PREVIEW + "; financial_connections_hosted_beta=v1"
PREFIX = "financial_connections."
ACCOUNTS = "/v1/financial_connections/accounts"
SESSIONS = "/v1/financial_connections/sessions"


def customer(sandbox: Sandbox) -> str:
    return str(sandbox.api.customers.create({"email": "ana@example.com", "name": "Ana"}).id)


def call(sandbox: Sandbox, method: str, path: str, version: str = PREVIEW, **form: Any) -> Any:
    """The body of an answer, refused or not, to a call in a version."""
    options = {"data": form} if method == "POST" else {"params": form}
    return sandbox.raw(method, path, headers={"Stripe-Version": version}, **options).json()


def open_session(sandbox: Sandbox, version: str = PREVIEW, **form: Any) -> Any:
    """A session's body, or the refusal; the form is curl's, permissions are all unless given."""
    if not any(name.startswith("permissions") for name in form):
        form["permissions[]"] = ALL
    if not any(name.startswith(("account_holder", "relink_options")) for name in form):
        form |= {"account_holder[type]": "customer", "account_holder[customer]": customer(sandbox)}
    return call(sandbox, "POST", SESSIONS, version, **form)


def finish(sandbox: Sandbox, session: str, *keys: str, result: str = "success", ok: bool = True, **more: Any) -> Any:
    return sandbox.post(f"/link-sessions/{session}/authorize", {"accounts": keys, "result": result, **more}, ok=ok)


def link_at(sandbox: Sandbox, *keys: str, **form: Any) -> list[str]:
    """The ids of accounts linked by one session, in the order of the keys."""
    session = open_session(sandbox, **form)
    return [account["id"] for account in finish(sandbox, session["id"], *keys)["accounts"]]


def relink(sandbox: Sandbox, account: str, *keys: str, only: bool = False, **form: Any) -> Any:
    """The session that linked an account again, as it ended."""
    form["relink_options[authorization]"] = shown(sandbox, account)["authorization"]
    if only:
        form["relink_options[account]"] = account
    session = open_session(sandbox, **form)
    finish(sandbox, session["id"], *keys)
    return call(sandbox, "GET", f"{SESSIONS}/{session['id']}")


def shown(sandbox: Sandbox, account: str, version: str = PREVIEW) -> Any:
    return call(sandbox, "GET", f"{ACCOUNTS}/{account}", version)


def authorization_of(sandbox: Sandbox, account: str) -> Any:
    return call(sandbox, "GET", "/v1/financial_connections/authorizations/" + shown(sandbox, account)["authorization"])


def set_state(sandbox: Sandbox, account: str, ok: bool = True, **state: Any) -> Any:
    return sandbox.post(f"/accounts/{account}/state", state, ok=ok)


def happened(sandbox: Sandbox, about: str | None = None) -> list[str]:
    """Types of the events of Financial Connections, oldest first, of one object or of all."""
    events = sandbox.api.events.list({"type": PREFIX + "*", "limit": 100}).data
    return [
        event.type.removeprefix(PREFIX)
        for event in reversed(events)
        if about is None or event.data.object["id"] == about
    ]


def advance(sandbox: Sandbox, seconds: float) -> None:
    sandbox.post("/clock/advance", {"seconds": seconds})
