"""The first page: one answer, what needs a person, what comes, and how the month stands. Composed of the readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.urls import reverse

from banking import overview, standing
from banking.overview import AccountNow
from fcdash import money
from spending import forecast as forecasting
from spending import monthly, upcoming
from spending.cashflow import MonthFlow, flows
from spending.forecast import Day
from spending.habits import NOTHING, Habits, habits
from spending.monthly import MonthRow
from spending.networth import NetWorth, net_worth
from spending.periods import Span, months_back
from spending.remembering import BUILD, digest, remembered, state_of
from spending.safe_to_spend import NotYet, SafeToSpend, safe_to_spend
from spending.upcoming import Item, Need
from spending.usual import AgainstUsual, Standing, Unsure, unsure_since
from spending.usual import standing as month_standing

MONTHS_SHOWN = 5
DAYS_AHEAD = 45
NEEDS_SHOWN = 3
NET_WORTH_DAYS, NET_WORTH_STEP = 182, 7


@dataclass(frozen=True)
class Basis:
    """What is read each time, and names the rest; the rest is read when somebody asks for it."""

    household_id: int
    today: date
    currency: str
    accounts: list[AccountNow]
    progress: overview.Progress
    known: list[Item]

    @property
    def state(self) -> str:
        """A short name of all that the page shows: the same name, the same page."""
        return digest(self.household_id, self.currency, self.today, self.accounts, self.progress, self.known)

    @cached_property
    def rows(self) -> list[MonthRow]:
        """The totals of the months that are shown. One query."""
        since = months_back(self.today, MONTHS_SHOWN)
        return monthly.month_rows(self.household_id, since, self.today, self.currency) if self.accounts else []

    @cached_property
    def standing(self) -> Standing:
        """How the month stands. One query, none before the first row."""
        return month_standing(self.household_id, self.today, self.currency) if self.rows else _no_standing(self.today)

    @property
    def needs(self) -> list[Need]:
        """What waits for the person, worst first."""
        return _needs(self.known, self.accounts, self.standing.unsure, self.currency, self.today)

    @property
    def as_of(self) -> datetime | None:
        """When the newest balance was read."""
        return max((a.balance.as_of for a in self.accounts if a.counts and a.balance), default=None)

    @property
    def has_old(self) -> bool:
        """Whether some account's figures are older than they should be."""
        return any(account.is_old for account in self.accounts)

    @property
    def accounts_need(self) -> int:
        """How many things the accounts ask for."""
        return len(standing.needs(self.accounts))

    @property
    def accounts_state(self) -> str:
        """A short name of how the accounts stand: an open page asks whether it is still that."""
        return standing.state_of(self.accounts)


@dataclass(frozen=True)
class Dashboard:
    """All that the first page shows. Before the first rows are in, what follows from them is empty."""

    today: date
    currency: str
    accounts: list[AccountNow]
    progress: overview.Progress
    band: SafeToSpend | NotYet
    needs: list[Need]
    coming: list[Item]
    standing: Standing
    flows: list[MonthFlow]
    days: list[Day]
    worth: NetWorth
    habits: Habits

    @property
    def counted(self) -> list[AccountNow]:
        return [account for account in self.accounts if account.counts]

    @property
    def net_cents(self) -> int | None:
        """What the counted accounts come to, of those in the household's currency."""
        known = [a.balance.current_cents for a in self.counted if a.balance and a.balance.currency == self.currency]
        return sum(known) if known else None

    @property
    def caveat(self) -> str:
        """What the sum of the accounts lacks or has too old, in a sentence."""
        return standing.caveat(self.counted, self.currency)

    @property
    def band_caveat(self) -> str:
        """The same of the checking accounts, which the answer is worked out from."""
        return standing.caveat(_checking(self.counted), self.currency)

    @property
    def claims(self) -> tuple[int, int]:
        """What of the shown items still goes out, from the low to the high end."""
        out = [item for item in self.coming if item.is_claim and not item.is_income]
        return sum(item.low for item in out), sum(item.high for item in out)

    @property
    def last_month(self) -> MonthFlow | None:
        """The newest complete month in which anything happened."""
        return next((flow for flow in reversed(self.flows[:-1]) if not flow.is_empty), None)


