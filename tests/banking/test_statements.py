"""Files of banks, as banks write them: what is read, and what is said of what cannot be."""

from __future__ import annotations

from datetime import date

import pytest

from banking.statements import MOST_ROWS, Statement, Unreadable, amounts, days, decoded, delimited, ofx, qif

TODAY = date(2026, 11, 22)


def read_csv(text: str, currency: str = "usd") -> Statement:
    """As it is read when a person takes every guess for right."""
    sheet = delimited.sheet(text, "utf-8")
    return delimited.read(sheet, delimited.guess(sheet, TODAY), currency, TODAY)


def told(statement: Statement) -> list[tuple[str, int, str]]:
    return [(str(row.on), row.amount_cents, row.description) for row in statement.rows]


def faults(statement: Statement) -> list[str]:
    return [f"line {fault.line}: {fault.words}" for fault in statement.faults]


FILES = {
    "plain": (
        "Date,Description,Amount\n2026-11-20,Café,-12.50\n2026-11-21,Pay,2000\n",
        [("2026-11-20", -12_50, "Café"), ("2026-11-21", 2000_00, "Pay")],
    ),
    "quoted, with a comma and a line break": (
        'Date,Payee,Amount\n11/20/2026,"Smith, John\nand sons","-1,284.90"\n',
        [("2026-11-20", -1284_90, "Smith, John\nand sons")],
    ),
    "German, with lines above": (
        "Konto;DE12\n\nBuchungstag;Empfänger;Verwendungszweck;Betrag;Währung\n01.11.2026;Rewe;Einkauf;-1.234,50;EUR\n",
        [("2026-11-01", -1234_50, "Rewe Einkauf")],
    ),
    "money out and money in": (
        "Posting Date\tPayee\tWithdrawal\tDeposit\n11/20/2026\tShop\t12.50\t\n11/21/2026\tPay\t\t2,000.00\n",
        [("2026-11-20", -12_50, "Shop"), ("2026-11-21", 2000_00, "Pay")],
    ),
    "money taken back out of either column": (
        "Date,Payee,Withdrawal,Deposit\n2026-11-19,Shop,12.50,0.00\n2026-11-20,Shop reversed,-12.50,0.00\n"
        "2026-11-21,Pay,,2000.00\n2026-11-22,Pay reversed,,(2000.00)\n",
        [
            ("2026-11-19", -12_50, "Shop"),
            ("2026-11-20", 12_50, "Shop reversed"),
            ("2026-11-21", 2000_00, "Pay"),
            ("2026-11-22", -2000_00, "Pay reversed"),
        ],
    ),
    "money out with a minus, in a column of its own": (
        "Date,Payee,Debit,Credit\n2026-11-19,Shop,-12.50,\n2026-11-20,Shop,-1.00,\n2026-11-21,Shop back,1.00,\n",
        [("2026-11-19", -12_50, "Shop"), ("2026-11-20", -1_00, "Shop"), ("2026-11-21", 1_00, "Shop back")],
    ),
    "a word says the direction": (
        "Date,Description,Amount,Transaction Type\n11/20/2026,Shop,12.50,debit\n11/21/2026,Pay,20.00,credit\n",
        [("2026-11-20", -12_50, "Shop"), ("2026-11-21", 20_00, "Pay")],
    ),
    "a card whose amounts have signs, and a type that says something else": (
        "Transaction Date,Post Date,Description,Type,Amount\n11/03/2026,11/05/2026,Cafe,Sale,-12.50\n"
        "11/13/2026,11/14/2026,Thank you,Payment,100.00\n",
        [("2026-11-03", -12_50, "Cafe"), ("2026-11-13", 100_00, "Thank you")],
    ),
    "no heading": (
        "11/13/2026,Cafe,-12.50,100.00\n11/20/2026,Shop,-1.00,99.00\n",
        [("2026-11-13", -12_50, "Cafe"), ("2026-11-20", -1_00, "Shop")],
    ),
    "columns of our own, guarded against formulas": (
        "Date,Description,Amount,Currency,Status,Category\n2026-11-20,'=SUM(A1),-12.50,USD,posted,Fun\n",
        [("2026-11-20", -12_50, "=SUM(A1)")],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_csv_is_read_as_it_lies(name: str) -> None:
    text, wanted = FILES[name]
    statement = read_csv(text)

    assert (told(statement), faults(statement)) == (wanted, [])


def test_each_fault_names_its_line_and_the_rest_is_read() -> None:
    statement = read_csv(
        "Date,Description,Amount,Currency\n31.02.2026,Shop,1.00,EUR\n20.11.2026,Shop,abc,EUR\n"
        "20.11.2026,Shop\n01.01.2062,Shop,1.00,EUR\n20.11.2026,Shop,1.005,EUR\n20.11.2026,Shop,1.00,Euros\n"
        "20.11.2026,Good,1.00,EUR\n\n20.11.2026,Good,1.00,\n"
    )

    assert faults(statement) == [
        "line 2: “31.02.2026” is no date",
        "line 3: “abc” is no amount",
        "line 4: 2 columns instead of 4",
        "line 5: 2062-01-01 lies in the future",
        "line 6: “1.005” has more digits than EUR can have",
        "line 7: “euros” is no currency; write three letters such as USD",
    ]
    assert [(row.line, row.currency) for row in statement.rows] == [(8, "eur"), (10, "usd")]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("Zoë".encode(), "utf-8"),
        (b"\xef\xbb\xbf" + "Zoë".encode(), "utf-8"),
        ("Zoë".encode("utf-16"), "utf-16"),
        ("Zoë".encode("cp1252"), "cp1252"),
        ("Zo\x00ë".encode(), "utf-8"),
    ],
)
def test_letters_are_recognised(content: bytes, encoding: str) -> None:
    assert decoded(content) == ("Zoë", encoding)


