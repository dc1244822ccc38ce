"""Rows as text that others read: CSV that no spreadsheet takes for a formula, and OFX 2."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

from banking.statements import StatementRow
from banking.statements.delimited import FORMULA
from fcdash import money

LONGEST_NAME, LONGEST_MEMO = 32, 255
KINDS = {"checking": "CHECKING", "savings": "SAVINGS", "line_of_credit": "CREDITLINE"}


def guarded(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would take for a formula."""
    return FORMULA.sub(r"\1'", text)


def plain(cents: int, currency: str) -> str:
    """The amount as a number: "-1284.90"."""
    places = money.exponent(currency)
    whole, fraction = divmod(abs(cents), 10**places)
    return f"{'-' if cents < 0 else ''}{whole}{f'.{fraction:0{places}d}' if places else ''}"


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells as CSV; the caller guards the texts, and leaves numbers numbers."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


@dataclass(frozen=True, slots=True)
class OfxAccount:
    """An account as OFX names it. `number` ends in the last four digits; nobody here knows the whole one."""

    number: str
    subcategory: str
    currency: str
    balance_cents: int | None
    balance_on: date | None

    @property
    def is_card(self) -> bool:
        return self.subcategory == "credit_card"


def ofx_head(today: date) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        '<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
        "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<DTSERVER>{today:%Y%m%d}</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1>\n"
    )


def ofx_account_head(account: OfxAccount, first: date, last: date) -> str:
    """Up to its rows."""
    kind, prefix = ("CCACCTFROM", "CC") if account.is_card else ("BANKACCTFROM", "")
    bank = "" if account.is_card else "<BANKID>fcdash</BANKID>"
    accttype = "" if account.is_card else f"<ACCTTYPE>{KINDS.get(account.subcategory, 'CHECKING')}</ACCTTYPE>"
    return (
        f"<{_group(account)}><{prefix}STMTTRNRS><TRNUID>0</TRNUID>"
        "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<{prefix}STMTRS><CURDEF>{account.currency.upper()}</CURDEF>"
        f"<{kind}>{bank}<ACCTID>{escape(account.number)}</ACCTID>{accttype}</{kind}>\n"
        f"<BANKTRANLIST><DTSTART>{first:%Y%m%d}</DTSTART><DTEND>{last:%Y%m%d}</DTEND>\n"
    )


def ofx_row(row: StatementRow, currency: str) -> str:
    """A row; its currency is named where it is not the account's."""
    name, memo = row.description[:LONGEST_NAME], row.description[:LONGEST_MEMO]
    return (
        f"<STMTTRN><TRNTYPE>{'DEBIT' if row.amount_cents < 0 else 'CREDIT'}</TRNTYPE>"
        f"<DTPOSTED>{row.on:%Y%m%d}</DTPOSTED><TRNAMT>{plain(row.amount_cents, row.currency)}</TRNAMT>"
        f"<FITID>{escape(row.reference)}</FITID><NAME>{escape(name)}</NAME>"
        + (f"<MEMO>{escape(memo)}</MEMO>" if memo != name else "")
        + (
            f"<CURRENCY><CURRATE>1</CURRATE><CURSYM>{row.currency.upper()}</CURSYM></CURRENCY>"
            if row.currency != currency
            else ""
        )
        + "</STMTTRN>\n"
    )


def ofx_account_foot(account: OfxAccount, today: date) -> str:
    """After its rows. OFX wants a balance; where none is known it is of no day that matters."""
    prefix = "CC" if account.is_card else ""
    cents, on = account.balance_cents or 0, account.balance_on or date(1970, 1, 1)
    balance = f"<BALAMT>{plain(cents, account.currency)}</BALAMT><DTASOF>{on:%Y%m%d}</DTASOF>"
    return f"</BANKTRANLIST><LEDGERBAL>{balance}</LEDGERBAL></{prefix}STMTRS></{prefix}STMTTRNRS></{_group(account)}>\n"


def ofx_foot() -> str:
    return "</OFX>\n"


def _group(account: OfxAccount) -> str:
    return "CREDITCARDMSGSRSV1" if account.is_card else "BANKMSGSRSV1"
