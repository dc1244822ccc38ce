"""What banks do with a linked account by themselves, asked for by a control: any of it, in one go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox import timers
from sandbox.connections import access, account_numbers, authorizations, refreshing
from sandbox.store import Body, store
from sandbox.wire import errors

SERVES = ("succeed", "fail", "hang")


def set_state(account: Body, wishes: Body) -> None:
    """Does what `wishes` name, each told by its events; refuses what it does not know."""
    for name in wishes:
        if name not in _DOES and name not in ("cause", "action"):
            raise errors.unknown(name)
    for name, does in _DOES.items():
        if name in wishes:
            does(account, wishes)


def _serve(account: Body, wishes: Body) -> None:
    account["_"]["refresh"] = _choice(wishes, "refresh", SERVES)
    if account["_"]["refresh"] != "hang":
        refreshing.restart_hanging(account)
    store.save(account)


def _give_balance(account: Body, wishes: Body) -> None:
    account["_"]["balance"] = _balance(wishes["balance"], account["category"])
    store.save(account)


def _set_status(account: Body, wishes: Body) -> None:
    status = _choice(wishes, "status", ("active", "inactive", "disconnected"))
    cause = _choice({"cause": "access_expired", **wishes}, "cause", access.CAUSES)
    action = _choice(wishes, "action", ("none", "relink_required")) if "action" in wishes else None
    if status == "active":
        access.reactivate(account)
    elif status == "inactive":
        access.deactivate(account, cause, action)
    else:
        access.disconnect(account)


def _expect_end(account: Body, wishes: Body) -> None:
    at = access.date_of(wishes["expected_deactivation_date"], "expected_deactivation_date")
    access.refuse_if_disconnected(account)
    access.expect_end(authorizations.existing(account["_"]["authorization"], None), at)
    account.update(store.find(account["object"], account["id"]) or {})


def _set_numbers(account: Body, wishes: Body) -> None:
    given = wishes["account_numbers"]
    if not isinstance(given, dict) or not given or not given.keys() <= {"status", "expected_expiry_date"}:
        raise errors.invalid("account_numbers", "must be a hash with `status`, `expected_expiry_date`, or both.")
    if "expected_expiry_date" in given:
        at = access.date_of(given["expected_expiry_date"], "account_numbers[expected_expiry_date]")
        account_numbers.set_expiry(account, at)
    if "status" in given:
        account_numbers.set_status(account, _choice(given, "status", account_numbers.STATUSES))


def _set_types(account: Body, wishes: Body) -> None:
    types = wishes["supported_payment_method_types"]
    if types not in ([], ["us_bank_account"]):
        raise errors.invalid("supported_payment_method_types", 'must be [] or ["us_bank_account"].')
    account_numbers.set_types(account, types)


def _lose_subscriptions(account: Body, wishes: Body) -> None:
    if wishes["subscriptions"] != []:
        raise errors.invalid("subscriptions", "must be []: a bank can end them, not make them.")
    account["subscriptions"] = []
    timers.drop_timers(account["id"], "subscription")
    store.save(account)


# In the order in which they are done, whatever the order of the wishes.
_DOES: dict[str, Callable[[Body, Body], None]] = {
    "refresh": _serve,
    "balance": _give_balance,
    "status": _set_status,
    "expected_deactivation_date": _expect_end,
    "account_numbers": _set_numbers,
    "supported_payment_method_types": _set_types,
    "subscriptions": _lose_subscriptions,
}


def _choice(body: Body, name: str, choices: tuple[str, ...]) -> str:
    if body[name] not in choices:
        raise errors.invalid(name, "must be one of " + ", ".join(choices))
    return str(body[name])


def _balance(given: Any, category: str) -> Body | None:
    """Cents, or `current` with `available` or `used`, each cents or a hash by currency; null: the bank gives none."""
    if given is None:
        return None
    if isinstance(given, int):
        given = {"current": given, ("used" if category == "credit" else "available"): given}
    if not isinstance(given, dict) or given.get("current") is None:
        raise errors.invalid("balance", "must be cents, or a hash with `current` in cents.")
    return {name: _amounts(given.get(name), f"balance[{name}]") for name in ("current", "available", "used")}


def _amounts(given: Any, param: str) -> dict[str, int] | None:
    if given is None:
        return None
    amounts = given if isinstance(given, dict) else {"usd": given}
    if not amounts or not all(isinstance(cents, int) and not isinstance(cents, bool) for cents in amounts.values()):
        raise errors.invalid(param, "must be cents, or a hash of cents by currency.")
    return amounts
