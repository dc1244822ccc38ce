"""Rows that tests of the figures share."""

from __future__ import annotations

from datetime import date, timedelta

from banking.models import Account, Transaction
from spending.categorising import classify
from tests.cast import TransactionFactory


def add(account: Account, written: str, cents: int, day: date, **fields: object) -> Transaction:
    """A row as ingest would store it: classified by what the bank wrote."""
    [(merchant, category, why)] = classify([(written, cents, account.subcategory)])
    fields = {"merchant": merchant, "guessed_category": category, "guessed_why": why, **fields}
    return TransactionFactory(
        household_id=account.household_id,
        account=account,
        description=written,
        amount_cents=cents,
        booked_on=day,
        **fields,
    )


def half_a_year(account: Account, until: date) -> None:
    """A salary every two weeks, rent, a bill that varies, and groceries every third day, for 180 days."""
    for back in range(180):
        day = until - timedelta(days=back)
        if back % 14 == 3:
            add(account, "NORTHWIND ROBOTICS PAYROLL DIR DEP", 2184_62, day)
        if day.day == 1:
            add(account, "BROADMOOR PROPERTY MGMT WEB PMT", -1850_00, day)
        if day.day == 12:
            add(account, "PUGET LIGHT & POWER BILLPAY", -(80_00 + day.month * 3_17), day)
        if back % 3 == 0:
            add(account, "SAFEWAY #1477 SEATTLE WA", -(31_00 + back % 7 * 2_13), day)
