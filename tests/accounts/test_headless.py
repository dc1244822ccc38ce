"""Sign-up, verification, sign-in, reset and sign-out of apps: the session token alone, no cookies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.households import places_of
from accounts.models import User
from tests.accounts.letters import code_in, last_letter, link_in
from tests.cast import PASSWORD, Cast
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
Run = Callable[..., Any]
EMAIL = "dana@example.com"
NEW = "a-short-walk-up-the-hill"


def call(method: str, path: str, body: Any = None, token: str = "", **headers: str) -> Any:
    """One call of an app that keeps no cookies and sends no CSRF token."""
    named = {**({"X-Session-Token": token} if token else {}), **headers}
    client = Client(enforce_csrf_checks=True)
    return client.generic(
        method,
        f"/_allauth/app/v1/{path}",
        "" if body is None else json.dumps(body),
        "application/json",
        headers=named,
    )


def signed_in(email: str, password: str = PASSWORD) -> str:
    answer = call("POST", "auth/login", {"email": email, "password": password})
    assert answer.status_code == 200, answer.content
    return str(answer.json()["meta"]["session_token"])


def test_sign_up_then_the_mailed_code_gives_a_session(sandbox: Sandbox, run_tasks: Run) -> None:
    answer = call("POST", "auth/signup", {"email": EMAIL, "password": PASSWORD}, **{"X-Time-Zone": "Europe/Lisbon"})
    pending = [flow["id"] for flow in answer.json()["data"]["flows"] if flow.get("is_pending")]
    token = answer.json()["meta"]["session_token"]
    assert (answer.status_code, pending) == (401, ["verify_email"])
    run_tasks()

    verified = call("POST", "auth/email/verify", {"key": code_in(last_letter(EMAIL))}, token)

    assert verified.status_code == 200
    token = verified.json()["meta"].get("session_token", token)
    assert call("GET", "auth/session", token=token).json()["data"]["user"]["email"] == EMAIL
    dana = User.objects.get()
    assert places_of(dana)[0].time_zone == "Europe/Lisbon"
    assert str(dana.stripe_customer_id).startswith("cus_")


def test_a_wrong_code_gives_none(sandbox: Sandbox, run_tasks: Run) -> None:
    token = call("POST", "auth/signup", {"email": EMAIL, "password": PASSWORD}).json()["meta"]["session_token"]

    assert call("POST", "auth/email/verify", {"key": "AAAA-AAAA"}, token).status_code == 400
    assert call("GET", "auth/session", token=token).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        *({}, [], "x", None, {"email": EMAIL}, {"password": PASSWORD}, {"email": "x", "password": PASSWORD}),
        {"email": EMAIL, "password": "short"},
        {"email": f"a\x00{EMAIL}", "password": PASSWORD},
        {"email": EMAIL, "password": ["x"]},
    ],
)
def test_what_is_no_sign_up_is_refused(body: Any) -> None:
    assert call("POST", "auth/signup", body).status_code == 400
    assert not User.objects.exists()


def test_extra_fields_give_no_rights(sandbox: Sandbox) -> None:
    call("POST", "auth/signup", {"email": EMAIL, "password": PASSWORD, "is_staff": True, "is_superuser": True})

    dana = User.objects.get()
    assert (dana.is_staff, dana.is_superuser) == (False, False)


def test_sign_in_and_out(cast: Cast) -> None:
    assert cast.household
    token = signed_in("alice@example.com")
    assert call("GET", "auth/session", token=token).status_code == 200

    assert call("DELETE", "auth/session", token=token).status_code == 401

    assert call("GET", "auth/session", token=token).status_code in (401, 410)


def test_a_forgotten_password_is_set_anew_with_the_mailed_key(cast: Cast, run_tasks: Run) -> None:
    assert cast.alice
    thief = signed_in("alice@example.com")
    assert call("POST", "auth/password/request", {"email": "alice@example.com"}).status_code == 200
    run_tasks()
    key = re.search(r"/key/([^/]+)/", link_in(last_letter("alice@example.com")))
    assert key is not None

    answer = call("POST", "auth/password/reset", {"key": key[1], "password": NEW})

    assert answer.status_code in (200, 401)  # 401: changed, and not signed in by it
    assert call("GET", "auth/session", token=thief).status_code in (401, 410)
    signed_in("alice@example.com", NEW)


def test_a_key_works_once(cast: Cast, run_tasks: Run) -> None:
    assert cast.alice
    call("POST", "auth/password/request", {"email": "alice@example.com"})
    run_tasks()
    key = re.search(r"/key/([^/]+)/", link_in(last_letter("alice@example.com")))
    assert key is not None
    call("POST", "auth/password/reset", {"key": key[1], "password": NEW})

    assert call("POST", "auth/password/reset", {"key": key[1], "password": PASSWORD}).status_code == 400


def test_nothing_tells_who_has_an_account(cast: Cast) -> None:
    assert cast.alice

    for path, body in (("auth/login", {"password": "wrong"}), ("auth/password/request", {})):
        known = call("POST", path, {**body, "email": "alice@example.com"})
        unknown = call("POST", path, {**body, "email": "nobody@example.com"})
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    known = call("POST", "auth/signup", {"email": "alice@example.com", "password": PASSWORD})
    unknown = call("POST", "auth/signup", {"email": "nobody@example.com", "password": PASSWORD})
    assert (known.status_code, known.json()["data"]) == (unknown.status_code, unknown.json()["data"])


def test_a_second_factor_is_asked_for(cast: Cast) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(cast.alice, generate_totp_secret())

    answer = call("POST", "auth/login", {"email": "alice@example.com", "password": PASSWORD})

    pending = [flow["id"] for flow in answer.json()["data"]["flows"] if flow.get("is_pending")]
    assert (answer.status_code, pending) == (401, ["mfa_authenticate"])


def test_guessing_is_slowed_down(cast: Cast) -> None:
    assert cast.alice

    statuses = [
        call("POST", "auth/login", {"email": "alice@example.com", "password": f"guess {n}"}).status_code
        for n in range(12)
    ]

    assert statuses[0] == 400
    assert call("POST", "auth/login", {"email": "alice@example.com", "password": PASSWORD}).status_code in (400, 429)
