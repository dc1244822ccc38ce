"""The first categoriser: what banks write, and what becomes of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spending.categories import BY_KEY
from spending.categorising import classify

# (what the bank writes, cents, subcategory of the account, merchant, category)
KNOWN = [
    ("TRADER JOES #552 SEATTLE WA", -51_20, "credit_card", "Trader Joe’s", "groceries"),
    ("POS DEBIT SAFEWAY #1477", -12_00, "checking", "Safeway", "groceries"),
    ("COSTCO GAS #0110 SEATTLE WA", -44_00, "credit_card", "Costco Gas", "transport"),
    ("COSTCO WHSE #0110 SEATTLE WA", -99_00, "credit_card", "Costco", "groceries"),
    ("AMZN Mktp US*7H2KQ0XW1", -20_00, "credit_card", "Amazon", "shopping"),
    ("TST* JUNIPER COFFEE 0093", -6_40, "checking", "Juniper Coffee", "eating_out"),
    ("TST* THE HIDDEN DOOR", -48_00, "checking", "The Hidden Door", "eating_out"),
    ("TAQUERIA LA ESQUINA SEATTLE WA", -30_00, "credit_card", "Taqueria La Esquina", "eating_out"),
    ("UBER EATS HELP.UBER.COM CA", -30_00, "credit_card", "Uber Eats", "eating_out"),
    ("UBER TRIP", -18_00, "credit_card", "Uber", "transport"),
    ("NETFLIX.COM 866-579-7172", -17_49, "credit_card", "Netflix", "fun"),
    ("APPLE.COM/BILL 866-712-7753", -2_99, "credit_card", "Apple services", "fun"),
    ("T-MOBILE*AUTO PAY 800-937-8997", -112_37, "credit_card", "T-Mobile", "bills"),
    ("PUGET LIGHT & POWER BILLPAY", -80_00, "checking", "Puget Light & Power", "bills"),
    ("CASCADE NATURAL GAS PMT", -40_00, "checking", "Cascade Natural Gas", "bills"),
    ("BROADMOOR PROPERTY MGMT WEB PMT", -1850_00, "checking", "Broadmoor Property Management", "home"),
    ("ALDER CREEK HOA WEB PMT", -312_00, "checking", "Alder Creek HOA", "home"),
    ("LITTLE FERNS PRESCHOOL TUITION", -780_00, "checking", "Little Ferns Preschool", "childcare"),
    ("ALDER STREET PHARMACY", -12_00, "credit_card", "Alder Street Pharmacy", "health"),
    ("NORTHWIND ROBOTICS PAYROLL DIR DEP", 2184_62, "checking", "Northwind Robotics", "income"),
    ("ZELLE FROM D OKAFOR COTTAGE RENT", 1450_00, "checking", "D Okafor Cottage Rent", "income"),
    ("INTEREST PAID", 95_16, "savings", "Interest", "interest"),
    ("INTEREST CHARGE", -16_96, "line_of_credit", "Interest charged", "fees"),
    ("ATM WITHDRAWAL CASCADE CU BALLARD", -60_00, "checking", "Cash withdrawal", "other"),
    ("AUTOPAY PAYMENT - THANK YOU", 900_00, "credit_card", "Card payment", "transfer"),
    ("CASCADE CU CARD AUTOPAY 2051", -900_00, "checking", "Cascade CU Card", "transfer"),
    ("TRANSFER TO DAY SAVINGS 7720", -800_00, "checking", "Day Savings", "saving"),
    ("TRANSFER FROM EVERYDAY CHECKING 4410", 800_00, "savings", "Everyday Checking", "transfer"),
    ("ACH TRANSFER TO ROUNDHOUSE INVEST", -300_00, "checking", "Roundhouse Invest", "saving"),
    ("LOWRY AND SONS 8005550", -67_19, "credit_card", "Lowry and Sons", "other"),
    ("CHECK #1062", -80_00, "checking", "Check 1062", "other"),
    ("", -1_00, "checking", "Unknown", "other"),
]


@pytest.mark.parametrize(("written", "cents", "account", "merchant", "category"), KNOWN)
def test_bank_words_become_merchant_and_category(
    written: str, cents: int, account: str, merchant: str, category: str
) -> None:
    [(found, filed, _)] = classify([(written, cents, account)])

    assert (found, filed) == (merchant, category)


def test_why_says_what_told_it() -> None:
    whys = [why for _, _, why in classify([("TRADER JOES #1", -1, "checking"), ("ZED PHARMACY", -1, "checking")])]

    assert whys == ["Trader Joe’s is a grocery store", "“Pharmacy” suggests a pharmacy"]


def test_what_nothing_explains_has_no_why_so_that_the_person_is_asked() -> None:
    [(_, category, why)] = classify([("XPRESS RSN QZ 0071", -15_00, "credit_card")])

    assert (category, why) == ("other", "")


def test_a_refund_is_taken_off_the_shops_category() -> None:
    [(_, category, why)] = classify([("REI #11 SEATTLE WA REFUND", 54_00, "credit_card")])

    assert (category, why) == ("shopping", "a refund, taken off Shopping")


@settings(max_examples=300, deadline=None)
@given(
    written=st.one_of(st.text(max_size=200), st.text("SQ*TST POS&#0123/-.' ", max_size=10_000)),
    cents=st.integers(-(10**14), 10**14),
    account=st.sampled_from(["checking", "savings", "credit_card", "mortgage", ""]),
)
def test_any_text_gets_an_answer_that_can_be_stored(written: str, cents: int, account: str) -> None:
    [(merchant, category, why)] = classify([(written, cents, account)])

    assert 0 < len(merchant) <= 120
    assert len(why) <= 120
    assert "\x00" not in merchant + why
    assert category in BY_KEY


def test_answers_come_in_the_order_of_the_rows() -> None:
    rows = [(written, cents, account) for written, cents, account, _, _ in KNOWN]

    assert [merchant for merchant, _, _ in classify(rows)] == [merchant for _, _, _, merchant, _ in KNOWN]
