"""The believable household: two earners, rent, a child, a car, one checking account, savings and a card."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from random import Random

from sandbox.books.ledger import Day, Ledger

CHECKING, SAVINGS, CARD = "cascade-checking", "cascade-savings", "cascade-card"

FIRST_PAYDAY = date(2025, 1, 3)
STATEMENT_DAY, CARD_PAYMENT_DAY, SAVING_DAY = 20, 14, 27
STANDING_TRANSFER = 800_00
SPARE_ABOVE = 5_600_00
ELECTRICITY = (158, 149, 128, 104, 82, 71, 84, 92, 76, 88, 117, 146)
"""Dollars in a usual month, January first; gas below likewise."""
GAS = (124, 116, 92, 68, 41, 27, 22, 22, 26, 52, 88, 115)

Price = tuple[int, int]
Shop = tuple[str, Price]

GROCERS: tuple[Shop, ...] = (
    ("TRADER JOES #552 SEATTLE WA", (36_00, 82_00)),
    ("SAFEWAY #1477 SEATTLE WA", (32_00, 88_00)),
    ("QFC #5812 SEATTLE WA", (24_00, 71_00)),
    ("COSTCO WHSE #0110 SEATTLE WA", (88_00, 146_00)),
    ("GREENFIELD MKT #112", (30_00, 74_00)),
    ("WHOLEFDS RVT 10236 SEATTLE WA", (38_00, 84_00)),
)
KITCHENS: tuple[Shop, ...] = (
    ("TST* JUNIPER COFFEE 0093", (14_50, 27_00)),
    ("TST* PHO SAIGON HOUSE", (24_00, 44_00)),
    ("CHIPOTLE 2231 SEATTLE WA", (22_00, 41_00)),
    ("DOORDASH*THAI GINGER", (32_00, 54_00)),
    ("SQ *LITTLE OAK PIZZA", (27_00, 49_00)),
    ("UBER EATS HELP.UBER.COM CA", (26_00, 48_00)),
    ("TAQUERIA LA ESQUINA SEATTLE WA", (24_00, 46_00)),
)
PUMPS: tuple[Shop, ...] = (
    ("SHELL OIL 57444128809 SEATTLE WA", (38_00, 56_00)),
    ("CHEVRON 0094281 BELLEVUE WA", (39_00, 57_00)),
    ("COSTCO GAS #0110 SEATTLE WA", (34_00, 51_00)),
)
SHOPS: tuple[Shop, ...] = (
    ("TARGET 00018234 SEATTLE WA", (22_00, 78_00)),
    ("OLD NAVY ON-LINE 877-2226868", (28_00, 72_00)),
    ("REI #11 SEATTLE WA", (36_00, 98_00)),
    ("THE HOME DEPOT #4711 SEATTLE WA", (19_00, 86_00)),
    ("ETSY.COM*WOOLANDPINE", (22_00, 54_00)),
)
HEALTH: tuple[Shop, ...] = (
    ("WALGREENS #7044 SEATTLE WA", (9_00, 38_00)),
    ("ALDER STREET PHARMACY", (12_00, 44_00)),
    ("CEDAR PEDIATRICS COPAY", (40_00, 40_00)),
    ("EVERGREEN FAMILY DENTAL", (45_00, 98_00)),
)
FUN: tuple[Shop, ...] = (
    ("AMC 0441 SEATTLE WA", (28_00, 56_00)),
    ("STEAMGAMES.COM 4259522985", (9_99, 39_99)),
    ("ELLIOTT BAY BOOK CO", (16_00, 48_00)),
    ("PACIFIC SCIENCE CTR SEATTLE WA", (38_00, 62_00)),
)
ODD: tuple[Shop, ...] = (
    ("PAYPAL *MKRT7781 402-935-7733", (18_00, 66_00)),
    ("LOWRY AND SONS 8005550", (35_00, 120_00)),
    ("SP HLYWD-9938", (21_00, 58_00)),
    ("WEB*TRK 44817 UT", (12_00, 34_00)),
    ("XPRESS RSN QZ 0071", (15_00, 49_00)),
)
WEEKDAY_MORNINGS: tuple[Shop, ...] = (
    ("SQ *CORNER CAFE SEATTLE WA", (4_25, 8_40)),
    ("SQ *CORNER CAFE SEATTLE WA", (4_25, 8_40)),
    ("STARBUCKS STORE 03417 SEATTLE WA", (5_15, 9_60)),
    ("CITYLINE TRANSIT MOBILE", (5_50, 5_50)),
    ("POS DEBIT SEATTLE PARKING 1182", (3_00, 9_50)),
    ("TST* MORNING GLORY BAKERY", (6_80, 14_20)),
    ("POS DEBIT 7-ELEVEN 24581", (3_10, 11_40)),
)
WEEKEND_MORNINGS: tuple[Shop, ...] = (
    ("FERNWOOD FARMERS MKT", (18_00, 42_00)),
    ("TST* MORNING GLORY BAKERY", (12_00, 24_00)),
    ("SQ *CORNER CAFE SEATTLE WA", (9_00, 18_00)),
    ("POS DEBIT SAFEWAY #1477", (11_00, 33_00)),
)


def household() -> Ledger:
    """The books of Everyday Checking, Day Savings and Everyday Card."""
    openings = {CHECKING: 4_310_22, SAVINGS: 3_950_00, CARD: -1_460_35}
    return Ledger("cascade household", openings, (_income, _bills, _subscriptions, _daily_life, _own_transfers))


def _income(day: Day) -> None:
    if (day.on - FIRST_PAYDAY).days % 14 == 0:
        day.book(CHECKING, 2_184_62, "NORTHWIND ROBOTICS PAYROLL DIR DEP", at="04:15")
    if day.on == _workday_before(_month_day(day.on, 28)):
        day.book(CHECKING, 2_560_00, "LAKEVIEW SCHOOL DIST PAYROLL", at="04:20")


def _bills(day: Day) -> None:
    month = day.on.month - 1
    if day.on.day == 1:
        day.book(CHECKING, -1_850_00, "BROADMOOR PROPERTY MGMT WEB PMT", at="05:00")
    if _falls(day.on, 5):
        day.book(CHECKING, -780_00, "LITTLE FERNS PRESCHOOL TUITION", at="05:05")
    if _falls(day.on, 8):
        day.book(CHECKING, -74_99, "ZIPLY FIBER INTERNET AUTOPAY", at="05:10")
    if _falls(day.on, 12):
        day.book(CHECKING, -_around(day.random, ELECTRICITY[month]), "PUGET LIGHT & POWER BILLPAY", at="05:15")
    if _falls(day.on, 18):
        day.book(CHECKING, -_around(day.random, GAS[month]), "CASCADE NATURAL GAS PMT", at="05:20")
    if _falls(day.on, 20) and month % 2:
        day.book(CHECKING, -_around(day.random, 86), "CITY OF SEATTLE WATER UTIL", at="05:25")
    if _falls(day.on, 22):
        day.book(CHECKING, -128_40, "GEICO AUTO INS PREM", at="05:30")
    if _falls(day.on, 24):
        day.book(CHECKING, -168_40, "DEPT EDUCATION STUDENT LN", at="05:35")
    if day.on.day == 16:
        day.book(CARD, -112_37, "T-MOBILE*AUTO PAY 800-937-8997", at="06:05")
    if day.on.day in (7, 23):
        _withdraw_cash(day)
    if day.on.day == 10 and month % 3 != 1:
        day.book(CHECKING, -80_00, f"CHECK #{1040 + (day.on.year - 2025) * 12 + day.on.month}", at="13:30")


def _subscriptions(day: Day) -> None:
    """Card subscriptions. One raises its price each September, another each March, so that half a year shows a rise."""
    rises_in_september = day.on.year - 2025 + (day.on.month >= 9)
    rises_in_march = day.on.year - 2025 + (day.on.month >= 3)
    monthly = {
        2: ("NYTIMES*NYTIMES DISC 800-698-4637", 17_00),
        3: ("LEMONADE INSURANCE RENTERS", 16_83),
        6: ("PLANET FIT CLUB FEES", 24_99),
        9: ("NETFLIX.COM 866-579-7172", 15_49 + 2_00 * rises_in_september),
        15: ("SPOTIFY USA 877-778-1161", 16_99 + 1_00 * rises_in_march),
        21: ("APPLE.COM/BILL 866-712-7753", 2_99),
        25: ("PATREON* MEMBERSHIP", 7_00),
    }
    yearly = {
        (2, 11): ("1PASSWORD TORONTO ON", 59_88),
        (6, 4): ("COSTCO *ANNUAL RENEWAL", 65_00),
        (10, 14): ("AMAZON PRIME*ANNUAL MEMBERSHIP", 139_00),
    }
    due = [monthly.get(day.on.day), yearly.get((day.on.month, day.on.day))]
    for name, price in filter(None, due):
        day.book(CARD, -price, name, at="06:10")


def _daily_life(day: Day) -> None:
    """Two purchases a day stay pending for two days, one of the morning and one of the evening; more post at once.

    Those that post at 06:30 and 09:00 leave three or four pending rows at any moment.
    """
    mornings = WEEKEND_MORNINGS if day.on.weekday() >= 5 else WEEKDAY_MORNINGS
    shop = day.random.choice(mornings)
    minute = day.random.randrange(31, 60)
    day.book(CHECKING, -_price(day.random, shop[1]), shop[0], at=f"07:{minute}", posts=(2, "06:30"))
    for position, kind in enumerate(_evenings(day.on)):
        _spend(day, kind, f"{16 + position}:{day.random.randrange(10, 59)}", pends=position == 0)


def _evenings(on: date) -> tuple[tuple[Shop, ...], ...]:
    """What the evening of this day brings; dealt out for the whole week, so that weeks are alike and days are not."""
    monday = on - timedelta(days=on.weekday())
    random = Random(f"week {monday.isoformat()}")
    groceries = [GROCERS] * random.choice((2, 3, 3))
    week = [*groceries, KITCHENS, KITCHENS, SHOPS, PUMPS, random.choice((HEALTH, FUN)), random.choice((HEALTH, ODD))]
    random.shuffle(week)
    dealt = [week[place::7] for place in range(7)]
    random.shuffle(dealt)
    return tuple(dealt[on.weekday()])


def _spend(day: Day, kind: tuple[Shop, ...], at: str, pends: bool) -> None:
    name, price = day.random.choice(kind)
    if kind is SHOPS and day.random.random() < 0.5:
        name, price = f"AMZN Mktp US*{_order_code(day.random)}", (11_00, 78_00)
    cents = _price(day.random, price)
    account = CHECKING if kind is GROCERS and day.random.random() < 0.2 else CARD
    shown = f"POS DEBIT {name}" if account == CHECKING else name
    day.book(account, -cents, shown, at=at, posts=(2, "09:00") if pends else None)
    if kind is SHOPS and day.random.random() < 0.22:
        part = cents if day.random.random() < 0.6 else cents // 2
        day.plan(day.random.randrange(5, 11), account, part, f"{name} REFUND", at="10:20")


def _withdraw_cash(day: Day) -> None:
    if day.random.random() < 0.25:
        day.book(CHECKING, -63_00, "NON-NETWORK ATM 4421 PIKE ST INCL FEE", at="12:15")
    else:
        day.book(CHECKING, -day.random.choice((40_00, 60_00, 80_00)), "ATM WITHDRAWAL CASCADE CU BALLARD", at="12:15")


def _own_transfers(day: Day) -> None:
    """Money between the household's own accounts: both legs, so that nothing is earned or spent by it."""
    if _falls(day.on, CARD_PAYMENT_DAY):
        _pay_card(day)
    if day.on.day == SAVING_DAY:
        _save(day, STANDING_TRANSFER, "TRANSFER TO DAY SAVINGS 7720", "TRANSFER FROM EVERYDAY CHECKING 4410")
    if day.on.day == 2 and (spare := day.balance(CHECKING) - SPARE_ABOVE) > 0:
        _save(day, spare // 100_00 * 100_00 + 500_00, "ONLINE TRANSFER TO SAV 7720", "ONLINE TRANSFER FROM CHK 4410")
    if day.on.day == monthrange(day.on.year, day.on.month)[1]:
        day.book(SAVINGS, round(day.balance(SAVINGS) * 39 / 12_000), "INTEREST PAID", at="04:45")


def _pay_card(day: Day) -> None:
    closed_on = _month_day(day.on.replace(day=1) - timedelta(days=1), STATEMENT_DAY)
    owed = -day.balance_on(CARD, closed_on)
    if owed > 0:
        day.book(CHECKING, -owed, "CASCADE CU CARD AUTOPAY 2051", at="05:40")
        day.plan(day.random.choice((1, 2)), CARD, owed, "AUTOPAY PAYMENT - THANK YOU")


def _save(day: Day, cents: int, out: str, into: str) -> None:
    day.book(CHECKING, -cents, out, at="06:00")
    day.book(SAVINGS, cents, into, at="06:00")


def _falls(on: date, day_of_month: int) -> bool:
    """Whether a bank collects on `on` what is due on that day of the month: weekends wait for Monday."""
    return on == _workday_after(_month_day(on, day_of_month))


def _month_day(on: date, day_of_month: int) -> date:
    return on.replace(day=day_of_month)


def _workday_after(on: date) -> date:
    return on + timedelta(days=max(0, 7 - on.weekday()) if on.weekday() >= 5 else 0)


def _workday_before(on: date) -> date:
    return on - timedelta(days=max(0, on.weekday() - 4))


def _around(random: Random, dollars: int) -> int:
    """Cents within a tenth of the usual bill."""
    return round(dollars * random.uniform(90, 110))


def _price(random: Random, price: Price) -> int:
    return random.randint(*price)


def _order_code(random: Random) -> str:
    return "".join(random.choices("0123456789ABCDEFGHJKLMNPRTUVWXYZ", k=9))
