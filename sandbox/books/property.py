"""A joint account that runs a let cottage, with a line of credit that paid for its roof."""

from __future__ import annotations

from datetime import timedelta

from sandbox.books.ledger import Day, Ledger

JOINT, CREDIT_LINE = "northline-joint", "northline-credit-line"

YEARLY_RATE_PERCENT = 8
REPAIRS = ("THE HOME DEPOT #4711 SEATTLE WA", "SQ *HANDY HANNAH REPAIRS", "FERNDALE HARDWARE", "LOWES #02741")


def property_account() -> Ledger:
    """The books of Joint Checking and Home Credit Line."""
    return Ledger("northline property", {JOINT: 1_180_40, CREDIT_LINE: -9_400_00}, (_rent, _costs, _repay))


def _rent(day: Day) -> None:
    if day.on.day == 3:
        day.book(JOINT, 1_450_00, "ZELLE FROM D OKAFOR COTTAGE RENT", at="09:20")


def _costs(day: Day) -> None:
    if day.on.day == 6:
        day.book(JOINT, -312_00, "ALDER CREEK HOA WEB PMT", at="05:10")
    if day.on.day == 13:
        day.book(JOINT, -day.random.randint(38_00, 74_00), "PUGET LIGHT & POWER BILLPAY", at="05:15")
    if day.on.day == 19:
        day.book(JOINT, -64_20, "STATE FARM RENTAL DWELLING", at="05:20")
    if (day.on.month, day.on.day) in ((4, 28), (10, 29)):
        day.book(JOINT, -1_284_55, "KING COUNTY TREASURY PROP TAX", at="08:45")
    if day.random.random() < 0.09:
        cents = day.random.randint(18_00, 160_00)
        day.book(JOINT, -cents, day.random.choice(REPAIRS), at="11:35", posts=(2, "09:00"))


def _repay(day: Day) -> None:
    if day.on.day == 21 and (owed := -day.balance(CREDIT_LINE)) > 0:
        cents = min(350_00, owed)
        day.book(JOINT, -cents, "NORTHLINE CREDIT LINE PMT 3308", at="05:30")
        day.plan(1, CREDIT_LINE, cents, "PAYMENT RECEIVED JOINT CHK 6789")
    if (day.on + timedelta(days=1)).day == 1 and (owed := -day.balance(CREDIT_LINE)) > 0:
        day.book(CREDIT_LINE, -round(owed * YEARLY_RATE_PERCENT / 1200), "INTEREST CHARGE", at="04:45")
