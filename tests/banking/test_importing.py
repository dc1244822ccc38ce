"""Imports: nothing before a look, all or nothing, nothing twice, and one step back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.households import place_of
from banking import importing, manual
from banking.importing import ADD, Decided
from banking.models import Account, Balance, Freshness, Import, ImportedRow, StatedBalance, Transaction
from banking.statements import Unreadable
from fcdash import tenancy
from spending import filing, rollups
from tests.cast import AccountFactory, Cast, TransactionFactory

pytestmark = pytest.mark.django_db
HEAD = "Date,Description,Amount\n"
COFFEE = "2026-11-03,SQ *CORNER CAFE,-12.50\n"
PAY = "2026-11-05,ACME PAYROLL,2000.00\n"
READING = {"day": 0, "description": 1, "amount": 2, "order": "ymd"}


@pytest.fixture
def wallet(cast: Cast) -> Iterator[Account]:
    """An account of Alice's kept by hand, of $100 on the first of November; the test runs in her household's scope."""
    with tenancy.scope(cast.household) as household:
        face = manual.Face("Wallet", "cash")
        yield manual.open_account(household, cast.alice, face, "usd", 100_00, date(2026, 11, 1))


def bring(cast: Cast, account: Account, text: str, name: str = "november.csv") -> Import:
    """A file brought and, where it has to be, read as plain CSV."""
    brought = importing.bring(account.household_id, account.pk, cast.alice, name, text.encode())
    if not brought.reading:
        importing.say_reading(account.household_id, brought.pk, READING)
    return importing.waiting(account.household_id, brought.pk)


def carry_out(cast: Cast, brought: Import, **said: object) -> Import:
    """The import carried out as it was shown."""
    decided = Decided(**{"seen": importing.look(brought).digest, "doubts": {}, **said})  # type: ignore[arg-type]
    return importing.carry_out(brought.household_id, brought.pk, cast.alice, decided)


def run(cast: Cast, account: Account, text: str, **said: object) -> Import:
    return carry_out(cast, bring(cast, account, text), **said)


def held(account: Account) -> list[tuple[str, int]]:
    rows = Transaction.objects.filter(household_id=account.household_id, account=account)
    return [(str(on), cents) for on, cents in rows.order_by("pk").values_list("booked_on", "amount_cents")]


def test_from_the_first_page_to_the_figures_and_back(cast: Cast) -> None:
    client = cast.client(cast.alice)
    assert cast.household
    opened = {"name": "Wallet", "kind": "cash", "currency": "usd", "amount": "100.00", "on": "2026-11-01"}
    wallet = client.post("/banks/by-hand/", opened).headers["Location"]

    file = SimpleUploadedFile("november.csv", (HEAD + COFFEE + COFFEE + PAY).encode())
    look = client.post(f"{wallet}import/", {"file": file}).headers["Location"]
    ask = client.get(look).headers["Location"]
    client.post(ask, {**READING, "mark": ".", "encoding": "utf-8", "delimiter": ","})
    shown = client.get(look).context["shown"]
    client.post(look, {"seen": shown.digest})

    assert [(t.count, t.in_cents, t.out_cents) for t in shown.tallies] == [(3, 2000_00, 25_00)]
    assert b"$2,075.00" in client.get(wallet).content
    assert b"Corner Cafe" in client.get("/transactions/").content
    client.post(f"{look}undoing/")
    assert b"$100.00" in client.get(wallet).content
    assert b"Corner Cafe" not in client.get("/transactions/").content


QIF = "!Type:Bank\nD03/11/2026\nT-1.00\nPA\n^\nD04/11/2026\nT-2.00\nPB\n^\n"
ROW = "<STMTTRN><DTPOSTED>20261103<TRNAMT>{}<NAME>A</STMTTRN>"
OFX = f"<OFX><STMTRS><ACCTID>1234{ROW.format(-1)}</STMTRS><STMTRS><ACCTID>5678{ROW.format(-2)}</STMTRS></OFX>"


@pytest.mark.parametrize(
    ("text", "answer", "rows"),
    [
        (QIF, {"order": "dmy", "mark": "."}, [("2026-11-03", -1_00), ("2026-11-04", -2_00)]),
        (OFX, {"statement": "1"}, [("2026-11-03", -2_00)]),
    ],
    ids=["qif", "ofx"],
)
def test_what_a_file_leaves_open_is_asked(
    cast: Cast, text: str, answer: dict[str, str], rows: list[tuple[str, int]]
) -> None:
    client = cast.client(cast.alice)
    file = SimpleUploadedFile("november", text.encode())

    look = client.post(f"/banks/{cast.checking.pk}/import/", {"file": file}).headers["Location"]
    ask = client.get(look).headers["Location"]
    assert client.get(ask).status_code == 200
    client.post(ask, answer)
    client.post(look, {"seen": client.get(look).context["shown"].digest})

    with tenancy.scope(cast.household):
        assert held(cast.checking) == rows


def test_the_same_file_again_brings_nothing_and_twins_are_two(cast: Cast, wallet: Account) -> None:
    run(cast, wallet, HEAD + COFFEE + COFFEE + PAY)

    again = run(cast, wallet, HEAD + PAY + COFFEE + COFFEE)

    assert (again.new_count, again.known_count) == (0, 3)
    assert held(wallet) == [("2026-11-03", -12_50), ("2026-11-03", -12_50), ("2026-11-05", 2000_00)]


def test_a_third_twin_in_the_next_file_is_new(cast: Cast, wallet: Account) -> None:
    run(cast, wallet, HEAD + COFFEE + COFFEE)

    assert run(cast, wallet, HEAD + COFFEE * 3).new_count == 1


def test_the_banks_id_names_a_row_but_not_two(cast: Cast, wallet: Account) -> None:
    """A mandate's number comes back each month; the description may change meanwhile."""
    ofx = "<OFX><STMTRS><CURDEF>USD{}</STMTRS></OFX>".format
    row = "<STMTTRN><DTPOSTED>{}<TRNAMT>-9.99<FITID>M1<NAME>{}</STMTTRN>".format
    run(cast, wallet, ofx(row("20261003", "Gym")))

    november = run(cast, wallet, ofx(row("20261103", "Gym")))
    both = run(cast, wallet, ofx(row("20261003", "GYM INC") + row("20261103", "Gym")))

    assert (november.new_count, both.new_count, both.known_count) == (1, 0, 2)


