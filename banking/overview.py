"""Reading: a household's accounts with balance, freshness and the light that sums it up. One query."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.utils import timezone

from banking import health
from banking.health import Light
from banking.models import Account, Feature, Freshness, Transaction
from fcdash import tenancy

OLD = timedelta(hours=36)
BY_HAND = ("hand", "Kept by hand")


@dataclass(frozen=True)
class BalanceNow:
    """The newest balance in one currency; cents, positive is owed to the holder."""

    currency: str
    current_cents: int
    available_cents: int | None
    used_cents: int | None
    as_of: datetime

    @property
    def spendable_cents(self) -> int:
        """What can be spent: available where the bank gives it, else the posted balance."""
        return self.current_cents if self.available_cents is None else self.available_cents


@dataclass(frozen=True)
class FeatureNow:
    """How fresh one feature is."""

    status: str
    as_of: datetime | None
    next_allowed_at: datetime | None


@dataclass(frozen=True)
class AccountNow:
    """An account as pages and the API show it. `light` is a key of the light component, `words` its sentence.

    `rows_version` names the state of its rows: another number after each change.
    """

    id: int
    stripe_id: str
    holder_id: int
    name: str
    institution: str
    last4: str
    category: str
    subcategory: str
    status: str
    permissions: tuple[str, ...]
    payable: bool
    balance: BalanceNow | None
    other_balances: tuple[BalanceNow, ...]
    freshness: dict[str, FeatureNow]
    is_reading: bool
    disconnecting: bool
    light: str
    words: str
    lights: tuple[Light, ...]
    rows_version: int

    @property
    def looks(self) -> tuple[object, ...]:
        """What two links of one bank account of a holder have in common."""
        return (self.holder_id, self.institution, self.last4, self.category, self.subcategory)

    @property
    def urgent(self) -> Light | None:
        """The first light that asks for something."""
        return next((light for light in self.lights if light.fix), None)

    @property
    def by_hand(self) -> bool:
        """Whether a person keeps it: no bank stands behind it."""
        return not self.stripe_id

    @property
    def counts(self) -> bool:
        """Whether it belongs in totals: a second link and a disconnected account do not."""
        return self.status not in (Account.Status.DUPLICATE, Account.Status.DISCONNECTED)


def accounts(household_id: int, account_id: int | None = None) -> list[AccountNow]:
    """The household's accounts, cash first, then by name. Inside the scope."""
    if tenancy.current() is None:
        raise tenancy.NoScope("accounts were read outside a household's scope")
    with connection.cursor() as cursor:
        cursor.execute(READ, {"household": household_id, "account": account_id})
        found = [_read(*row) for row in cursor.fetchall()]
    return sorted(found, key=lambda a: (a.category != "cash", a.subcategory != "checking", a.name.lower(), a.id))


COLUMNS = [field.attname for field in Account._meta.concrete_fields]
# The newest balance of each currency and the freshness of each feature come with the account's own row.
READ = f"""
    SELECT
        (SELECT COALESCE(jsonb_agg(to_jsonb(b)), '[]') FROM (
            SELECT DISTINCT ON (currency) currency, current_cents, available_cents, used_cents, as_of
            FROM banking_balance WHERE household_id = %(household)s AND account_id = a.id
            ORDER BY currency, "on" DESC) b)::text AS balances_now,
        (SELECT COALESCE(jsonb_agg(to_jsonb(f)), '[]') FROM (
            SELECT feature, status, as_of, next_allowed_at, target
            FROM banking_freshness WHERE household_id = %(household)s AND account_id = a.id) f)::text AS freshness_now,
        (SELECT v.version FROM banking_rowsversion v
            WHERE v.household_id = %(household)s AND v.account_id = a.id) AS version_now,
        {", ".join(f"a.{column}" for column in COLUMNS)}
    FROM banking_account a
    WHERE a.household_id = %(household)s AND (%(account)s::numeric IS NULL OR a.id = %(account)s)
"""


def account(household_id: int, account_id: int) -> AccountNow:
    """One account. Raises Account.DoesNotExist."""
    found = accounts(household_id, account_id)
    if not found:
        raise Account.DoesNotExist
    return found[0]


def _instant(text: str | None) -> datetime | None:
    """JSON carries instants as text."""
    return datetime.fromisoformat(text) if text else None


def _read(balances_now: str, freshness_now: str, version: int | None, *columns: Any) -> AccountNow:
    balances = [BalanceNow(**{**held, "as_of": _instant(held["as_of"])}) for held in json.loads(balances_now)]
    freshness, is_reading = {}, False
    for held in json.loads(freshness_now):
        state = FeatureNow(held["status"], _instant(held["as_of"]), _instant(held["next_allowed_at"]))
        freshness[held["feature"]] = state
        if held["feature"] == Feature.TRANSACTIONS:
            is_reading = state.as_of is None or bool(held["target"])
    # Not through a queryset, which costs more than all else here.
    row = Account.from_db(DEFAULT_DB_ALIAS, COLUMNS, columns)
    return _now(row, balances, freshness, is_reading, version or 0)


def _now(
    row: Account, balances: list[BalanceNow], freshness: dict[str, FeatureNow], is_reading: bool, version: int
) -> AccountNow:
    balances = sorted(balances, key=lambda b: b.currency != "usd")
    active_reading = is_reading and row.status == Account.Status.ACTIVE and Feature.TRANSACTIONS in freshness
    light, words = _light(row, balances, freshness, active_reading)
    return AccountNow(
        row.pk,
        row.stripe_id,
        row.holder_id,
        row.name,
        row.institution,
        row.last4,
        row.category,
        row.subcategory,
        row.status,
        tuple(row.permissions),
        row.payable,
        balances[0] if balances else None,
        tuple(balances[1:]),
        freshness,
        active_reading,
        row.disconnecting_since is not None,
        light,
        words,
        health.lights(row),
        version,
    )


def _light(
    row: Account, balances: list[BalanceNow], freshness: dict[str, FeatureNow], is_reading: bool
) -> tuple[str, str]:
    from fcdash.templatetags.fcdash import moment

    if row.by_hand:
        return ("off", "Closed, no longer counted") if row.status == Account.Status.DISCONNECTED else BY_HAND
    if row.status != Account.Status.ACTIVE or row.disconnecting_since:
        link = health.lights(row)[0]
        return link.state, f"{link.words}, since {moment(link.at)}" if link.at else link.words
    if is_reading and not any(f.as_of for f in freshness.values()):
        return "reading", "Reading for the first time"
    as_ofs = [b.as_of for b in balances] or [f.as_of for f in freshness.values() if f.as_of]
    if not as_ofs:
        return "reading", "Reading"
    as_of = max(as_ofs)
    if any(f.status == Freshness.Status.FAILED for f in freshness.values()):
        return "old", f"Your bank gave nothing new; as of {moment(as_of)}"
    return ("old" if timezone.now() - as_of > OLD else "ok"), f"As of {moment(as_of)}"


@dataclass(frozen=True)
class Progress:
    """How far the first reading has come, for the live line."""

    is_reading: bool
    rows_so_far: int

    @property
    def words(self) -> str:
        return f"{self.rows_so_far:,} so far. You can leave this page; reading goes on."


def progress(household_id: int, found: list[AccountNow]) -> Progress:
    """Whether any account is read for the first time, and how many rows are in."""
    first = [a.id for a in found if a.is_reading and not a.freshness[Feature.TRANSACTIONS].as_of]
    rows: Any = Transaction.objects.for_household(household_id)
    return Progress(bool(first), rows.filter(account_id__in=first).count() if first else 0)
