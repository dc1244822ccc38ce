"""The first page: one answer, what needs a person, what comes, and how the month stands. Composed of the readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.urls import reverse

from banking import overview
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
from spending.remembering import digest, remembered
from spending.safe_to_spend import NotYet, SafeToSpend, safe_to_spend
from spending.upcoming import Item, Need
from spending.usual import AgainstUsual, Standing, Unsure, standing

MONTHS_SHOWN = 6
DAYS_AHEAD = 45
NEEDS_SHOWN = 3
NET_WORTH_DAYS, NET_WORTH_STEP = 182, 7


@dataclass(frozen=True)
class Dashboard:
    """All that the first page shows. Before the first rows are in, `standing` and what follows are empty."""

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
    def as_of(self) -> datetime | None:
        """When the newest balance was read."""
        return max((a.balance.as_of for a in self.counted if a.balance), default=None)

    @property
    def net_cents(self) -> int | None:
        """What the counted accounts come to, of those in the household's currency."""
        known = [a.balance.current_cents for a in self.counted if a.balance and a.balance.currency == self.currency]
        return sum(known) if known else None

    @property
    def claims(self) -> tuple[int, int]:
        """What of the shown items still goes out, from the low to the high end."""
        out = [item for item in self.coming if item.is_claim and not item.is_income]
        return sum(item.low for item in out), sum(item.high for item in out)

    @property
    def last_month(self) -> MonthFlow | None:
        """The newest complete month in which anything happened."""
        return next((flow for flow in reversed(self.flows[:-1]) if not flow.is_empty), None)


def dashboard(household_id: int, today: date, currency: str) -> Dashboard:
    """Read the page: six queries, two more when figures changed since it was last read."""
    accounts = overview.accounts(household_id)
    first_month = months_back(today, MONTHS_SHOWN)
    rows = monthly.month_rows(household_id, first_month, today, currency) if accounts else []
    progress = overview.progress(household_id, accounts)
    if not rows:
        return _empty(today, currency, accounts, progress)
    known = upcoming.known_items(household_id, today, today + timedelta(days=DAYS_AHEAD))
    held = NOTHING if progress.is_reading else habits(household_id, today, currency, rows)
    items = upcoming.upcoming(held.series, known, today, today + timedelta(days=DAYS_AHEAD), currency)
    stands = standing(household_id, today, currency)
    have, checking = _spendable(accounts, currency)
    band = safe_to_spend(have, checking, items, held, today)
    return Dashboard(
        today=today,
        currency=currency,
        accounts=accounts,
        progress=progress,
        band=band,
        needs=_needs(known, accounts, stands.unsure, currency),
        coming=[item for item in items if item.on <= upcoming.fortnight(today)],
        standing=stands,
        flows=flows(rows, Span(first_month, today)),
        days=_days(have, items, held, today) if isinstance(band, SafeToSpend) else [],
        worth=_worth(household_id, today, currency, rows, accounts, progress.is_reading),
        habits=held,
    )


def _empty(today: date, currency: str, accounts: list[AccountNow], progress: overview.Progress) -> Dashboard:
    return Dashboard(
        today=today,
        currency=currency,
        accounts=accounts,
        progress=progress,
        band=NotYet("Safe to spend: not yet", "Your transactions are being read; this needs about six weeks of them."),
        needs=_needs([], accounts, Unsure(()), currency),
        coming=[],
        standing=Standing(AgainstUsual(today.replace(day=1), today, 0, ()), Unsure(())),
        flows=[],
        days=[],
        worth=NetWorth(currency, (), None),
        habits=NOTHING,
    )


def _spendable(accounts: list[AccountNow], currency: str) -> tuple[int | None, int]:
    """(what can be spent from the checking accounts, how many they are)."""
    found = [
        a.balance.spendable_cents
        for a in accounts
        if a.counts and a.subcategory == "checking" and a.balance and a.balance.currency == currency
    ]
    return (sum(found) if found else None), len(found)


def _days(have: int | None, items: list[Item], held: Habits, today: date) -> list[Day]:
    return forecasting.forecast(have or 0, items, held, today, upcoming.fortnight(today))


def _worth(
    household_id: int, today: date, currency: str, rows: list[MonthRow], accounts: list[AccountNow], is_reading: bool
) -> NetWorth:
    if is_reading:
        return NetWorth(currency, (), None)
    balances = "|".join(f"{a.id}:{a.counts}:{a.balance}" for a in accounts)
    key = f"worth:1:{household_id}:{currency}:{today}:{digest(rows, balances)}"
    since = today - timedelta(days=NET_WORTH_DAYS)
    return remembered(key, lambda: net_worth(household_id, since, today, currency, NET_WORTH_STEP))


def _needs(known: list[Item], accounts: list[AccountNow], unsure: Unsure, currency: str) -> list[Need]:
    """What waits for the person, worst first."""
    found = [item.need for item in known if item.need]
    for account in accounts:
        url = reverse("banking:account", args=[account.id])
        if account.status == "inactive":
            found.append(
                Need(
                    f"Sign in to {account.institution} again",
                    f"{account.name} cannot be read now and its figures stand still. Approved payments run on.",
                    url,
                    "Reconnect",
                    "key",
                    30,
                )
            )
        elif account.status == "duplicate":
            text = "It is in no figure until you say whether it is the same account."
            found.append(Need(f"{account.name} is linked twice", text, url, "Decide", "link", 40))
    if unsure.count:
        found.append(_unsure_need(unsure, currency))
    return sorted(found, key=lambda need: need.rank)


def _unsure_need(unsure: Unsure, currency: str) -> Need:
    name, cents = unsure.rows[0]
    one = unsure.count == 1
    text = f"We are unsure about {money.formatted(unsure.cents, currency)}."
    if not one:
        text += f" Biggest: {name or 'no name'}, {money.formatted(cents, currency)}."
    return Need(
        f"{unsure.count} transaction{'' if one else 's'} to confirm",
        text,
        f"{reverse('spending:transactions')}?category=unsure",
        "Review it" if one else f"Review {unsure.count}",
        "c-other",
        60,
    )
