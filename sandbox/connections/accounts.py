"""Linked bank accounts: made by a session, refreshed, subscribed to, and cut off."""

from __future__ import annotations

from stripe.params.financial_connections import (
    AccountDisconnectParams,
    AccountListParams,
    AccountOwnerListParams,
    AccountRefreshParams,
    AccountRetrieveParams,
    AccountSubscribeParams,
    AccountUnsubscribeParams,
)

from sandbox import banks, clock, customers, events, ids, timers
from sandbox.connections import access, account_numbers, authorizations, refreshing
from sandbox.store import Body, store
from sandbox.wire import errors, listing, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation
from sandbox.wire.versions import Version

KIND = "financial_connections.account"
EVENT = "financial_connections.account."


def link(session: Body, authorization: Body, bank_key: str) -> Body:
    """A new account for what the person chose; linking the same bank account again gives a new id, as Stripe may."""
    institution, bank_account = banks.find_account(bank_key)
    account: Body = {
        "id": ids.new_id(KIND),
        "object": KIND,
        "account_holder": dict(session["account_holder"]),
        "account_numbers": None,
        "balance": None,
        "balance_refresh": None,
        "category": bank_account.category,
        "created": clock.stamp(),
        "display_name": bank_account.name,
        "institution_name": institution.name,
        "last4": bank_account.last4,
        "livemode": False,
        "ownership": None,
        "ownership_refresh": None,
        "permissions": list(session["permissions"]),
        "status": "active",
        "status_details": authorizations.shown_on_account(authorization),
        "subcategory": bank_account.subcategory,
        "subscriptions": [],
        "supported_payment_method_types": ["us_bank_account"] if bank_account.payable else [],
        "transaction_refresh": None,
        "_": {
            "bank_key": bank_key,
            "session": session["id"],
            "authorization": authorization["id"],
            "institution": authorization["institution"],
            "refresh": "succeed",
            "cool_until": {},
        },
    }
    account_numbers.issue(account)
    refreshing.prefetch(account, session)
    store.add(account)
    events.emit(EVENT + "created", account)
    return account


def _render(account: Body, version: Version) -> Body:
    """An advanced clock ends a cool-down early; its stamp must not go on promising the future."""
    for feature, field in refreshing.FIELD.items():
        refresh = account[field]
        if refresh and refresh["next_refresh_available_at"] and refreshing.cooled_down(account, feature):
            early = min(refresh["next_refresh_available_at"], clock.stamp())
            account = {**account, field: {**refresh, "next_refresh_available_at": early}}
    if version.relinking:
        hidden = account["_"]
        return {**account, "authorization": hidden["authorization"], "institution": hidden["institution"]}
    details = {name: each for name, each in account["status_details"].items() if name == "active"}
    return {**account, "status_details": details}


rendering.RENDERERS[KIND] = _render


def existing(account_id: str, param: str | None) -> Body:
    account = store.find(KIND, account_id)
    if account is None:
        raise errors.no_such(KIND, account_id, param)
    return account


def readable(account_id: str, permission: str, param: str | None) -> Body:
    """The account when its data may be read: permission granted, not disconnected."""
    account = existing(account_id, param)
    if permission not in account["permissions"]:
        raise ApiError(f"The `{permission}` permission was not granted for this account.", param=param)
    if account["status"] == "disconnected":
        raise ApiError("This account is disconnected; its data can no longer be read.", param=param)
    return account


def _active(account_id: str) -> Body:
    account = existing(account_id, None)
    if account["status"] != "active":
        raise ApiError(
            f"This account is {account['status']}, so this cannot be done with it.",
            code="financial_connections_account_inactive",
            executed=True,
        )
    return account


# The API


def retrieve(call: Call) -> Body:
    return rendering.shown(existing(call.id, None), call.version)


def list_accounts(call: Call) -> Body:
    holder = call.params.get("account_holder", {})
    if "account" in holder and "customer" in holder:
        raise errors.exclusive("account_holder[customer]", "account_holder[account]")
    customer, session = holder.get("customer"), call.params.get("session")
    if customer is not None:
        customers.existing(customer, "account_holder[customer]")
    return listing.page(
        KIND,
        call.params,
        call.url,
        call.version,
        places={"holder": customer},
        equal={"account_holder.account": holder.get("account")},
        where=_of_session(session),
    )


