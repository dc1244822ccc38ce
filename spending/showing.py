"""What the pages' templates are given: readings turned into lines, links and charts. Templates only choose and loop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.households import Place
from banking import standing
from banking.overview import AccountNow
from fcdash import charts, money
from spending import drawing, filtering, totals
from spending.cashflow import MonthFlow
from spending.categories import CATALOGUE, category_of
from spending.dashboard import NEEDS_SHOWN, Dashboard
from spending.filtering import Asked, Choice
from spending.listing import Page, Row, Sums
from spending.networth import NetWorth
from spending.periods import Span, month_end, whole_month
from spending.safe_to_spend import SafeToSpend
from spending.totals import Narrowing, Spending

# --- Home -----------------------------------------------------------------------------------------------------


VIEWS = ("usual", "checking", "worth", "months", "flow")


def dashboard(held: Dashboard, view: str) -> SafeString:
    """The blocks of the first page. `view` names the chart that is shown as a table."""
    return render_to_string("spending/_blocks.html", _blocks(held, view))


def _blocks(held: Dashboard, view: str) -> dict[str, Any]:
    last = held.last_month
    usual = held.standing.usual
    return {
        "held": held,
        "view": view,
        "needs": held.needs[:NEEDS_SHOWN],
        "more_needs": max(len(held.needs) - NEEDS_SHOWN, 0) or None,
        "band": held.band if isinstance(held.band, SafeToSpend) else None,
        "coming": _once_a_day(held),
        "usual": usual,
        "usual_words": _usual_words(usual.spent_cents, usual.usual_cents, held) if usual.is_known else "",
        "usual_lines": [
            (line, category_of(line.key), drawing.rows_url(usual.month, held.today, category=line.key))
            for line in usual.lines
        ],
        "checking": drawing.checking(held.days, held.coming, held.currency) if len(held.days) > 1 else None,
        "worth": drawing.worth(held.worth, held.currency) if len(held.worth.points) > 1 else None,
        "worth_change": held.worth.change_since(month_end(last.month)) if last else None,
        "months": drawing.months(held.flows, held.currency) if last else None,
        "worth_since": f"since the end of {last.month:%B}" if last else "",
        "currency": held.currency,
        "last": last,
        "flow": drawing.sankey(last, held.habits.income, held.currency) if last else None,
        "flow_words": drawing.flow_words(last, held.currency) if last else "",
        "shares": _shares(last) if last else [],
        "cover": _cover(held),
    }


@dataclass(frozen=True, slots=True)
class Coming:
    """An upcoming item as a row; `blank` when the row above is of the same day."""

    item: Any
    blank: bool


def _once_a_day(held: Dashboard) -> list[Coming]:
    days = [item.on for item in held.coming]
    return [Coming(item, at > 0 and days[at - 1] == item.on) for at, item in enumerate(held.coming)]


def _usual_words(spent: int, usual: int, held: Dashboard) -> str:
    """The month against usual in one sentence."""
    by = f"by the {_ordinal(held.today.day)}"
    difference = spent - usual
    if abs(difference) <= max(usual * 3 // 100, 5_00):
        return f"About what you have usually spent {by}."
    written = money.formatted(abs(difference), held.currency)
    if difference < 0:
        return f"{written} less than you have usually spent {by}."
    most = held.standing.usual.most_above
    return f"{written} more than you have usually spent {by}{f', mostly {most.name.lower()}' if most else ''}."


def _ordinal(day: int) -> str:
    suffix = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def _shares(flow: MonthFlow) -> list[tuple[str, str, int, str]]:
    span = whole_month(flow.month)
    return [
        (category_of(key).colour, category_of(key).name, cents, drawing.rows_url(span.first, span.last, category=key))
        for key, cents in flow.by_category
        if cents > 0
    ]


def _cover(held: Dashboard) -> str:
    """How long savings would last, in a sentence; empty without savings or a full month."""
    saved = sum(
        a.balance.current_cents
        for a in held.counted
        if a.subcategory == "savings" and a.balance and a.balance.currency == held.currency
    )
    last = held.last_month
    if saved <= 0 or not last or last.out_cents <= 0:
        return ""
    tenths = saved * 10 // last.out_cents
    return f"Your savings hold {tenths // 10}.{tenths % 10} times what you spent in {last.month:%B}."


# --- Transactions ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the list, with its links."""

    row: Row
    url: str
    category_url: str
    colour: str
    category_name: str
    icon: str
    note: str
    selected: bool


