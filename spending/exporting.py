"""Export: the rows of a filter as CSV or OFX, a batch at a time, so that a million rows take no more memory than one.

Each batch is a transaction of its own that goes on after the last row: one cursor over all of them would hold a
connection and a snapshot for as long as somebody cares to read slowly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from banking import overview
from banking.overview import AccountNow
from banking.statements import StatementRow
from banking.statements.writing import (
    OfxAccount,
    csv_lines,
    guarded,
    ofx_account_foot,
    ofx_account_head,
    ofx_foot,
    ofx_head,
    ofx_row,
    plain,
)
from fcdash import tenancy
from spending import listing
from spending.listing import Row, RowFilter

BATCH = 5_000
HEADING = (
    *("Date", "Description", "Amount", "Currency", "Status", "Category", "Merchant", "Note", "Left out"),
    *("Account", "Last four", "Row"),
)
BEGINNING = date(1970, 1, 1)


def as_csv(household_id: int, wanted: RowFilter) -> Iterator[bytes]:
    """CSV of all rows of the filter, the newest first. Opens the household's scope for each batch."""
    # The mark tells spreadsheets that it is UTF-8.
    yield b"\xef\xbb\xbf" + csv_lines([HEADING]).encode()
    for rows in batches(household_id, wanted):
        yield csv_lines(_cells(row) for row in rows).encode()


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.booked_on.isoformat(),
        guarded(row.description),
        plain(row.amount_cents, row.currency),
        row.currency.upper(),
        row.status,
        guarded(row.category.name),
        guarded(row.merchant),
        guarded(row.note),
        "yes" if row.excluded else "",
        guarded(row.account_name),
        guarded(row.last4),
        str(row.id),
    )


def as_ofx(household_id: int, wanted: RowFilter, today: date) -> Iterator[bytes]:
    """OFX of the posted rows of the filter, account by account: OFX knows no others."""
    yield ofx_head(today).encode()
    with tenancy.scope(household_id):
        accounts = [account for account in overview.accounts(household_id) if account.status != "duplicate"]
    for account in accounts:
        if not wanted.account_ids or account.id in wanted.account_ids:
            yield from _ofx_account(household_id, account, replace(wanted, account_ids=(account.id,)), today)
    yield ofx_foot().encode()


def _ofx_account(household_id: int, account: AccountNow, wanted: RowFilter, today: date) -> Iterator[bytes]:
    held: OfxAccount | None = None
    for rows in batches(household_id, replace(wanted, status="posted")):
        if held is None:
            held = _named(account, rows[0].currency)
            yield ofx_account_head(held, wanted.first or BEGINNING, wanted.last or today).encode()
        yield "".join(ofx_row(_statement_row(row), held.currency) for row in rows).encode()
    if held is not None:
        yield ofx_account_foot(held, today).encode()


def _named(account: AccountNow, otherwise: str) -> OfxAccount:
    balance = account.balance
    return OfxAccount(
        number=f"fcdash-{account.id}-{account.last4}",
        subcategory=account.subcategory,
        currency=balance.currency if balance else otherwise,
        balance_cents=balance.current_cents if balance else None,
        balance_on=balance.as_of.date() if balance else None,
    )


def _statement_row(row: Row) -> StatementRow:
    return StatementRow(0, row.booked_on, row.amount_cents, row.currency, row.description, row.stripe_id or str(row.id))


def batches(household_id: int, wanted: RowFilter) -> Iterator[list[Row]]:
    """The rows of the filter, newest first, never more than BATCH of them at a time; no batch is empty."""
    before = None
    while True:
        with tenancy.scope(household_id):
            page = listing.page(household_id, wanted, before, BATCH)
        if page.rows:
            yield list(page.rows)
        if page.next is None:
            return
        before = page.next