def _of_session(session_id: str | None) -> tuple[str, ...]:
    """SQL for the accounts that a session linked or brought back."""
    if session_id is None:
        return ()
    session = store.find("financial_connections.session", session_id)
    if session is None:
        raise errors.no_such("financial_connections.session", session_id, "session")
    linked = ", ".join(f"'{account_id}'" for account_id in session["_"]["accounts"])
    return (f"id IN ({linked})",)


def refresh(call: Call) -> Body:
    account = _active(call.id)
    features = list(dict.fromkeys(call.params["features"]))
    if not features:
        raise errors.empty("features")
    for number, feature in enumerate(features):
        refreshing.refuse_unless_allowed(account, feature, f"features[{number}]")
    for feature in features:
        refreshing.start(account, feature)
    store.save(account)
    return rendering.shown(account, call.version)


def subscribe(call: Call) -> Body:
    account = _active(call.id)
    if "transactions" not in account["permissions"]:
        raise ApiError("The `transactions` permission was not granted for this account.", param="features[0]")
    if "transactions" not in account["subscriptions"]:
        account["subscriptions"] = ["transactions"]
        timers.set_timer("subscription", account["id"], clock.now() + clock.DAY)
        refresh_now = account["transaction_refresh"]
        if (refresh_now is None or refresh_now["status"] != "pending") and refreshing.cooled_down(
            account, "transactions"
        ):
            refreshing.start(account, "transactions")
        store.save(account)
    return rendering.shown(account, call.version)


def unsubscribe(call: Call) -> Body:
    account = existing(call.id, None)
    account["subscriptions"] = []
    timers.drop_timers(account["id"], "subscription")
    return rendering.shown(store.save(account), call.version)


@timers.action("subscription")
def _daily(account_id: str) -> None:
    account = store.find(KIND, account_id)
    if account is None or account["status"] == "disconnected" or not account["subscriptions"]:
        return
    timers.set_timer("subscription", account_id, clock.now() + clock.DAY)
    running = account["transaction_refresh"]
    if account["status"] == "active" and (running is None or running["status"] != "pending"):
        refreshing.start(account, "transactions")
        store.save(account)


def disconnect(call: Call) -> Body:
    account = existing(call.id, None)
    access.disconnect(account)
    return rendering.shown(account, call.version)


def owners(call: Call) -> Body:
    account = readable(call.id, "ownership", None)
    ownership_id = call.params["ownership"]
    ownership = store.find("financial_connections.account_ownership", ownership_id)
    if ownership is None or ownership["_"]["account"] != account["id"]:
        raise errors.no_such("financial_connections.account_ownership", ownership_id, "ownership")
    return listing.page_of(ownership["owners"]["data"], call.params, call.url, "financial_connections.account_owner")


_PATH = "/v1/financial_connections/accounts"
_LINKED = ("active", "inactive")

_REFRESH_FAULTS = ("refresh_hangs", "refresh_fails")

OPERATIONS = (
    Operation("GET", _PATH, list_accounts, AccountListParams),
    Operation("GET", _PATH + "/*", retrieve, AccountRetrieveParams, faults=("balance",)),
    Operation(
        "POST",
        _PATH + "/*/refresh",
        refresh,
        AccountRefreshParams,
        states=("active",),
        emits=refreshing.EMITS,
        faults=_REFRESH_FAULTS,
    ),
    Operation(
        "POST",
        _PATH + "/*/subscribe",
        subscribe,
        AccountSubscribeParams,
        states=("active",),
        emits=(refreshing.EVENT + "transactions",),
        faults=_REFRESH_FAULTS,
    ),
    Operation("POST", _PATH + "/*/unsubscribe", unsubscribe, AccountUnsubscribeParams),
    Operation(
        "POST",
        _PATH + "/*/disconnect",
        disconnect,
        AccountDisconnectParams,
        emits=(*refreshing.EMITS, access.DISCONNECTED),
    ),
    Operation("GET", _PATH + "/*/owners", owners, AccountOwnerListParams, states=_LINKED),
)
