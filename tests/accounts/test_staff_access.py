"""How staff come in, and that they see people only with a reason on record."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib import admin
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import StaffAccess, StaffLook, User
from accounts.oversight import end_access, open_access
from fcdash.admin import StaffAdmin
from fcdash.tenancy import TenantModel
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db
PEOPLE = ["/admin/accounts/user/", "/admin/accounts/household/", "/admin/payments/payment/", "/admin/banking/account/"]


def test_the_admins_own_sign_in_never_lets_a_password_alone_in(cast: Cast) -> None:
    TOTP.activate(cast.sam, generate_totp_secret())
    browser = Client()

    answer = browser.post("/admin/login/?next=/admin/", {"username": cast.sam.email, "password": PASSWORD})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
    assert browser.get("/admin/").status_code == 302


def test_the_sign_in_page_asks_for_the_second_factor(cast: Cast) -> None:
    TOTP.activate(cast.sam, generate_totp_secret())
    browser = Client()

    answer = browser.post("/accounts/login/?next=/admin/", {"login": cast.sam.email, "password": PASSWORD})

    assert "2fa" in answer["Location"]
    assert browser.get("/admin/").status_code == 302


def test_a_member_of_a_household_is_turned_away(cast: Cast) -> None:
    assert cast.client(cast.alice).get("/admin/").status_code == 302
    assert cast.client(cast.alice).get("/admin/reason/").status_code == 302
    assert cast.client(cast.alice).get("/admin/", follow=True).status_code == 403


@pytest.mark.parametrize("path", ["/admin/", *PEOPLE])
def test_staff_without_a_second_factor_are_sent_to_set_one_up(cast: Cast, settings: object, path: str) -> None:
    settings.STAFF_SECOND_FACTOR = True  # type: ignore[attr-defined]

    assert cast.client(cast.sam).get(path)["Location"] == "/accounts/2fa/"


@pytest.mark.parametrize("path", PEOPLE)
def test_without_a_reason_no_page_of_people_is_shown(cast: Cast, path: str) -> None:
    answer = cast.client(cast.sam).get(f"{path}?o=1")

    assert answer["Location"] == f"/admin/reason/?next={path.replace('/', '%2F')}%3Fo%3D1"
    assert not StaffLook.objects.exists()


def test_a_reason_opens_the_pages_and_each_look_is_kept(cast: Cast) -> None:
    sam, page = cast.client(cast.sam), f"/admin/accounts/household/{cast.household.pk}/change/"

    answer = sam.post("/admin/reason/", {"reason": "Ticket 4711: asked about a bill", "next": page}, follow=True)

    assert b"The Ames house" in answer.content
    look = StaffLook.objects.get()
    assert (look.path, look.household_id, look.access.staff) == (page, cast.household.pk, cast.sam)


def test_a_reason_needs_words(cast: Cast) -> None:
    cast.client(cast.sam).post("/admin/reason/", {"reason": "hm", "next": "/admin/"})

    assert not StaffAccess.objects.exists()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/admin/", "/accounts/logout/", "/admin\\@evil"]
)
def test_the_way_back_stays_in_the_admin(cast: Cast, target: str) -> None:
    answer = cast.client(cast.sam).post("/admin/reason/", {"reason": "Ticket 4711: a look", "next": target})

    assert answer["Location"] == "/admin/"


def test_access_ends(cast: Cast) -> None:
    open_access(cast.sam, "Ticket 4711: a look")
    sam = cast.client(cast.sam)
    assert sam.get(PEOPLE[0]).status_code == 200

    end_access(cast.sam)

    assert sam.get(PEOPLE[0]).status_code == 302


def test_one_persons_reason_is_not_anothers(cast: Cast) -> None:
    open_access(cast.sam, "Ticket 4711: a look")
    other = User.objects.create_superuser("kim@example.com", PASSWORD)

    assert cast.client(other).get(PEOPLE[0]).status_code == 302


@pytest.mark.parametrize("path", ["/admin/", "/admin/payments/biller/", "/admin/webhooks/stripeevent/"])
def test_pages_without_people_need_no_reason(cast: Cast, path: str) -> None:
    assert cast.client(cast.sam).get(path).status_code == 200
    assert not StaffLook.objects.exists()


@pytest.mark.parametrize("model", [StaffAccess, StaffLook])
def test_the_record_only_grows(cast: Cast, model: type) -> None:
    access = open_access(cast.sam, "Ticket 4711: a look")
    StaffLook.objects.create(access=access, path="/admin/")

    for change in (lambda: model.objects.all().delete(), lambda: model.objects.update(**{_word(model): "other"})):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def _word(model: type) -> str:
    return "reason" if model is StaffAccess else "path"


def test_every_list_of_households_rows_asks_for_a_reason() -> None:
    for model, model_admin in admin.site._registry.items():
        if issubclass(model, TenantModel):
            assert isinstance(model_admin, StaffAdmin), model
            assert model_admin.needs_reason(None), model
            assert model_admin.needs_reason("1"), model
