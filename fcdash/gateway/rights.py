"""The rights that a restricted key needs, each with a call that shows whether it is there and changes nothing.

Read rights are shown by a list of one; write rights by a change of an object that does not exist: Stripe looks at the
key first, and answers 403 without the right, 404 or 400 with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fcdash.gateway.probing import Answer, ask

NOBODY = "fcdash_doctor"


@dataclass(frozen=True)
class Right:
    """A right by its name in Stripe's Dashboard, and what fcdash does with it. Optional ones are for commands."""

    resource: str
    level: str
    purpose: str
    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    is_optional: bool = False


def _write(resource: str, purpose: str, path: str, params: Mapping[str, str] | None = None) -> Right:
    return Right(resource, "write", purpose, "POST", path, params or {})


def _read(resource: str, purpose: str, path: str, params: Mapping[str, str] | None = None) -> Right:
    return Right(resource, "read", purpose, "GET", path, params or {})


RIGHTS = (
    _write("Customers", "each person is a Customer", f"/v1/customers/cus_{NOBODY}"),
    _write("Financial Connections sessions", "linking banks", "/v1/financial_connections/sessions"),
    _write(
        "Financial Connections accounts",
        "refreshing and disconnecting them",
        f"/v1/financial_connections/accounts/fca_{NOBODY}/refresh",
        {"features[]": "balance"},
    ),
    _read(
        "Financial Connections transactions",
        "reading what was spent",
        "/v1/financial_connections/transactions",
        {"account": f"fca_{NOBODY}"},
    ),
    _write("SetupIntents", "permissions to debit", f"/v1/setup_intents/seti_{NOBODY}/cancel"),
    _write("PaymentMethods", "ending a permission", f"/v1/payment_methods/pm_{NOBODY}/detach"),
    _read("Mandates", "looking before each debit", f"/v1/mandates/mandate_{NOBODY}"),
    _write("PaymentIntents", "debits", f"/v1/payment_intents/pi_{NOBODY}/cancel"),
    _read("Charges", "what became of a debit", "/v1/charges", {"limit": "1"}),
    _read("Refunds", "money given back", "/v1/refunds", {"limit": "1"}),
    _read("Disputes", "money taken back", "/v1/disputes", {"limit": "1"}),
    _read("Events", "what was never delivered", "/v1/events", {"limit": "1"}),
    replace(
        _write("Webhook Endpoints", "manage.py stripe_endpoint", f"/v1/webhook_endpoints/we_{NOBODY}"), is_optional=True
    ),
)


@dataclass(frozen=True)
class Held:
    """Whether the key has a right; None: Stripe's answer does not tell. `words` are Stripe's when it is missing."""

    right: Right
    is_held: bool | None
    words: str = ""


def look(right: Right) -> Held:
    """Whether the key has the right. Raises TryAgain."""
    answer = ask(right.method, right.path, right.params)
    return Held(right, _is_held(answer), answer.message if answer.status == 403 else "")


def _is_held(answer: Answer) -> bool | None:
    if answer.status == 403:
        return False
    return True if answer.status in (200, 400, 404) else None
