"""The settings in a real browser: they change what they say, on a phone and on a desk, by day and by night."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.cast import PASSWORD, Cast, HouseholdFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture
def alice(page: Page, live_server: Any, cast: Cast) -> Page:
    """Alice, signed in, with a second household in which she only looks on."""
    assert cast.household
    HouseholdFactory(name="The cabin by the lake", members={cast.alice: "viewer", cast.bob: "owner"})
    page.goto(f"{live_server.url}/accounts/login/?next=/settings/")
    page.get_by_label("E-mail").fill(cast.alice.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").first.click()
    expect(page.get_by_role("heading", name="The Ames house", level=1)).to_be_visible()
    return page


def test_name_household_and_the_switch(alice: Page) -> None:
    alice.get_by_label("Your legal name").fill("Alice A. Ames")
    alice.get_by_role("button", name="Save your name").click()
    expect(alice.get_by_text("Your name is saved.")).to_be_visible()

    alice.get_by_label("Name of the household").fill("By the creek")
    alice.get_by_label("Time zone").select_option("America/Denver")
    alice.get_by_role("button", name="Save the household").click()
    expect(alice.get_by_role("heading", name="By the creek", level=1)).to_be_visible()

    alice.get_by_role("button", name="Open The cabin by the lake").last.click()
    alice.goto(alice.url.split("/", 3)[0] + "//" + alice.url.split("/")[2] + "/settings/")
    expect(alice.get_by_role("heading", name="The cabin by the lake", level=1)).to_be_visible()
    expect(alice.get_by_label("Time zone")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_cut_and_axe_finds_nothing_serious(alice: Page, width: int, scheme: Any) -> None:
    heard: list[str] = []
    alice.on("console", lambda message: heard.append(message.text) if message.type in ("error", "warning") else None)
    alice.emulate_media(color_scheme=scheme)
    alice.set_viewport_size({"width": width, "height": 900})
    alice.reload()
    if SHOTS:
        alice.screenshot(path=str(Path(SHOTS) / f"settings-{scheme}-{width}.png"), full_page=True)

    found = Axe().run(alice).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == [], found
    assert alice.evaluate("document.documentElement.scrollWidth") <= width
    assert heard == []
