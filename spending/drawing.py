"""The charts of the pages: readings turned into fcdash.charts, each with its conclusion in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from fcdash import charts, money
from fcdash.charts import Chart, Node, Series
from spending.cashflow import MonthFlow
from spending.categories import category_of
from spending.forecast import Day, lowest
from spending.networth import NetWorth
from spending.periods import whole_month
from spending.upcoming import Item


def rows_url(first: date, last: date, **narrow: str) -> str:
    """The rows that make up a figure of spending between two days."""
    query = {"from": str(first), "to": str(last), "counts": "spending", **narrow}
    return f"{reverse('spending:transactions')}?{urlencode(query)}"


def month_url(month: date) -> str:
    """The spending page of one month."""
    span = whole_month(month)
    return f"{reverse('spending:spending')}?{urlencode({'from': span.first, 'to': span.last})}"


def months(flows: Sequence[MonthFlow], currency: str, urls: Sequence[str] | None = None) -> Chart:
    """Spending by month, the last one still running."""
    complete = [flow.out_cents for flow in flows[:-1] if not flow.is_empty]
    summary = "Spending by month."
    if complete:
        usual = money.whole(sum(complete) // len(complete), currency)
        summary = f"About {usual} a month; {flows[-1].month:%B} stands at {money.whole(flows[-1].out_cents, currency)}."
    return charts.bars(
        "months",
        summary,
        [f"{flow.month:%b}" for flow in flows],
        [Series("Spent", [flow.out_cents for flow in flows])],
        currency,
        now=len(flows) - 1,
        urls=urls or [month_url(flow.month) for flow in flows],
    )


def in_and_out(flows: Sequence[MonthFlow], currency: str) -> Chart:
    """Money in beside money out, month by month."""
    return charts.bars(
        "in-and-out",
        "Money in and money out, month by month.",
        [f"{flow.month:%b}" for flow in flows],
        [
            Series("In", [flow.in_cents for flow in flows], color="in"),
            Series("Out", [flow.out_cents for flow in flows]),
        ],
        currency,
        now=len(flows) - 1,
    )


def checking(days: Sequence[Day], items: Sequence[Item], currency: str) -> Chart:
    """The checking accounts until the last day that we look ahead."""
    low = lowest(days)
    happens: dict[date, list[str]] = {}
    for item in items:
        happens.setdefault(item.on, []).append(item.name)
    return charts.line(
        "checking",
        f"Lowest on {low.on:%a, %b} {low.on.day}: {money.whole(low.low_cents, currency)} to"
        f" {money.whole(low.high_cents, currency)}.",
        ["today", *(f"{day.on:%b} {day.on.day}" for day in days[1:])],
        [
            Series("Worse case", [day.low_cents for day in days], "low"),
            Series("Better case", [day.high_cents for day in days], "high"),
            Series("About", [day.middle_cents for day in days]),
        ],
        currency,
        mark=list(days).index(low),
        notes=[", ".join(happens.get(day.on, [])[:3]) for day in days],
    )


def worth(held: NetWorth, currency: str, id: str = "worth") -> Chart:
    """Net worth over time."""
    first, last = held.points[0], held.points[-1]
    return charts.line(
        id,
        f"Net worth from {money.formatted(first.cents, currency)} on {first.on:%b} {first.on.day}"
        f" to {money.formatted(last.cents, currency)}.",
        [*(f"{point.on:%b} {point.on.day}" for point in held.points[:-1]), "today"],
        [Series("Net worth", [point.cents for point in held.points], "area")],
        currency,
        mark=len(held.points) - 1,
    )


def flow_words(flow: MonthFlow, currency: str) -> str:
    """A month in one sentence."""

    def written(cents: int) -> str:
        return money.formatted(cents, currency)

    words = f"Of {written(flow.in_cents)} in, {written(flow.out_cents)} went out"
    if flow.saved_cents > 0:
        words += f", {written(flow.saved_cents)} into savings"
    if flow.left_cents >= 0:
        return f"{words}, and {written(flow.left_cents)} stayed."
    return f"{words}: {written(-flow.left_cents)} more than came in."


def sankey(flow: MonthFlow, income: Sequence[tuple[str, int]], currency: str) -> Chart:
    """Where a month's money came from and went. `income` is by who paid it and must sum to the month's."""
    sources = [(name or "Income", cents) for name, cents in income if cents > 0]
    if sum(cents for _, cents in sources) != flow.in_cents:
        sources = [("Income", flow.in_cents)]
    if flow.left_cents < 0:
        sources.append(("From what was there", -flow.left_cents))
    spent = [(key, cents) for key, cents in flow.by_category if cents > 0]
    through = sum(cents for _, cents in sources)
    nodes = [Node(f"in{at}", name, cents, 0, "income") for at, (name, cents) in enumerate(sources)]
    nodes.append(Node("all", "In", through, 1, "income"))
    nodes += [
        Node(f"out-{key}", category_of(key).name, cents, 2, category_of(key).colour)
        for key, cents in sorted(spent, key=lambda part: (part[0] == "other", -part[1]))
    ]
    nodes += [
        Node("saved", "Into savings", flow.saved_cents, 2, "saving"),
        Node("left", "Left", flow.left_cents, 2, "income"),
    ]
    flows = [(f"in{at}", "all", cents) for at, (_, cents) in enumerate(sources)]
    flows += [("all", f"out-{key}", cents) for key, cents in spent]
    flows += [("all", "saved", flow.saved_cents), ("all", "left", flow.left_cents)]
    return charts.sankey("flow", flow_words(flow, currency), nodes, flows, currency)
