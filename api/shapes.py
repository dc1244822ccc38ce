"""What answers are made of, as the OpenAPI document describes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from ninja import Schema
from pydantic import Field

from banking.health import Light as LightNow
from banking.overview import AccountNow, BalanceNow

RowT = TypeVar("RowT")
AccountStatus = Literal["active", "inactive", "disconnected", "duplicate"]


class Money(Schema):
    """An amount in minor units."""

    amount: int
    currency: str


class Page(Schema, Generic[RowT]):
    """A part of a list; `next` is the cursor of the part after it, null at the end."""

    data: list[RowT]
    next: str | None


class FieldProblem(Schema):
    field: str
    message: str


class ProblemShape(Schema):
    """An error (RFC 9457). `code` is for programs, `detail` for people; some codes carry more members."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] | None = Field(None, description="With 422: what is wrong with which field.")


class Balance(Schema):
    """Positive is owed to the holder. `used` is the credit in use."""

    current: Money
    available: Money | None
    used: Money | None
    as_of: datetime


class Fresh(Schema):
    """How fresh one feature is, and when the bank gives new data again."""

    status: Literal["pending", "succeeded", "failed"]
    as_of: datetime | None
    next_allowed_at: datetime | None


class Light(Schema):
    """How one thing about an account stands, in words; `fix` is what mends it: relink, link, decide, or none needed."""

    kind: str
    state: Literal["ok", "old", "act", "off", "reading"]
    words: str
    at: datetime | None
    fix: str | None


class Account(Schema):
    """An account. A `duplicate` is in no figure until the person decides; one kept by hand has no `stripe_id`."""

    id: str
    stripe_id: str | None
    by_hand: bool
    name: str
    institution: str
    last4: str
    category: str
    subcategory: str
    status: AccountStatus
    permissions: list[str]
    payable: bool
    balance: Balance | None
    freshness: dict[str, Fresh]
    lights: list[Light]


class Owner(Schema):
    """Who the bank says owns an account."""

    id: str
    name: str
    email: str | None
    phone: str | None
    address: str | None


def money(cents: int, currency: str) -> Money:
    return Money(amount=cents, currency=currency)


def money_or_none(cents: int | None, currency: str) -> Money | None:
    return None if cents is None else money(cents, currency)


def account(now: AccountNow) -> Account:
    """An account as callers see it."""
    return Account(
        id=str(now.id),
        stripe_id=now.stripe_id or None,
        by_hand=now.by_hand,
        name=now.name,
        institution=now.institution,
        last4=now.last4,
        category=now.category,
        subcategory=now.subcategory,
        status=_status(now.status),
        permissions=list(now.permissions),
        payable=now.payable,
        balance=None if now.balance is None else _balance(now.balance),
        freshness={feature: Fresh.model_validate(vars(state)) for feature, state in now.freshness.items()},
        lights=[_light(light) for light in now.lights],
    )


def _light(light: LightNow) -> Light:
    return Light.model_validate({**vars(light), "fix": light.fix or None})


def _balance(b: BalanceNow) -> Balance:
    return Balance(
        current=money(b.current_cents, b.currency),
        available=money_or_none(b.available_cents, b.currency),
        used=money_or_none(b.used_cents, b.currency),
        as_of=b.as_of,
    )


def owner(row: Any) -> Owner:
    """An owner as callers see them."""
    return Owner(
        id=str(row.pk),
        name=row.name,
        email=row.email or None,
        phone=row.phone or None,
        address=row.raw_address or None,
    )


def _status(value: Any) -> AccountStatus:
    return value  # type: ignore[no-any-return]
