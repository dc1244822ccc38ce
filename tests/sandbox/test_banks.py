"""The sandbox's banks: rows that never change their story, and money that adds up."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.banks import HISTORY_DAYS, INSTITUTIONS, Row, balance_for, find_account, rows_for
from sandbox.books import household
from sandbox.books.household import CARD, CHECKING, SAVINGS
from sandbox.books.ledger import BANK_ZONE

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
OWN = (CHECKING, SAVINGS, CARD)
ALL = [account.key for institution in INSTITUTIONS for account in institution.accounts]
BETWEEN_OWN = re.compile(r"TRANSFER|AUTOPAY 2051|AUTOPAY PAYMENT")

instants = st.datetimes(datetime(2025, 9, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


def day_of(row: Row) -> date:
    return datetime.fromtimestamp(row.transacted_at, BANK_ZONE).date()


def year_of_rows(account: str) -> list[Row]:
    halves = [rows_for(account, NOW - timedelta(days=back)) for back in (181, 0)]
    return list({row.key: row for half in halves for row in half}.values())


def test_first_institution_has_checking_savings_and_card_of_one_person() -> None:
    checking, savings, card = INSTITUTIONS[0].accounts[:3]

    assert [a.subcategory for a in (checking, savings, card)] == ["checking", "savings", "credit_card"]
    assert checking.supports_payments
    assert not card.supports_payments
    assert checking.owners == savings.owners == card.owners


def test_failing_institutions_come_last() -> None:
    failing = [institution.behaviour in ("down", "refuses", "no_accounts") for institution in INSTITUTIONS]

    assert failing == sorted(failing)
    assert {institution.behaviour for institution in INSTITUTIONS} >= {"down", "refuses", "no_accounts"}


@pytest.mark.parametrize(
    ("wanted", "key"),
    [
        ("Test Institution", "test-non-oauth"),
        ("test oauth institution", "test-oauth"),
        ("Sandbox Bank (Non", "bank-non-oauth"),
        ("eventually", "eventually-reauthenticate"),
        ("Bank (OAuth)", "bank-oauth"),
    ],
)
def test_an_institution_is_found_by_its_older_name_too(wanted: str, key: str) -> None:
    assert [each.key for each in INSTITUTIONS if each.answers_to(wanted)] == [key]


def test_no_name_carries_a_routing_number() -> None:
    names = [institution.name for institution in INSTITUTIONS] + [find_account(key)[1].name for key in ALL]

    assert not [name for name in names if re.search(r"\d{9}", name)]
    assert len(set(ALL)) == len(ALL)


def test_unknown_account_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        find_account("nobody")


@pytest.mark.parametrize("account", OWN)
@settings(max_examples=25, deadline=None)
@given(first=instants, second=instants)
def test_a_row_is_the_same_whenever_one_asks(account: str, first: datetime, second: datetime) -> None:
    one, other = ({row.key: row for row in rows_for(account, at)} for at in (first, second))

    for key in one.keys() & other.keys():
        assert (one[key].amount, one[key].description, one[key].transacted_at) == (
            (other[key].amount, other[key].description, other[key].transacted_at)
        )
    overlap = lambda row: row.transacted_at >= max(first, second).timestamp() - 179 * 86400  # noqa: E731
    seen_by_both = {key for key, row in one.items() if overlap(row) and row.transacted_at <= second.timestamp()}
    assert seen_by_both <= other.keys()


def test_a_book_grown_day_by_day_equals_one_opened_today() -> None:
    grown, opened = household.household(), household.household()
    for back in range(60, -1, -1):
        grown.entries(CARD, NOW - timedelta(days=back))

    assert grown.entries(CHECKING, NOW) == opened.entries(CHECKING, NOW)


@pytest.mark.parametrize("account", ALL)
def test_rows_cover_the_last_180_days_in_order(account: str) -> None:
    rows = rows_for(account, NOW)

    assert [row.transacted_at for row in rows] == sorted(row.transacted_at for row in rows)
    assert len({row.key for row in rows}) == len(rows)
    assert rows[-1].transacted_at <= NOW.timestamp()
    assert NOW.date() - timedelta(days=HISTORY_DAYS + 1) <= day_of(rows[0]) < NOW.date() - timedelta(days=140)


@settings(max_examples=60, deadline=None)
@given(instants)
def test_three_to_five_rows_are_pending_at_any_moment(at: datetime) -> None:
    pending = [row for account in OWN for row in rows_for(account, at) if row.status == "pending"]

    assert 3 <= len(pending) <= 5
    assert all(row.transacted_at > (at - timedelta(days=2, hours=1)).timestamp() for row in pending)
    assert all(row.posted_at is None for row in pending)


def test_a_pending_row_posts_under_its_own_key() -> None:
    pending = [row for row in rows_for(CHECKING, NOW) if row.status == "pending"]
    later = {row.key: row for row in rows_for(CHECKING, NOW + timedelta(days=3))}

    assert pending
    assert all(later[row.key].status == "posted" and later[row.key].posted_at for row in pending)


@settings(max_examples=30, deadline=None)
@given(instants, st.integers(0, 170))
def test_balances_move_by_exactly_the_rows(at: datetime, days: int) -> None:
    before = at - timedelta(days=days)
    for account, field in ((CHECKING, "available"), (SAVINGS, "available"), (CARD, "used")):
        rows = [row for row in rows_for(account, at) if row.transacted_at > before.timestamp()]

        moved = getattr(balance_for(account, at), field) - getattr(balance_for(account, before), field)
        assert moved == sum(row.amount for row in rows)


def test_pending_rows_are_in_available_and_used_alone() -> None:
    for account in (CHECKING, CARD):
        pending = sum(row.amount for row in rows_for(account, NOW) if row.status == "pending")
        balance = balance_for(account, NOW)

        assert pending < 0
        assert (balance.available if account == CHECKING else balance.used) == balance.current + pending


def test_the_card_owes_and_checking_never_does() -> None:
    days = [NOW - timedelta(days=back) for back in range(0, 660, 3)]

    assert min(balance_for(CHECKING, at).available or 0 for at in days) > 1_000_00
    assert max(balance_for(CARD, at).current for at in days) < 0
    assert balance_for(CARD, NOW).available is None


def test_a_month_brings_about_7300_and_takes_about_5700() -> None:
    rows = [row for account in OWN for row in year_of_rows(account) if not BETWEEN_OWN.search(row.description)]
    earned = sum(row.amount for row in rows if row.amount > 0) / 12
    spent = sum(row.amount for row in rows if row.amount < 0) / 12

    assert earned == pytest.approx(7_300_00, rel=0.05)
    assert spent == pytest.approx(-5_700_00, rel=0.05)


def test_salary_comes_every_second_friday() -> None:
    paydays = [day_of(row) for row in rows_for(CHECKING, NOW) if "NORTHWIND" in row.description]

    assert len(paydays) in (12, 13)
    assert {payday.weekday() for payday in paydays} == {4}
    assert {later - sooner for sooner, later in pairwise(paydays)} == {timedelta(days=14)}


def test_rent_falls_on_the_first() -> None:
    assert {day_of(row).day for row in rows_for(CHECKING, NOW) if "BROADMOOR" in row.description} == {1}


def test_each_card_payment_has_both_legs_a_day_or_two_apart() -> None:
    paid = [row for row in rows_for(CHECKING, NOW) if "AUTOPAY 2051" in row.description]
    received = [row for row in rows_for(CARD, NOW) if "AUTOPAY PAYMENT" in row.description]

    assert len(paid) == len(received) >= 5
    for out, into in zip(paid, received, strict=True):
        assert out.amount == -into.amount < 0
        assert 1 <= (day_of(into) - day_of(out)).days <= 2


def test_each_transfer_to_savings_has_both_legs() -> None:
    out = Counter((day_of(r), -r.amount) for r in rows_for(CHECKING, NOW) if "TRANSFER TO" in r.description)
    into = Counter((day_of(r), r.amount) for r in rows_for(SAVINGS, NOW) if "TRANSFER FROM" in r.description)

    assert out == into
    assert sum(out.values()) >= 5


def test_a_refund_names_its_purchase_and_follows_it() -> None:
    bought = [row for row in year_of_rows(CARD) if row.amount < 0]
    refunds = [row for row in rows_for(CARD, NOW) if row.description.endswith("REFUND")]

    assert refunds
    for refund in refunds:
        name = refund.description.removesuffix(" REFUND")
        origin = [row for row in bought if row.description == name and row.amount <= -refund.amount]
        assert any(5 <= (day_of(refund) - day_of(row)).days <= 10 for row in origin)


def test_a_subscription_has_risen_in_price_within_half_a_year() -> None:
    prices = [row.amount for row in rows_for(CARD, NOW) if row.description.startswith("NETFLIX")]

    assert prices == sorted(prices, reverse=True)
    assert len(set(prices)) == 2


def test_heating_costs_more_in_winter() -> None:
    gas = {day_of(row).month: -row.amount for row in year_of_rows(CHECKING) if "NATURAL GAS" in row.description}

    assert gas[1] > 3 * gas[7]


def test_the_credit_line_is_repaid_from_the_joint_account() -> None:
    paid = [-row.amount for row in rows_for("northline-joint", NOW) if "CREDIT LINE PMT" in row.description]
    received = [row.amount for row in rows_for("northline-credit-line", NOW) if "PAYMENT RECEIVED" in row.description]

    assert paid == received
    assert balance_for("northline-credit-line", NOW).current < 0 < balance_for("northline-joint", NOW).current


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        rows_for(CHECKING, datetime(2026, 11, 22))
