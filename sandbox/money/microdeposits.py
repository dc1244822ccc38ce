"""Microdeposits: small sums sent to an account whose number was typed in, until somebody says what arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox import address, clock, ids, timers
from sandbox.money import bank_days, mails, payment_methods
from sandbox.store import Body, store
from sandbox.wire import errors
from sandbox.wire.errors import ApiError

ARRIVE_AFTER = 1
DAYS_LEFT = 10

# Stripe's test values: two amounts, or the code on the bank statement.
_VERIFIES = ([32, 45], "SM11AA")
_EXCEEDS = ([10, 11], "SM33CC")
_TIMES_OUT = ([40, 41], "SM44DD")
_ATTEMPTS = {"amounts": 3, "descriptor_code": 10}

_FAILED = "payment_method_microdeposit_failed"
_TIMEOUT = "payment_method_microdeposit_verification_timeout"
_EXCEEDED = "payment_method_microdeposit_verification_attempts_exceeded"
MESSAGES = {
    _FAILED: "Microdeposits could not be sent to this bank account. Check its numbers.",
    _TIMEOUT: "The microdeposits were not verified within 10 days.",
    _EXCEEDED: "You have exceeded the number of allowed verification attempts.",
}

_TIMERS = ("microdeposits_fail", "microdeposits_time_out")

# What ends an intent's attempt when its account was not verified, by kind: called with the intent, the method, the
# code. Each family's module adds its own.
GIVES_UP: dict[str, Callable[[Body, Body, str], None]] = {}


def send(intent: Body, method: Body) -> None:
    """The intent waits until somebody says what arrived. The caller saves it."""
    over = method["_"]["unverifiable"]
    if over is not None:
        raise ApiError(MESSAGES[over], code=over, param="payment_method", executed=True)
    arrives = bank_days.later(bank_days.day_of(clock.stamp()), ARRIVE_AFTER)
    kind = "amounts" if method["us_bank_account"]["account_type"] == "savings" else "descriptor_code"
    # The page is found by a token of its own: the client secret never stands in an address.
    intent["_"]["secret"] = "pacs_test_" + ids.token()
    intent["status"] = "requires_action"
    intent["next_action"] = {
        "type": "verify_with_microdeposits",
        "verify_with_microdeposits": {
            "arrival_date": int(bank_days.opening(arrives)),
            "hosted_verification_url": f"{address.base}/v3/microdeposits/{intent['_']['secret']}",
            "microdeposit_type": kind,
        },
    }
    stop_waiting(intent)
    if method["_"]["outcome"] == "failMicrodeposits":
        due = bank_days.opening(bank_days.later(bank_days.day_of(clock.now()), ARRIVE_AFTER))
        timers.set_timer("microdeposits_fail", intent["id"], due)
    timers.set_timer("microdeposits_time_out", intent["id"], clock.now() + DAYS_LEFT * clock.DAY)
    mails.write("microdeposits", method, intent=intent["id"], **intent["next_action"]["verify_with_microdeposits"])


def stop_waiting(intent: Body) -> None:
    timers.drop_timers(intent["id"], *_TIMERS)


def check(method: Body, params: Mapping[str, Any]) -> str | None:
    """None when the deposits were named rightly; else why the verification is over. Refuses a mere mismatch."""
    if "amounts" in params and "descriptor_code" in params:
        raise errors.exclusive("amounts", "descriptor_code")
    if "amounts" not in params and "descriptor_code" not in params:
        raise errors.missing("amounts")
    name = "amounts" if "amounts" in params else "descriptor_code"
    given = _amounts(params["amounts"]) if name == "amounts" else params["descriptor_code"].strip().upper()
    if method["_"]["outcome"] == "failMicrodeposits":
        return _FAILED
    if given in _VERIFIES:
        return None
    if given in _TIMES_OUT:
        return _TIMEOUT
    attempts = method["_"]["attempts"]
    attempts[name] = attempts.get(name, 0) + 1
    if given in _EXCEEDS or attempts[name] >= _ATTEMPTS[name]:
        return _EXCEEDED
    store.save(method)
    raise ApiError(
        f"The {name.replace('_', ' ')} you entered did not match what was sent to the bank account. You have "
        f"{_ATTEMPTS[name] - attempts[name]} verification attempts left.",
        code=f"payment_method_microdeposit_verification_{name}_mismatch",
        param=name,
        keep=True,
    )


def _amounts(given: list[int]) -> list[int]:
    if len(given) != 2 or not all(0 < cents < 100 for cents in given):
        raise ApiError(
            "You must provide exactly two microdeposit amounts, in cents.",
            code="payment_method_microdeposit_verification_amounts_invalid",
            param="amounts",
        )
    return sorted(given)


def give_up(intent: Body, method: Body, code: str) -> None:
    """The account stays unverified: the intent needs another, and this one is not tried again but after a timeout."""
    stop_waiting(intent)
    method["_"]["unverifiable"] = None if code == _TIMEOUT else code
    store.save(method)
    GIVES_UP[intent["object"]](intent, method, code)


def _run_out(intent_id: str, code: str) -> None:
    intent = store.find_any(intent_id)
    if intent is not None and intent["status"] == "requires_action":
        give_up(intent, payment_methods.existing(intent["payment_method"], None), code)


@timers.action("microdeposits_fail")
def _fail(intent_id: str) -> None:
    _run_out(intent_id, _FAILED)


@timers.action("microdeposits_time_out")
def _time_out(intent_id: str) -> None:
    _run_out(intent_id, _TIMEOUT)
