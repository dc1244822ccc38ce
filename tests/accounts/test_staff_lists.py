"""The staff's lists: found by address, name and Stripe id, and as quick on many rows as on few."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.mailing import queue_mail
from accounts.models import Household, Mail, Membership, StaffAction, StaffLook, User
from accounts.oversight import open_access
from banking.models import Account, LinkSession, QuarantinedRow, Refresh
from fcdash import tenancy
from payments.models import Bill, Biller, BillPeriod, Mandate, Payment
from tests.cast import AccountFactory, Cast, HouseholdFactory, UserFactory
from tests.staff import sam_at_work
from webhooks.models import StripeEvent

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


def _fill(staff: User, number: int) -> None:
    """One row of everything that staff list, of a person of their own."""
    now = timezone.now()
    user = UserFactory(email=f"p{number}@example.com", name=f"Person {number}", stripe_customer_id=f"cus_{number}")
    household = HouseholdFactory(name=f"House {number}", members={user: "owner"})
    biller = Biller.objects.create(name=f"Biller {number}", receives="Them", approved_by=staff, approved_at=now)
    with tenancy.scope(household):
        own: dict[str, Any] = {"household": household}
        account = AccountFactory(**own, holder=user, stripe_id=f"fca_{number}")
        LinkSession.objects.create(**own, user=user, permissions=[], stripe_id=f"fcsess_{number}")
        Refresh.objects.create(**own, account=account, feature="balance", cause="link")
        QuarantinedRow.objects.create(**own, account=account, stripe_id=f"fctxn_{number}", reason="NUL", body={})
        bill = Bill.objects.create(**own, biller=biller, created_by=user, amount_cents=100, first_due_on=now.date())
        period = BillPeriod.objects.create(**own, bill=bill, due_on=now.date(), amount_cents=100, currency="usd")
        mandate = Mandate.objects.create(
            **own,
            **{"user": user, "account": account, "holder_name": user.name, "terms_version": "1", "text": "words"},
            **{"accepted_at": now, "ip_address": "203.0.113.7", "user_agent": "-", "stripe_id": f"mandate_{number}"},
        )
        Payment.objects.create(
            **own,
            **{"user": user, "bill": bill, "period": period, "account": account, "mandate": mandate},
            **{"amount_cents": 100, "receives": "Them", "on": now.date(), "stripe_payment_intent_id": f"pi_{number}"},
        )
    StripeEvent.objects.create(
        stripe_id=f"evt_{number}",
        type="charge.failed",
        object_id=f"pi_{number}",
        created_at=now,
        livemode=False,
        body={},
    )
    queue_mail(user.email, "email_confirmation", "A code", "text")
    access = open_access(staff, "Ticket 4711: a look")
    StaffLook.objects.create(access=access, path=f"/admin/{number}/", household_id=household.pk)
    StaffAction.objects.create(staff=staff, action="x", target="x", object_id=number, reason="Ticket 4711: a look")


def _queries(browser: Any, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert browser.get(address).status_code == 200, address
    return len([q for q in asked.captured_queries if "SAVEPOINT" not in q["sql"] and "set_config" not in q["sql"]])


def _addresses() -> list[str]:
    return [f"/admin/{m._meta.app_label}/{m._meta.model_name}/" for m in admin.site._registry]


def test_lists_cost_the_same_with_few_and_many_rows(cast: Cast) -> None:
    _fill(cast.sam, 1)
    sam = sam_at_work(cast)
    [sam.get(address) for address in _addresses()]
    few = {address: _queries(sam, address) for address in _addresses()}

    for number in range(2, 12):
        _fill(cast.sam, number)

    assert {address: _queries(sam, address) for address in _addresses()} == few
    assert max(few.values()) <= MOST_QUERIES


def test_a_payments_page_costs_the_same_with_a_long_history(cast: Cast) -> None:
    _fill(cast.sam, 1)
    sam = sam_at_work(cast)
    with tenancy.system("a test"):
        payment = Payment.objects.get()
    address = f"/admin/payments/payment/{payment.pk}/change/"
    sam.get(address)
    short = _queries(sam, address)

    with tenancy.scope(payment.household_id):
        for number in range(10):
            payment.history.create(household_id=payment.household_id, state="scheduled", cause=f"look {number}")

    assert _queries(sam, address) == short


@pytest.mark.parametrize(
    ("model", "terms"),
    [
        (User, ["p2@example.com", "P2@EXAMPLE.COM", "p2@", "Person 2", "cus_2"]),
        (Household, ["p2@example.com", "House 2"]),
        (Account, ["p2@example.com", "House 2", "fca_2", "cus_2"]),
        (LinkSession, ["p2@example.com", "Person 2", "fcsess_2"]),
        (Refresh, ["p2@example.com", "fca_2"]),
        (Bill, ["p2@example.com", "Biller 2", "House 2"]),
        (Mandate, ["p2@example.com", "Person 2", "mandate_2", "cus_2"]),
        (Payment, ["p2@example.com", "Person 2", "pi_2", "mandate_2", "cus_2"]),
        (Biller, ["Biller 2"]),
        (StripeEvent, ["evt_2", "pi_2"]),
        (Mail, ["p2@example.com"]),
    ],
)
def test_each_list_finds_one_by_address_name_and_stripe_id(cast: Cast, model: type, terms: list[str]) -> None:
    for number in (1, 2, 3):
        _fill(cast.sam, number)
    sam = sam_at_work(cast)
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"  # type: ignore[attr-defined]

    for term in terms:
        listing = sam.get(address, {"q": term}).context["cl"]
        assert listing.result_count == 1, term


def test_a_long_list_is_counted_only_so_far(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcdash.admin.COUNTED_AT_MOST", 2)
    for number in (1, 2, 3, 4):
        _fill(cast.sam, number)

    assert sam_at_work(cast).get("/admin/payments/payment/").context["cl"].result_count == 2


def test_no_list_asks_the_whole_table_for_its_filters() -> None:
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label in ("auth", "django_celery_beat"):
            continue
        assert not model_admin.date_hierarchy, model
        for each in model_admin.list_filter:
            field = each if isinstance(each, str) else None
            assert field is None or model._meta.get_field(field).choices or field.startswith(("is_", "sub", "live")), (
                each
            )


def test_no_membership_shows_more_than_it_holds(cast: Cast) -> None:
    _fill(cast.sam, 1)
    household = HouseholdFactory(name="Empty")
    with tenancy.scope(household):
        assert not Membership.objects.for_household(household).exists()

    page = sam_at_work(cast).get(f"/admin/accounts/household/{household.pk}/change/").content.decode()

    assert "p1@example.com" not in page
