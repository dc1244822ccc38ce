"""Lists of transactions: filters, pages by position, and what a list sums to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db import connection

from spending import searching
from spending.categories import INCOME_KEYS, NOT_SPENDING_KEYS, Category, category_of
from spending.periods import Span
from spending.searching import Position

PAGE = 50
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows. Amounts are positive cents, compared without their sign; empty means any.

    `lowest_cents` and `highest_cents` are compared with it: negative is money out.

    `spending` keeps what counts as spending: no transfer, saving or income, nothing void or left out by a person.
    `unsure` keeps what we could not file and nobody has looked at.
    """

    text: str = ""
    account_ids: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    merchant: str | None = None
    first: date | None = None
    last: date | None = None
    least_cents: int | None = None
    most_cents: int | None = None
    status: str = ""
    currency: str = ""
    spending: bool = False
    unsure: bool = False
    lowest_cents: int | None = None
    highest_cents: int | None = None

    @property
    def span(self) -> Span | None:
        return Span(self.first, self.last) if self.first and self.last else None


@dataclass(frozen=True, slots=True)
class Row:
    """A transaction as it is shown. Amounts keep Stripe's sign: negative is money out."""

    id: int
    stripe_id: str | None
    account_id: int
    account_name: str
    last4: str
    booked_on: date
    amount_cents: int
    currency: str
    description: str
    merchant: str
    category_key: str
    guessed_why: str
    status: str
    transfer_id: int | None
    is_chosen: bool
    note: str
    excluded: bool
    is_reviewed: bool
    by_hand: bool

    @property
    def category(self) -> Category:
        return category_of(self.category_key)

    @property
    def name(self) -> str:
        return self.merchant or self.description or "No name"

    @property
    def is_unsure(self) -> bool:
        return self.category_key == "other" and not (self.guessed_why or self.is_chosen or self.is_reviewed)

    @property
    def is_transfer(self) -> bool:
        return self.category_key == "transfer"

    @property
    def counts(self) -> bool:
        """Whether it is in any total."""
        return self.status != "void" and not self.excluded

    @property
    def is_refund(self) -> bool:
        return self.amount_cents > 0 and self.category_key not in NOT_SPENDING_KEYS

    @property
    def why(self) -> str:
        """Why it is filed where it is."""
        if self.is_chosen:
            return "you filed it"
        if self.transfer_id:
            return "both sides are in your accounts"
        return self.guessed_why or "nothing in its name tells"

    @property
    def position(self) -> Position:
        return Position(self.booked_on, self.id)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first; `next` is where the page after begins, None at the end."""

    rows: tuple[Row, ...]
    next: Position | None


COLUMNS = (
    "r.id, r.stripe_id, r.account_id, a.name, a.last4, r.booked_on, r.amount_cents, r.currency, r.description,"
    " r.merchant, r.category, r.guessed_why, r.status, r.transfer_id, r.chosen_category IS NOT NULL, r.note,"
    " r.excluded, r.reviewed_at IS NOT NULL, a.stripe_id = ''"
)
FROM = (
    " FROM banking_transaction r"
    " JOIN banking_account a ON a.household_id = r.household_id AND a.id = r.account_id AND a.status <> 'duplicate'"
)


def page(
    household_id: int,
    wanted: RowFilter,
    before: Position | None = None,
    limit: int = PAGE,
    hits: Sequence[Position] | None = None,
) -> Page:
    """The rows before a position, newest first. `hits` spares the search where it was done already."""
    if wanted.text:
        found = search(household_id, wanted, before) if hits is None else hits
        return _of_hits(household_id, wanted, before, limit, found)
    rows = _rows(household_id, wanted, before, None, limit + 1)
    return Page(tuple(rows[:limit]), rows[limit - 1].position if len(rows) > limit else None)


def search(household_id: int, wanted: RowFilter, before: Position | None = None) -> list[Position]:
    """The newest hits of the filter's words within its days."""
    return searching.find(household_id, wanted.text, before, wanted.first, wanted.last) if wanted.text else []


