"""Accounts by hand and files in a real browser: from nothing to figures and back, with and without JavaScript."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from tests.cast import PASSWORD, Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("SCREENSHOTS")
SIZES = [("light", 1280), ("dark", 360)]


def file(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


# The month before this one, so that no row lies in the future.
MONTH = (timezone.now().date().replace(day=1) - timedelta(days=1)).replace(day=1)


def statement() -> dict[str, Any]:
    """A card's file as banks write them: lines above, a day that is none, twins, a comma in a name."""
    month = f"{MONTH:%m.%Y}"
    lines = ["Card ending 4410", "", "Posting Date;Payee;Debit;Credit;Type"]
    lines += [f"01.{month};SQ *CORNER CAFE;4,50;;Purchase"] * 2
    lines += [f"02.{month};Böttcher & Söhne, Groceries with a very long name that goes on;1.084,90;;Purchase"]
    lines += [f"31.02.{month[3:]};NOWHERE;1,00;;Purchase", f"03.{month};ACME PAYROLL;;2.184,62;Credit"]
    lines += [f"{day:02d}.{month};KIOSK {day};{day},00;;Purchase" for day in range(4, 16)]
    return file("statement.csv", "\r\n".join(lines))


def sign_in(page: Page, url: str, cast: Cast) -> None:
    assert cast.household
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("E-mail").fill(cast.alice.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")


@pytest.fixture
def alice(page: Page, live_server: Any, cast: Cast) -> Iterator[Page]:
    """Alice, signed in; what the console complains about fails the test."""
    heard: list[str] = []
    page.on("console", lambda m: heard.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    sign_in(page, live_server.url, cast)
    yield page
    assert heard == []


def look(page: Page, name: str) -> None:
    """Nothing cut, nothing serious for axe, on a phone in the dark and on a desk by day."""
    for scheme, width in SIZES:
        # Without motion: a colour on its way from day to night has no contrast to speak of.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 900})
        if SHOTS:
            page.screenshot(path=str(Path(SHOTS) / f"{name}-{scheme}-{width}.png"), full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert found == [], [(v["id"], [n["html"] for n in v["nodes"]]) for v in found]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def open_account(page: Page) -> None:
    page.get_by_role("link", name="Keep an account by hand").click()
    page.get_by_label("Name").fill("Store card")
    page.get_by_label("What it is").select_option("Credit card")
    page.get_by_label("What it held").fill("-320.50")
    page.get_by_label("At the beginning of").fill(f"{MONTH}")


def test_from_nothing_to_figures_and_back(alice: Page) -> None:
    open_account(alice)
    look(alice, "1-new")
    alice.get_by_role("button", name="Open the account").click()
    expect(alice.get_by_text("Kept by hand").first).to_be_visible()
    look(alice, "2-account")

    alice.get_by_role("link", name="Write a row").click()
    alice.get_by_label("Amount", exact=True).fill("4.50")
    alice.get_by_label("On", exact=True).fill(f"{MONTH + timedelta(days=1)}")
    alice.get_by_label("Where, or who").fill("Coffee with Bob")
    look(alice, "3-row")
    alice.get_by_role("button", name="Write it").click()

    alice.get_by_role("link", name="Bring a file").click()
    alice.get_by_label("The file").set_input_files(file("statement.pdf", "%PDF-1.7"))
    alice.get_by_role("button", name="Look at it").click()
    expect(alice.get_by_text("This is a PDF.")).to_be_visible()
    look(alice, "4-bring")
    alice.get_by_label("The file").set_input_files(statement())
    alice.get_by_role("button", name="Look at it").click()

    expect(alice.get_by_label("Money out")).to_have_value("2")
    expect(alice.get_by_label("Dates are written")).to_have_value("dmy")
    expect(alice.get_by_label("Amounts are written")).to_have_value(",")
    look(alice, "5-reading")
    alice.get_by_role("button", name="Look at the rows").click()

    expect(alice.get_by_text(f"“31.02.{MONTH.year}” is no date")).to_be_visible()
    expect(alice.get_by_role("group", name="SQ *CORNER CAFE")).to_have_count(1)
    look(alice, "6-look")
    alice.get_by_role("button", name="Import").click()
    expect(alice.get_by_text("Nothing was imported yet")).to_be_visible()
    alice.get_by_label("Leave this line out").check()
    alice.get_by_role("button", name="Import").click()
    expect(alice.get_by_role("heading", name="What it did")).to_be_visible()
    look(alice, "7-done")

    alice.get_by_role("link", name="See the rows").click()
    expect(alice.get_by_text("Kiosk").first).to_be_visible()
    alice.get_by_text("Export").click()
    with alice.expect_download() as download:
        alice.get_by_role("link", name="CSV, for spreadsheets").click()
    assert b"CORNER CAFE" in download.value.path().read_bytes()
    look(alice, "8-transactions")
    alice.get_by_role("link", name="Acme", exact=True).first.click()
    alice.get_by_label("Note").fill("Pay")
    alice.get_by_role("button", name="Keep note").click()

    alice.goto(alice.url.split("/transactions")[0] + "/banks/imports/")
    look(alice, "9-imports")
    alice.get_by_role("link", name="statement.csv").click()
    alice.get_by_role("link", name="Undo this import…").click()
    expect(alice.get_by_text("1 row of the file stays because you said something about it.")).to_be_visible()
    look(alice, "10-undoing")
    alice.get_by_role("button", name="Undo the import").click()
    expect(alice.get_by_text("14 rows taken away").first).to_be_visible()
    alice.goto(alice.url.split("/banks")[0] + "/")
    expect(alice.get_by_text("Store card").first).to_be_visible()
    look(alice, "11-home")
    alice.get_by_role("link", name="Accounts", exact=True).first.click()
    look(alice, "12-accounts")


def test_without_javascript(browser: Browser, live_server: Any, cast: Cast) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server.url, cast)
    open_account(page)
    page.get_by_role("button", name="Open the account").click()

    page.get_by_role("link", name="Bring a file").click()
    page.get_by_label("The file").set_input_files(statement())
    page.get_by_role("button", name="Look at it").click()
    page.get_by_text("Letters or columns look wrong?").click()
    page.get_by_label("Columns are parted by").select_option("Comma")
    page.get_by_role("button", name="Look again").click()
    page.get_by_text("Letters or columns look wrong?").click()
    page.get_by_label("Columns are parted by").select_option("Semicolon")
    page.get_by_role("button", name="Look again").click()
    page.get_by_role("button", name="Look at the rows").click()
    page.get_by_label("Leave this line out").check()
    page.get_by_role("button", name="Import 16 rows").click()

    expect(page.get_by_role("heading", name="What it did")).to_be_visible()
    context.close()