def line(row: Row, asked: Asked, opened: str = "") -> Line:
    """A row with its links; opening keeps the filter."""
    category = row.category
    path = reverse("spending:transactions")
    return Line(
        row,
        asked.url(path, open=str(row.id)),
        f"{path}{row.id}/category/",
        category.colour,
        "Unsure" if row.is_unsure else category.name,
        category.icon,
        _note(row),
        opened == str(row.id),
    )


def _note(row: Row) -> str:
    """What a reader must know of a row besides its name."""
    if row.status == "void":
        return "Voided by your bank, not counted"
    if row.excluded:
        return "Left out by you"
    if row.is_refund:
        return "Refund, taken off"
    return row.note


@dataclass(frozen=True, slots=True)
class DayGroup:
    """A day's rows, and what went out on it in the list's one currency."""

    on: date
    out_cents: int
    currency: str
    lines: tuple[Line, ...]


def rows(page: Page, asked: Asked, opened: str) -> dict[str, Any]:
    """The list by days. A day cut by the end of the page shows no sum: it would not be the day's."""
    path = reverse("spending:transactions")
    days = []
    for on, of_day in groupby(page.rows, key=lambda row: row.booked_on):
        held = list(of_day)
        is_cut = page.next is not None and page.next.on == on
        days.append(
            DayGroup(on, 0 if is_cut else _out(held), held[0].currency, tuple(line(r, asked, opened) for r in held))
        )
    more = asked.url(path, cursor=filtering.cursor(page.next)) if page.next else None
    return {"section": "transactions", "days": days, "more": more}


def _out(held: Sequence[Row]) -> int:
    """Money spent on a day, refunds apart; 0 where currencies mix."""
    if len({row.currency for row in held}) > 1:
        return 0
    return -sum(row.amount_cents for row in held if row.counts and row.amount_cents < 0 and row.category.is_spent)


