"""Reading: a household's accounts with balance, freshness and the light that sums it up. One query."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.utils import timezone

from banking import health
from banking.health import Light
from banking.models import Account, Feature, Freshness, Transaction
from fcdash import tenancy

OLD = timedelta(hours=36)
# A bank that has been asked answers within seconds, rarely minutes.
HANGS = timedelta(minutes=10)
BY_HAND = ("hand", "Kept by hand")
FIGURES = (Feature.BALANCE, Feature.TRANSACTIONS)


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
    attempted_at: datetime | None = None

    @property
    def hangs(self) -> bool:
        """Whether the bank was asked a while ago and has not answered."""
        return self.is_pending and self.attempted_at is not None and timezone.now() - self.attempted_at > HANGS

    @property
    def is_pending(self) -> bool:
        """Whether the bank is being asked, or what it gave is being read."""
        return self.status == Freshness.Status.PENDING

    @property
    def is_failed(self) -> bool:
        """Whether the bank gave nothing when it was asked last."""
        return self.status == Freshness.Status.FAILED


@dataclass(frozen=True)
class Check:
    """The newest comparison of the rows with the bank's balance: `gap_cents` is what the bank holds more."""

    currency: str
    as_of: datetime
    gap_cents: int


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
    checks: tuple[Check, ...] = ()
    ended_at: datetime | None = None
    ended_elsewhere: bool = False
    deletes_data: bool = False

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
    def title(self) -> str:
        """Its name as sentences say it: "Everyday Checking ••4410"."""
        return f"{self.name} ••{self.last4}" if self.last4 else self.name

    @property
    def balances(self) -> tuple[BalanceNow, ...]:
        """The newest balance of each currency."""
        return (self.balance, *self.other_balances) if self.balance else ()

    @property
    def figures(self) -> list[FeatureNow]:
        """How fresh balance and transactions are, which figures are made of."""
        return [state for feature, state in self.freshness.items() if feature in FIGURES]

    @property
    def as_of(self) -> datetime | None:
        """Of what moment its figures are: of its balance, without one of its rows."""
        known = [b.as_of for b in self.balances] or [state.as_of for state in self.figures if state.as_of]
        return max(known, default=None)

    @property
    def is_old(self) -> bool:
        """Whether its figures are not those of today: the link is down, or the bank has given none for too long."""
        if self.by_hand or not self.counts:
            return False
        is_late = self.as_of is not None and timezone.now() - self.as_of > OLD
        return self.status == Account.Status.INACTIVE or is_late

    @property
    def unread(self) -> str:
        """What stands for its amount where the person did not allow us to read it."""
        return "" if self.balance or self.by_hand or "balances" in self.permissions else "not read"

    @property
    def is_live(self) -> bool:
        """Whether new figures may come any moment."""
        return self.status == Account.Status.ACTIVE and (
            self.is_reading or any(state.is_pending and not state.hangs for state in self.freshness.values())
        )

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
            SELECT feature, status, as_of, next_allowed_at, attempted_at, target
            FROM banking_freshness WHERE household_id = %(household)s AND account_id = a.id) f)::text AS freshness_now,
        (SELECT COALESCE(jsonb_agg(to_jsonb(c)), '[]') FROM (
            SELECT DISTINCT ON (currency) currency, as_of, actual_cents - expected_cents AS gap_cents
            FROM banking_balancecheck WHERE household_id = %(household)s AND account_id = a.id
            ORDER BY currency, as_of DESC) c)::text AS checks_now,
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


def _read(balances_now: str, freshness_now: str, checks_now: str, version: int | None, *columns: Any) -> AccountNow:
    checks = [Check(**{**held, "as_of": _instant(held["as_of"])}) for held in json.loads(checks_now)]
    balances = [BalanceNow(**{**held, "as_of": _instant(held["as_of"])}) for held in json.loads(balances_now)]
    freshness, is_reading = {}, False
    for held in json.loads(freshness_now):
        instants = (_instant(held[name]) for name in ("as_of", "next_allowed_at", "attempted_at"))
        state = FeatureNow(held["status"], *instants)
        freshness[held["feature"]] = state
        if held["feature"] == Feature.TRANSACTIONS:
            is_reading = state.as_of is None or bool(held["target"])
    # Not through a queryset, which costs more than all else here.
    row = Account.from_db(DEFAULT_DB_ALIAS, COLUMNS, columns)
    balances.sort(key=lambda b: b.currency != "usd")
    is_active = row.status == Account.Status.ACTIVE
    now = AccountNow(
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
        is_reading and is_active and Feature.TRANSACTIONS in freshness,
        row.disconnecting_since is not None,
        "",
        "",
        health.lights(row),
        version or 0,
        tuple(checks),
        row.ended_at,
        row.ended_elsewhere,
        row.deletes_data,
    )
    light, words = _light(now)
    return replace(now, light=light, words=words)


def _light(now: AccountNow) -> tuple[str, str]:
    """The one light of a list: the link where it is down, else what asks for something, else how fresh it is."""
    from fcdash.templatetags.fcdash import day, moment

    link = now.lights[0]
    if now.by_hand:
        return ("off", "Closed, no longer counted") if now.status == Account.Status.DISCONNECTED else BY_HAND
    if now.status == Account.Status.DISCONNECTED:
        where = "at your bank " if now.ended_elsewhere else ""
        return "off", f"Disconnected {where}{day(now.ended_at) if now.ended_at else ''}".strip() + ", no longer counted"
    if now.status == Account.Status.INACTIVE and not now.disconnecting:
        way_out = "link it again" if link.fix == "link" else "sign in again"
        return "act", f"Stands still{f' since {moment(link.at)}' if link.at else ''}: {way_out}"
    if now.status != Account.Status.ACTIVE or now.disconnecting:
        return link.state, f"{link.words}, since {moment(link.at)}" if link.at else link.words
    if link.fix:
        return "act", f"Sign in again {f'by {day(link.at)}' if link.at else 'soon'}"
    return _fresh_light(now)


def _fresh_light(now: AccountNow) -> tuple[str, str]:
    from fcdash.templatetags.fcdash import moment

    as_of = now.as_of
    hanging = [state.attempted_at for state in now.figures if state.hangs]
    if as_of is None:
        return ("old", f"No answer since {moment(min(hanging))}") if hanging else _not_yet(now)  # type: ignore[type-var]
    age = f"As of {moment(as_of)}"
    if hanging:
        return "old", f"{age}; your bank does not answer"
    if any(state.is_failed for state in now.figures):
        return "old", f"{age}; your bank gave nothing new"
    if now.is_old:
        return "old", age
    if any(state.is_pending for state in now.figures):
        return "reading", f"{age}; new figures are on their way"
    checked = [check for check in now.checks if any(b.as_of == check.as_of for b in now.balances)]
    if any(check.gap_cents for check in checked):
        return "act", f"Differs from your bank, {moment(as_of)}"
    if "balances" not in now.permissions:
        return "ok", f"Transactions as of {moment(as_of)}"
    return "ok", f"Matches your bank, {moment(as_of)}" if checked else age


def _not_yet(now: AccountNow) -> tuple[str, str]:
    if any(state.is_failed for state in now.figures):
        return "old", "Your bank has given nothing yet"
    if not now.figures:
        return "off", "Neither balance nor transactions allowed"
    return "reading", "Reading for the first time"


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
