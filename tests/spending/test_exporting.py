"""Export: the rows of a filter as a file that others read, that harms no spreadsheet, and that comes back whole."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import connection

from banking import importing, manual
from banking.importing import Decided
from banking.models import Account, Transaction
from banking.statements import decoded, delimited
from fcdash import tenancy
from spending import exporting
from spending.listing import RowFilter
from tests.cast import AccountFactory, Cast, TransactionFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
WORDS = (
    "SQ *CORNER CAFE",
    "=HYPERLINK(1)",
    "+1",
    "-2",
    "@SUM",
    "'=x",
    "''+y",
    'a "quote", a comma',
    "Zoë & <Söhne>",
    "＝1",
    "a;=1+1",
    "a|''@b;-c;d",
    "",
)


@pytest.fixture
def rows(cast: Cast) -> list[Transaction]:
    """Rows of Alice's checking account with difficult words, twins, other currencies and states."""
    with tenancy.scope(cast.household):
        mine = {"household": cast.household, "account": cast.checking, "guessed_category": "fun"}
        made = [
            TransactionFactory(**mine, description=words, booked_on=date(2026, 11, 1) + timedelta(days=at))
            for at, words in enumerate(WORDS)
        ]
        made += [TransactionFactory(**mine) for _ in range(2)]
        made.append(TransactionFactory(**mine, amount_cents=2000, currency="jpy", description="Tokyo"))
        made.append(TransactionFactory(**mine, amount_cents=1_234_567_89, status="pending", description="Pay"))
        made.append(TransactionFactory(**mine, amount_cents=-1, status="void", description="Void"))
    assert cast.strange_household
    return made


def read(lines: Iterator[bytes]) -> str:
    return b"".join(lines).decode("utf-8-sig")


def facts(household_id: int, *kept: str) -> list[tuple[object, ...]]:
    """What a file can carry of rows."""
    with tenancy.scope(household_id):
        found = Transaction.objects.for_household(household_id).values_list(
            "booked_on", "amount_cents", "currency", "description", *kept
        )
        return sorted(found, key=str)


def taken_in(cast: Cast, content: bytes, name: str) -> int:
    """The file imported into a new account of Charlie's household."""
    household = cast.strange_household.pk
    with tenancy.scope(household):
        account = manual.open_account(household, cast.charlie, manual.Face("Copy", "checking"), "usd", 0, TODAY)
        brought = importing.bring(household, account.pk, cast.charlie, name, content)
        if not brought.reading:
            sheet = delimited.sheet(*decoded(content))
            importing.say_reading(household, brought.pk, delimited.guess(sheet, TODAY).stored())
        brought = importing.waiting(household, brought.pk)
        shown = importing.look(brought)
        assert shown.faults == ()
        importing.carry_out(household, brought.pk, cast.charlie, Decided(shown.digest, {}))
    return household


def test_csv_comes_back_whole_in_another_household(cast: Cast, rows: list[Transaction]) -> None:
    content = b"".join(exporting.as_csv(cast.household.pk, RowFilter()))

    copy = taken_in(cast, content, "export.csv")

    assert facts(copy, "status", "category") == facts(cast.household.pk, "status", "category")


def test_ofx_comes_back_with_all_that_is_posted(cast: Cast, rows: list[Transaction]) -> None:
    content = b"".join(exporting.as_ofx(cast.household.pk, RowFilter(), TODAY))

    copy = taken_in(cast, content, "export.ofx")

    posted = [fact for fact in facts(cast.household.pk, "status") if fact[-1] == "posted"]
    assert facts(copy, "status") == posted


def test_no_cell_is_a_formula_and_amounts_are_numbers(cast: Cast, rows: list[Transaction]) -> None:
    heading, *lines = csv.reader(io.StringIO(read(exporting.as_csv(cast.household.pk, RowFilter()))))

    amount = heading.index("Amount")
    assert len(lines) == len(rows)
    for line in lines:
        assert re.fullmatch(r"-?\d+(\.\d{2,3})?", line[amount])
        cells = [part for at, cell in enumerate(line) if at != amount for part in re.split(r"[;|\t\r\n]", cell)]
        assert not any(cell.startswith(tuple("=+-@＝＋－＠")) for cell in cells)


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 18), ("?status=pending", 1), ("?currency=jpy", 1), ("?q=tokyo", 1), ("?from=2026-11-05&to=2026-11-06", 2)],
)
def test_the_file_holds_what_the_list_shows(cast: Cast, rows: list[Transaction], query: str, count: int) -> None:
    answer = cast.client(cast.alice).get(f"/transactions/export/{query}")

    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert len(list(csv.reader(io.StringIO(read(answer.streaming_content))))) == count + 1


def test_what_cannot_be_read_in_a_filter_makes_no_file_of_everything(cast: Cast, rows: list[Transaction]) -> None:
    answer = cast.client(cast.alice).get("/transactions/export/?from=yesterday")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/transactions/?from=yesterday")


def test_only_ones_own_rows(cast: Cast, rows: list[Transaction]) -> None:
    answer = cast.client(cast.charlie).get(f"/transactions/export/?account={cast.checking.pk}")

    assert len(list(csv.reader(io.StringIO(read(answer.streaming_content))))) == 1


def test_memory_is_the_same_however_many_rows_there_are(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "BATCH", 500)
    with tenancy.scope(cast.household):
        account = AccountFactory(household=cast.household, holder=cast.alice)
        peaks = []
        for more in (1_000, 9_000):
            _fill(account, more)
            tracemalloc.start()
            count = sum(lines.count(b"\n") for lines in exporting.as_csv(cast.household.pk, RowFilter()))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()

    assert count == 10_001
    assert peaks[1] < 1.5 * peaks[0]


def _fill(account: Account, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO banking_transaction (household_id, account_id, amount_cents, currency, description, status,"
            " transacted_at, booked_on, stripe_refresh, merchant, guessed_category, guessed_why, note, excluded)"
            " SELECT %s, %s, -n, 'usd', 'Row ' || n, 'posted', now(), date '2026-01-01' + n %% 300, '', '', 'other',"
            " '', '', false FROM generate_series(1, %s) n",
            [account.household_id, account.pk, count],
        )
