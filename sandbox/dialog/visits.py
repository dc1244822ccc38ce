"""What is remembered of one dialog: banks signed in to, what they asked, wrong codes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from sandbox.connections import sessions
from sandbox.store import Body, store
from sandbox.wire import errors
from sandbox.wire.errors import ApiError


@dataclass
class Visit:
    """`signed_in`: the account keys that each bank shares; `asked`: what each bank waits for."""

    signed_in: dict[str, list[str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)
    wrong_codes: int = 0

    def reachable(self) -> set[str]:
        return {key for keys in self.signed_in.values() for key in keys}


def session_of(body: Body) -> Body:
    """The stored session of a call, by the client secret in it."""
    secret = body.get("client_secret")
    if not isinstance(secret, str):
        raise errors.missing("client_secret")
    # Intents have secrets too, and so have the pages beside the dialog; nothing in here is for them.
    session = store.find_by_secret(secret) if secret.startswith("fcsess_client_secret_") else None
    if session is None:
        raise ApiError("This client secret belongs to no session.", code="resource_missing", param="client_secret")
    return session


def open_for(session: Body) -> Visit:
    """The visit that goes on in a session; a new one when there is none."""
    if session["_"]["status"] != "pending":
        raise ApiError("This session is over; create a new one.", code="session_expired")
    return Visit(**session["_"].get("visit") or {})


def keep(session: Body, visit: Visit) -> None:
    stored = store.find(sessions.KIND, session["id"])
    if stored is not None:
        stored["_"]["visit"] = session["_"]["visit"] = asdict(visit)
        store.save(stored)
