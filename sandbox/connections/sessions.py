"""Link sessions: made by the application, completed by the person in the dialog or by a control."""

from __future__ import annotations

from collections.abc import Sequence

from stripe.params.financial_connections import SessionCreateParams, SessionRetrieveParams

from sandbox import banks, clock, ids, timers
from sandbox.connections import access, account_numbers, accounts, authorizations, institutions, refreshing, relinking
from sandbox.connections import session_params as asked
from sandbox.institution import BankAccount, Institution
from sandbox.store import Body, store
from sandbox.wire import errors, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation
from sandbox.wire.versions import CURRENT, Version

KIND = "financial_connections.session"
MERCHANT = "fcdash sandbox"
# As many accounts as a session carries in itself; the rest are a page further on.
EMBEDDED = 10
# Stripe publishes no lifetime; its mobile SDKs know a session that has expired.
LIFETIME = clock.DAY
ENDINGS = {"success": "succeeded", "cancel": "cancelled", "fail": "failed"}


def create(call: Call) -> Body:
    params = call.params
    asked.refuse_unborn(params, call.version)
    relink = relinking.asked_for(params)
    hosted = asked.hosted(params)
    secret = "fcsess_client_secret_" + ids.token()
    session: Body = {
        "id": ids.new_id(KIND),
        "object": KIND,
        "account_holder": asked.account_holder(params, relink),
        "client_secret": None if hosted else secret,
        "filters": asked.filters(params),
        "livemode": False,
        "permissions": asked.permissions(params),
        "prefetch": asked.prefetch(params),
        "_": {
            "secret": secret,
            "accounts": [],
            "status": "pending",
            "hosted": hosted,
            "base": call.base,
            "relink": relink.options if relink else None,
            "relink_result": None,
        },
    }
    optional = {
        "limits": asked.limits(params),
        "manual_entry": dict(params.get("manual_entry") or {}),
        "return_url": asked.return_url(params),
    }
    session.update({name: value for name, value in optional.items() if value})
    store.add(session)
    timers.set_timer("session_expires", session["id"], clock.now() + LIFETIME)
    return rendering.shown(session, call.version)


def _render(session: Body, version: Version) -> Body:
    hidden = session["_"]
    # Newest first, as the list is that goes on from here.
    linked = [_account(account_id) for account_id in hidden["accounts"][::-1][:EMBEDDED]]
    body = {key: value for key, value in session.items() if key != "_"}
    body["filters"] = asked.shown_filters(session["filters"], version)
    body["accounts"] = {
        **rendering.listed(
            linked,
            f"/v1/financial_connections/accounts?session={session['id']}",
            has_more=len(hidden["accounts"]) > EMBEDDED,
            version=version,
        ),
        "total_count": len(hidden["accounts"]),
    }
    if version.preview:
        _add_preview(body, hidden)
    return body


def _add_preview(body: Body, hidden: Body) -> None:
    body["status"] = hidden["status"]
    body["status_details"] = {"cancelled": {"reason": hidden["reason"]}} if hidden["status"] == "cancelled" else {}
    body["ui_mode"] = "hosted" if hidden["hosted"] else "modal"
    body["relink_options"], body["relink_result"] = hidden["relink"], hidden["relink_result"]
    if hidden["hosted"]:
        body["hosted"] = {"return_url": hidden["hosted"]["return_url"], "delivery_method": "url"}
        active = hidden["status"] == "pending"
        body["url"] = f"{hidden['base']}/v3/dialog/hosted/{hidden['secret']}" if active else None


def _account(account_id: str) -> Body:
    account = store.find(accounts.KIND, account_id)
    if account is None:
        raise errors.no_such(accounts.KIND, account_id)
    return account


rendering.RENDERERS[KIND] = _render


def retrieve(call: Call) -> Body:
    session = store.find(KIND, call.id)
    if session is None:
        raise errors.no_such(KIND, call.id)
    return rendering.shown(session, call.version)


@timers.action("session_expires")
def _expire(session_id: str) -> None:
    session = store.find(KIND, session_id)
    if session is not None and session["_"]["status"] == "pending":
        _end(session, "cancelled", reason="other")


def _end(session: Body, status: str, reason: str = "other") -> None:
    """A session ends once, and stays as it ended."""
    session["_"]["status"] = status
    if status == "cancelled":
        session["_"]["reason"] = reason
    timers.drop_timers(session["id"], "session_expires")
    store.save(session)


# What the person does


def describe(client_secret: str) -> Body:
    """What the dialog may show of a session, found by its client secret."""
    session = store.find_by_secret(client_secret)
    if session is None:
        raise ApiError("This client secret belongs to no session.", code="resource_missing", param="client_secret")
    customer = store.find("customer", session["account_holder"].get("customer", ""))
    hidden = session["_"]
    return {
        "id": session["id"],
        "status": hidden["status"],
        "permissions": session["permissions"],
        "filters": asked.shown_filters(session["filters"], CURRENT),
        "institutions": [each.key for each in banks.INSTITUTIONS if _takes_institution(session, each)],
        "relinks": _relinks(session),
        "limits": session.get("limits"),
        "manual_entry": session.get("manual_entry"),
        "return_url": session.get("return_url"),
        "hosted_return_url": hidden["hosted"]["return_url"] if hidden["hosted"] else None,
        "email": customer.get("email") if customer else None,
        "merchant": MERCHANT,
    }


