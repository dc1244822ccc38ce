"""The tables that stand under an object: what belongs to it, and what was asked about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.pages import actions, cells, money, people, traffic
from sandbox.pages.cells import Body
from sandbox.pages.paging import Page
from sandbox.pages.reader import Reader
from sandbox.pages.tables import Column, Row, Table
from sandbox.store import PLACES

MOST = 25


def _objects(reader: Reader, kind: str, place: str, value: str, columns: str) -> list[dict[str, Any]]:
    """The latest objects of a kind at a place that has an index."""
    return reader.rows(
        f"SELECT seq, id, kind, {columns} FROM objects WHERE kind = ? AND json_extract(body, '{PLACES[place]}') = ? "
        "ORDER BY seq DESC LIMIT ?",
        (kind, value, MOST),
    )


def accounts(reader: Reader, customer: str) -> Table:
    rows = _objects(reader, people.ACCOUNT, "holder", customer, people.ACCOUNT_FIELDS)
    return Table(people.ACCOUNT_COLUMNS, [people.account_row(reader, row) for row in rows], title="Bank accounts")


def payments(reader: Reader, customer: str) -> Table:
    rows = _objects(reader, "payment_intent", "customer", customer, money.PAYMENT_FIELDS)
    return Table(money.PAYMENT_COLUMNS, [money.payment_row(reader, row) for row in rows], title="Payments")


def setups(reader: Reader, customer: str) -> Table:
    rows = _objects(reader, "setup_intent", "customer", customer, money.PERMISSION_FIELDS)
    return Table(money.PERMISSION_COLUMNS, [money.permission_row(row) for row in rows], title="Setup intents")


def sessions(reader: Reader, customer: str) -> Table:
    fields = "json_extract(body, '$._.status') AS status, json_extract(body, '$.permissions') AS permissions"
    rows = _objects(reader, "financial_connections.session", "holder", customer, fields)
    columns = (Column("Link session", "id"), Column("State", "state"), Column("For"))
    return Table(
        columns,
        [
            Row(
                row["id"],
                cells.href(row["id"]),
                (cells.ref(row["id"]), cells.state(row["status"]), ", ".join(cells.loaded(row["permissions"]) or [])),
            )
            for row in rows
        ],
        title="Link sessions",
    )


def methods(reader: Reader, customer: str) -> Table:
    fields = (
        "json_extract(body, '$.us_bank_account.bank_name') AS bank, "
        "json_extract(body, '$.us_bank_account.last4') AS last4, "
        "json_extract(body, '$.us_bank_account.status_details.blocked.reason') AS blocked"
    )
    rows = _objects(reader, "payment_method", "customer", customer, fields)
    columns = (Column("Payment method", "id"), Column("Bank"), Column("Blocked", "code"))
    return Table(
        columns,
        [
            Row(
                row["id"],
                cells.href(row["id"]),
                (cells.ref(row["id"]), f"{row['bank']} ••{row['last4']}", cells.code(row["blocked"])),
            )
            for row in rows
        ],
        title="Payment methods",
    )


_PART_FIELDS = (
    "json_extract(body, '$.amount') AS amount, json_extract(body, '$.currency') AS currency, "
    "json_extract(body, '$.status') AS status, json_extract(body, '$.created') AS created, "
    "json_extract(body, '$.reason') AS reason, json_extract(body, '$.failure_code') AS failure, "
    "json_extract(body, '$.failure_reason') AS failed_for"
)


def _parts(kind: str, title: str) -> Callable[[Reader, str], Table]:
    columns = (
        Column(title.removesuffix("s"), "id"), Column("Amount", "money"), Column("State", "state"),
        Column("Cause", "code"), Column("At", "at", wide=True),
    )  # fmt: skip

    def table(reader: Reader, intent: str) -> Table:
        rows = _objects(reader, kind, "payment_intent", intent, _PART_FIELDS)
        return Table(columns, [_part(row) for row in rows], title=title)

    return table


def _part(row: Body) -> Row:
    shown = (
        cells.ref(row["id"]),
        cells.money(row["amount"], row["currency"]),
        cells.state(row["status"]),
        cells.code(row["failure"] or row["failed_for"] or row["reason"]),
        cells.at(row["created"]),
    )
    return Row(row["id"], cells.href(row["id"]), shown, actions.of({"object": row["kind"], **row}))


charges = _parts("charge", "Charges")
refunds = _parts("refund", "Refunds")
disputes = _parts("dispute", "Disputes")


def count_rows(reader: Reader, account: str) -> str:
    """All of them, however many: one account is counted by its index, off the event loop."""
    known = reader.value("SELECT count(*) FROM transactions WHERE account = ?", (account,))
    unseen = reader.value("SELECT count(*) FROM booked WHERE account = ?", (account,))
    return f"{known:,}" + (f", and {unseen:,} booked that the next refresh brings" if unseen else "")


_BANK_ROW_COLUMNS = (
    Column("Day", "at"), Column("Amount", "money"), Column("Description"), Column("Status", "state"),
    Column("Row", "code", wide=True),
)  # fmt: skip


def bank_rows(reader: Reader, account: str, before: str | None) -> Table:
    """The rows as Stripe has them, latest day first; `before` is `<instant>.<seq>`."""
    instant, _, seq = (before or "").partition(".")
    top = (int(instant), int(seq)) if instant.lstrip("-").isdigit() and seq.isdigit() else (1 << 62, 1 << 62)
    rows = reader.rows(
        "SELECT seq, id, amount, currency, description_json, status, transacted_at FROM transactions "
        "WHERE account = ? AND (transacted_at, seq) < (?, ?) ORDER BY transacted_at DESC, seq DESC LIMIT ?",
        (account, *top, MOST + 1),
    )
    older = f"{rows[MOST - 1]['transacted_at']}.{rows[MOST - 1]['seq']}" if len(rows) > MOST else None
    shown = [
        Row(
            row["id"],
            cells.href(row["id"]),
            (
                cells.at(row["transacted_at"]),
                cells.money(row["amount"], row["currency"]),
                cells.clip(cells.loaded(row["description_json"])),
                cells.state(row["status"]),
                cells.code(row["id"]),
            ),
        )
        for row in rows[:MOST]
    ]
    return Table(_BANK_ROW_COLUMNS, shown, Page([], older), title="Rows")


_API_PATHS = {
    "charge": "/v1/charges/",
    "customer": "/v1/customers/",
    "dispute": "/v1/disputes/",
    "financial_connections.account": "/v1/financial_connections/accounts/",
    "financial_connections.session": "/v1/financial_connections/sessions/",
    "mandate": "/v1/mandates/",
    "payment_intent": "/v1/payment_intents/",
    "payment_method": "/v1/payment_methods/",
    "refund": "/v1/refunds/",
    "setup_intent": "/v1/setup_intents/",
    "webhook_endpoint": "/v1/webhook_endpoints/",
}


def requests(reader: Reader, body: Body) -> Table:
    """The latest requests that named the object in their path, and those that changed it."""
    path = _API_PATHS.get(body["object"], "/v1/-/") + body["id"]
    # Up to the character after the slash: the object itself and all that lies under it.
    rows = reader.rows(
        f"SELECT seq, {traffic.REQUEST_FIELDS} FROM requests WHERE seq IN "
        "(SELECT seq FROM requests WHERE path >= ? AND path < ? ORDER BY seq DESC LIMIT ?) OR request_id IN "
        "(SELECT json_extract(body, '$.request.id') FROM events WHERE json_extract(body, '$.data.object.id') = ? "
        "ORDER BY seq DESC LIMIT ?) ORDER BY seq DESC LIMIT ?",
        (path, path + "0", MOST, body["id"], MOST, MOST),
    )
    return Table(traffic.REQUEST_COLUMNS, [traffic.request_row(row) for row in rows], title="Requests")


def events_of(reader: Reader, request_id: str) -> Table:
    rows = reader.rows(
        f"SELECT seq, {traffic.EVENT_FIELDS} FROM events WHERE json_extract(body, '$.request.id') = ? "
        "ORDER BY seq LIMIT ?",
        (request_id, MOST),
    )
    return Table(traffic.EVENT_COLUMNS, [traffic.event_row(row) for row in rows], title="Events that it set off")


def deliveries_of(reader: Reader, event_id: str) -> Table:
    rows = reader.rows(
        f"SELECT seq, {traffic.DELIVERY_FIELDS} FROM deliveries WHERE event = ? ORDER BY seq DESC LIMIT ?",
        (event_id, MOST),
    )
    return Table(traffic.DELIVERY_COLUMNS, [traffic.delivery_row(row) for row in rows], title="Deliveries")
