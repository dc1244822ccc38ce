"""What came in and what went out: requests, events, deliveries, as lists."""

from __future__ import annotations

from sandbox.pages import cells, paging
from sandbox.pages.cells import Body
from sandbox.pages.paging import Query
from sandbox.pages.reader import Reader
from sandbox.pages.tables import Column, Row, Table

EVENT_COLUMNS = (
    Column("Event", "id"), Column("Type", "code"), Column("About", "id"), Column("To deliver", "number", wide=True),
    Column("At", "at"),
)  # fmt: skip
EVENT_FIELDS = "id, type, created, pending, json_extract(body, '$.data.object.id') AS about"


def events(reader: Reader, query: Query) -> Table:
    kind = query.get("type")
    clause, values = ("type = ?", [kind]) if kind else ("1", [])
    page = paging.page(reader, "events", EVENT_FIELDS, query, clause, values)
    return Table(EVENT_COLUMNS, [event_row(row) for row in page.rows], page)


def event_row(row: Body) -> Row:
    pending = row["pending"] or None
    shown = (cells.ref(row["id"]), cells.code(row["type"]), cells.ref(row["about"]), pending, cells.at(row["created"]))
    return Row(row["id"], cells.href(row["id"]), shown)


DELIVERY_COLUMNS = (
    Column("Delivery", "id"), Column("Outcome", "state"), Column("Answer", "state"), Column("Event", "code"),
    Column("Attempt", "number", wide=True), Column("To", "code", wide=True), Column("At", "at"),
)  # fmt: skip
DELIVERY_FIELDS = "event, type, url, attempt, outcome, status, error, at"
FAILED = "outcome <> 'delivered'"


def deliveries(reader: Reader, query: Query) -> Table:
    page = paging.page(reader, "deliveries", DELIVERY_FIELDS, query, FAILED if query.get("failed") else "1")
    waiting = paging.count(reader, "outbox", most=999)
    note = None if waiting == "0" else f"{waiting} waiting to be sent."
    return Table(DELIVERY_COLUMNS, [delivery_row(row) for row in page.rows], page, note=note)


def delivery_row(row: Body) -> Row:
    key = f"delivery_{row['seq']}"
    answered = cells.answer(row["status"]) if row["status"] is not None or row["outcome"] == "failed" else None
    shown = (
        {"ref": cells.href(key), "text": f"{row['seq']}"},
        cells.state(row["outcome"]),
        answered,
        cells.code(row["type"]),
        row["attempt"],
        cells.code(row["url"]),
        cells.at(row["at"]),
    )
    return Row(key, cells.href(key), shown)


REQUEST_COLUMNS = (
    Column("Request", "id"), Column("Answer", "state"), Column("Call", "code"), Column("Fault", "code", wide=True),
    Column("Key", "code", wide=True), Column("At", "at"),
)  # fmt: skip
REQUEST_FIELDS = "request_id, method, path, status, fault, idempotency_key, at"
REFUSED = "ifnull(status, 599) >= 400"


def requests(reader: Reader, query: Query) -> Table:
    clauses, values = [], []
    if query.get("errors"):
        clauses.append(REFUSED)
    if query.get("method"):
        clauses.append("method = ?")
        values.append(query.get("method"))
    if query.get("path"):
        clauses.append("instr(path, ?) > 0")
        values.append(query.get("path"))
    page = paging.page(
        reader, "requests", REQUEST_FIELDS, query, " AND ".join(clauses) or "1", values, searching=bool(values)
    )
    return Table(REQUEST_COLUMNS, [request_row(row) for row in page.rows], page)


def request_row(row: Body) -> Row:
    shown = (
        cells.ref(row["request_id"]),
        cells.answer(row["status"]),
        cells.code(f"{row['method']} {row['path']}"),
        cells.code(row["fault"]),
        cells.code(row["idempotency_key"]),
        cells.at(row["at"]),
    )
    return Row(row["request_id"], cells.href(row["request_id"]), shown)
