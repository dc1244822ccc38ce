"""Bills and the days on which they are due."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice, pairwise

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.households import Place, place_of
from accounts.models import Household
from fcdash import tenancy
from payments import bills, paying
from payments.models import Bill, Biller, BillPeriod, Mandate, Payment
from tests.cast import Cast
from tests.payments.conftest import period_of, reload
from tests.payments.test_parallel import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def periods(bill: Bill) -> list[BillPeriod]:
    with tenancy.scope(bill.household_id):
        return list(BillPeriod.objects.for_household(bill.household_id).filter(bill_id=bill.pk).order_by("due_on"))


def days(first: date, frequency: str, count: int) -> list[date]:
    return list(islice(bills.occurrences(first, frequency), count))


# --- Days -------------------------------------------------------------------------------------------------------


def test_the_31st_falls_on_the_last_day_of_shorter_months_and_comes_back() -> None:
    months = [(1, 31), (2, 28), (3, 31), (4, 30), (5, 31), (6, 30), (7, 31), (8, 31), (9, 30), (10, 31)]

    assert days(date(2027, 1, 31), "monthly", 10) == [date(2027, month, day) for month, day in months]


def test_the_29th_of_february_is_the_28th_in_other_years() -> None:
    found = days(date(2028, 2, 29), "yearly", 5)

    assert found == [date(2028, 2, 29), *(date(year, 2, 28) for year in (2029, 2030, 2031)), date(2032, 2, 29)]


def test_a_bill_that_is_due_once_is_due_once() -> None:
    assert list(bills.occurrences(date(2026, 11, 20), None)) == [date(2026, 11, 20)]


@given(first=st.dates(date(2024, 1, 1), date(2034, 12, 31)), frequency=st.sampled_from(["weekly", "biweekly"]))
def test_weeks_are_weeks(first: date, frequency: str) -> None:
    step = timedelta(weeks=1 if frequency == "weekly" else 2)

    assert all(after - before == step for before, after in pairwise(days(first, frequency, 60)))


@given(first=st.dates(date(2024, 1, 1), date(2034, 12, 31)), frequency=st.sampled_from(["monthly", "yearly"]))
def test_no_month_is_left_out_or_doubled(first: date, frequency: str) -> None:
    found = days(first, frequency, 48)
    step = 1 if frequency == "monthly" else 12

    assert [d.year * 12 + d.month for d in found] == [first.year * 12 + first.month + n * step for n in range(48)]
    assert all(d.day == first.day or (d + timedelta(days=1)).day == 1 for d in found)


# --- Adding -----------------------------------------------------------------------------------------------------


def test_a_past_day_is_late(place: Place, cast: Cast, biller: Biller) -> None:
    bill = bills.add_bill(place, cast.alice, biller.pk, 84_50, place.today - timedelta(days=3))

    assert [p.state for p in periods(bill)] == ["late"]


def test_today_is_not_late(place: Place, cast: Cast, biller: Biller) -> None:
    bill = bills.add_bill(place, cast.alice, biller.pk, 84_50, place.today)

    assert [p.state for p in periods(bill)] == ["due"]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("amount", {"amount_cents": 0}),
        ("amount", {"amount_cents": -1}),
        ("amount", {"amount_cents": 100_000_000}),
        ("currency", {"currency": "eur"}),
        ("recurrence", {"frequency": "daily"}),
        ("due_on", {"due_on": date(1999, 1, 1)}),
        ("due_on", {"due_on": date(2999, 1, 1)}),
    ],
)
def test_a_bill_that_cannot_be(field: str, change: dict[str, object], place: Place, cast: Cast, biller: Biller) -> None:
    asked = {"amount_cents": 84_50, "due_on": place.today, **change}

    with pytest.raises(bills.BillRefused) as refused:
        bills.add_bill(place, cast.alice, biller.pk, **asked)

    assert refused.value.field == field


def test_only_an_approved_biller_can_be_billed(place: Place, cast: Cast, biller: Biller) -> None:
    Biller.objects.filter(pk=biller.pk).update(approved_at=None)

    with pytest.raises(bills.BillRefused):
        bills.add_bill(place, cast.alice, biller.pk, 84_50, place.today)


# --- Periods ----------------------------------------------------------------------------------------------------


def test_a_recurring_bill_opens_what_is_past_and_the_next_to_come(place: Place, cast: Cast, biller: Biller) -> None:
    first = place.today - timedelta(days=21)

    bill = bills.add_bill(place, cast.alice, biller.pk, 84_50, first, "weekly")

    found = periods(bill)
    assert [p.due_on for p in found] == [first + timedelta(weeks=n) for n in range(len(found))]
    assert found[-2].due_on < place.today + bills.AHEAD <= found[-1].due_on
    assert [p.state for p in found] == ["late" if p.due_on < place.today else "due" for p in found]


def test_opening_again_and_in_parallel_opens_each_day_once(place: Place, cast: Cast, biller: Biller) -> None:
    bill = bills.add_bill(place, cast.alice, biller.pk, 84_50, place.today - timedelta(days=40), "weekly")
    with tenancy.scope(place.household_id):
        BillPeriod.objects.filter(bill=bill, due_on__gt=place.today - timedelta(days=30)).delete()

    results = at_once([lambda: bills.open_periods(place.household_id) for _ in range(6)])

    found = [p.due_on for p in periods(bill)]
    assert all(isinstance(result, int) for result in results)
    assert found == [place.today - timedelta(days=40) + timedelta(weeks=n) for n in range(len(found))]


def test_due_becomes_late_in_the_households_zone(place: Place, cast: Cast, biller: Biller, bill: Bill) -> None:
    with tenancy.scope(place.household_id):
        BillPeriod.objects.filter(bill=bill).update(due_on=timezone.now().date() - timedelta(days=1))
        Household.objects.filter(pk=place.household_id).update(time_zone="Pacific/Kiritimati")

    bills.open_periods(place.household_id)

    assert periods(bill)[0].state == "late"


def test_each_household_has_its_own_day(place: Place, cast: Cast, biller: Biller) -> None:
    """At any moment it is a later day on Kiritimati than on Niue."""
    east, west = "Pacific/Kiritimati", "Pacific/Niue"
    found = {}
    for zone in (east, west):
        with tenancy.scope(place.household_id):
            Household.objects.filter(pk=place.household_id).update(time_zone=zone)
        there = place_of(cast.alice)
        assert there is not None
        found[zone] = there.today

    assert found[east] > found[west]


def test_a_payment_is_for_the_earliest_period_that_is_not_settled(
    place: Place, cast: Cast, biller: Biller, mandate: Mandate
) -> None:
    bill = bills.add_bill(place, cast.alice, biller.pk, 84_50, place.today - timedelta(days=8), "weekly")

    payment = paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)

    assert period_of(payment).due_on == place.today - timedelta(days=8)


def test_a_period_paid_ahead_stands_until_its_day(place: Place, cast: Cast, biller: Biller, mandate: Mandate) -> None:
    """A request that comes twice meets the payment there is; it does not pay the next month."""
    bill = bills.add_bill(place, cast.alice, biller.pk, 84_50, place.today + timedelta(days=5), "weekly")
    payment = paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)
    with tenancy.scope(place.household_id):
        BillPeriod.objects.filter(pk=payment.period_id).update(state="paid")

    with pytest.raises(paying.AlreadyClaimed) as refused:
        paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)

    assert refused.value.payment.pk == payment.pk


# --- Changing and ending ----------------------------------------------------------------------------------------


def test_a_changed_amount_is_for_what_nobody_has_approved(
    place: Place, cast: Cast, biller: Biller, mandate: Mandate
) -> None:
    bill = bills.add_bill(place, cast.alice, biller.pk, 84_50, place.today + timedelta(days=2), "weekly")
    payment = paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)

    bills.change_bill(place, bill.pk, amount_cents=99_00)

    assert reload(payment).amount_cents == 84_50
    assert [p.amount_cents for p in periods(bill)] == [84_50, 99_00, 99_00]


def test_a_changed_day_moves_this_and_all_later_ones(place: Place, cast: Cast, biller: Biller) -> None:
    bill = bills.add_bill(place, cast.alice, biller.pk, 84_50, place.today + timedelta(days=2), "weekly")

    bills.change_bill(place, bill.pk, due_on=place.today + timedelta(days=4))

    assert [(p.due_on - place.today).days for p in periods(bill)] == [4, 11, 18]


def test_the_day_of_what_is_being_paid_stays(place: Place, cast: Cast, bill: Bill, claimed: Payment) -> None:
    with pytest.raises(bills.BillRefused):
        bills.change_bill(place, bill.pk, due_on=place.today + timedelta(days=4))


def test_a_bill_can_come_back_more_often(place: Place, cast: Cast, bill: Bill) -> None:
    bills.change_bill(place, bill.pk, frequency="weekly")

    assert [(p.due_on - place.today).days for p in periods(bill)] == [10, 17]


def test_a_removed_bill_cancels_what_is_not_sent(place: Place, cast: Cast, bill: Bill, claimed: Payment) -> None:
    bills.end_bill(place, bill.pk)

    assert reload(claimed).state == "canceled"
    assert period_of(claimed).state == "skipped"
    assert bills.open_periods(place.household_id) == 0


def test_a_removed_bill_lets_go_on_what_is_sent(place: Place, bill: Bill, sent: Payment) -> None:
    bills.end_bill(place, bill.pk)

    assert reload(sent).state == "processing"


def test_a_period_can_be_left_out(place: Place, cast: Cast, bill: Bill, mandate: Mandate) -> None:
    bills.skip_period(place, periods(bill)[0].pk)

    with pytest.raises(paying.ClaimRefused):
        paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)


def test_another_households_bill_is_not_there(place: Place, cast: Cast, bill: Bill) -> None:
    stranger = place_of(cast.charlie, cast.strange_household.pk)
    assert stranger is not None

    with pytest.raises(Bill.DoesNotExist):
        bills.change_bill(stranger, bill.pk, amount_cents=1)
    with pytest.raises(BillPeriod.DoesNotExist):
        bills.skip_period(stranger, periods(bill)[0].pk)
