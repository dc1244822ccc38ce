"""Authorizations: one sign-in at a bank, the accounts linked by it, and until when it lasts. Seen by previews only."""

from __future__ import annotations

from sandbox import clock, events, ids, timers
from sandbox.connections import institutions
from sandbox.institution import SHORTLY, WARNED_BEFORE, Institution
from sandbox.store import Body, store
from sandbox.wire import errors, rendering
from sandbox.wire.operations import Call, Operation
from sandbox.wire.versions import Version

KIND = "financial_connections.authorization"
ACCOUNT = "financial_connections.account"
EVENT = KIND + "."


def begin(session: Body, institution: Institution) -> Body:
    """A sign-in, to which the caller adds accounts."""
    return store.add(
        {
            "id": ids.new_id(KIND),
            "object": KIND,
            "account_holder": dict(session["account_holder"]),
            "institution": institutions.id_of(institution),
            "institution_name": institution.name,
            "livemode": False,
            "status_details": {},
            "_": {"institution": institution.key},
        }
    )


def existing(authorization_id: str, param: str | None) -> Body:
    authorization = store.find(KIND, authorization_id)
    if authorization is None:
        raise errors.no_such(KIND, authorization_id, param)
    return authorization


def accounts_of(authorization: Body) -> list[Body]:
    return store.all(ACCOUNT, authorization=authorization["id"])


def status_of(authorization: Body) -> str:
    """Active while one of its accounts is, disconnected when all are."""
    statuses = {account["status"] for account in accounts_of(authorization)}
    return next((status for status in ("active", "inactive") if status in statuses), "disconnected")


def expect_end(authorization: Body, at: int | None) -> None:
    """From now on the sign-in is known to end at that real time, or is not known to end."""
    drop_end(authorization)
    authorization["status_details"] = {} if at is None else {"active": _ending(at)}
    store.save(authorization)
    if at is None:
        return
    left = at - clock.stamp()
    timers.set_timer("consent_warning", authorization["id"], clock.now() + max(SHORTLY, left - WARNED_BEFORE))
    timers.set_timer("consent_ends", authorization["id"], clock.now() + left)


def forget_end(authorization: Body) -> None:
    """The end has come, so nothing is expected any more."""
    authorization["status_details"] = {}
    store.save(authorization)


def drop_end(authorization: Body) -> None:
    """The end that was to come, expected or not, comes no more."""
    timers.drop_timers(authorization["id"], "consent_warning", "consent_ends")


def end_in(authorization: Body, seconds: int) -> None:
    """The sign-in ends without notice."""
    timers.set_timer("consent_ends", authorization["id"], clock.now() + seconds)


def expected_end(authorization: Body) -> int | None:
    ending: Body | None = authorization["status_details"].get("active")
    return ending["expected_deactivation_date"] if ending else None


def _ending(at: int) -> Body:
    return {"action": "relink_required", "cause": "access_expired", "expected_deactivation_date": at}


def shown_on_account(authorization: Body) -> Body:
    """What an active account shows of it in its `status_details`."""
    at = expected_end(authorization)
    return {} if at is None else {"active": _ending(at)}


@timers.action("consent_warning")
def _warn(authorization_id: str) -> None:
    authorization = store.find(KIND, authorization_id)
    if authorization is None or expected_end(authorization) is None:
        return
    active = [account for account in accounts_of(authorization) if account["status"] == "active"]
    if not active:
        return
    events.emit(EVENT + "upcoming_deactivation", authorization)
    for account in active:
        events.emit(ACCOUNT + ".upcoming_deactivation", account)


def _render(authorization: Body, version: Version) -> Body:
    status = status_of(authorization)
    details = authorization["status_details"] if status == "active" else {}
    if status == "inactive":
        details = {"inactive": {"action": _action(authorization)}}
    return {**authorization, "status": status, "status_details": details}


def _action(authorization: Body) -> str:
    """Linking again helps as long as it helps one of the accounts."""
    actions = {
        account["status_details"]["inactive"]["action"]
        for account in accounts_of(authorization)
        if account["status"] == "inactive"
    }
    return "relink_required" if "relink_required" in actions else "none"


rendering.RENDERERS[KIND] = _render


def retrieve(call: Call) -> Body:
    return rendering.shown(existing(call.id, None), call.version)


OPERATIONS = (Operation("GET", "/v1/financial_connections/authorizations/*", retrieve, preview=True),)
