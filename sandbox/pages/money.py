"""Payments and permissions to debit, as lists."""

from __future__ import annotations

from sandbox.pages import cells, paging
from sandbox.pages.cells import Body
from sandbox.pages.paging import Query
from sandbox.pages.reader import Reader
from sandbox.pages.tables import Column, Row, Table

PAYMENT_FIELDS = (
    "json_extract(body, '$.amount') AS amount, json_extract(body, '$.currency') AS currency, "
    "json_extract(body, '$.status') AS status, json_extract(body, '$.created') AS created, "
    "json_extract(body, '$.description') AS description, json_extract(body, '$.customer') AS customer, "
    "json_extract(body, '$.last_payment_error.code') AS error, "
    "json_extract(body, '$.last_payment_error.network_decline_code') AS network_code, "
    "json_extract(body, '$.latest_charge') AS charge"
)
PAYMENT_COLUMNS = (
    Column("Payment", "id"), Column("Amount", "money"), Column("State", "state"), Column("Cause", "code"),
    Column("For", wide=True), Column("Customer", "id", wide=True), Column("Made", "at", wide=True),
)  # fmt: skip


def payments(reader: Reader, query: Query) -> Table:
    state = query.get("state")
    clause, values = ("json_extract(body, '$.status') = ?", (state,)) if state else ("1", ())
    page = paging.objects(reader, query, ("payment_intent",), PAYMENT_FIELDS, clause, values)
    return Table(PAYMENT_COLUMNS, [payment_row(reader, row) for row in page.rows], page)


def payment_row(reader: Reader, row: Body) -> Row:
    shown = (
        cells.ref(row["id"]),
        cells.money(row["amount"], row["currency"]),
        cells.state(whole_state(reader, row["status"], row["charge"])),
        cells.code(" ".join(filter(None, (row["error"], row["network_code"]))) or None),
        cells.clip(row["description"]),
        cells.ref(row["customer"]),
        cells.at(row["created"]),
    )
    return Row(row["id"], cells.href(row["id"]), shown)


def whole_state(reader: Reader, status: str, charge_id: str | None) -> str:
    """What has become of it since: a succeeded intent never says that its money went back."""
    if status != "succeeded":
        return status
    charge = reader.row(
        "SELECT json_extract(body, '$.disputed') AS disputed, json_extract(body, '$.refunded') AS refunded, "
        "json_extract(body, '$.amount_refunded') AS back FROM objects WHERE id = ?",
        (charge_id,),
    )
    if charge is None:
        return "succeeded"
    back = "refunded" if charge["refunded"] else "partly refunded" if charge["back"] else "succeeded"
    return "disputed" if charge["disputed"] else back


PERMISSION_FIELDS = (
    "json_extract(body, '$.status') AS status, json_extract(body, '$.type') AS type, "
    "json_extract(body, '$.created') AS created, json_extract(body, '$.payment_method') AS method, "
    "json_extract(body, '$.customer_acceptance.accepted_at') AS accepted, "
    "json_extract(body, '$.last_setup_error.code') AS error"
)
PERMISSION_COLUMNS = (
    Column("Setup intent or mandate", "id"), Column("State", "state"), Column("What"),
    Column("Payment method", "id", wide=True), Column("At", "at", wide=True),
)  # fmt: skip


def permissions(reader: Reader, query: Query) -> Table:
    """Setup intents, and the mandates that they and payments left behind."""
    page = paging.objects(reader, query, ("setup_intent", "mandate"), PERMISSION_FIELDS)
    return Table(PERMISSION_COLUMNS, [permission_row(row) for row in page.rows], page)


def permission_row(row: Body) -> Row:
    if row["kind"] == "mandate":
        what = "Mandate for one debit" if row["type"] == "single_use" else "Mandate"
    else:
        what = "Setup intent" + (f", {row['error']}" if row["error"] else "")
    shown = (
        cells.ref(row["id"]),
        cells.state(row["status"]),
        what,
        cells.ref(row["method"]),
        cells.at(row["created"] or row["accepted"]),
    )
    return Row(row["id"], cells.href(row["id"]), shown)
