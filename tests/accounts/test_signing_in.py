"""Signing in and out, a forgotten password, and answers that do not tell who has an account."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Mail, User
from tests.accounts.letters import last_letter, link_in
from tests.accounts.test_signing_up import sign_up
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db(transaction=True)
Run = Callable[..., Any]
NEW = "a-short-walk-up-the-hill"


def sign_in(browser: Client, email: str, password: str = PASSWORD) -> Any:
    return browser.post("/accounts/login/", {"login": email, "password": password})


def is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def masked(answer: Any, *addresses: str) -> tuple[int, str, str]:
    """An answer without what differs by its nature: tokens and the address itself."""
    text = answer.content.decode()
    for address in addresses:
        text = text.replace(address, "ADDRESS")
    return answer.status_code, answer.get("Location", ""), re.sub(r"\b[A-Za-z0-9]{64}\b", "TOKEN", text)


def ask_for_reset(browser: Client, email: str) -> Any:
    return browser.post("/accounts/password/reset/", {"email": email})


def reset(path: str, password: str) -> Client:
    """A browser that followed the mailed link and chose a new password."""
    browser = Client()
    if form := browser.get(path).get("Location"):
        browser.post(form, {"password1": password, "password2": password})
    return browser


@pytest.mark.parametrize("email", ["alice@example.com", "Alice@Example.COM"])
def test_address_and_password_open_the_dashboard(cast: Cast, email: str) -> None:
    assert cast.household
    browser = Client()

    assert sign_in(browser, email)["Location"] == "/"
    assert is_in(browser)


def test_a_wrong_password_opens_nothing(cast: Cast) -> None:
    assert cast.alice
    browser = Client()

    assert sign_in(browser, "alice@example.com", "wrong").status_code == 200
    assert not is_in(browser)


def test_the_session_is_a_new_one_after_sign_in(cast: Cast) -> None:
    assert cast.alice
    browser = Client()
    session = browser.session
    session["planted"] = "by somebody else"
    session.save()
    browser.cookies["session"] = planted = session.session_key

    sign_in(browser, "alice@example.com")

    assert is_in(browser)
    assert browser.cookies["session"].value != planted


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(cast: Cast) -> None:
    assert cast.alice
    browser = Client()
    sign_in(browser, "alice@example.com")

    cookie = browser.cookies["session"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_signing_out_ends_the_session(cast: Cast) -> None:
    assert cast.household
    browser = Client()
    sign_in(browser, "alice@example.com")
    key = browser.cookies["session"].value

    browser.get("/accounts/logout/")
    assert is_in(browser)  # looking at the page is no wish
    browser.post("/accounts/logout/")

    stolen = Client()
    stolen.cookies["session"] = key
    assert stolen.get("/settings/").status_code == 302


def test_a_mailed_link_sets_a_new_password_once(cast: Cast, run_tasks: Run) -> None:
    assert cast.alice
    ask_for_reset(Client(), "alice@example.com")
    run_tasks()
    path = link_in(last_letter("alice@example.com"))

    reset(path, NEW)
    reset(path, "another-walk-by-the-sea")

    browser = Client()
    sign_in(browser, "alice@example.com", NEW)
    assert is_in(browser)


def test_a_new_password_ends_every_other_session(cast: Cast, run_tasks: Run) -> None:
    assert cast.household
    thief = Client()
    sign_in(thief, "alice@example.com")
    ask_for_reset(Client(), "alice@example.com")
    run_tasks()

    reset(link_in(last_letter("alice@example.com")), NEW)

    assert thief.get("/settings/").status_code == 302


def test_the_link_leads_to_our_own_host(cast: Cast, run_tasks: Run) -> None:
    assert cast.alice

    answer = Client(headers={"host": "evil.example"}).post("/accounts/password/reset/", {"email": "alice@example.com"})

    assert answer.status_code == 400
    assert not Mail.objects.exists()


def test_a_form_without_its_token_does_nothing(cast: Cast) -> None:
    assert cast.alice
    strict = Client(enforce_csrf_checks=True)

    assert sign_in(strict, "alice@example.com").status_code == 403
    assert sign_up(strict, "new@example.com").status_code == 403
    assert User.objects.count() == 1


def test_sign_in_does_not_tell_who_has_an_account(cast: Cast) -> None:
    assert cast.alice

    known = masked(sign_in(Client(), "alice@example.com", "wrong"), "alice@example.com")
    unknown = masked(sign_in(Client(), "nobody@example.com", "wrong"), "nobody@example.com")

    assert known == unknown


def test_a_reset_does_not_tell_who_has_an_account(cast: Cast) -> None:
    assert cast.alice

    known = masked(ask_for_reset(Client(), "alice@example.com"), "alice@example.com")
    unknown = masked(ask_for_reset(Client(), "nobody@example.com"), "nobody@example.com")

    assert known == unknown


def test_sign_up_does_not_tell_who_has_an_account(cast: Cast, run_tasks: Run) -> None:
    assert cast.alice
    taken, free = Client(), Client()

    known = masked(sign_up(taken, "alice@example.com"), "alice@example.com")
    unknown = masked(sign_up(free, "nobody@example.com"), "nobody@example.com")

    assert known == unknown
    pages = [
        masked(b.get("/accounts/confirm-email/"), "alice@example.com", "nobody@example.com") for b in (taken, free)
    ]
    assert pages[0] == pages[1]
    run_tasks(failures=True)
    assert "already" in next(str(m.body) for m in mail.outbox if m.to == ["alice@example.com"])


def test_guessing_is_slowed_down(cast: Cast) -> None:
    assert cast.alice
    browser = Client()

    tries = [sign_in(browser, "alice@example.com", f"guess {n}") for n in range(12)]

    assert "Too many" in tries[-1].content.decode() or tries[-1].status_code == 429
    sign_in(browser, "alice@example.com")
    assert not is_in(browser)


def test_a_stranger_who_guesses_elsewhere_locks_nobody_out_for_long(cast: Cast) -> None:
    assert cast.alice
    for n in range(12):
        Client(REMOTE_ADDR="198.51.100.7").post("/accounts/login/", {"login": "alice@example.com", "password": str(n)})

    from django.core.cache import cache

    cache.clear()  # what the passing of the limit's time does
    browser = Client()
    sign_in(browser, "alice@example.com")
    assert is_in(browser)
