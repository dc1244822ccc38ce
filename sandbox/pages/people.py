"""Customers and the bank accounts that they linked, as lists."""

from __future__ import annotations

from sandbox.pages import cells, paging
from sandbox.pages.cells import Body
from sandbox.pages.paging import Query
from sandbox.pages.reader import Reader
from sandbox.pages.tables import Column, Row, Table

ACCOUNT = "financial_connections.account"


def customers(reader: Reader, query: Query) -> Table:
    page = paging.objects(
        reader,
        query,
        ("customer",),
        "json_extract(body, '$.name') AS name, json_extract(body, '$.email') AS email, "
        "json_extract(body, '$.created') AS created, json_extract(body, '$.deleted') AS deleted",
    )
    columns = (
        Column("Customer", "id"), Column("Name"), Column("E-mail", wide=True), Column("Accounts", "number"),
        Column("Payments", "number"), Column("Made", "at", wide=True),
    )  # fmt: skip
    return Table(columns, [_customer(reader, row) for row in page.rows], page)


def _customer(reader: Reader, row: Body) -> Row:
    name = cells.state("deleted") if row["deleted"] else cells.clip(row["name"])
    linked = "objects WHERE kind = ? AND json_extract(body, '$.account_holder.customer') = ?"
    paid = "objects WHERE kind = ? AND json_extract(body, '$.customer') = ?"
    shown = (
        cells.ref(row["id"]),
        name,
        cells.clip(row["email"]),
        paging.count(reader, linked, ACCOUNT, row["id"], most=999),
        paging.count(reader, paid, "payment_intent", row["id"], most=999),
        cells.at(row["created"]),
    )
    return Row(row["id"], cells.href(row["id"]), shown)


ACCOUNT_FIELDS = (
    "json_extract(body, '$.institution_name') AS bank, json_extract(body, '$.display_name') AS name, "
    "json_extract(body, '$.last4') AS last4, json_extract(body, '$.status') AS status, "
    "json_extract(body, '$.balance.current') AS current, "
    "json_extract(body, '$.balance_refresh.status') AS balance_refresh, "
    "json_extract(body, '$.ownership_refresh.status') AS ownership_refresh, "
    "json_extract(body, '$.transaction_refresh.status') AS transaction_refresh, "
    "json_extract(body, '$.account_numbers[0].status') AS number"
)
ACCOUNT_COLUMNS = (
    Column("Account", "id"), Column("At"), Column("Status", "state"), Column("Balance", "money"),
    Column("Rows", "number"), Column("Refreshes: balance, owners, rows", "marks", wide=True),
    Column("Number", "state", wide=True),
)  # fmt: skip


def accounts(reader: Reader, query: Query) -> Table:
    page = paging.objects(reader, query, (ACCOUNT,), ACCOUNT_FIELDS)
    return Table(ACCOUNT_COLUMNS, [account_row(reader, row) for row in page.rows], page)


def account_row(reader: Reader, row: Body) -> Row:
    refreshes = [row[f"{feature}_refresh"] for feature in ("balance", "ownership", "transaction")]
    shown = (
        cells.ref(row["id"]),
        f"{row['bank']}, {row['name']} ••{row['last4']}",
        cells.state(row["status"]),
        cells.balance(cells.loaded(row["current"])),
        paging.count(reader, "transactions WHERE account = ?", row["id"]),
        {"marks": [cells.state(status or "never") for status in refreshes]},
        cells.state(row["number"]),
    )
    return Row(row["id"], cells.href(row["id"]), shown)
