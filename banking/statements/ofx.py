"""OFX and QFX files, old (SGML) and new (XML), by their tags alone: no entity is ever expanded, no tag needs closing.

The libraries there are move a day into UTC, stop at the first fault without saying where, or are under the GPL.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from banking.statements import (
    LONGEST_REFERENCE,
    ClosingBalance,
    Fault,
    Statement,
    StatementRow,
    Unreadable,
    amounts,
    day_fault,
    days,
    require_few,
)

# A name, then text up to the next tag. Attributes are not OFX's.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9._]*)\s*/?>([^<]*)")
_NUMBER = re.compile(r"(<(?:ACCT|BANK|BRANCH)ID\s*/?>\s*)([^<]*)", re.IGNORECASE)
_DECLARED = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")
ACCOUNTS = ("STMTRS", "CCSTMTRS")
PARTS = ("STMTTRN", "LEDGERBAL", "AVAILBAL", "CURRENCY", "ORIGCURRENCY")
# Lists of what has not happened yet, and of securities.
LEFT_OUT = ("BANKTRANLISTP", "INVTRANLIST")
WITHIN_A_ROW = ("CURRENCY", "ORIGCURRENCY")
READ = ("DTPOSTED", "TRNAMT", "FITID", "NAME", "MEMO", "CURRENCY")
MOST_ACCOUNTS = 50


def is_ofx(text: str) -> bool:
    """Whether the text is OFX's."""
    return "<OFX>" in text[:20_000].upper()


def masked(text: str) -> str:
    """The text without the numbers of accounts and banks, but for the last four digits: no whole one is ever kept."""

    def short(found: re.Match[str]) -> str:
        number = found[2].rstrip()
        return found[1] + _last4(number) + found[2][len(number) :]

    return _NUMBER.sub(short, text)


@dataclass
class _Account:
    currency: str = ""
    number: str = ""
    balance: dict[str, str] = field(default_factory=dict)
    balance_line: int = 0
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)


def read(text: str, currency: str, today: date) -> list[Statement]:
    """What the file says of each of its accounts. Raises Unreadable."""
    if _DECLARED.search(text):
        raise Unreadable("The file declares entities of its own, which no bank's does. We do not read it.")
    found = [_statement(held, currency, today) for held in _accounts(text)]
    if not found:
        raise Unreadable("The file holds no bank or card account. Statements of investments are not read.")
    return found


def _accounts(text: str) -> list[_Account]:
    """The accounts as the file writes them."""
    accounts: list[_Account] = []
    row: dict[str, str] | None = None
    inside: list[str] = []
    count = 0
    for line, closes, name, value in _tags(text):
        if not value and not closes and name in (*ACCOUNTS, *LEFT_OUT, *PARTS):
            # What was not closed ends here: a row before any other part, a part before the next of its kind.
            over = (name,) if name in WITHIN_A_ROW else (name, "STMTTRN")
            del inside[next((at for at, one in enumerate(inside) if one in over), len(inside)) :]
            inside.append(name)
            row = row if "STMTTRN" in inside and name != "STMTTRN" else None
            if name in ACCOUNTS:
                inside = [name]
                accounts.append(_Account())
                if len(accounts) > MOST_ACCOUNTS:
                    raise Unreadable(f"The file has more than {MOST_ACCOUNTS} accounts. Bring them one by one.")
            elif name == "STMTTRN" and accounts and not set(inside) & set(LEFT_OUT):
                row = {}
                accounts[-1].rows.append((line, row))
                require_few(count := count + 1)
            elif name == "LEDGERBAL" and accounts:
                accounts[-1].balance_line = line
        elif closes:
            if name in inside:
                # What stands open inside it is closed with it.
                del inside[len(inside) - 1 - inside[::-1].index(name) :]
            row = row if "STMTTRN" in inside else None
        elif accounts and value:
            _keep(accounts[-1], row, inside, name, value)
    return accounts


def _keep(account: _Account, row: dict[str, str] | None, inside: list[str], name: str, value: str) -> None:
    if row is not None:
        # Under CURRENCY the symbol is the amount's; under ORIGCURRENCY the amount is in the account's all the same.
        if (inside[-1], name) == ("CURRENCY", "CURSYM"):
            row.setdefault("CURRENCY", value)
        elif name in READ:
            row.setdefault(name, value)
    elif inside and inside[-1] == "LEDGERBAL":
        account.balance.setdefault(name, value)
    elif name == "CURDEF":
        account.currency = value
    elif name == "ACCTID" and not account.number:
        account.number = value


def _tags(text: str) -> Iterator[tuple[int, bool, str, str]]:
    """(line, closes, NAME, text after it) of each tag."""
    line, seen = 1, 0
    for found in _TAG.finditer(text):
        line += text.count("\n", seen, found.start())
        seen = found.start()
        value = found[3].strip()
        if "&" in value:
            value = _ENTITY.sub(lambda entity: html.unescape(entity[0]), value)
        yield line, bool(found[1]), found[2].upper(), value


def _statement(held: _Account, currency: str, today: date) -> Statement:
    unit = _currency(held.currency, currency)
    rows: list[StatementRow] = []
    faults: list[Fault] = []
    for line, written in held.rows:
        try:
            rows.append(_row(line, written, unit, today))
        except ValueError as problem:
            faults.append(Fault(line, str(problem)))
    balance = _balance(held, unit, today)
    if balance and rows and balance.on < min(row.on for row in rows):
        balance = None  # not what these rows led to; who knows none writes one of 1970
    return Statement(tuple(rows), tuple(faults), balance, _last4(held.number))


def _row(line: int, written: dict[str, str], currency: str, today: date) -> StatementRow:
    """One row. Raises ValueError with words to show."""
    on = _day(written.get("DTPOSTED", ""), today)
    unit = _currency(written.get("CURRENCY", ""), currency)
    words = [written.get("NAME", ""), written.get("MEMO", "")]
    if words[1].startswith(words[0]):
        words = words[1:]
    return StatementRow(
        line=line,
        on=on,
        amount_cents=_cents(written.get("TRNAMT", ""), unit),
        currency=unit,
        description=" ".join(word for word in words if word),
        reference=written.get("FITID", "")[:LONGEST_REFERENCE],
    )


def _day(text: str, today: date) -> date:
    """The day as the bank wrote it. A time and zone after it are the bank's too and move it nowhere."""
    if not re.match(r"\d{8}", text):
        raise days.NoDate(f"“{text[:40]}” is no date" if text else "no date")
    on = days.parse(text[:8], "ymd")
    if fault := day_fault(on, today):
        raise ValueError(fault)
    return on


def _cents(text: str, currency: str) -> int:
    if not text:
        raise amounts.NoAmount("no amount")
    # OFX allows either mark, and no groups.
    return amounts.parse(text, "," if re.search(r",\d{1,2}$", text) else ".", currency)


def _balance(held: _Account, currency: str, today: date) -> ClosingBalance | None:
    try:
        return ClosingBalance(
            _day(held.balance.get("DTASOF", ""), today), _cents(held.balance.get("BALAMT", ""), currency), currency
        )
    except ValueError:
        return None


def _currency(written: str, otherwise: str) -> str:
    return written.lower() if re.fullmatch(r"[A-Za-z]{3}", written) else otherwise


def _last4(number: str) -> str:
    """The end of the account's number; the rest is not kept."""
    return re.sub(r"\W", "", number)[-4:]
