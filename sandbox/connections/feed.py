"""The bank's feed: what its books hold, what a control has it book, and what a refresh brings over to Stripe."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sandbox import banks, clock, ids
from sandbox.connections import bank_faults, odd_rows
from sandbox.store import Body, store
from sandbox.wire import errors
from sandbox.wire.errors import ApiError

# Rows brought over in one go: a million at once would hold up every request meanwhile.
AT_ONCE = 2_000


def new_refresh(account_id: str) -> str:
    """The id of a refresh that begins now: what `transaction_refresh[after]` takes as a cursor."""
    refresh_id = ids.new_id("financial_connections.transaction_refresh")
    store.db.execute("INSERT INTO refreshes (id, account) VALUES (?, ?)", (refresh_id, account_id))
    return refresh_id


def take_in(account: Body) -> bool:
    """Brings over what the bank has booked or changed, under the account's running refresh; False: there is more."""
    refresh_id = account["transaction_refresh"]["id"]
    (refresh,) = store.db.execute("SELECT seq FROM refreshes WHERE id = ?", (refresh_id,)).fetchone()
    if not _take_in_booked(account["id"], refresh):
        return False
    _take_in_books(account["id"], account["_"]["bank_key"], refresh)
    for kind in bank_faults.ROWS:
        _take_in_odd(account, kind, refresh)
    return True


def _take_in_odd(account: Body, kind: str, refresh: int) -> None:
    """The rows that a fault has the bank show; what becomes of them waits for the next refresh."""
    fault = bank_faults.take(account, kind)
    if fault is None:
        return
    odd = list(odd_rows.of(fault, bank_faults.chance_of(account, kind), clock.stamp()))
    booked = book(account["id"], [each.now for each in odd], counts=False)
    _take_in_booked(account["id"], refresh)
    changes = [{"id": row_id, **each.later} for row_id, each in zip(booked, odd, strict=True) if each.later]
    book(account["id"], [*changes, *(each.anew for each in odd if each.anew)], counts=False)


def _take_in_books(account_id: str, bank_key: str, refresh: int) -> None:
    """The generated books: rows by the bank's own key, so that a pending row posts as the row it was."""
    rows = store.db.execute(
        "SELECT bank_key, amount, description_json, status FROM transactions "
        "WHERE account = ? AND bank_key IS NOT NULL",
        (account_id,),
    )
    known = {key: shown for key, *shown in rows}
    now = clock.stamp()
    fresh, changed = [], []
    for row in banks.rows_for(bank_key, datetime.now(UTC)):
        if row.key not in known:
            fresh.append(row)
        elif known[row.key] != [row.amount, json.dumps(row.description), row.status] and known[row.key][2] == "pending":
            changed.append(row)
    store.db.executemany(
        "INSERT INTO transactions (id, account, bank_key, amount, currency, description_json, status, "
        "transacted_at, posted_at, updated, refresh) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (ids.new_id("financial_connections.transaction"), account_id, row.key, row.amount, row.currency,
             json.dumps(row.description), row.status, row.transacted_at, row.posted_at, now, refresh)
            for row in fresh
        ],
    )  # fmt: skip
    store.db.executemany(
        "UPDATE transactions SET amount = ?, description_json = ?, status = ?, posted_at = ?, updated = ?, refresh = ? "
        "WHERE account = ? AND bank_key = ?",
        [
            (row.amount, json.dumps(row.description), row.status, row.posted_at, now, refresh, account_id, row.key)
            for row in changed
        ],
    )


def _take_in_booked(account_id: str, refresh: int) -> bool:
    """The rows that a control had the bank book or change since the last refresh; so many at a time."""
    last = store.db.execute(
        "SELECT max(seq) FROM (SELECT seq FROM booked WHERE account = ? ORDER BY seq LIMIT ?)", (account_id, AT_ONCE)
    ).fetchone()[0]
    if last is None:
        return True
    store.db.execute(
        "INSERT INTO transactions (id, account, amount, currency, description_json, status, transacted_at, posted_at, "
        "void_at, updated, refresh) SELECT id, account, amount, currency, description_json, status, transacted_at, "
        "posted_at, void_at, ?, ? FROM booked WHERE account = ? AND seq <= ? ORDER BY seq "
        "ON CONFLICT (id) DO UPDATE SET amount = excluded.amount, currency = excluded.currency, "
        "description_json = excluded.description_json, status = excluded.status, "
        "transacted_at = excluded.transacted_at, posted_at = excluded.posted_at, void_at = excluded.void_at, "
        "updated = excluded.updated, refresh = excluded.refresh",
        (clock.stamp(), refresh, account_id, last),
    )
    taken = store.db.execute("DELETE FROM booked WHERE account = ? AND seq <= ?", (account_id, last)).rowcount
    return taken < AT_ONCE