def test_a_row_that_may_be_here_is_asked_about(cast: Cast, wallet: Account) -> None:
    manual.add_row(wallet.household_id, wallet.pk, manual.HandRow(date(2026, 11, 4), -12_50, "Coffee"))
    brought = bring(cast, wallet, HEAD + COFFEE + COFFEE + PAY)

    shown = importing.look(brought)

    assert [(d.row.on, d.here.on, d.days_apart) for d in shown.doubts] == [(date(2026, 11, 3), date(2026, 11, 4), 1)]
    assert [row.amount_cents for _, row in shown.new] == [-12_50, 2000_00]


@pytest.mark.parametrize(("apart", "asked"), [(0, 1), (3, 1), (4, 0)])
def test_how_far_apart_a_row_is_still_asked_about(cast: Cast, wallet: Account, apart: int, asked: int) -> None:
    on = date(2026, 11, 3) + timedelta(days=apart)
    manual.add_row(wallet.household_id, wallet.pk, manual.HandRow(on, -12_50, "Coffee"))

    assert len(importing.look(bring(cast, wallet, HEAD + COFFEE)).doubts) == asked


def test_rows_alike_without_end_are_paired_in_one_go(cast: Cast, wallet: Account) -> None:
    """Each with each would be a hundred million looks."""
    same = {"account": wallet, "booked_on": date(2026, 11, 3), "amount_cents": -1_00, "currency": "usd"}
    kept = {"household_id": wallet.household_id, "status": "posted", "transacted_at": timezone.now()}
    Transaction.objects.bulk_create(Transaction(description="here", **same, **kept) for _ in range(10_000))

    shown = importing.look(bring(cast, wallet, HEAD + "2026-11-03,file,-1.00\n" * 10_000))

    assert (len(shown.doubts), len({doubt.here.id for doubt in shown.doubts})) == (10_000, 10_000)


