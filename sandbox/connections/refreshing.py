"""Refreshes of linked accounts: asked for, pending for a moment, then done or failed, each feature by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox import banks, clock, events, ids, timers
from sandbox.connections import bank_faults, feed
from sandbox.store import Body, store
from sandbox.wire.errors import ApiError

# Real seconds: what a person waits for, and how soon they may ask again.
TAKES = 0.3
COOL_DOWN = 5

FIELD = {"balance": "balance_refresh", "ownership": "ownership_refresh", "transactions": "transaction_refresh"}
PERMISSION = {"balance": "balances", "ownership": "ownership", "transactions": "transactions"}
EVENT = "financial_connections.account.refreshed_"
EMITS = tuple(EVENT + feature for feature in FIELD)


def start(account: Body, feature: str) -> None:
    """Begins a refresh: pending at once, finished by a timer. The caller saves the account."""
    refresh: dict[str, Any] = {
        "last_attempted_at": clock.stamp(),
        "next_refresh_available_at": None,
        "status": "pending",
    }
    if feature == "transactions":
        refresh["id"] = feed.new_refresh(account["id"])
    account[FIELD[feature]] = refresh
    timers.set_timer(f"refresh_{feature}", account["id"], clock.now() + TAKES)


def prefetch(account: Body, session: Body) -> None:
    """Begins the refreshes that the session asked for, but for those under way. The caller saves the account."""
    for name in session["prefetch"] or []:
        feature = "balance" if name == "balances" else name
        running = account[FIELD[feature]]
        if running is None or running["status"] != "pending":
            start(account, feature)


def refuse_unless_allowed(account: Body, feature: str, param: str) -> None:
    """A refresh is refused while one runs, too soon after the last, and without the permission."""
    if PERMISSION[feature] not in account["permissions"]:
        raise ApiError(
            f"You cannot refresh {feature} of this account: the `{PERMISSION[feature]}` permission was not granted.",
            param=param,
        )
    refresh = account[FIELD[feature]]
    if refresh is None:
        return
    if refresh["status"] == "pending":
        raise ApiError(
            f"You cannot refresh {feature} of this account while a refresh of it is pending.",
            param=param,
            executed=True,
        )
    if not cooled_down(account, feature):
        raise ApiError(
            f"You cannot refresh {feature} of this account before `next_refresh_available_at`.",
            param=param,
            executed=True,
        )


def cooled_down(account: Body, feature: str) -> bool:
    until: float = account["_"]["cool_until"].get(feature, 0.0)
    return clock.now() >= until


def fail_running(account: Body) -> None:
    """No refresh outlives the access: running ones fail, saved and told one by one."""
    for feature, field in FIELD.items():
        if account[field] is not None and account[field]["status"] == "pending":
            timers.drop_timers(account["id"], f"refresh_{feature}")
            account[field]["status"] = "failed"
            store.save(account)
            tell(account, feature)


def forbid_all(account: Body) -> None:
    """No refresh may be asked for. The caller saves the account."""
    for field in FIELD.values():
        if account[field] is not None:
            account[field]["next_refresh_available_at"] = None


def allow_all(account: Body) -> None:
    """Every refresh may be asked for again at once. The caller saves the account."""
    for field in FIELD.values():
        if account[field] is not None:
            account[field]["next_refresh_available_at"] = clock.stamp()
    account["_"]["cool_until"] = {}


def tell(account: Body, feature: str) -> None:
    """The refresh has come to its end, with success or without."""
    events.emit(EVENT + feature, account)


def restart_hanging(account: Body) -> None:
    """Lets refreshes that were made to hang come to their end."""
    for feature in FIELD:
        refresh = account[FIELD[feature]]
        name = f"refresh_{feature}"
        if refresh and refresh["status"] == "pending" and not timers.is_set(name, account["id"]):
            timers.set_timer(name, account["id"], clock.now() + TAKES)


@timers.action("refresh_balance")
def _finish_balance(account_id: str) -> None:
    _finish(account_id, "balance")


@timers.action("refresh_ownership")
def _finish_ownership(account_id: str) -> None:
    _finish(account_id, "ownership")


@timers.action("refresh_transactions")
def _finish_transactions(account_id: str) -> None:
    _finish(account_id, "transactions")


def _finish(account_id: str, feature: str) -> None:
    account = store.find("financial_connections.account", account_id)
    if account is None or account[FIELD[feature]] is None or account[FIELD[feature]]["status"] != "pending":
        return
    mode = account["_"]["refresh"]
    if mode == "hang" or bank_faults.take(account, "refresh_hangs", feature):
        return
    fails = mode == "fail" or bank_faults.take(account, "refresh_fails", feature) is not None
    succeeded = not fails and _bank_gives(account, feature)
    if succeeded and not _READ[feature](account):
        timers.set_timer(f"refresh_{feature}", account_id, clock.now())
        return
    fault = bank_faults.take(account, "hostile_names") if succeeded else None
    if fault is not None:
        account["display_name"] = _hostile_name(account, fault.only)
    refresh = account[FIELD[feature]]
    refresh["status"] = "succeeded" if succeeded else "failed"
    account["_"]["cool_until"][feature] = clock.now() + COOL_DOWN
    refresh["next_refresh_available_at"] = clock.stamp() + COOL_DOWN
    store.save(account)
    tell(account, feature)


def _hostile_name(account: Body, sorts: list[str]) -> str:
    return bank_faults.TEXTS[bank_faults.chance_of(account, "hostile_names").choice(sorts)]


def _bank_gives(account: Body, feature: str) -> bool:
    _, bank_account = banks.find_account(account["_"]["bank_key"])
    return bank_account.gives_owners or feature != "ownership"


def _read_balance(account: Body) -> bool:
    """What the bank's books say now, unless a control put another figure there."""
    hidden = account["_"]
    if "balance" in hidden:
        account["balance"] = _balance_body(account, **hidden["balance"]) if hidden["balance"] else None
    else:
        _, bank_account = banks.find_account(hidden["bank_key"])
        balance = banks.balance_for(hidden["bank_key"], datetime.now(UTC))
        posted, pending = feed.beside_books(account["id"], bank_account.currency)
        current, available, used = (
            _in(bank_account.currency, None if cents is None else cents + beside)
            for cents, beside in (
                (balance.current, posted),
                (balance.available, posted + pending),
                (balance.used, posted + pending),
            )
        )
        account["balance"] = _balance_body(account, current, available, used)
    fault = bank_faults.take(account, "balance")
    if fault is not None and account["balance"]:
        account["balance"] = _spoilt(account["balance"], bank_faults.chance_of(account, "balance").choice(fault.only))
    return True


