"""What a chart is to a template: its data for the browser, and the same figures as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fcdash import money

Cell = str | int  # what a table's cell shows; safe HTML from a money filter counts as text


@dataclass(frozen=True)
class Series:
    """One line or set of bars, in cents; None where nothing is known. Roles of a line: area, low, high, floor."""

    label: str
    values: Sequence[int | None]
    role: str = ""
    color: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart for components/_chart.html. `summary` is the conclusion, one sentence; it names chart and table."""

    id: str
    kind: str
    summary: str
    data: dict[str, Any]
    columns: list[str]
    rows: list[list[Cell]]
    totals: list[Cell] = field(default_factory=list)


@dataclass(frozen=True)
class Node:
    """A place in a sankey. Column 0 is where money comes from, 1 all of it, 2 where it went."""

    id: str
    name: str
    cents: int
    column: int
    key: str = ""


def _words(cents: int | None, currency: str) -> str:
    return "not yet" if cents is None else money.formatted(cents, currency)


def _frame(currency: str) -> dict[str, Any]:
    return {"unit": 10 ** money.exponent(currency), "symbol": money.symbol(currency)}


def _plot(
    kind: str, id: str, summary: str, labels: Sequence[str], series: Sequence[Series], currency: str, **extra: Any
) -> Chart:
    data = {
        **_frame(currency),
        "labels": list(labels),
        "series": [
            {
                "label": one.label,
                "values": list(one.values),
                "words": [_words(cents, currency) for cents in one.values],
                "role": one.role,
                "color": one.color,
            }
            for one in series
        ],
        **{name: value for name, value in extra.items() if value is not None},
    }
    rows: list[list[Cell]] = [
        [label, *(_words(one.values[at], currency) for one in series)] for at, label in enumerate(labels)
    ]
    return Chart(id, kind, summary, data, ["", *(one.label for one in series)], rows)


def line(
    id: str,
    summary: str,
    labels: Sequence[str],
    series: Sequence[Series],
    currency: str,
    *,
    mark: int | None = None,
    urls: Sequence[str] | None = None,
    notes: Sequence[str] | None = None,
    free: bool | None = None,
) -> Chart:
    """A line chart. `mark` is the index of the point that is drawn; `free` lets the axis start beyond zero."""
    return _plot("line", id, summary, labels, series, currency, mark=mark, urls=urls, notes=notes, free=free)


def bars(
    id: str,
    summary: str,
    labels: Sequence[str],
    series: Sequence[Series],
    currency: str,
    *,
    now: int | None = None,
    urls: Sequence[str] | None = None,
    notes: Sequence[str] | None = None,
) -> Chart:
    """A bar chart. `now` is the index of the current period, drawn full; the others stand at 38 %."""
    return _plot("bar", id, summary, labels, series, currency, now=now, urls=urls, notes=notes)


def sankey(id: str, summary: str, nodes: Sequence[Node], flows: Sequence[tuple[str, str, int]], currency: str) -> Chart:
    """Cash flow. Nodes in the order in which they stand; flows are (from, to, cents). Empty flows are left out."""
    shown = [(source, target, cents) for source, target, cents in flows if cents > 0]
    used = {name for source, target, _ in shown for name in (source, target)}
    data = {
        **_frame(currency),
        "nodes": {
            node.id: {
                "name": node.name,
                "words": money.formatted(node.cents, currency),
                "column": node.column,
                "key": node.key,
            }
            for node in nodes
            if node.id in used
        },
        "flows": [
            {"from": source, "to": target, "cents": cents, "words": money.formatted(cents, currency)}
            for source, target, cents in shown
        ],
    }
    names = {node.id: node.name for node in nodes}
    rows: list[list[Cell]] = [
        [names[source], names[target], money.formatted(cents, currency)] for source, target, cents in shown
    ]
    return Chart(id, "sankey", summary, data, ["From", "To", "Amount"], rows)
