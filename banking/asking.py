"""What a link session asks a person for: which data, which of it at once, which accounts; and why.

The operator's settings say what is asked for; a single session may ask for less or other things. What was asked stands
on the session's row: the same session can then be opened again by the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from fcdash.gateway.connections import DEFAULT_PERMISSIONS, PAYABLE, PREFETCHABLE, SUBCATEGORIES, Wishes

MOST_ACCOUNTS = 100


class NotAllowed(Exception):
    """The request asks for something that linking does not offer; the message says what."""


@dataclass(frozen=True)
class Reason:
    """What a permission opens and what for, as the person is told before Stripe asks."""

    permission: str
    opens: str
    why: str

    @property
    def reads(self) -> bool:
        """Whether it is about reading; paying is a permission of its own."""
        return self.permission != "payment_method"


REASONS = {
    "balances": Reason("balances", "Balances", "What you have today, and how far it reaches."),
    "transactions": Reason("transactions", "Transactions", "Up to 180 days of what came and went, then once a day."),
    "ownership": Reason("ownership", "Owners", "Whose account it is, so that nobody pays from somebody else’s."),
    "payment_method": Reason(
        "payment_method",
        "Paying from it",
        "To pay bills from this account. Each payment still needs a permission of yours.",
    ),
}


@dataclass(frozen=True)
class Choice:
    """What one session asks for instead of the operator's settings; None leaves a setting in force."""

    permissions: Sequence[str] | None = None
    prefetch: Sequence[str] | None = None
    subcategories: Sequence[str] | None = None
    payable: str | None = None
    accounts: int | None = None


def wishes(choice: Choice) -> Wishes:
    """What the session asks for. Raises NotAllowed."""
    permissions = _some("permissions", _given(choice.permissions, settings.LINK_PERMISSIONS), DEFAULT_PERMISSIONS)
    if not permissions:
        raise NotAllowed(f"permissions must be some of {', '.join(DEFAULT_PERMISSIONS)}")
    if choice.prefetch is None:
        prefetch = [feature for feature in settings.LINK_PREFETCH if feature in permissions]
    else:
        prefetch = _some("prefetch", choice.prefetch, [p for p in PREFETCHABLE if p in permissions])
    subcategories = _some(
        "account_subcategories", _given(choice.subcategories, settings.LINK_ACCOUNT_SUBCATEGORIES), SUBCATEGORIES
    )
    payable = settings.LINK_PAYABLE if choice.payable is None else choice.payable
    if payable and payable not in PAYABLE:
        raise NotAllowed(f"require_payment_method_support must be one of {', '.join(PAYABLE)}")
    accounts = choice.accounts or settings.LINK_ACCOUNTS or None
    if accounts is not None and not 1 <= accounts <= MOST_ACCOUNTS:
        raise NotAllowed(f"limits.accounts must be 1 to {MOST_ACCOUNTS}")
    return Wishes(tuple(permissions), tuple(sorted(prefetch)), tuple(subcategories), payable, accounts)


def _given(value: Sequence[str] | None, setting: Sequence[str]) -> Sequence[str]:
    return setting if value is None else value


def _some(name: str, given: Iterable[str], offered: Sequence[str]) -> list[str]:
    chosen = sorted(set(given))
    if not set(chosen) <= set(offered):
        raise NotAllowed(f"{name} must be some of {', '.join(offered) or 'what is permitted'}")
    return chosen


def kept(asked: Wishes) -> dict[str, Any]:
    """The wishes as they stand on a session's row, beside the permissions, which have a column of their own."""
    return {name: value for name, value in asdict(asked).items() if name != "permissions"}


def of_row(permissions: Sequence[str], asks: dict[str, Any]) -> Wishes:
    """The wishes of a session's row, again."""
    return Wishes(
        tuple(permissions),
        tuple(asks.get("prefetch", ())),
        tuple(asks.get("subcategories", ())),
        asks.get("payable", ""),
        asks.get("accounts"),
    )


def reasons(permissions: Iterable[str], had: Iterable[str] = ()) -> list[Reason]:
    """Why each permission is asked for that the person has not given yet, in the order in which people care."""
    wanted, given = set(permissions), set(had)
    return [reason for name, reason in REASONS.items() if name in wanted - given]