def basis(household_id: int, today: date, currency: str) -> Basis:
    """Read the figures: two queries, one more while rows are read for the first time."""
    accounts = overview.accounts(household_id)
    progress = overview.progress(household_id, accounts)
    if not accounts:
        return Basis(household_id, today, currency, [], progress, [])
    known = upcoming.known_items(household_id, today, today + timedelta(days=DAYS_AHEAD))
    return Basis(household_id, today, currency, accounts, progress, known)


def dashboard(read: Basis) -> Dashboard:
    """What follows from the figures: four queries when nobody has looked since they changed."""
    today, currency = read.today, read.currency
    is_early = read.progress.is_reading or not read.rows
    held = NOTHING if is_early else habits(read.household_id, today, currency, state_of(read.accounts))
    items = upcoming.upcoming(held.series, read.known, today, today + timedelta(days=DAYS_AHEAD), currency)
    have, checking = _spendable(read.accounts, currency)
    band = READING if is_early else safe_to_spend(have, checking, items, held, today)
    return Dashboard(
        today=today,
        currency=currency,
        accounts=read.accounts,
        progress=read.progress,
        band=band,
        needs=read.needs,
        coming=[item for item in items if item.on <= upcoming.fortnight(today)],
        standing=read.standing,
        flows=_complete(flows(read.rows, Span(months_back(today, MONTHS_SHOWN), today)), held.first_day),
        days=_days(have, items, held, today) if isinstance(band, SafeToSpend) else [],
        worth=NetWorth(currency, (), None) if is_early else _worth(read),
        habits=held,
    )


def _no_standing(today: date) -> Standing:
    return Standing(AgainstUsual(today.replace(day=1), today, 0, ()), Unsure(()))


READING = NotYet("Safe to spend: not yet", "Your transactions are being read; this needs about six weeks of them.")


def _complete(found: list[MonthFlow], first_day: date | None) -> list[MonthFlow]:
    """Without a month whose beginning is before all we know: beside whole ones it would look thrifty."""
    return [flow for flow in found[:-1] if first_day and first_day <= flow.month.replace(day=3)] + found[-1:]


def _checking(accounts: list[AccountNow]) -> list[AccountNow]:
    return [account for account in accounts if account.counts and account.subcategory == "checking"]


def _spendable(accounts: list[AccountNow], currency: str) -> tuple[int | None, int]:
    """(what can be spent from the checking accounts, how many they are)."""
    found = [a.balance.spendable_cents for a in _checking(accounts) if a.balance and a.balance.currency == currency]
    return (sum(found) if found else None), len(found)


def _days(have: int | None, items: list[Item], held: Habits, today: date) -> list[Day]:
    return forecasting.forecast(have or 0, items, held, today, upcoming.fortnight(today))


def _worth(read: Basis) -> NetWorth:
    balances = [(account.id, account.balance) for account in read.accounts]
    state = digest(state_of(read.accounts), balances)
    key = f"worth:{BUILD}:{read.household_id}:{read.currency}:{read.today}:{state}"
    since = read.today - timedelta(days=NET_WORTH_DAYS)
    return remembered(key, lambda: net_worth(read.household_id, since, read.today, read.currency, NET_WORTH_STEP))


def _needs(known: list[Item], accounts: list[AccountNow], unsure: Unsure, currency: str, today: date) -> list[Need]:
    """What waits for the person, worst first."""
    found = [item.need for item in known if item.need]
    for account, notice in standing.needs(accounts):
        url = reverse("banking:account", args=[account.id])
        found.append(Need(notice.title, notice.text, url, notice.button, notice.glyph, notice.rank))
    if unsure.count:
        found.append(_unsure_need(unsure, currency, today))
    return sorted(found, key=lambda need: need.rank)


def _unsure_need(unsure: Unsure, currency: str, today: date) -> Need:
    name, cents = unsure.rows[0]
    one = unsure.count == 1
    text = f"We are unsure about {money.formatted(unsure.cents, currency)}."
    if not one:
        text += f" Biggest: {name or 'no name'}, {money.formatted(cents, currency)}."
    return Need(
        f"{unsure.count} transaction{'' if one else 's'} to confirm",
        text,
        # Just the rows that were counted.
        f"{reverse('spending:transactions')}?category=unsure&from={unsure_since(today)}&currency={currency}",
        "Review it" if one else f"Review {unsure.count}",
        "c-other",
        60,
    )