def book(account_id: str, rows: list[Body], counts: bool = True) -> list[str]:
    """What the bank does by itself: new rows, or changes to those whose id it has. Seen after the next refresh.

    `counts`: the account's balance follows.
    """
    now = clock.stamp()
    kept = []
    beside: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.get("id"):
            row_id = str(row["id"])
            known = _as_known(row_id, account_id)
            row = {**known, **row}
            if known:
                beside[known["currency"], known["status"]] -= _weight(known["amount"])
        else:
            row_id = ids.new_id("financial_connections.transaction")
        kept.append(_booked(row_id, account_id, row, now))
        beside[kept[-1][3], kept[-1][5]] += _weight(kept[-1][2])
    if counts:
        _keep_beside(account_id, beside)
    store.db.executemany(
        "INSERT OR REPLACE INTO booked (id, account, amount, currency, description_json, status, transacted_at, "
        "posted_at, void_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        kept,
    )
    return [row[0] for row in kept]


def _weight(amount: int) -> int:
    """What a row does to the balance; an amount that no account holds is a fault, and does nothing."""
    return amount if abs(amount) < 10**15 else 0


def _keep_beside(account_id: str, beside: Counter[tuple[str, str]]) -> None:
    """What stands beside the generated books, so that a balance is theirs and this."""
    store.db.executemany(
        "INSERT INTO beside_books (account, currency, posted, pending) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE "
        "SET posted = posted + excluded.posted, pending = pending + excluded.pending",
        [
            (account_id, currency, beside[currency, "posted"], beside[currency, "pending"])
            for currency in {currency for currency, _ in beside}
        ],
    )


def beside_books(account_id: str, currency: str) -> tuple[int, int]:
    """Sums, posted and pending, of what a control had the bank book beside its books."""
    found = store.db.execute(
        "SELECT posted, pending FROM beside_books WHERE account = ? AND currency = ?", (account_id, currency)
    ).fetchone()
    return (found[0], found[1]) if found else (0, 0)


def _as_known(row_id: str, account_id: str) -> Body:
    """The row as the bank has it, from its unseen changes or from what a refresh brought over; empty when new."""
    columns = ("account", "amount", "currency", "description_json", "status", "transacted_at", "posted_at", "void_at")
    for table in ("booked", "transactions"):
        row = store.db.execute(f"SELECT {', '.join(columns)} FROM {table} WHERE id = ?", (row_id,)).fetchone()
        if row is not None and row[0] != account_id:
            raise ApiError(f"{row_id} is a transaction of another account.", param="transactions")
        if row is not None:
            known: Body = dict(zip(columns[1:], row[1:], strict=True))
            return {**known, "description": json.loads(known["description_json"])}
    return {}


def _booked(row_id: str, account_id: str, row: Body, now: int) -> tuple[Any, ...]:
    status = row.get("status", "posted")
    if status not in ("pending", "posted", "void"):
        raise errors.invalid("transactions[status]", "must be one of pending, posted, or void")
    amount, transacted_at = row.get("amount"), row.get("transacted_at", now)
    if not _is_integer(amount) or not _is_integer(transacted_at):
        raise errors.invalid("transactions", "`amount` and `transacted_at` must be integers of 64 bits.")
    posted_at, void_at = row.get("posted_at"), row.get("void_at")
    if status == "posted" and posted_at is None:
        posted_at = max(transacted_at, now) if row.get("id") else transacted_at
    if status == "void" and void_at is None:
        void_at = now
    return (
        row_id, account_id, amount, row.get("currency") or "usd", json.dumps(str(row.get("description", ""))),
        status, transacted_at, posted_at, void_at,
    )  # fmt: skip


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