def _of_hits(
    household_id: int, wanted: RowFilter, before: Position | None, limit: int, hits: Sequence[Position]
) -> Page:
    """The rows of the hits. A page may be short while there are hits left to look at."""
    if not hits:
        return Page((), None)
    rows = _rows(household_id, wanted, before, [hit.id for hit in hits], limit + 1)
    if len(rows) > limit:
        return Page(tuple(rows[:limit]), rows[limit - 1].position)
    return Page(tuple(rows), hits[-1] if len(hits) == searching.MOST_HITS else None)


def _rows(
    household_id: int, wanted: RowFilter, before: Position | None, ids: Sequence[int] | None, limit: int
) -> list[Row]:
    where, values = _conditions(household_id, wanted)
    if before:
        where.append("(r.booked_on, r.id) < (%(on)s, %(id)s)")
        values |= {"on": before.on, "id": before.id}
    if ids is not None:
        where.append("r.id = ANY(%(ids)s)")
        values["ids"] = list(ids)
    statement = f"SELECT {COLUMNS}{FROM} WHERE {' AND '.join(where)} ORDER BY r.booked_on DESC, r.id DESC LIMIT {limit}"
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Row(*row) for row in cursor.fetchall()]


def _conditions(household_id: int, wanted: RowFilter) -> tuple[list[str], dict[str, Any]]:
    where = ["r.household_id = %(household)s"]
    values: dict[str, Any] = {"household": household_id}
    given: tuple[tuple[str, Any, str], ...] = (
        ("accounts", list(wanted.account_ids), "r.account_id = ANY(%(accounts)s)"),
        ("categories", list(wanted.categories), "r.category = ANY(%(categories)s)"),
        ("first", wanted.first, "r.booked_on >= %(first)s"),
        ("last", wanted.last, "r.booked_on <= %(last)s"),
        ("status", wanted.status, "r.status = %(status)s"),
        ("currency", wanted.currency, "r.currency = %(currency)s"),
    )
    for name, value, condition in given:
        if value:
            where.append(condition)
            values[name] = value
    if wanted.merchant is not None:
        where.append("r.merchant = %(merchant)s")
        values["merchant"] = wanted.merchant
    # Leakproof comparisons only: a function on the amount would keep an index from serving.
    if wanted.least_cents is not None:
        where.append("(r.amount_cents >= %(least)s OR r.amount_cents <= -%(least)s)")
        values["least"] = wanted.least_cents
    if wanted.most_cents is not None:
        where.append("r.amount_cents BETWEEN -%(most)s AND %(most)s")
        values["most"] = wanted.most_cents
    if wanted.lowest_cents is not None:
        where.append("r.amount_cents >= %(lowest)s")
        values["lowest"] = wanted.lowest_cents
    if wanted.highest_cents is not None:
        where.append("r.amount_cents <= %(highest)s")
        values["highest"] = wanted.highest_cents
    if wanted.spending:
        where.append("r.category <> ALL(%(left_out)s) AND r.status <> 'void' AND NOT r.excluded")
        values["left_out"] = list(NOT_SPENDING_KEYS)
    if wanted.unsure:
        where.append(UNSURE)
    return where, values


UNSURE = (
    "r.category = 'other' AND r.chosen_category IS NULL AND r.guessed_why = '' AND r.reviewed_at IS NULL"
    " AND r.status <> 'void' AND NOT r.excluded"
)


@dataclass(frozen=True, slots=True)
class Sums:
    """What the rows of a filter come to, in one currency; all positive. Void and excluded rows are in none.

    Of a long time only the totals are read, which know refunds but as taken off: `is_net`.
    """

    count: int
    out_cents: int
    in_cents: int
    refund_cents: int
    transfer_count: int
    transfer_cents: int
    is_net: bool = False

    @property
    def spent_cents(self) -> int:
        """Money out less refunds: what a total by category says."""
        return self.out_cents - self.refund_cents