def _relinks(session: Body) -> list[str]:
    """The keys of the bank accounts that this session is to bring back."""
    target = relinking.of(session)
    if target is None:
        return []
    known = [target.account] if target.account else authorizations.accounts_of(target.authorization)
    return [account["_"]["bank_key"] for account in known if account["status"] != "disconnected"]


def authorize(session_id: str, account_keys: Sequence[str], result: str, reason: str = "other") -> Body:
    """Ends a session as a person would: links accounts, leaves, or fails. Returns it as Stripe.js hands it on."""
    if result not in ENDINGS:
        raise errors.invalid("result", "must be one of success, cancel, or fail")
    if reason not in ("custom_manual_entry", "other"):
        raise errors.invalid("reason", "must be one of custom_manual_entry, or other")
    with store.transaction():
        session = store.find(KIND, session_id)
        if session is None:
            raise errors.no_such(KIND, session_id)
        if session["_"]["status"] != "pending":
            raise ApiError("This session is over; create a new one.", code="session_expired")
        status = ENDINGS[result]
        if result == "success":
            status = _link(session, _chosen(session, account_keys))
        elif result == "fail" and session["_"]["relink"]:
            session["_"]["relink_result"] = _failed("other")
        _end(session, status, reason)
        body = rendering.shown(session, CURRENT)
    return {**body, "accounts": _all_accounts(session)}


def _link(session: Body, keys: Sequence[str]) -> str:
    """Links what was chosen, or renews it; returns the status in which the session ends."""
    target = relinking.of(session)
    if target is None:
        session["_"]["accounts"] = _linked_anew(session, keys)
        return "succeeded"
    why = relinking.failure(target, keys)
    if why is not None:
        session["_"]["relink_result"] = _failed(why)
        return "failed"
    session["_"]["accounts"] = relinking.renew(target, session, keys)
    session["_"]["relink_result"] = {**target.options, "failure_reason": None}
    return "succeeded"


def _failed(why: str) -> Body:
    return {"account": None, "authorization": None, "failure_reason": why}


def _linked_anew(session: Body, keys: Sequence[str]) -> list[str]:
    """New accounts under new authorizations, one for each bank that was signed in to."""
    consents: dict[str, Body] = {}
    linked = []
    for key in keys:
        institution, _ = banks.find_account(key)
        if institution.key not in consents:
            consents[institution.key] = authorizations.begin(session, institution)
            access.start_consent(consents[institution.key], institution.consent)
        linked.append(accounts.link(session, consents[institution.key], key)["id"])
    return linked


def _all_accounts(session: Body) -> list[Body]:
    return [rendering.shown(_account(account_id)) for account_id in session["_"]["accounts"]]


def _chosen(session: Body, keys: Sequence[str]) -> list[str]:
    """The keys, when the session's filters and limits allow them."""
    chosen = list(dict.fromkeys(keys))
    if not chosen:
        raise errors.missing("accounts")
    limit = (session.get("limits") or {}).get("accounts")
    if limit is not None and len(chosen) > limit:
        raise ApiError(f"This session takes at most {limit} accounts.", param="accounts")
    payable = [_refuse_unless_allowed(session, key).payable for key in chosen]
    wanted = session["filters"].get("require_payment_method_support")
    if (wanted == "all" and not all(payable)) or (wanted == "at_least_one" and not any(payable)):
        raise ApiError("What is chosen cannot be debited, which this session asks for.", param="accounts")
    return chosen


def _refuse_unless_allowed(session: Body, key: str) -> BankAccount:
    try:
        institution, account = banks.find_account(key)
    except KeyError:
        raise errors.invalid("accounts", f"no bank has an account '{key}'.") from None
    if institution.behaviour in ("down", "refuses", "no_accounts"):
        raise ApiError(f"{institution.name} links no accounts ({institution.behaviour}).", param="accounts")
    if not _takes_institution(session, institution):
        raise ApiError(f"This session does not take accounts of {institution.name}.", param="accounts")
    subcategories = session["filters"].get("account_subcategories")
    if subcategories and account.subcategory not in subcategories:
        raise ApiError(f"This session does not take {account.subcategory} accounts.", param="accounts")
    return account


def _takes_institution(session: Body, institution: Institution) -> bool:
    filters = session["filters"]
    countries = filters["countries"]
    if countries and institution.country not in [country.upper() for country in countries]:
        return False
    return filters.get("institution") in (None, institutions.id_of(institution))


_PATH = "/v1/financial_connections/sessions"

OPERATIONS = (
    Operation(
        "POST",
        _PATH,
        create,
        SessionCreateParams,
        shape_for=asked.shape,
        # All of it follows when the person comes to the end.
        emits=(
            accounts.EVENT + "created",
            access.REACTIVATED,
            access.DEACTIVATED,
            access.DATE_UPDATED,
            access.WARNING,
            *access.AUTHORIZATION_EMITS,
            *account_numbers.EMITS,
            *refreshing.EMITS,
        ),
    ),
    Operation("GET", _PATH + "/*", retrieve, SessionRetrieveParams),
)
