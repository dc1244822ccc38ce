"""The page that links a bank, in a real Chromium with the bank dialog: done, closed, and Stripe away."""

from __future__ import annotations

import pytest
from playwright.sync_api import FrameLocator, Page, expect
from pytest_django.live_server_helper import LiveServer

from banking.models import Account
from fcdash import tenancy
from tests.cast import Cast
from tests.look.test_pages import sign_in
from tests.sandbox_client import Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.look.urls"), pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _orm_beside_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def open_dialog(page: Page, live_server: LiveServer, cast: Cast) -> FrameLocator:
    sign_in(page, live_server, cast)
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{live_server.url}/banks/link/")
    page.get_by_role("button", name="Link a bank").click()
    return page.frame_locator("iframe")


def press(dialog: FrameLocator, button: str) -> None:
    dialog.get_by_role("button", name=button, exact=True).click()


def test_linked_accounts_are_saved_and_no_secret_stays(
    page: Page, live_server: LiveServer, cast: Cast, sandbox: Sandbox
) -> None:
    dialog = open_dialog(page, live_server, cast)
    press(dialog, "Agree and continue")
    press(dialog, "Cascade Credit Union")
    dialog.get_by_label("Username").fill("ana")
    dialog.get_by_label("Password").fill("any")
    press(dialog, "Sign in")
    press(dialog, "Connect accounts")
    press(dialog, "Done")

    page.wait_for_url(lambda url: not url.endswith("/link/"))
    with tenancy.scope(cast.household):
        assert Account.objects.filter(household=cast.household).count() == 1
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert "client_secret" not in kept
    assert "fcsess_" not in kept


def test_a_closed_dialog_is_told_in_words(page: Page, live_server: LiveServer, cast: Cast, sandbox: Sandbox) -> None:
    dialog = open_dialog(page, live_server, cast)
    # While the dialog still opens, Close ends it without a question.
    expect(dialog.get_by_role("button", name="Agree and continue")).to_be_visible()
    press(dialog, "Close")
    press(dialog, "Stop linking")

    expect(page.get_by_text("No bank was linked.")).to_be_visible()
    with tenancy.scope(cast.household):
        assert not Account.objects.filter(household=cast.household).exists()


def test_stripe_being_away_is_told_and_can_be_tried_again(
    page: Page, live_server: LiveServer, cast: Cast, sandbox: Sandbox
) -> None:
    sandbox.put("/sandbox/faults", {"api": [{"match": "POST /v1/*/*", "kind": "500", "times": 50}]})
    sign_in(page, live_server, cast)
    page.goto(f"{live_server.url}/banks/link/")
    button = page.get_by_role("button", name="Link a bank")
    button.click()

    expect(page.get_by_role("status").filter(has_text="Stripe cannot be reached")).to_be_visible(timeout=30_000)
    expect(button).to_be_enabled()
    expect(button).to_be_focused()