SUMS = """
    SELECT count(*),
           -COALESCE(sum(cents) FILTER (WHERE counts AND kind = 'spending' AND cents < 0), 0)::bigint,
           COALESCE(sum(cents) FILTER (WHERE counts AND kind = 'income'), 0)::bigint,
           COALESCE(sum(cents) FILTER (WHERE counts AND kind = 'spending' AND cents > 0), 0)::bigint,
           count(*) FILTER (WHERE counts AND kind = 'moved' AND cents < 0),
           -COALESCE(sum(cents) FILTER (WHERE counts AND kind = 'moved' AND cents < 0), 0)::bigint
    FROM (SELECT r.amount_cents AS cents, r.status <> 'void' AND NOT r.excluded AS counts,
                 CASE WHEN r.category = ANY(%(income)s) THEN 'income'
                      WHEN r.category = ANY(%(left_out)s) THEN 'moved' ELSE 'spending' END AS kind
          {source}) rows
"""


LONG = timedelta(days=100)


def sums(household_id: int, wanted: RowFilter, currency: str, hits: Sequence[Position] | None = None) -> Sums | None:
    """What all rows of the filter come to; None for a search with more hits than are looked at.

    From the rows, or, over more than a quarter, from the totals by day where those can tell.
    """
    is_long = wanted.span is None or wanted.span.last - wanted.span.first > LONG
    by_rows = (wanted.text, wanted.account_ids, wanted.status, wanted.unsure, wanted.merchant is not None)
    if is_long and not any(by_rows) and wanted.least_cents is None and wanted.most_cents is None:
        return _sums_of_totals(household_id, wanted, currency)
    where, values = _conditions(household_id, replace(wanted, currency=currency))
    if wanted.text:
        hits = search(household_id, wanted) if hits is None else hits
        if len(hits) == searching.MOST_HITS:
            return None
        where.append("r.id = ANY(%(ids)s)")
        values["ids"] = [hit.id for hit in hits]
    values |= {"income": list(INCOME_KEYS), "left_out": list(NOT_SPENDING_KEYS)}
    with connection.cursor() as cursor:
        cursor.execute(SUMS.format(source=f"{FROM} WHERE {' AND '.join(where)}"), values)
        return Sums(*cursor.fetchone())


TOTALS = """
    SELECT COALESCE(sum(row_count), 0)::bigint,
           -COALESCE(sum(total_cents) FILTER (WHERE category <> ALL(%(left_out)s)), 0)::bigint,
           COALESCE(sum(total_cents) FILTER (WHERE category = ANY(%(income)s)), 0)::bigint
    FROM spending_monthtotal
    WHERE household_id = %(household)s AND currency = %(currency)s AND (%(all)s OR category = ANY(%(categories)s))
      AND (NOT %(spending)s OR category <> ALL(%(left_out)s))
"""


def _sums_of_totals(household_id: int, wanted: RowFilter, currency: str) -> Sums:
    values: dict[str, Any] = {
        "household": household_id,
        "currency": currency,
        "left_out": list(NOT_SPENDING_KEYS),
        "income": list(INCOME_KEYS),
        "all": not wanted.categories,
        "categories": list(wanted.categories),
        "spending": wanted.spending,
    }
    statement = TOTALS
    # Without days the totals by month are fewer; with them the totals by day are exact.
    if wanted.first or wanted.last:
        statement = statement.replace("spending_monthtotal", "spending_daytotal")
        statement += " AND day BETWEEN %(first)s AND %(last)s"
        values |= {"first": wanted.first or searching.BEGINNING, "last": wanted.last or searching.END.on}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        count, spent, earned = cursor.fetchone()
    return Sums(count, spent, earned, 0, 0, 0, is_net=True)


def row(household_id: int, transaction_id: int) -> Row | None:
    """One row of the household."""
    statement = f"SELECT {COLUMNS}{FROM} WHERE r.household_id = %(household)s AND r.id = %(id)s"
    with connection.cursor() as cursor:
        cursor.execute(statement, {"household": household_id, "id": transaction_id})
        found = cursor.fetchone()
    return Row(*found) if found else None