DAYS = [
    ("2026-11-20", "ymd", date(2026, 11, 20)),
    ("20261120", "ymd", date(2026, 11, 20)),
    ("2026-11-20T23:59:59Z", "ymd", date(2026, 11, 20)),
    ("11/20/26", "mdy", date(2026, 11, 20)),
    ("11/20/2026 08:15 AM", "mdy", date(2026, 11, 20)),
    ("1-2-1999", "dmy", date(1999, 2, 1)),
    ("01/02/99", "dmy", date(1999, 2, 1)),
    ("20 Nov 2026", "mdy", date(2026, 11, 20)),
    ("Nov 20, 2026", "dmy", date(2026, 11, 20)),
    ("20-Nov-26", "ymd", date(2026, 11, 20)),
]


@pytest.mark.parametrize(("text", "order", "day"), DAYS)
def test_days(text: str, order: str, day: date) -> None:
    assert days.parse(text, order) == day


@pytest.mark.parametrize("text", ["", "31.02.2026", "13/45/2026", "soon", "2026", "0/0/0", "11/20"])
def test_what_is_no_day(text: str) -> None:
    for order in days.ORDERS:
        with pytest.raises(days.NoDate):
            days.parse(text, order)


@pytest.mark.parametrize(
    ("texts", "order", "is_certain"),
    [
        (["2026-11-20", "2026-11-05"], "ymd", True),
        (["11/20/2026", "11/05/2026"], "mdy", True),
        (["20/11/2026", "05/11/2026"], "dmy", True),
        (["05.11.2026", "04.11.2026"], "dmy", True),
        (["11/03/2026", "11/04/2026", "11/05/2026"], "mdy", False),
        (["01/11/2026", "02/11/2026", "03/11/2026"], "dmy", False),
        (["11/11/2026"], "mdy", True),
    ],
)
def test_the_order_of_days_is_seen_or_said_to_be_open(texts: list[str], order: str, is_certain: bool) -> None:
    found = days.detect(texts, TODAY)

    assert (found.order, found.is_certain) == (order, is_certain)


AMOUNTS = [
    ("1284.90", ".", 1284_90),
    ("$1,284.90", ".", 1284_90),
    ("(1,284.90)", ".", -1284_90),
    ("1'284.90-", ".", -1284_90),
    ("−5", ".", -5_00),
    ("$ -3.5", ".", -3_50),
    ("12.3400", ".", 12_34),
    ("5.00 DR", ".", -5_00),
    (".5", ".", 50),
    ("1.284,90 €", ",", 1284_90),
    ("1 284,90", ",", 1284_90),
    ("-0,05", ",", -5),
]


@pytest.mark.parametrize(("text", "mark", "cents"), AMOUNTS)
def test_amounts(text: str, mark: str, cents: int) -> None:
    assert amounts.parse(text, mark, "usd") == cents


