"""Accounts in which little happens: a wage in, a few rows out, interest on what is left."""

from __future__ import annotations

from calendar import monthrange

from sandbox.books.ledger import Day, Ledger

SMALL_SPENDING = (
    ("SAFEWAY #0892 TACOMA WA", (21_00, 96_00)),
    ("SQ *BLUE DOOR BARBER", (32_00, 48_00)),
    ("FRED MEYER #0391", (34_00, 120_00)),
    ("TST* HARBOR NOODLE", (18_00, 44_00)),
    ("CHEVRON 0094281 BELLEVUE WA", (36_00, 58_00)),
    ("AMZN Mktp US*7H2KQ0XW1", (12_00, 70_00)),
)


def everyday(account: str, opening: int, wage: int) -> Ledger:
    """The books of a checking account on which one person lives within `wage` cents a month."""

    def _live(day: Day) -> None:
        if day.on.day == 1:
            day.book(account, wage, "TIDEWATER LOGISTICS PAYROLL", at="04:15")
        if day.on.day == 2:
            day.book(account, -wage * 46 // 100, "MAPLE COURT APTS WEB PMT", at="05:00")
        if day.on.day == 11:
            day.book(account, -45_00, "MINT MOBILE 800-683-7392", at="05:10")
        if day.on.weekday() in (1, 3, 5):
            name, price = day.random.choice(SMALL_SPENDING)
            day.book(account, -day.random.randint(*price), name, at="17:25", posts=(2, "09:00"))
        if day.on.day == 26:
            _put_aside(day, account)

    return Ledger(account, {account: opening}, (_live,))


def saved(account: str, opening: int, monthly: int) -> Ledger:
    """The books of a savings account: one deposit and one month's interest at a time."""

    def _grow(day: Day) -> None:
        if day.on.day == 27:
            day.book(account, monthly, "MOBILE DEPOSIT", at="10:05")
        if day.on.day == monthrange(day.on.year, day.on.month)[1]:
            day.book(account, round(day.balance(account) * 35 / 12_000), "INTEREST PAID", at="04:45")

    return Ledger(account, {account: opening}, (_grow,))


def _put_aside(day: Day, account: str) -> None:
    """Keeps the balance where it began: what a month left over goes to an account elsewhere."""
    spare = (day.balance(account) - 1_500_00) // 100_00 * 100_00
    if spare > 0:
        day.book(account, -spare, "ACH TRANSFER TO ROUNDHOUSE INVEST", at="06:00")
