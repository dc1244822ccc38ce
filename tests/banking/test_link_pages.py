"""Pages about what linking asks for: the usual page says it, and one account may be allowed more."""

from __future__ import annotations

from typing import Any

import pytest

from banking import linking
from banking.asking import Choice
from banking.models import Account
from tests.cast import Cast
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def narrow(sandbox: Sandbox, cast: Cast, bank_keys: list[str]) -> Account:
    """Alice's checking account, linked for its balance alone."""
    started = linking.start(cast.household.pk, cast.alice, choice=Choice(["balances"]))
    authorize = f"/sandbox/link-sessions/{started.session_id}/authorize"
    sandbox.post(authorize, {"accounts": bank_keys[:1], "result": "success"})
    [account] = linking.complete(cast.household.pk, cast.alice, started.session_id)
    return account


def asked(sandbox: Sandbox) -> dict[str, Any]:
    sessions = [r for r in sandbox.get("/sandbox/requests")["data"] if r["path"].endswith("/sessions")]
    return dict(sessions[-1]["params"])


def test_the_page_says_what_the_operator_asks_for_and_no_more(cast: Cast, settings: Any) -> None:
    assert cast.household
    settings.LINK_PERMISSIONS = ["balances", "payment_method"]

    page = cast.client(cast.alice).get("/banks/link/").content.decode()

    assert "What you have today" in page
    assert "180 days" not in page
    assert "Whose account it is" not in page


def test_more_is_explained_and_asked_for_in_a_session_of_its_own(cast: Cast, sandbox: Sandbox, narrow: Account) -> None:
    browser = cast.client(cast.alice)
    assert f"/banks/{narrow.pk}/more/" in browser.get(f"/banks/{narrow.pk}/").content.decode()

    page = browser.get(f"/banks/{narrow.pk}/more/").content.decode()
    opened = browser.post(f"/banks/{narrow.pk}/more/", {"permissions": ["transactions"]})

    assert all(words in page for words in ("Transactions", "Owners", "Paying from it", "Each payment still needs"))
    assert "What you have today" not in page
    assert "On to Stripe" in opened.content.decode()
    assert asked(sandbox)["permissions"] == ["balances", "transactions"]
    # A connection is renewed as it is; whoever gives more gives it anew.
    assert "relink_options" not in asked(sandbox)


def test_who_did_not_link_it_cannot_allow_more(cast: Cast, narrow: Account) -> None:
    page = cast.client(cast.bob).get(f"/banks/{narrow.pk}/more/").content.decode()
    answer = cast.client(cast.bob).post(f"/banks/{narrow.pk}/more/", headers={"Accept": "application/json"})

    assert "Only who linked this account" in page
    assert answer.status_code == 409


def test_with_nothing_left_to_allow_there_is_no_such_page(cast: Cast) -> None:
    assert cast.client(cast.alice).get(f"/banks/{cast.checking.pk}/more/").status_code == 302
