"""What goes wrong at banks, on demand: odd rows, lists that shift while they are paged, refreshes without an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from sandbox import chance, clock
from sandbox.store import Body, store
from sandbox.wire import errors

TEXTS: dict[str, str] = {
    "nul": "CARD\x00PURCHASE 0042",
    "control": "CORNER\x07 CAFE\x1b[31m\x7f\x85",
    "surrogate": "CAFE \ud800 SEATTLE",
    "surrogates_reversed": "CAFE \udc00\ud83d SEATTLE",
    "bidi": "REFUND \u202e00.001 DIAP\u202c \u2066",
    "html": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "attribute": "\" onmouseover=\"alert(1)\" x='",
    "template": "{{7*7}} {% raw %} ${7*7} %(name)s %s",
    "sql": "'; DROP TABLE transactions;--",
    "formula": "=HYPERLINK(\"http://example.com\";\"pay\")",
    "formula_at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula_tab": "\t=1+1",
    "lines": "FIRST\r\nSECOND\nTHIRD\u2028FOURTH",
    "combining": "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d" * 40,
    "emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1fa\U0001f1f8",
    "noncharacter": "A\ufffe\uffffB\ufeffC",
    "long": "TRANSFER " * 1_111 + "X",
    "spaces": " \u00a0\u200b\u3000 ",
    "empty": "",
}  # fmt: skip

AMOUNTS: dict[str, int] = {
    "max": 2**63 - 1,
    "min": -(2**63),
    "over_double": 2**53 + 1,
    "over_int32": 2**31,
    "under_int32": -(2**31) - 1,
    "zero": 0,
    "cent": -1,
}

# ISO 4217: yen and won have no minor unit, dinars have three digits of it.
CURRENCIES: dict[str, int] = {
    "eur": -45_00, "gbp": -12_34, "cad": 99_99, "mxn": -1_250_00, "jpy": -4_500, "krw": -12_000,
    "kwd": -1_250, "bhd": 500, "xxx": -100,
}  # fmt: skip

_YEAR = 365 * clock.DAY
INSTANTS: dict[str, Callable[[int], int]] = {
    "tomorrow": lambda now: now + clock.DAY,
    "next_year": lambda now: now + _YEAR,
    "year_9999": lambda now: 253_402_300_799,
    "epoch": lambda now: 0,
    "before_epoch": lambda now: -clock.DAY,
    "twenty_years_ago": lambda now: now - 20 * _YEAR,
}

LOOKALIKES = ("same_instant", "same_day", "next_day")
PENDING = ("amount", "description", "both", "instant", "void", "renumbered", "lingers", "voided_after_posting")
SHIFTS = ("appear", "move", "cursor")
FEATURES = ("balance", "ownership", "transactions")
BALANCES = ("null", "available", "currencies", "empty", "stale")

# The kinds, and what `only` may name of each.
KINDS: dict[str, tuple[str, ...]] = {
    "hostile_text": tuple(TEXTS),
    "hostile_names": tuple(TEXTS),
    "extreme_amounts": tuple(AMOUNTS),
    "foreign_currencies": tuple(CURRENCIES),
    "odd_instants": tuple(INSTANTS),
    "lookalikes": LOOKALIKES,
    "pending": PENDING,
    "shift": SHIFTS,
    "refresh_hangs": FEATURES,
    "refresh_fails": FEATURES,
    "balance": BALANCES,
}
ROWS = ("hostile_text", "extreme_amounts", "foreign_currencies", "odd_instants", "lookalikes", "pending")


@dataclass
class BankFault:
    """`account`: an account's id, a bank's key of it, or `*` for all. `only`: some of what the kind has in store."""

    account: str
    kind: str
    only: list[str]
    times: int = 1
    left: int = 1


_faults: list[BankFault] = []


def set_faults(specs: list[Any]) -> None:
    fresh = [_fault(spec) for spec in specs]
    _faults[:] = fresh
    _remember()


def _fault(spec: Any) -> BankFault:
    if not isinstance(spec, dict):
        raise errors.invalid("banks", "must be a list of hashes.")
    for name in spec:
        if name not in ("account", "kind", "only", "times", "left"):
            raise errors.unknown(f"banks[{name}]")
    account, kind, times = spec.get("account", "*"), spec.get("kind"), spec.get("times", 1)
    if kind not in KINDS:
        raise errors.invalid("banks[kind]", "must be one of " + ", ".join(KINDS))
    only = spec.get("only") or list(KINDS[kind])
    if not isinstance(only, list) or not set(only) <= set(KINDS[kind]):
        raise errors.invalid("banks[only]", "must be a list of " + ", ".join(KINDS[kind]))
    if not isinstance(times, int) or times < 1:
        raise errors.invalid("banks[times]", "must be a positive integer.")
    if not isinstance(account, str):
        raise errors.invalid("banks[account]", "must be the id of an account, a bank's key of it, or *.")
    return BankFault(account, kind, only, times, times)


def listed() -> list[dict[str, Any]]:
    return [asdict(fault) for fault in _faults]


def restore() -> None:
    _faults[:] = [BankFault(**spec) for spec in store.setting("bank_faults") or []]


def _remember() -> None:
    store.set_setting("bank_faults", listed())


def are_set(kind: str) -> bool:
    return any(fault.kind == kind and fault.left for fault in _faults)


def take(account: Body, kind: str, needs: str | None = None) -> BankFault | None:
    """The fault of a kind that befalls this account now, used up by one; `needs` is what it must have in store."""
    for fault in _faults:
        if fault.kind != kind or fault.left < 1 or (needs is not None and needs not in fault.only):
            continue
        if fault.account in ("*", account["id"], account["_"]["bank_key"]):
            fault.left -= 1
            _remember()
            return fault
    return None


def chance_of(account: Body, kind: str) -> Random:
    """By the bank's own key: the ids of accounts are new in every run."""
    return chance.draw(f"banks:{kind}:{account['_']['bank_key']}")