@pytest.mark.parametrize(("said", "rows"), [("same", 1), ("add", 2)])
def test_what_the_person_decides_is_done_and_not_asked_again(cast: Cast, wallet: Account, said: str, rows: int) -> None:
    manual.add_row(wallet.household_id, wallet.pk, manual.HandRow(date(2026, 11, 4), -12_50, "Coffee"))
    brought = bring(cast, wallet, HEAD + COFFEE)
    [doubt] = importing.look(brought).doubts

    carry_out(cast, brought, doubts={doubt.key.hex: said})

    assert len(held(wallet)) == rows
    shown = importing.look(bring(cast, wallet, HEAD + COFFEE))
    assert (len(shown.new), len(shown.doubts), len(shown.known)) == (0, 0, 1)


def test_the_past_of_a_linked_account(cast: Cast) -> None:
    linked = cast.checking
    with tenancy.scope(cast.household):
        TransactionFactory(household=cast.household, account=linked, booked_on=date(2026, 11, 3))

        done = run(cast, linked, HEAD + "2025-03-01,OLD RENT,-900.00\n" + COFFEE)

        assert (done.new_count, done.same_count) == (1, 1)
        assert Balance.objects.filter(household_id=cast.household.pk, account=linked).count() == 0
        assert rollups.drifts(cast.household.pk) == []


@pytest.mark.parametrize(
    ("status", "read", "new", "left"),
    [("active", True, 1, 1), ("active", False, 0, 2), ("inactive", True, 2, 0)],
)
def test_what_the_bank_brings_itself_is_left_to_it(cast: Cast, status: str, read: bool, new: int, left: int) -> None:
    """Else it would come twice, under an id of the bank's. An account that is no longer read takes all."""
    linked, now = cast.checking, timezone.now()
    with tenancy.scope(cast.household):
        Account.objects.filter(pk=linked.pk).update(status=status)
        Freshness.objects.create(
            household=cast.household, account=linked, feature="transactions", as_of=now if read else None
        )
        lines = "".join(f"{now.date() - timedelta(days=days)},A,-{days + 1}\n" for days in (2, 100))

        shown = importing.look(bring(cast, linked, HEAD + lines))

    assert (len(shown.new), shown.left) == (new, left)


def test_a_faulty_line_stops_everything_unless_it_is_left_out(cast: Cast, wallet: Account) -> None:
    brought = bring(cast, wallet, HEAD + COFFEE + "2026-02-31,SHOP,-1.00\n")

    with pytest.raises(importing.Changed):
        carry_out(cast, brought)
    assert held(wallet) == []

    done = carry_out(cast, brought, without_faults=True)
    assert (done.new_count, done.faulty_count) == (1, 1)


def test_what_came_since_the_person_looked_is_shown_first(cast: Cast, wallet: Account) -> None:
    brought = bring(cast, wallet, HEAD + COFFEE)
    seen = importing.look(brought).digest
    manual.add_row(wallet.household_id, wallet.pk, manual.HandRow(date(2026, 11, 3), -12_50, "Coffee"))

    with pytest.raises(importing.Changed):
        carry_out(cast, brought, seen=seen)

    assert len(held(wallet)) == 1


