"""Driving the bank-link dialog as a person does, on a page that a test may reload but never leaves open."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Frame, FrameLocator, Page, expect

from tests.sandbox_client import Sandbox

KEY = ("sk_test_sandbox", "")
CURRENT, PREVIEW = "2026-10-28.endive", "2026-04-22.preview; financial_connections_hosted_beta=v1"
Body = dict[str, Any]
NewSession = Callable[..., Body]
_loads = count()


def stripe_call(sandbox: Sandbox, path: str, data: Body | None = None, version: str = CURRENT) -> Body:
    method = "POST" if data is not None else "GET"
    url, headers = f"{sandbox.url}/v1/{path}", {"Stripe-Version": version}
    answer = requests.request(method, url, data=data, auth=KEY, headers=headers, timeout=30)
    assert answer.ok, answer.text
    body: Body = answer.json()
    return body


def new_customer(sandbox: Sandbox, **more: str) -> str:
    return str(stripe_call(sandbox, "customers", {"email": "ana.rivera@example.com", **more})["id"])


def linked_names(answer: Body) -> list[str]:
    return [account["display_name"] for account in answer["financialConnectionsSession"]["accounts"]]


def nothing_found_by_axe(page: Page, place: Page | Frame) -> None:
    """In the light all rules; in the dark those of colour, since nothing else changes."""
    page.emulate_media(color_scheme="light")
    found = Axe().run(place).response["violations"]
    page.emulate_media(color_scheme="dark")
    found += Axe().run(place, options={"runOnly": ["color-contrast"]}).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


class Stage:
    """One page for all tests: as it is when a browser has just opened it, and what it complained of since."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def load(self, address: str, fragment: str = "") -> None:
        self.page.set_viewport_size({"width": 1280, "height": 720})
        self.page.emulate_media(reduced_motion="reduce", color_scheme="light")
        # Another query each time: an address that differs by its fragment alone loads nothing.
        self.page.goto(f"{address}?{next(_loads)}#{fragment}")
        self.complaints.clear()


class Link:
    """The page and its dialog as a person meets them."""

    def __init__(self, stage: Stage, host: str, secret: str, method: str = "", *arguments: Any) -> None:
        """Opens the dialog: by the page's own button, or by another method of Stripe.js."""
        self.page, self.complaints = stage.page, stage.complaints
        stage.load(host, secret)
        if method:
            self.call(method, *arguments)
        else:
            self.page.get_by_role("button", name="Link a bank").click()

    def call(self, method: str, *arguments: Any) -> None:
        """Calls Stripe.js as a page does; the answer comes when it comes."""
        self.page.evaluate("([method, given]) => void window.callStripe(method, given)", [method, arguments])

    @property
    def dialog(self) -> FrameLocator:
        return self.page.frame_locator("iframe")

    def press(self, button: str) -> None:
        self.dialog.get_by_role("button", name=button, exact=True).click()

    def type(self, label: str, text: str) -> None:
        self.dialog.get_by_label(label, exact=True).fill(text)

    def title(self, text: str) -> None:
        expect(self.dialog.get_by_role("heading", level=1)).to_have_text(text)

    def alert(self, text: str) -> None:
        expect(self.dialog.locator(".problem:visible")).to_have_text(text)

    def to_banks(self) -> None:
        self.press("Agree and continue")
        self.title("Choose your bank")

    def to_sign_in(self, bank: str = "Cascade Credit Union") -> None:
        self.to_banks()
        self.press(bank)

    def sign_in(self, password: str = "any") -> None:
        self.type("Username", "ana")
        self.type("Password", password)
        self.press("Sign in")

    def to_accounts(self) -> None:
        self.to_sign_in()
        self.sign_in()
        self.title("Choose accounts at Cascade Credit Union")

    def finish(self) -> Body:
        self.press("Connect accounts")
        self.press("Done")
        return self.answer()

    def stop(self) -> Body:
        self.press("Close")
        self.press("Stop linking")
        return self.answer()

    def answer(self) -> Body:
        said = self.page.locator("#answer:not(:empty)").text_content()
        assert said is not None
        body: Body = json.loads(said)
        return body
