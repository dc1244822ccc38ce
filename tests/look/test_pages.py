"""Shared pages in a real Chromium: sound for axe, no wider than the screen, nothing refused; and what scripts do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.cast import Cast

pytestmark = [
    pytest.mark.browser,
    pytest.mark.urls("tests.look.urls"),
    pytest.mark.django_db(transaction=True),
]
SIGNED_OUT = ["/landing/", "/oops/", "/kit/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
SIGNED_IN = ["/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/", "/settings/"]


@pytest.fixture(autouse=True)
def _orm_beside_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright's loop runs in this thread; the ORM calls here are ordinary ones all the same."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser refused or a script threw; a test's page must leave it empty."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda problem: found.append(str(problem)))
    yield found
    assert found == []


def sign_in(page: Page, live_server: LiveServer, cast: Cast) -> None:
    assert cast.household
    cookie = cast.client(cast.alice).cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])


def problems(page: Page) -> list[str]:
    """What axe calls serious or critical, and any scroll to the side."""
    found = [
        f"{violation['id']}: {violation['nodes'][0]['html'][:200]}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*found, *([f"{over} px too wide"] if over > 0 else [])]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", SIGNED_OUT)
def test_signed_out_page_is_sound(
    page: Page, live_server: LiveServer, complaints: list[str], path: str, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(live_server.url + path)

        assert (width, problems(page)) == (width, [])


@pytest.mark.parametrize("path", SIGNED_IN)
def test_settings_page_is_sound(
    page: Page, live_server: LiveServer, cast: Cast, complaints: list[str], path: str
) -> None:
    sign_in(page, live_server, cast)
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(live_server.url + path)

        expect(page.get_by_role("navigation", name="Settings")).to_be_visible()
        assert (width, problems(page)) == (width, [])


def test_hidden_amounts_stay_hidden_from_the_first_paint(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/kit/")
    amount = page.locator(".row .money").first
    expect(amount).to_contain_text("$6.40")

    page.get_by_role("button", name="Hide amounts").first.click()
    expect(amount.locator(".v")).to_be_hidden()
    answer = page.reload()

    assert answer is not None
    assert 'data-amounts="hidden"' in answer.text()
    expect(amount.locator(".v")).to_be_hidden()
    assert amount.evaluate("node => getComputedStyle(node, '::after').content") == '"$•••" / "amount hidden"'
    page.get_by_role("button", name="Show amounts").first.click()
    expect(amount.locator(".v")).to_be_visible()


def test_display_choices_work_without_javascript(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/kit/")

    page.get_by_role("button", name="Dark").click()
    page.get_by_role("button", name="Hide amounts").first.click()

    expect(page).to_have_url(f"{live_server.url}/kit/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-amounts", "hidden")
    context.close()


def test_a_second_press_sends_nothing(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/kit/")
    expect(page.locator("html")).to_be_visible()

    sent, disabled, words = page.evaluate(
        """() => {
          const form = document.querySelector("form.form[data-lock]"), button = form.querySelector("button");
          let sent = 0;
          // Comes after the page's own listener: counts what would leave, and keeps the page here.
          document.addEventListener("submit", (event) => { sent += !event.defaultPrevented; event.preventDefault(); });
          form.noValidate = true;
          form.requestSubmit(button);
          form.requestSubmit(button);
          return new Promise((done) => setTimeout(() => done([sent, button.disabled, button.textContent])));
        }"""
    )

    assert (sent, disabled, words) == (1, True, "Sending…")


def test_a_dialog_opens_and_the_safe_choice_has_the_focus(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/kit/")

    page.get_by_role("button", name="Disconnect").click()
    dialog = page.get_by_role("dialog", name="Stop reading Joint Checking?")

    expect(dialog.get_by_role("button", name="Keep reading")).to_be_focused()
    dialog.get_by_role("button", name="Keep reading").click()
    expect(dialog).to_be_hidden()


def test_charts_are_drawn_and_have_a_table_without_javascript(
    page: Page, browser: Browser, live_server: LiveServer, complaints: list[str]
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{live_server.url}/kit/")
    expect(page.locator("[data-chart] canvas[width]")).to_have_count(3)

    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{live_server.url}/kit/")

    expect(plain.locator("[data-chart]").first).to_be_hidden()
    expect(plain.get_by_role("region", name="Checking is lowest on Nov 19")).to_be_visible()
    context.close()
