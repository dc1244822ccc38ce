"""Link sessions: made by the application, completed by the person in the dialog or by a control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from stripe.params.financial_connections import SessionCreateParams, SessionRetrieveParams
from typing_extensions import TypedDict

from sandbox import banks, customers, ids
from sandbox.connections import accounts
from sandbox.store import Body, store
from sandbox.wire import errors, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation
from sandbox.wire.versions import CURRENT, Version

KIND = "financial_connections.session"
MERCHANT = "fcdash sandbox"
# As many accounts as a session carries in itself; the rest are a page further on.
EMBEDDED = 10

NEEDS_PERMISSION = {"balances": "balances", "ownership": "ownership", "transactions": "transactions"}


class Hosted(TypedDict):
    """Where Stripe's own page sends the person back to."""

    return_url: str


class HostedFilters(TypedDict, total=False):
    """The preview still takes a list of countries where the current version takes one."""

    account_subcategories: list[str]
    countries: list[str]


class HostedSessionCreateParams(SessionCreateParams, total=False):
    """A session as the preview takes it when the hosted beta is named in the version."""

    filters: HostedFilters  # type: ignore[misc]
    ui_mode: Literal["modal", "hosted"]
    hosted: Hosted


def _shape(version: Version) -> type:
    return HostedSessionCreateParams if version.hosted_sessions else SessionCreateParams


def create(call: Call) -> Body:
    params = call.params
    hosted = _hosted(params)
    secret = "fcsess_client_secret_" + ids.token()
    session: Body = {
        "id": ids.new_id(KIND),
        "object": KIND,
        "account_holder": _account_holder(params["account_holder"]),
        "client_secret": None if hosted else secret,
        "filters": _filters(params.get("filters", {})),
        "livemode": False,
        "permissions": _permissions(params),
        "prefetch": _prefetch(params),
        "_": {"secret": secret, "accounts": [], "status": "pending", "hosted": hosted, "base": call.base},
    }
    for name in ("limits", "manual_entry"):
        if name in params:
            session[name] = dict(params[name])
    if params.get("return_url"):
        session["return_url"] = _https_url(params["return_url"], "return_url")
    store.add(session)
    return rendering.shown(session, call.version)


def _account_holder(holder: Any) -> Body:
    if holder["type"] == "account":
        if "account" not in holder:
            raise errors.missing("account_holder[account]")
        return {"type": "account", "account": holder["account"]}
    if "customer" not in holder:
        raise errors.missing("account_holder[customer]")
    customers.existing(holder["customer"], "account_holder[customer]")
    return {"type": "customer", "customer": holder["customer"]}


def _filters(filters: Any) -> Body:
    shown: Body = {"account_subcategories": filters.get("account_subcategories"), "country": filters.get("country")}
    for name in ("require_payment_method_support", "countries"):
        if name in filters:
            shown[name] = filters[name]
    return shown


def _permissions(params: Any) -> list[str]:
    permissions = list(dict.fromkeys(params["permissions"]))
    if not permissions:
        raise errors.empty("permissions")
    return sorted(permissions)


def _prefetch(params: Any) -> list[str] | None:
    prefetch = list(dict.fromkeys(params.get("prefetch", [])))
    for number, feature in enumerate(prefetch):
        if NEEDS_PERMISSION[feature] not in params["permissions"]:
            raise ApiError(
                f"You cannot prefetch `{feature}` without asking for the permission `{NEEDS_PERMISSION[feature]}`.",
                param=f"prefetch[{number}]",
            )
    return prefetch or None


def _hosted(params: Any) -> Body | None:
    if params.get("ui_mode", "modal") == "modal":
        if "hosted" in params:
            raise ApiError("`hosted` may be given only with `ui_mode=hosted`.", param="hosted")
        return None
    if "hosted" not in params:
        raise errors.missing("hosted[return_url]")
    return_url = params["hosted"]["return_url"]
    if urlsplit(return_url).scheme not in ("http", "https"):
        raise errors.invalid("hosted[return_url]", "must be a URL.", code="url_invalid")
    return {"return_url": return_url}


def _https_url(url: str, param: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.netloc:
        raise errors.invalid(param, "must be an https URL that opens your app.", code="url_invalid")
    return url


def _render(session: Body, version: Version) -> Body:
    hidden = session["_"]
    # Newest first, as the list is that goes on from here.
    linked = [_account(account_id) for account_id in hidden["accounts"][::-1][:EMBEDDED]]
    body = {key: value for key, value in session.items() if key != "_"}
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
    body["ui_mode"] = "hosted" if hidden["hosted"] else "modal"
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
        "filters": session["filters"],
        "limits": session.get("limits"),
        "manual_entry": session.get("manual_entry"),
        "return_url": session.get("return_url"),
        "hosted_return_url": hidden["hosted"]["return_url"] if hidden["hosted"] else None,
        "email": customer.get("email") if customer else None,
        "merchant": MERCHANT,
    }


def authorize(session_id: str, account_keys: Sequence[str], result: str) -> Body:
    """Ends a session as a person would: links accounts, leaves, or fails. Returns it as Stripe.js hands it on."""
    if result not in ("success", "cancel", "fail"):
        raise errors.invalid("result", "must be one of success, cancel, or fail")
    with store.transaction():
        session = store.find(KIND, session_id)
        if session is None:
            raise errors.no_such(KIND, session_id)
        if session["_"]["status"] == "succeeded":
            raise ApiError("This session is complete; create a new one.", code="session_expired")
        if result == "success":
            chosen = _chosen(session, account_keys)
            session["_"]["accounts"] = [accounts.link(session, key)["id"] for key in chosen]
        session["_"]["status"] = {"success": "succeeded", "cancel": "cancelled", "fail": "failed"}[result]
        store.save(session)
        body = rendering.shown(session, CURRENT)
    return {**body, "accounts": _all_accounts(session)}


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
    for key in chosen:
        _refuse_unless_allowed(session, key)
    return chosen


def _refuse_unless_allowed(session: Body, key: str) -> None:
    try:
        institution, account = banks.find_account(key)
    except KeyError:
        raise errors.invalid("accounts", f"no bank has an account '{key}'.") from None
    if institution.behaviour in ("down", "refuses", "no_accounts"):
        raise ApiError(f"{institution.name} links no accounts ({institution.behaviour}).", param="accounts")
    subcategories = session["filters"].get("account_subcategories")
    if subcategories and account.subcategory not in subcategories:
        raise ApiError(f"This session does not take {account.subcategory} accounts.", param="accounts")
    if session["filters"].get("require_payment_method_support") == "all" and not account.supports_payments:
        raise ApiError(f"'{key}' cannot be debited, which this session asks for.", param="accounts")


_PATH = "/v1/financial_connections/sessions"

OPERATIONS = (
    Operation("POST", _PATH, create, SessionCreateParams, shape_for=_shape),
    Operation("GET", _PATH + "/*", retrieve, SessionRetrieveParams),
)
