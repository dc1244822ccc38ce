"""What a page shows of a value: money, states, instants and ids in the forms that its scripts draw."""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox import ids

Body = dict[str, Any]
Cell = str | int | Body | None

_KINDS = {
    "customers": ("customer",),
    "payments": ("payment_intent", "charge", "refund", "dispute", "balance_transaction"),
    "permissions": ("setup_intent", "setup_attempt", "mandate", "payment_method"),
    "events": ("event", "mail"),
    "deliveries": ("webhook_endpoint",),
    "requests": ("request",),
}
# Where an id is shown, by how it begins; whatever a bank is asked about stands with the accounts.
PLACES = {"delivery_": "deliveries"} | {
    prefix: next((place for place, kinds in _KINDS.items() if kind in kinds), "accounts")
    for kind, prefix in ids.PREFIXES.items()
}
PREFIX = re.compile("|".join(sorted(PLACES, key=len, reverse=True)))

TONES = {
    "good": ("succeeded", "active", "delivered", "posted", "enabled", "transactable", "complete"),
    "wait": ("processing", "pending", "waiting"),
    "bad": ("failed", "lost", "disconnected", "dropped", "disputed", "blocked", "deactivated"),
    "note": ("inactive", "requires_action", "void", "refunded", "partly refunded", "deleted"),
}
_TONE = {name: tone for tone, names in TONES.items() for name in names}

_SIGNS = {"usd": "$"}
# ISO 4217, where it is not two: https://docs.stripe.com/currencies#zero-decimal
_DECIMALS = dict.fromkeys(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"), 0
) | dict.fromkeys(("bhd", "jod", "kwd", "omr", "tnd"), 3)
_SECRET_KEYS = re.compile(r"(secret|account_number|password|authorization|api_key)$")
_SECRETS = re.compile(r"(_secret_|\b[sr]k_(?:test|live)_|\bwhsec_)[A-Za-z0-9]{4,}")


def money(amount: int | None, currency: str | None) -> Cell:
    """Integer minor units as people write them; exact at any size."""
    if amount is None:
        return None
    code = (currency or "usd").lower()
    decimals = _DECIMALS.get(code, 2)
    whole, part = divmod(abs(amount), 10**decimals)
    figure = (
        ("−" if amount < 0 else "")
        + _SIGNS.get(code, "")
        + f"{whole:,}"
        + (f".{part:0{decimals}d}" if decimals else "")
    )
    return {"money": figure if code in _SIGNS else f"{figure} {code.upper()}"}


def balance(amounts: Any) -> Cell:
    """A hash by currency, each by itself: currencies are never added together."""
    if not isinstance(amounts, dict) or not amounts:
        return None
    each = [money(amount, currency) for currency, amount in amounts.items()]
    return each[0] if len(each) == 1 else {"parts": each}


def state(name: str | None) -> Cell:
    return None if name is None else {"state": name.replace("_", " "), "tone": _TONE.get(name, "idle")}


def answer(status: int | None) -> Cell:
    """An HTTP status; none at all is the worst of them."""
    if status is None:
        return {"state": "no answer", "tone": "bad"}
    return {"state": str(status), "tone": "good" if status < 400 else "bad"}


def at(instant: float | None) -> Cell:
    return None if instant is None else {"at": instant}


def code(text: str | None) -> Cell:
    return None if text is None else {"code": text}


def place(object_id: str) -> str | None:
    """The part of the page that an id belongs to."""
    found = PREFIX.match(object_id)
    return PLACES[found[0]] if found else None


def href(object_id: str) -> str | None:
    where = place(object_id)
    return f"#/{where}/{object_id}" if where else None


def ref(object_id: str | None) -> Cell:
    """An id that leads to its object."""
    return None if object_id is None else {"ref": href(object_id), "text": object_id}


def clip(text: str | None, length: int = 240) -> str | None:
    return text if text is None or len(text) <= length else text[:length] + "…"


def masked(value: Any, key: str = "") -> Any:
    """`value` without what opens doors, so that a screen can be shared."""
    if isinstance(value, dict):
        return {name: masked(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [masked(each, key) for each in value]
    if not isinstance(value, str):
        return value
    if _SECRET_KEYS.search(key):
        return re.sub(r"(?<=_secret_).+", "••••", value) if "_secret_" in value else "••••" + value[-4:]
    return _SECRETS.sub(r"\1••••", value)


def loaded(text: str | None) -> Any:
    """What `json_extract` hands out of a hash; None for what is none."""
    try:
        return None if text is None else json.loads(text)
    except (TypeError, ValueError):
        return None


def pretty(value: Any) -> str:
    return json.dumps(masked(value), indent=2)
