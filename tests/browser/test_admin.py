"""The staff's pages in a real browser: nothing that the Content-Security-Policy refuses, nothing in the console."""

# ruff: noqa: F811  (fixtures of the payments are named as they are used)
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from playwright.sync_api import Page, expect

from accounts.mailing import queue_mail
from accounts.models import StaffAction, StaffLook
from accounts.oversight import open_access
from fcdash import tenancy
from payments.models import Payment
from tests.cast import PASSWORD, Cast
from tests.payments.conftest import account, bill, biller, claimed, mandate, place, sent  # noqa: F401
from webhooks.models import StripeEvent

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture
def console(page: Page) -> list[str]:
    """What the browser complained about so far."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.fixture
def staff(page: Page, live_server: Any, cast: Cast) -> Page:
    """Sam, signed in by the sign-in page."""
    page.goto(f"{live_server.url}/admin/")
    page.get_by_label("E-mail").fill(cast.sam.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").first.click()
    expect(page.get_by_role("heading", name="Work")).to_be_visible()
    return page


def shoot(page: Page, name: str) -> None:
    """A picture for the eye, when SCREENSHOTS names a folder."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def _event() -> StripeEvent:
    return StripeEvent.objects.create(
        stripe_id="evt_1",
        type="payment_intent.succeeded",
        object_id="pi_1",
        created_at="2026-11-12T10:00:00Z",
        livemode=False,
        body={"data": {"object": {"id": "pi_1", "description": "<b>x</b>"}}},
    )


def test_every_page_is_clean_under_the_policy(
    staff: Page,
    live_server: Any,
    cast: Cast,
    console: list[str],
    sent: Payment,
    run_tasks: Callable[..., object],
) -> None:
    open_access(cast.sam, "Ticket 4711: a look at everything")
    queue_mail("alice@example.com", "email_confirmation", "A subject", "text")
    _event()

    for model in admin.site._registry:
        address = f"{live_server.url}/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert staff.goto(address).status == 200, address  # type: ignore[union-attr]
        shoot(staff, f"list-{model._meta.model_name}")
        with tenancy.system("a test looks for a row"):
            row = model._default_manager.order_by("pk").first()
        if row is not None:
            assert staff.goto(f"{address}{row.pk}/change/").status == 200, address  # type: ignore[union-attr]
            shoot(staff, f"page-{model._meta.model_name}")
    staff.goto(f"{live_server.url}/admin/payments/biller/add/")

    assert console == []


def test_staff_say_why_look_and_ask(
    staff: Page,
    live_server: Any,
    cast: Cast,
    console: list[str],
    sent: Payment,
    run_tasks: Callable[..., object],
) -> None:
    page = f"{live_server.url}/admin/payments/payment/{sent.pk}/change/"

    staff.goto(page)
    expect(staff.get_by_role("heading", name="Why do you look?")).to_be_visible()
    shoot(staff, "reason")
    staff.get_by_label("Why").fill("Ticket 4711: Alice asks where her payment is")
    staff.get_by_role("button", name="Keep the reason and go on").click()
    expect(staff).to_have_url(page)
    expect(staff.get_by_role("status")).to_contain_text("Ticket 4711")

    staff.get_by_role("button", name="Read again from Stripe").click()
    shoot(staff, "ask")
    staff.get_by_label("Why").fill("Ticket 4711: is it paid?")
    staff.get_by_role("button", name="Read again from Stripe").click()
    expect(staff.get_by_text("Read again from Stripe: asked for (1).")).to_be_visible()
    run_tasks()
    staff.goto(page)
    expect(staff.get_by_text("processing → processing; at Stripe processing")).to_be_visible()
    shoot(staff, "asked")

    staff.get_by_role("button", name="End now").click()
    staff.goto(page)
    expect(staff.get_by_role("heading", name="Why do you look?")).to_be_visible()
    assert console == []
    assert StaffAction.objects.get().reason == "Ticket 4711: is it paid?"
    assert StaffLook.objects.filter(household_id=sent.household_id).count() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_our_pages_of_the_admin_are_accessible(
    staff: Page,
    live_server: Any,
    cast: Cast,
    sent: Payment,
    scheme: Any,
) -> None:
    staff.emulate_media(color_scheme=scheme)
    for path in ("", "reason/", f"payments/payment/{sent.pk}/change/", "payments/payment/"):
        open_access(cast.sam, "Ticket 4711: a look at everything")
        staff.goto(f"{live_server.url}/admin/{path}")
        shoot(staff, f"{scheme}-{path.replace('/', '-')}")
        found = Axe().run(staff).response["violations"]
        assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == [], (path, found)