def _spoilt(balance: Body, how: str) -> Body | None:
    """A balance as some banks give it: none, half of one, in two currencies, or yesterday's."""
    inner = "credit" if balance["type"] == "credit" else "cash"
    (figure,) = balance[inner]
    return {
        "null": None,
        "available": {**balance, inner: {figure: None}},
        "currencies": {**balance, "current": {**balance["current"], "eur": 123_45}},
        "empty": {**balance, "current": {}, inner: {figure: {}}},
        "stale": {**balance, "as_of": balance["as_of"] - clock.DAY},
    }[how]


Amounts = dict[str, int]
"""Cents by currency."""


def _in(currency: str, cents: int | None) -> Amounts | None:
    return None if cents is None else {currency: cents}


def _balance_body(account: Body, current: Amounts | None, available: Amounts | None, used: Amounts | None) -> Body:
    kind, part, amounts = (
        ("credit", "used", used) if account["category"] == "credit" else ("cash", "available", available)
    )
    return {"as_of": int(time.time()), "current": current, "type": kind, kind: {part: amounts}}


def _read_ownership(account: Body) -> bool:
    """A snapshot with a new id, as after every refresh of owners."""
    _, bank_account = banks.find_account(account["_"]["bank_key"])
    fault = bank_faults.take(account, "hostile_names")
    ownership_id = ids.new_id("financial_connections.account_ownership")
    owners = [
        {
            "id": ids.new_id("financial_connections.account_owner"),
            "object": "financial_connections.account_owner",
            "email": owner.email,
            "name": owner.name if fault is None else _hostile_name(account, fault.only),
            "ownership": ownership_id,
            "phone": owner.phone,
            "raw_address": owner.raw_address,
            "refreshed_at": clock.stamp(),
        }
        for owner in bank_account.owners
    ]
    store.add(
        {
            "id": ownership_id,
            "object": "financial_connections.account_ownership",
            "created": clock.stamp(),
            "owners": {
                "object": "list",
                "data": owners,
                "has_more": False,
                "url": f"/v1/financial_connections/accounts/{account['id']}/owners?ownership={ownership_id}",
            },
            "_": {"account": account["id"]},
        }
    )
    account["ownership"] = ownership_id
    return True


# Each reads its feature from the bank; False when it has not come to the end, and is to be called again.
_READ: dict[str, Callable[[Body], bool]] = {
    "balance": _read_balance,
    "ownership": _read_ownership,
    "transactions": feed.take_in,
}
