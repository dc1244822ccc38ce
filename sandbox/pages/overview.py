"""What is inside at a glance: how much of everything, what is due, what went wrong, how to connect."""

from __future__ import annotations

from typing import Any

from sandbox import clock
from sandbox.pages import cells, paging, people, stories, traffic
from sandbox.pages.cells import Body
from sandbox.pages.paging import Query
from sandbox.pages.reader import Reader
from sandbox.pages.tables import Column, Row, Table

_KINDS = {
    "customers": ("customer",),
    "accounts": (people.ACCOUNT,),
    "payments": ("payment_intent",),
    "permissions": ("setup_intent", "mandate"),
}


def counts(reader: Reader) -> Body:
    """How many there are of each, as far as is worth counting."""
    of_kind = "objects WHERE kind = ?"
    counted: Body = {}
    for place, kinds in _KINDS.items():
        each = [paging.count(reader, of_kind, kind) for kind in kinds]
        counted[place] = each[0] if len(each) == 1 else _sum(each)
    for place in ("events", "deliveries", "requests"):
        counted[place] = f"{paging.length(reader, place):,}"
    return counted


def _sum(each: list[str]) -> str:
    total = sum(int(text.rstrip("+").replace(",", "")) for text in each)
    return f"{total:,}" + ("+" if any(text.endswith("+") for text in each) else "")


def overview(reader: Reader) -> Body:
    latest = Query(None, {})
    failed = traffic.deliveries(reader, Query(None, {"failed": "1"}))
    refused = traffic.requests(reader, Query(None, {"errors": "1"}))
    happened = traffic.events(reader, latest)
    tables = (
        _first(due(reader), "Due next"),
        _first(failed, "Deliveries that failed"),
        _first(refused, "Requests that were refused"),
        _first(happened, "Latest events", 12),
        _mails(reader),
    )
    return {"tables": [table.shown() for table in tables if table.rows]}


def _first(table: Table, title: str, most: int = 6) -> Table:
    return Table(table.columns, table.rows[:most], title=title)


_MAIL_COLUMNS = (Column("Mail", "id"), Column("About"), Column("To"), Column("At", "at"))


def _mails(reader: Reader) -> Table:
    """What Stripe would have written to payers."""
    fields = (
        "json_extract(body, '$.about') AS about, json_extract(body, '$.to') AS \"to\", json_extract(body, '$.at') AS at"
    )
    rows = [
        Row(
            row["id"],
            cells.href(row["id"]),
            (cells.ref(row["id"]), row["about"], cells.clip(row["to"]), cells.at(row["at"])),
        )
        for row in paging.objects(reader, Query(None, {}), ("mail",), fields).rows[:6]
    ]
    return Table(_MAIL_COLUMNS, rows, title="Mails that Stripe would send")


_DUE_COLUMNS = (Column("In", "in"), Column("What"), Column("Of", "id"))


def due(reader: Reader) -> Table:
    """What the clock will set off next."""
    rows = [
        Row(
            f"timer-{row['seq']}",
            cells.href(row["subject"]),
            ({"in": row["due"] - clock.now()}, stories.name_of(row["action"]), cells.ref(row["subject"])),
        )
        for row in stories.due(reader)
    ]
    return Table(_DUE_COLUMNS, rows, title="Due next")


def keys(reader: Reader) -> str:
    return paging.count(reader, "idempotency", most=100_000)


def endpoints(reader: Reader) -> list[dict[str, Any]]:
    """Where events go."""
    return reader.rows(
        "SELECT id, json_extract(body, '$.url') AS url, json_extract(body, '$.status') AS status FROM objects "
        "WHERE kind = 'webhook_endpoint' ORDER BY seq LIMIT 20"
    )
