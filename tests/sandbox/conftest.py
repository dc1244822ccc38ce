"""One browser page, one host page and a maker of sessions, shared by the tests of the dialog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.sandbox.bank_link_host import host_page
from tests.sandbox.dialog_driving import CURRENT, Body, Link, NewSession, Stage, new_customer, stripe_call
from tests.sandbox_client import Sandbox


@pytest.fixture(scope="session")
def stage(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Stage]:
    context = browser.new_context(**browser_context_args)
    yield Stage(context.new_page())
    context.close()


@pytest.fixture(scope="session")
def host(_sandbox: Sandbox) -> Iterator[str]:
    with host_page(f"{_sandbox.url}/v3/") as address:
        yield address


@pytest.fixture
def new_session(sandbox: Sandbox) -> NewSession:
    """`new_session(**more)`: a link session of a new customer, by Stripe's own API."""

    def make(version: str = CURRENT, customer: str | None = None, **more: str) -> Body:
        holder = {"account_holder[type]": "customer", "account_holder[customer]": customer or new_customer(sandbox)}
        asked = {
            f"permissions[{n}]": each
            for n, each in enumerate(("balances", "ownership", "payment_method", "transactions"))
        }
        return stripe_call(sandbox, "financial_connections/sessions", {**holder, **asked, **more}, version)

    return make


@pytest.fixture
def link(stage: Stage, host: str, new_session: NewSession) -> Link:
    """A dialog that has just been opened; nothing may complain in the console until the test ends."""
    return Link(stage, host, new_session()["client_secret"])