def list_head(
    asked: Asked, sums: Sums | None, accounts: Sequence[AccountNow], place: Place, page: Page
) -> dict[str, Any]:
    """The tools above the list: search, period, filters, and what it comes to."""
    path = reverse("spending:transactions")
    return {
        "asked": asked,
        "sums": sums,
        "currency": asked.rows.currency or place.currency,
        "hidden": [(name, value) for name, value in asked.parameters if name != "q"],
        "kept": [(name, value) for name, value in asked.parameters if name not in ("from", "to", "min", "max")],
        "periods": filtering.periods(path, asked, place.today, everything=True),
        "span_words": filtering.words_of(asked.rows.span, place.today),
        "filters": _filters(path, asked, accounts),
        "has_accounts": bool(accounts),
        "exports": [
            Choice(label, asked.url(reverse("spending:export"), format=kind), False)
            for kind, label in (("csv", "CSV, for spreadsheets"), ("ofx", "OFX, for other programs"))
        ],
        "catalogue": CATALOGUE,
        "all_url": asked.url(path, from_=None, to=None),
        "is_empty": not page.rows,
    }


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: on with a way to clear it, or a menu of choices."""

    label: str
    clear_url: str = ""
    choices: tuple[Choice, ...] = ()
    url: str = ""


def _filters(path: str, asked: Asked, accounts: Sequence[AccountNow]) -> list[Filter]:
    named = {str(a.id): f"{a.name} ••{a.last4}" if a.last4 else a.name for a in accounts}
    statuses = {"pending": "Pending", "posted": "Posted", "void": "Voided"}
    categories = {"unsure": "Unsure", **{c.key: c.name for c in CATALOGUE}}
    found = [
        _menu(path, asked, "account", "Account", named),
        _menu(path, asked, "category", "Category", categories),
        _menu(path, asked, "status", "Status", statuses),
    ]
    for name, label in (("merchant", ""), ("counts", "Only spending"), ("currency", "")):
        if name in dict(asked.parameters):
            found.append(Filter(label or asked.given(name), asked.url(path, **{name: None})))
    if asked.given("min") or asked.given("max"):
        words = f"{asked.given('min') or '0'} to {asked.given('max') or 'any'}"
        found.append(Filter(words, asked.url(path, min=None, max=None)))
    return found


def _menu(path: str, asked: Asked, name: str, label: str, choices: dict[str, str]) -> Filter:
    given = asked.given(name)
    if given:
        chosen = [choices.get(part, part) for part in given.split(",")]
        return Filter(
            chosen[0] if len(chosen) == 1 else f"{len(chosen)} {label.lower()}s", asked.url(path, **{name: None})
        )
    return Filter(
        label, choices=tuple(Choice(words, asked.url(path, **{name: key}), False) for key, words in choices.items())
    )


# --- Figures --------------------------------------------------------------------------------------------------


def narrowing(asked: Asked) -> Narrowing:
    """What the spending page is narrowed to."""
    return Narrowing(
        account_id=asked.rows.account_ids[0] if asked.rows.account_ids else None,
        category=asked.rows.categories[0] if asked.rows.categories else None,
        merchant=asked.rows.merchant,
    )


@dataclass(frozen=True, slots=True)
class Share:
    """A group of a total with the rows that make it up."""

    key: str
    colour: str
    name: str
    cents: int
    count: int
    url: str


MERCHANTS_SHOWN = 60


def spending(
    found: Spending, by_month: Spending, first_day: date | None, asked: Asked, place: Place, path: str
) -> dict[str, Any]:
    """The spending page: the total, its groups as ranked bars or a table, and the months around it."""
    shares = [_share(group, found, asked) for group in found.groups]
    shown = shares[:MERCHANTS_SHOWN]
    rest = shares[MERCHANTS_SHOWN:]
    return {
        "section": "spending",
        "found": found,
        "asked": asked,
        "shares": shown,
        "rest_cents": sum(share.cents for share in rest),
        "rest_count": len(rest),
        "longest": max((share.cents for share in shares), default=0),
        "rows_url": _rows_url(found.span, asked),
        "title": _spending_title(asked),
        "span_words": filtering.words_of(found.span, place.today),
        "periods": filtering.periods(path, asked, place.today),
        "groupings": [Choice(by.capitalize(), asked.url(path, by=by), by == found.by) for by in totals.GROUPINGS],
        "narrowed": [
            Filter(_narrowed_words(name, value), asked.url(path, **{name: None}))
            for name, value in asked.parameters
            if name in ("category", "account", "merchant")
        ],
        "as_table": asked.given("view") == "table",
        "table_url": asked.url(path, view=None if asked.given("view") == "table" else "table"),
        "hidden": [(name, value) for name, value in asked.parameters if name not in ("from", "to")],
        "months": _month_bars(by_month, first_day, asked, path, place.today),
    }


def _spending_title(asked: Asked) -> str:
    if asked.rows.categories:
        return category_of(asked.rows.categories[0]).name
    return asked.rows.merchant or "Spending"


def _narrowed_words(name: str, value: str) -> str:
    return {"category": category_of(value).name, "account": "One account"}.get(name, value)


def _share(group: totals.Group, found: Spending, asked: Asked) -> Share:
    narrow = {found.by: group.key}
    span = found.span
    if found.by == "month":
        month = date.fromisoformat(f"{group.key}-01")
        span = Span(max(month, span.first), min(month_end(month), span.last))
        narrow = {}
    colour = category_of(group.key).colour if found.by == "category" else ""
    return Share(group.key, colour, group.name, group.cents, group.count, _rows_url(span, asked, **narrow))


def _rows_url(span: Span, asked: Asked, **narrow: str) -> str:
    kept = {name: asked.given(name) for name in ("category", "account", "merchant", "currency") if asked.given(name)}
    return drawing.rows_url(span.first, span.last, **{**kept, **narrow})


def _month_bars(
    by_month: Spending, first_day: date | None, asked: Asked, path: str, today: date
) -> charts.Chart | None:
    """Bars of the months that are known from their beginning, with the mean of those that are over."""
    held = [(date.fromisoformat(f"{group.key}-01"), group.cents) for group in by_month.groups]
    held = [(month, cents) for month, cents in held if first_day and first_day <= month.replace(day=3)]
    over = [cents for month, cents in held if month_end(month) < today]
    if len(held) < 2 or not over:
        return None
    chosen = [at for at, (month, _) in enumerate(held) if asked.rows.first == month]
    months = "month" if len(over) == 1 else f"{len(over)} months"
    return charts.bars(
        "by-month",
        f"About {money.whole(sum(over) // len(over), by_month.currency)} a month over the last {months}.",
        [f"{month:%b}" for month, _ in held],
        [charts.Series("Spent", [cents for _, cents in held])],
        by_month.currency,
        now=chosen[0] if chosen else len(held) - 1,
        urls=[asked.url(path, from_=str(month), to=str(month_end(month))) for month, _ in held],
    )


def chosen_month(flows: Sequence[MonthFlow], wanted: str) -> MonthFlow:
    """The month asked for, else the newest complete one, else the current one."""
    for flow in flows:
        if f"{flow.month:%Y-%m}" == wanted:
            return flow
    return next((flow for flow in reversed(flows[:-1]) if not flow.is_empty), flows[-1])


def cash_flow(
    flows: Sequence[MonthFlow],
    chosen: MonthFlow,
    income: Sequence[tuple[str, int]],
    place: Place,
    request: HttpRequest,
) -> dict[str, Any]:
    """The cash flow page; `income` is the chosen month's by who paid it."""
    started = _from_first(flows)
    return {
        "section": "spending",
        "flows": [(flow, f"?month={flow.month:%Y-%m}", flow is chosen) for flow in reversed(started)],
        "chosen": chosen,
        "bars": drawing.in_and_out(started, place.currency) if len(started) > 1 else None,
        "sankey": drawing.sankey(chosen, income, place.currency) if not chosen.is_empty else None,
        "flow_words": drawing.flow_words(chosen, place.currency),
        "shares": _shares(chosen),
        "currency": place.currency,
        "as_table": request.GET.get("view") == "table",
    }


def _from_first(flows: Sequence[MonthFlow]) -> list[MonthFlow]:
    """Without the months before anything happened."""
    start = next((at for at, flow in enumerate(flows) if not flow.is_empty), len(flows) - 1)
    return list(flows[start:])


def net_worth(
    worth: NetWorth, accounts: Iterable[AccountNow], days: int, place: Place, request: HttpRequest
) -> dict[str, Any]:
    """The net worth page."""
    found = list(accounts)
    counted = [a for a in found if a.counts and a.balance and a.balance.currency == place.currency]
    return {
        "section": "accounts",
        "worth": worth,
        "caveat": standing.caveat(found, place.currency),
        "chart": drawing.worth(worth, place.currency) if len(worth.points) > 1 else None,
        "accounts": counted,
        "net_cents": sum(a.balance.current_cents for a in counted if a.balance) if counted else None,
        "change": worth.change_since(worth.points[0].on) if worth.points else None,
        "periods": [
            Choice(f"{months} months", f"?months={months}", days == span)
            for months, span in ((3, 91), (6, 182), (12, 365))
        ],
        "as_table": request.GET.get("view") == "table",
        "currency": place.currency,
    }
