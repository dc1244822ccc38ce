"""The main job in a real browser, from sign-up to paid, and the ways in which it fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import FrameLocator, Page, expect

from accounts.models import User
from fcdash import tenancy
from payments.models import Biller, Payment, PaymentState
from tests.sandbox_client import Sandbox
from tests.tasks import Worker
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
EMAIL, PASSWORD = "newcomer@example.com", "a-long-walk-by-the-sea"
SLOW = 30_000


@pytest.fixture
def road(page: Page, live_server: Any, sandbox: Sandbox, webhooks_to: Callable[[str], None], worker: Worker) -> Page:
    """A browser at the landing page, with everything under it real; what the console complains about fails the test."""
    Biller.objects.create(
        name="Alder Creek Water", receives="Alder Creek Community Services", approved_at=timezone.now()
    )
    webhooks_to(live_server.url)
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(SLOW)
    expect.set_options(timeout=SLOW)
    page.goto(live_server.url)
    yield page  # type: ignore[misc]
    # The browser reports an answer of 503 by itself; the test that asks for one looks at what the page says.
    assert [text for text in complaints if "503" not in text] == []


def visit(page: Page, path: str) -> None:
    page.goto(urljoin(page.url, path))


def check(page: Page) -> None:
    """Nothing serious for axe, nothing that scrolls sideways."""
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert found == [], [(v["id"], [n["html"] for n in v["nodes"]]) for v in found]
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def mailed_code() -> str:
    """The code of the newest mail, from its line of its own."""
    newest: Path = until(lambda: max(Path(settings.MAIL_FOLDER).glob("*.eml"), default=None), "the mail")  # type: ignore[assignment]
    text = message_from_bytes(newest.read_bytes())
    plain = next(part for part in text.walk() if part.get_content_type() == "text/plain")
    body = plain.get_payload(decode=True).decode()
    found = re.search(r"^([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", body, re.MULTILINE)
    assert found, body
    return found[1]


def sign_up(page: Page) -> None:
    for old in Path(settings.MAIL_FOLDER).glob("*.eml"):
        old.unlink()
    page.get_by_role("link", name=re.compile("Create|Sign up|Get started|Start", re.I)).first.click()
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("form button[type=submit], form button:not([type])").first.click()
    page.get_by_label(re.compile("code", re.I)).fill(mailed_code())
    page.get_by_role("button", name=re.compile("Confirm|Continue|Verify", re.I)).first.click()
    expect(page.get_by_role("navigation", name="Main").first).to_be_visible()


def dialog(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def open_dialog(page: Page) -> FrameLocator:
    visit(page, "/banks/link/")
    page.get_by_role("button", name="Link a bank").click()
    inside = dialog(page)
    inside.get_by_role("button", name="Agree and continue").click()
    return inside


def choose_bank(inside: FrameLocator, name: str) -> None:
    inside.get_by_label("Search for your bank").fill(name)
    inside.get_by_role("button", name=name, exact=True).click()
    inside.get_by_label("Username").fill("ana")
    inside.get_by_label("Password").fill("anything")
    inside.get_by_role("button", name="Sign in").click()


def link_bank(page: Page) -> None:
    inside = open_dialog(page)
    choose_bank(inside, "Cascade Credit Union")
    inside.get_by_role("button", name="Connect accounts").click()
    inside.get_by_role("button", name="Done").click()


def pay_bill(page: Page) -> None:
    """Add a bill of $84.50 and pay it from the linked account, accepting the mandate."""
    due = (timezone.now() + timedelta(days=9)).date()
    visit(page, "/bills/")
    page.get_by_role("link", name="Add a bill").first.click()
    page.get_by_role("link", name="Alder Creek Water").click()
    page.get_by_role("textbox", name="Amount").fill("84.50")
    page.locator("input[name=due_on]").fill(due.isoformat())
    page.get_by_role("button", name=re.compile("Add", re.I)).click()
    page.get_by_role("link", name=re.compile("^Pay")).first.click()
    expect(page.get_by_text("Alder Creek Community Services").first).to_be_visible()
    check(page)
    if (name := page.get_by_label("Name of the account")).count():
        name.fill("Ana Rivera")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Agree and pay $84.50").click()
    # The station to come bears the same words: the head says where the payment is.
    expect(page.locator("h1 + *").get_by_text("On its way")).to_be_visible()
    assert the_payment().state == PaymentState.PROCESSING


def the_payment() -> Payment:
    with tenancy.system("the test looks"):
        return Payment.objects.get()


def test_from_sign_up_to_paid(road: Page, sandbox: Sandbox) -> None:
    sign_up(road)
    check(road)
    user = User.objects.get(email=EMAIL)
    until(lambda: User.objects.get(pk=user.pk).stripe_customer_id, "the Customer")

    link_bank(road)

    # Without a reload: the page fills as the rows come in.
    expect(road.get_by_role("heading", name=re.compile("against usual"))).to_be_visible()
    visit(road, "/transactions/?category=groceries")
    expect(road.get_by_text(re.compile("Trader|Safeway|QFC|Market", re.I)).first).to_be_visible()
    check(road)

    pay_bill(road)
    check(road)
    payment = the_payment()
    sandbox.post(f"/sandbox/payment_intents/{payment.stripe_payment_intent_id}/settle", {"outcome": "succeeded"})

    # The page hears of it by itself.
    expect(
        road.locator("h1 + *").get_by_text("Paid").or_(road.locator(".state", has_text="Paid")).first
    ).to_be_visible()
    assert the_payment().state == PaymentState.PAID
    intents = [r for r in sandbox.get("/sandbox/requests")["data"] if r["path"].endswith("/confirm")]
    assert len(intents) == 1


def test_a_cancelled_dialog_says_that_nothing_was_linked(road: Page) -> None:
    sign_up(road)
    inside = open_dialog(road)

    inside.get_by_role("button", name="Close").click()
    inside.get_by_role("button", name="Stop linking").click()

    expect(road.get_by_text("No bank was linked")).to_be_visible()
    expect(road.get_by_role("button", name="Link a bank")).to_be_enabled()


def test_a_bank_that_refuses_leaves_a_way_on(road: Page) -> None:
    sign_up(road)
    inside = open_dialog(road)
    choose_bank(inside, "Old Harbor Trust")

    expect(inside.get_by_role("heading", name=re.compile("refused the sign-in"))).to_be_visible()
    inside.get_by_role("button", name="Choose another bank").click()
    choose_bank(inside, "Cascade Credit Union")
    inside.get_by_role("button", name="Connect accounts").click()
    inside.get_by_role("button", name="Done").click()

    expect(road.get_by_text("Everyday Checking").first).to_be_visible()


def test_a_payment_returned_for_lack_of_money_says_so_and_what_can_be_done(road: Page, sandbox: Sandbox) -> None:
    sign_up(road)
    link_bank(road)
    pay_bill(road)
    payment = the_payment()

    sandbox.post(
        f"/sandbox/payment_intents/{payment.stripe_payment_intent_id}/settle",
        {"outcome": "failed", "failure_code": "R01"},
    )

    expect(road.get_by_text("R01").first).to_be_visible()
    expect(road.get_by_text(re.compile(r"\$84\.50 was not taken")).first).to_be_visible()
    check(road)
    assert the_payment().state == PaymentState.FAILED


def test_stripe_being_down_is_said_and_blocks_nothing_else(road: Page, sandbox: Sandbox) -> None:
    sandbox.put("/sandbox/faults", {"api": [{"match": "POST /v1/*", "kind": "500", "times": 50}]})
    sign_up(road)

    visit(road, "/banks/link/")
    road.get_by_role("button", name="Link a bank").click()

    expect(road.get_by_text("Stripe cannot be reached right now")).to_be_visible()
