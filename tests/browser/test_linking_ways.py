"""Linking where the usual dialog cannot be: with JavaScript off, and in an app's WebView."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from banking.models import LinkSession
from fcdash import tenancy
from tests.api.calling import api_of, ok
from tests.cast import Cast
from tests.sandbox_client import Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 30_000


def signed_in(browser: Browser, live_server: Any, cast: Cast, **options: Any) -> Page:
    """A page of Alice's, with her session's cookie."""
    assert cast.household
    context = browser.new_context(**options)
    session = cast.client(cast.alice).session.session_key
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    context.set_default_timeout(SLOW)
    expect.set_options(timeout=SLOW)
    return context.new_page()


def newest_session(cast: Cast) -> str:
    with tenancy.scope(cast.household):
        return str(LinkSession.objects.latest("pk").stripe_id)


@pytest.mark.parametrize("result", ["success", "cancel"])
def test_with_javascript_off_stripes_own_page_is_the_way(
    browser: Browser, live_server: Any, cast: Cast, sandbox: Sandbox, bank_keys: list[str], settings: Any, result: str
) -> None:
    settings.PUBLIC_URL = live_server.url
    page = signed_in(browser, live_server, cast, java_script_enabled=False)
    page.goto(f"{live_server.url}/banks/link/")

    page.get_by_role("button", name="Link a bank").click()
    page.wait_for_url(f"{sandbox.url}/**")
    # What the person does at Stripe, whose own page is no part of ours; then it sends them back.
    outcome = {"accounts": bank_keys[:1] if result == "success" else [], "result": result}
    sandbox.post(f"/sandbox/link-sessions/{newest_session(cast)}/authorize", outcome)
    page.goto(f"{live_server.url}/banks/linked/")

    if result == "success":
        page.goto(f"{live_server.url}/banks/")
        expect(page.get_by_text("Everyday Checking").first).to_be_visible()
    else:
        expect(page.get_by_text("No bank was linked. Nothing is read and no money moves.")).to_be_visible()
        expect(page.get_by_role("button", name="Link a bank")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("result", ["completed", "canceled"])
def test_in_a_webview_the_app_hands_over_its_session(
    browser: Browser, live_server: Any, cast: Cast, sandbox: Sandbox, settings: Any, result: str
) -> None:
    settings.MOBILE_RETURN_URLS = ["https://app.example/back"]
    assert cast.household
    app = api_of(cast, cast.alice)
    session = ok(app.post("/link-sessions", {"mode": "webview", "return_url": "https://app.example/back"}), 201)
    context = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True, reduced_motion="reduce")
    context.set_default_timeout(SLOW)
    page = context.new_page()
    page.goto(f"{live_server.url}/banks/webview/")
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]

    handed = json.dumps({name: session[name] for name in ("client_secret", "publishable_key")})
    page.evaluate(f"void fcdash.link({handed})")
    walk(page, result)
    page.wait_for_url(f"**/banks/webview/ended/?result={result}")

    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    accounts = ok(app.post(f"/link-sessions/{session['id']}/complete"))["accounts"]
    assert len(accounts) == (1 if result == "completed" else 0)
    context.close()


def walk(page: Page, result: str) -> None:
    """Through the dialog, which must fit the small screen, or out of it."""
    inside = page.frame_locator("iframe")
    agree: Callable[[], None] = inside.get_by_role("button", name="Agree and continue").click
    if result == "canceled":
        expect(inside.get_by_role("button", name="Agree and continue")).to_be_visible(timeout=SLOW)
        inside.get_by_role("button", name="Close").click()
        inside.get_by_role("button", name="Stop linking").click()
        return
    agree()
    inside.get_by_role("button", name="Cascade Credit Union", exact=True).click()
    inside.get_by_label("Username").fill("ana")
    inside.get_by_label("Password").fill("anything")
    inside.get_by_role("button", name="Sign in").click()
    inside.get_by_role("button", name="Connect accounts").click()
    inside.get_by_role("button", name="Done").click()
