"""Linked bank accounts: made by a session, refreshed, subscribed to, and cut off."""

from __future__ import annotations

from typing import Any

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
from sandbox.connections import refreshing
from sandbox.store import Body, store
from sandbox.wire import errors, listing, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation
from sandbox.wire.versions import Version

KIND = "financial_connections.account"
EVENT = "financial_connections.account."


def link(session: Body, bank_key: str) -> Body:
    """A new account for what the person chose; linking the same bank account again gives a new id, as Stripe may."""
    institution, bank_account = banks.find_account(bank_key)
    permissions = session["permissions"]
    payable = bank_account.category == "cash" and bank_account.supports_payments
    account: Body = {
        "id": ids.new_id(KIND),
        "object": KIND,
        "account_holder": dict(session["account_holder"]),
        "account_numbers": _account_numbers() if payable and "payment_method" in permissions else None,
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
        "permissions": list(permissions),
        "status": "active",
        "status_details": {},
        "subcategory": bank_account.subcategory,
        "subscriptions": [],
        "supported_payment_method_types": ["us_bank_account"] if payable else [],
        "transaction_refresh": None,
        "_": {"bank_key": bank_key, "session": session["id"], "refresh": "succeed", "cool_until": {}},
    }
    for prefetched in session["prefetch"] or []:
        refreshing.start(account, "balance" if prefetched == "balances" else prefetched)
    store.add(account)
    events.emit(EVENT + "created", account)
    return account


def _account_numbers() -> list[Body]:
    return [
        {
            "expected_expiry_date": None,
            "identifier_type": "account_number",
            "status": "transactable",
            "supported_networks": ["ach"],
        }
    ]


def _render(account: Body, version: Version) -> Body:
    """An advanced clock ends a cool-down early; its stamp must not go on promising the future."""
    for feature, field in refreshing.FIELD.items():
        refresh = account[field]
        if refresh and refresh["next_refresh_available_at"] and refreshing.cooled_down(account, feature):
            early = min(refresh["next_refresh_available_at"], clock.stamp())
            account = {**account, field: {**refresh, "next_refresh_available_at": early}}
    return account


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
    if session is not None and store.find("financial_connections.session", session) is None:
        raise errors.no_such("financial_connections.session", session, "session")
    return listing.page(KIND, call.params, call.url, call.version, places={"holder": customer, "session": session})


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
    if account["status"] != "disconnected":
        account.update(status="disconnected", balance=None, ownership=None, subscriptions=[], status_details={})
        account["account_numbers"] = None
        _end_refreshes(account)
        timers.drop_timers(account["id"])
        store.save(account)
        events.emit(EVENT + "disconnected", account)
    return rendering.shown(account, call.version)


def owners(call: Call) -> Body:
    account = readable(call.id, "ownership", None)
    ownership_id = call.params["ownership"]
    ownership = store.find("financial_connections.account_ownership", ownership_id)
    if ownership is None or ownership["_"]["account"] != account["id"]:
        raise errors.no_such("financial_connections.account_ownership", ownership_id, "ownership")
    return {**ownership["owners"], "url": call.url}


# What a bank does by itself


def set_status(account: Body, status: str) -> None:
    """Active or inactive, as a bank's consent lapses and is renewed; the caller saves nothing more."""
    if account["status"] == "disconnected":
        raise ApiError("A disconnected account stays disconnected; link it again.")
    if account["status"] == status:
        return
    account["status"] = status
    if status == "inactive":
        _end_refreshes(account)
        timers.drop_timers(account["id"], *(f"refresh_{feature}" for feature in refreshing.FIELD))
    else:
        _allow_refreshes(account)
    store.save(account)
    events.emit(EVENT + ("deactivated" if status == "inactive" else "reactivated"), account)


def _end_refreshes(account: Body) -> None:
    """No refresh outlives the access: running ones fail, and the next has no date."""
    for field in refreshing.FIELD.values():
        running: dict[str, Any] | None = account[field]
        if running is not None:
            running["next_refresh_available_at"] = None
            if running["status"] == "pending":
                running["status"] = "failed"


def _allow_refreshes(account: Body) -> None:
    for field in refreshing.FIELD.values():
        if account[field] is not None:
            account[field]["next_refresh_available_at"] = clock.stamp()
    account["_"]["cool_until"] = {}


_PATH = "/v1/financial_connections/accounts"

OPERATIONS = (
    Operation("GET", _PATH, list_accounts, AccountListParams),
    Operation("GET", _PATH + "/*", retrieve, AccountRetrieveParams),
    Operation(
        "POST",
        _PATH + "/*/refresh",
        refresh,
        AccountRefreshParams,
        emits=tuple(refreshing.EVENT + feature for feature in refreshing.FIELD),
    ),
    Operation(
        "POST", _PATH + "/*/subscribe", subscribe, AccountSubscribeParams, emits=(EVENT + "refreshed_transactions",)
    ),
    Operation("POST", _PATH + "/*/unsubscribe", unsubscribe, AccountUnsubscribeParams),
    Operation("POST", _PATH + "/*/disconnect", disconnect, AccountDisconnectParams, emits=(EVENT + "disconnected",)),
    Operation("GET", _PATH + "/*/owners", owners, AccountOwnerListParams),
)