def test_a_crash_half_way_leaves_nothing(cast: Cast, wallet: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH_ROWS", 1)
    brought = bring(cast, wallet, HEAD + COFFEE + PAY)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE banking_transaction ADD CONSTRAINT no_pay CHECK (amount_cents <> 200000)")

    with pytest.raises(Exception, match="no_pay"), tenancy.scope(cast.household):
        carry_out(cast, brought)

    assert (held(wallet), ImportedRow.objects.count()) == ([], 0)
    assert importing.waiting(wallet.household_id, brought.pk).upload is not None


def test_the_file_is_kept_no_longer_than_it_is_looked_at(cast: Cast, wallet: Account) -> None:
    assert run(cast, wallet, HEAD + COFFEE).upload is None
    given_up = bring(cast, wallet, HEAD + PAY)
    importing.give_up(wallet.household_id, given_up.pk)
    forgotten = bring(cast, wallet, HEAD + PAY)
    Import.objects.filter(pk=forgotten.pk).update(created_at=timezone.now() - importing.KEPT)

    with pytest.raises(importing.Gone):
        importing.waiting(wallet.household_id, forgotten.pk)


def test_no_account_number_of_a_file_is_kept(cast: Cast, wallet: Account) -> None:
    row = "<STMTTRN><DTPOSTED>20261103<TRNAMT>-1</STMTTRN>"
    ofx = f"<OFX><STMTRS><BANKID>021000021<ACCTID>000123454410\n{row}</STMTRS></OFX>"

    brought = bring(cast, wallet, ofx)

    assert b"<BANKID>0021<ACCTID>4410\n" in bytes(brought.upload or b"")
    assert importing.look(brought).new[0][1].amount_cents == -1_00


def test_not_more_files_wait_than_somebody_can_look_at(cast: Cast, wallet: Account) -> None:
    for at in range(importing.MOST_WAIT + 2):
        bring(cast, wallet, HEAD + COFFEE, f"{at}.csv")

    waiting = Import.objects.order_by("pk").values_list("file_name", flat=True)
    assert [waiting.first(), waiting.count()] == ["2.csv", importing.MOST_WAIT]


def test_forgotten_files_are_swept_away(cast: Cast) -> None:
    with tenancy.scope(cast.household) as household:
        face = manual.Face("Wallet", "cash")
        wallet = manual.open_account(household, cast.alice, face, "usd", 0, date(2026, 11, 1))
        bring(cast, wallet, HEAD + COFFEE)
        Import.objects.for_household(household).update(created_at=timezone.now() - importing.KEPT)
        bring(cast, wallet, HEAD + PAY)

    assert importing.forget_old() == 1
    with tenancy.scope(cast.household):
        assert Import.objects.count() == 1


def test_what_a_person_said_is_named_by_no_import(cast: Cast, wallet: Account) -> None:
    """Category, note, left out and looked at outlive the same file again, another that holds the row, and an undo."""
    run(cast, wallet, HEAD + COFFEE)
    [row] = Transaction.objects.filter(account=wallet)
    household = wallet.household_id
    filing.set_category(household, row.pk, "fun", cast.alice)
    filing.set_note(household, row.pk, "with Bob", cast.alice)
    filing.set_excluded(household, row.pk, True, cast.alice)
    filing.set_reviewed(household, row.pk, True, cast.alice)
    before = said(row)

    run(cast, wallet, HEAD + COFFEE + PAY)
    other = run(cast, wallet, HEAD + "2026-11-04,CORNER CAFE LLC,-12.50\n")
    importing.undo(household, other.pk)

    assert said(row) == before == ("fun", "with Bob", True, True, "fun")


def said(row: Transaction) -> tuple[object, ...]:
    row = Transaction.objects.get(household_id=row.household_id, pk=row.pk)
    return row.chosen_category, row.note, row.excluded, row.reviewed_at is not None, row.category


def test_no_statement_of_an_import_names_a_persons_columns() -> None:
    for column in ("chosen_category", "reviewed_at"):
        assert column not in importing.INSERT
    # `note` and `excluded` have no default in the table: a new row gets their empty values, and no other ever.
    assert "'', false\n        FROM page" in importing.INSERT
    assert "UPDATE" not in importing.INSERT


def test_a_category_in_the_file_is_a_guess_and_a_persons_stands_above_it(cast: Cast, wallet: Account) -> None:
    file = "Date,Description,Amount,Category\n2026-11-03,SQ *CORNER CAFE,-12.50,{}\n"
    brought = importing.bring(wallet.household_id, wallet.pk, cast.alice, "a.csv", file.format("Groceries").encode())
    importing.say_reading(wallet.household_id, brought.pk, {**READING, "category": 3})
    carry_out(cast, importing.waiting(wallet.household_id, brought.pk))
    row = Transaction.objects.get(account=wallet)
    assert (row.category, row.guessed_why, row.chosen_category) == ("groceries", "your file says so", None)

    filing.set_category(wallet.household_id, row.pk, "fun", cast.alice)
    run(cast, wallet, file.format("Health"))

    assert Transaction.objects.get(account=wallet).category == "fun"


def test_undo_takes_away_what_came_and_nothing_else(cast: Cast, wallet: Account) -> None:
    run(cast, wallet, HEAD + COFFEE)
    second = run(cast, wallet, HEAD + COFFEE + PAY)

    would = importing.undoing(wallet.household_id, second.pk)
    undone = importing.undo(wallet.household_id, second.pk)

    assert (would.count, [t.in_cents for t in would.tallies]) == (1, [2000_00])
    assert (undone.state, undone.removed_count, held(wallet)) == ("undone", 1, [("2026-11-03", -12_50)])
    assert rollups.drifts(wallet.household_id) == []
    assert run(cast, wallet, HEAD + COFFEE + PAY).new_count == 1


@pytest.mark.parametrize("dropped", [False, True])
def test_undo_asks_about_rows_that_a_person_touched(cast: Cast, wallet: Account, dropped: bool) -> None:
    done = run(cast, wallet, HEAD + COFFEE + PAY)
    coffee = Transaction.objects.get(account=wallet, amount_cents=-12_50)
    filing.set_note(wallet.household_id, coffee.pk, "with Bob", cast.alice)

    would = importing.undoing(wallet.household_id, done.pk)
    importing.undo(wallet.household_id, done.pk, [coffee.pk] if dropped else [])

    assert (would.count, [row.pk for row in would.touched]) == (1, [coffee.pk])
    assert held(wallet) == ([] if dropped else [("2026-11-03", -12_50)])
    assert run(cast, wallet, HEAD + COFFEE).new_count == dropped


def test_undo_ends_after_thirty_days_and_happens_once(cast: Cast, wallet: Account) -> None:
    old, twice = run(cast, wallet, HEAD + COFFEE), run(cast, wallet, HEAD + PAY)
    Import.objects.filter(pk=old.pk).update(imported_at=timezone.now() - timedelta(days=30))
    importing.undo(wallet.household_id, twice.pk)

    for brought in (old, twice):
        with pytest.raises(importing.TooLate):
            importing.undo(wallet.household_id, brought.pk)


def test_a_row_taken_away_by_hand_is_not_brought_back(cast: Cast, wallet: Account) -> None:
    run(cast, wallet, HEAD + COFFEE)
    manual.remove_row(wallet.household_id, Transaction.objects.get(account=wallet).pk)

    assert run(cast, wallet, HEAD + COFFEE).new_count == 0


def test_a_transfer_loses_its_leg_with_the_import(cast: Cast, wallet: Account) -> None:
    words = {"guessed_category": "transfer", "description": "Transfer", "amount_cents": -50_00}
    TransactionFactory(household=cast.household, account=cast.checking, booked_on=date(2026, 11, 2), **words)
    done = run(cast, wallet, HEAD + "2026-11-03,Online transfer from checking,50.00\n")
    legs = Transaction.objects.exclude(transfer_id=None)
    assert legs.count() == 2

    importing.undo(wallet.household_id, done.pk)

    assert legs.count() == 0


def test_the_layout_is_remembered_in_its_account_and_suggested_in_others(cast: Cast) -> None:
    """Another bank may write the same columns with other signs, or days the other way round: it is asked about."""
    client, flipped = cast.client(cast.alice), {**READING, "is_flipped": "on", "order": "mdy", "mark": "."}

    def look(account: Account, row: str) -> str:
        file = SimpleUploadedFile("a.csv", (HEAD + row).encode())
        return client.post(f"/banks/{account.pk}/import/", {"file": file}).headers["Location"]

    with tenancy.scope(cast.household):
        card = AccountFactory(household=cast.household, holder=cast.alice)
    first = look(card, "11/03/2026,Cafe,12.50\n")
    client.post(f"{first}reading/", flipped)
    client.post(first, {"seen": client.get(first).context["shown"].digest})

    shown = client.get(look(card, "11/04/2026,Cafe,1.00\n")).context["shown"]
    asked = look(cast.checking, "03/11/2026,Cafe,-1.00\n")
    assert [row.amount_cents for _, row in shown.new] == [-1_00]
    assert client.get(asked).headers["Location"] == f"{asked}reading/"
    form = client.get(f"{asked}reading/").context["form"]
    assert (form.initial["is_flipped"], form.initial["order"], form.initial["amount"]) == ("on", "mdy", 2)


def test_the_files_balance_counts_where_the_person_has_not_said_one(cast: Cast, wallet: Account) -> None:
    ofx = (
        "<OFX><STMTRS><CURDEF>USD<STMTTRN><DTPOSTED>20261103<TRNAMT>-12.50<FITID>1<NAME>Cafe</STMTTRN>"
        "<LEDGERBAL><BALAMT>95.00<DTASOF>20261104</LEDGERBAL></STMTRS></OFX>"
    )
    done = run(cast, wallet, ofx, with_balance=True)
    days = Balance.objects.filter(account=wallet).order_by("on")

    assert [(b.on.day, b.current_cents) for b in days] == [(1, 100_00), (3, 87_50), (4, 95_00)]
    importing.undo(wallet.household_id, done.pk)
    assert [(b.on.day, b.current_cents) for b in days.all()] == [(1, 100_00)]
    assert StatedBalance.objects.filter(account=wallet).count() == 1


@pytest.mark.parametrize(("unit", "on", "offered"), [("USD", 4, True), ("EUR", 4, False), ("USD", 1, False)])
def test_a_balance_is_offered_only_where_it_would_count(cast: Cast, unit: str, on: int, offered: bool) -> None:
    ofx = (
        f"<OFX><STMTRS><CURDEF>{unit}<STMTTRN><DTPOSTED>20261101<TRNAMT>-12.50<FITID>1<NAME>Cafe</STMTTRN>"
        f"<LEDGERBAL><BALAMT>95.00<DTASOF>2026110{on}</LEDGERBAL></STMTRS></OFX>"
    )
    with tenancy.scope(cast.household) as household:
        face = manual.Face("Wallet", "cash")
        wallet = manual.open_account(household, cast.alice, face, "usd", 100_00, date(2026, 11, 1))
        brought = bring(cast, wallet, ofx)

    page = cast.client(cast.alice).get(f"/banks/imports/{brought.pk}/").content

    assert (b"with_balance" in page) == offered


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04rest", "Excel"),
        (b"hello", "no table"),
        (b"x" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><OFX></OFX>', "entities"),
    ],
)
def test_what_is_no_statement_is_said_so(cast: Cast, wallet: Account, content: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        importing.bring(wallet.household_id, wallet.pk, cast.alice, "file", content)


def test_rows_hostile_to_the_eye_or_the_database_are_cleaned(cast: Cast, wallet: Account) -> None:
    run(cast, wallet, HEAD + '2026-11-03,\u202eevil\u0000 "quo""te\\ {,-1.00\n')

    assert Transaction.objects.get(account=wallet).description == 'evil "quo""te\\ {'


def test_a_closed_or_doubled_account_takes_no_file(cast: Cast, wallet: Account) -> None:
    doubled = AccountFactory(household=cast.household, holder=cast.alice, status="duplicate")
    Account.objects.filter(pk=wallet.pk).update(status="disconnected")

    for account in (wallet, doubled):
        with pytest.raises(importing.Closed):
            importing.bring(account.household_id, account.pk, cast.alice, "a.csv", HEAD.encode())


def test_a_viewer_brings_nothing(cast: Cast) -> None:
    place = place_of(cast.vera, cast.household.pk)
    file = SimpleUploadedFile("a.csv", (HEAD + COFFEE).encode())

    answer = cast.client(cast.vera).post(f"/banks/{cast.checking.pk}/import/", {"file": file})

    assert place is not None
    assert answer.status_code == 403
    with tenancy.scope(cast.household):
        assert Import.objects.count() == 0


def test_doubts_beyond_those_shown_follow_one_answer(cast: Cast, wallet: Account) -> None:
    for _ in range(3):
        manual.add_row(wallet.household_id, wallet.pk, manual.HandRow(date(2026, 11, 3), -12_50, "Coffee"))

    run(cast, wallet, HEAD + COFFEE * 3, rest=ADD)

    assert len(held(wallet)) == 6


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("forget", ["give up", "an hour", "others"])
def test_a_file_that_is_being_imported_is_not_forgotten(
    cast: Cast, forget: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forgetting it would take away what knows its rows again, and the way to undo them."""
    with tenancy.scope(cast.household) as household:
        wallet = manual.open_account(household, cast.alice, manual.Face("Wallet", "cash"), "usd", 0, date(2026, 11, 1))
        brought = bring(cast, wallet, HEAD + COFFEE)

    def try_to_forget() -> None:
        try:
            if forget == "an hour":
                importing.forget_old()
                return
            with tenancy.scope(household):
                if forget == "give up":
                    importing.give_up(household, brought.pk)
                for at in range(importing.MOST_WAIT if forget == "others" else 0):
                    bring(cast, wallet, HEAD + PAY, f"{at}.csv")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, tenancy.scope(household):
        carry_out(cast, brought)
        if forget == "an hour":
            monkeypatch.setattr(importing, "KEPT", timedelta(0))
        trying = pool.submit(try_to_forget)
        # Whoever waits for the import to end does so beyond it.
        with suppress(TimeoutError):
            trying.result(2)
    trying.result()

    with tenancy.scope(household):
        assert Import.objects.get(pk=brought.pk).state == "done"
        assert ImportedRow.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_import_once(cast: Cast) -> None:
    """Both have seen the same preview; the second waits for the first, and finds the receipt."""
    with tenancy.scope(cast.household) as household:
        face = manual.Face("Wallet", "cash")
        wallet = manual.open_account(household, cast.alice, face, "usd", 0, date(2026, 11, 1))
        brought = bring(cast, wallet, HEAD + COFFEE + PAY)
        form = {"seen": importing.look(brought).digest}
    clients = [cast.client(cast.alice) for _ in range(2)]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda client: press(client, f"/banks/imports/{brought.pk}/", form), clients))

    assert answers == [(302, f"/banks/imports/{brought.pk}/")] * 2
    with tenancy.scope(household):
        assert held(wallet) == [("2026-11-03", -12_50), ("2026-11-05", 2000_00)]


def press(client: Client, path: str, form: dict[str, str]) -> tuple[int, str]:
    try:
        answer = client.post(path, form)
        return answer.status_code, answer.headers["Location"]
    finally:
        connection.close()