@pytest.mark.parametrize("text", ["", "-", "1,23", "1.234,50", "12.345", "1e5", "=1+1", "1_0", "٣", "5" * 30, "(5"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(amounts.NoAmount):
        amounts.parse(text, ".", "usd")


@pytest.mark.parametrize(
    ("texts", "mark"),
    [(["1,284.90"], "."), (["1.284,90"], ","), (["12,50", "1.200"], ","), (["1,200", "5"], "."), (["1.200.300"], ",")],
)
def test_the_decimal_mark_is_seen(texts: list[str], mark: str) -> None:
    assert amounts.detect(texts) == mark


OLD_OFX = """OFXHEADER:100
DATA:OFXSGML

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>021000021<ACCTID>000123454410<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20261101<DTEND>20261122
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261114235959[-5:EST]<TRNAMT>-12.50
<FITID>A1<NAME>Tom &amp; Co<MEMO>Card 4410</STMTTRN>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261115<TRNAMT>2000,00<FITID>A2<NAME>Payroll and some
<MEMO>Payroll and some words</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260231<TRNAMT>-1.00<FITID>A3<NAME>Shop</STMTTRN>
<STMTTRN><DTPOSTED>20261116<FITID>A4<NAME>Shop</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>1987.50<DTASOF>20261122</LEDGERBAL><AVAILBAL><BALAMT>5<DTASOF>20261122</AVAILBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"""


def test_old_ofx_keeps_the_banks_day_its_ids_and_its_balance() -> None:
    [statement] = ofx.read(OLD_OFX, "eur", TODAY)

    assert told(statement) == [
        ("2026-11-14", -12_50, "Tom & Co Card 4410"),
        ("2026-11-15", 2000_00, "Payroll and some words"),
    ]
    assert [(row.reference, row.currency) for row in statement.rows] == [("A1", "usd"), ("A2", "usd")]
    assert faults(statement) == ["line 11: “20260231” is no date", "line 12: no amount"]
    assert statement.last4 == "4410"
    assert statement.balance is not None
    assert (str(statement.balance.on), statement.balance.cents) == ("2026-11-22", 1987_50)


def test_new_ofx_of_several_accounts_and_currencies() -> None:
    row = "<STMTTRN><DTPOSTED>20261120</DTPOSTED><TRNAMT>-5</TRNAMT><FITID>1</FITID><NAME>A</NAME>{}</STMTTRN>"
    pending = "<BANKTRANLISTP><STMTTRN><DTPOSTED>20261120</DTPOSTED><TRNAMT>-9</TRNAMT></STMTTRN></BANKTRANLISTP>"
    text = f"""<?xml version="1.0"?><?OFX OFXHEADER="200"?><OFX>
        <STMTRS><CURDEF>USD</CURDEF><ACCTID>1</ACCTID>{row.format("")}{pending}</STMTRS>
        <CCSTMTRS><CURDEF>EUR</CURDEF><ACCTID>2</ACCTID>
        {row.format("<CURRENCY><CURRATE>1</CURRATE><CURSYM>JPY</CURSYM></CURRENCY>")}
        {row.format("<ORIGCURRENCY><CURRATE>1</CURRATE><CURSYM>JPY</CURSYM></ORIGCURRENCY>")}</CCSTMTRS></OFX>"""

    first, second = ofx.read(text, "usd", TODAY)

    assert [(row.amount_cents, row.currency) for row in first.rows] == [(-5_00, "usd")]
    assert [(row.amount_cents, row.currency) for row in second.rows] == [(-5, "jpy"), (-5_00, "eur")]


def test_what_is_left_open_holds_nothing_that_follows() -> None:
    row = "<STMTTRN><DTPOSTED>20261120<TRNAMT>-{}<NAME>A<CURRENCY><CURSYM>USD"
    text = f"""<OFX><STMTRS>{row.format(1)}{row.format(2)}<BANKTRANLISTP>{row.format(9)}</BANKTRANLISTP>
        {row.format(3)}<LEDGERBAL><BALAMT>5<DTASOF>20261121<CCSTMTRS><CURDEF>EUR{row.format(4)}</OFX>"""

    bank, card = ofx.read(text, "usd", TODAY)

    assert [row.amount_cents for row in bank.rows] == [-1_00, -2_00, -3_00]
    assert bank.balance is not None
    assert bank.balance.cents == 5_00
    assert [row.amount_cents for row in card.rows] == [-4_00]


def test_a_balance_of_before_the_rows_is_none_that_they_led_to() -> None:
    [statement] = ofx.read(OLD_OFX.replace("<DTASOF>20261122", "<DTASOF>19700101"), "usd", TODAY)

    assert statement.balance is None


@pytest.mark.parametrize("written", ["<ACCTID>{}<", "<ACCTID >{}</ACCTID>", "<BANKID/>\n{}\n<", "<branchid>\t{}\r\n<"])
def test_no_number_of_an_account_is_kept_however_it_is_written(written: str) -> None:
    assert ofx.masked(written.format("000123454410")) == written.format("4410")


HOSTILE = {
    "an amount of blanks": "Date,Description,Amount\n2026-11-20,A,({}x\n".format(" " * 50_000),
    "a digit and blanks": "Date,Description,Amount\n2026-11-20,A,1{}x\n".format(" " * 50_000),
    "an amount of commas": 'Date,Description,Amount\n2026-11-20,A,"{}1"\n'.format("," * 90_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_cell_made_to_be_searched_for_ever_is_no_amount(name: str) -> None:
    [fault] = read_csv(HOSTILE[name]).faults

    assert fault.words.endswith("is no amount")


@pytest.mark.parametrize("parts", ["<CURRENCY>" * 99_999 + "</LEDGERBAL>" * 99_999, "<STMTTRN><TRNAMT>1" * MOST_ROWS])
def test_parts_without_end_are_read_in_one_go(parts: str) -> None:
    [statement] = ofx.read(f"<OFX><STMTRS>{parts}", "usd", TODAY)

    assert len(statement.faults) in (0, MOST_ROWS)


def test_accounts_without_end_are_not_read() -> None:
    with pytest.raises(Unreadable, match="50 accounts"):
        ofx.read("<OFX>" + "<STMTRS>" * 51, "usd", TODAY)


def test_no_entity_is_ever_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><OFX><STMTRS><NAME>&b;</STMTRS></OFX>'
    with pytest.raises(Unreadable, match="entities"):
        ofx.read(bomb, "usd", TODAY)

    asked = OLD_OFX.replace("Tom &amp; Co", "&xxe;&#64;")
    assert ofx.read(asked, "usd", TODAY)[0].rows[0].description == "&xxe;@ Card 4410"


QIFS = {
    "Quicken's years": (
        "!Type:Bank\nD11/ 5'26\nT-1,234.50\nPShop\nMfor tea\nLFood\n^\n",
        ("2026-11-05", -1234_50, "Shop for tea"),
    ),
    "a European one": ("!Type:CCard\nD15.01.2026\nT-1.234,50\nPShop\n^\n", ("2026-01-15", -1234_50, "Shop")),
    "with accounts before, no caret at the end": (
        "!Account\nNChecking\nTBank\n^\n!Type:Cash\nD01/15/2026\nU-5\nPShop\nSFood\n$-5\n",
        ("2026-01-15", -5_00, "Shop"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", QIFS)
def test_qif(name: str) -> None:
    text, wanted = QIFS[name]
    records = qif.records(text)

    assert told(qif.read(records, qif.guess(records, "utf-8", TODAY), "usd", TODAY)) == [wanted]


def test_faults_of_qif_name_the_line_where_the_row_begins() -> None:
    records = qif.records("!Type:Bank\nD02/31/2026\nT-1.00\n^\nD03/01/2026\n^\nD03/02/2026\nT1\n^\n")

    statement = qif.read(records, qif.Reading(), "usd", TODAY)

    assert faults(statement) == ["line 2: “02/31/2026” is no date", "line 5: no amount"]
    assert len(statement.rows) == 1


@pytest.mark.parametrize(
    "text",
    ["", "hello", "a\nb\nc", 'a,b\n"c,d\n', 'a,b\n"x"y,1\n"c,d\n1,2\n', "," * 100 + "\n", "a," * 60_000 + "\n1,2\n"],
)
def test_what_is_no_table_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Unreadable):
        delimited.sheet(text, "utf-8")


def test_a_file_has_so_many_rows_and_no_more() -> None:
    with pytest.raises(Unreadable, match="50,000"):
        delimited.sheet("Date,Description,Amount\n" + "2026-11-20,A,1\n" * (MOST_ROWS + 1), "utf-8")
