"""The headless sign-in of django-allauth and the API know the same sessions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.letters import last_letter
from tests.api.calling import Api, ok, refused
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "another-walk-in-the-hills"


def headless(method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return getattr(Client(), method)(
        f"/_allauth/app/v1/{path}", body or {}, content_type="application/json", headers=given
    )


def signed_in(cast: Cast, password: str = PASSWORD) -> str:
    assert cast.household
    answer = headless("post", "auth/login", {"email": cast.alice.email, "password": password})
    assert answer.status_code == 200, answer.content
    return str(answer.json()["meta"]["session_token"])


def test_a_token_opens_the_api_until_it_signs_out(cast: Cast) -> None:
    token = signed_in(cast)
    assert ok(Api(token).get("/me"))["user"]["email"] == "alice@example.com"

    assert headless("delete", "auth/session", X_Session_Token=token).status_code == 401

    refused(Api(token).get("/me"), 401, "unauthorized")


def test_a_wrong_password_gives_no_token(cast: Cast) -> None:
    assert cast.alice
    answer = headless("post", "auth/login", {"email": "alice@example.com", "password": "not-the-password"})

    assert answer.status_code == 400
    assert "session_token" not in answer.content.decode()


def test_a_new_password_ends_the_other_sessions(cast: Cast) -> None:
    other, own = signed_in(cast), signed_in(cast)
    change = {"current_password": PASSWORD, "new_password": NEW}

    answer = headless("post", "account/password/change", change, X_Session_Token=own)

    assert answer.status_code in (200, 401)
    refused(Api(other).get("/me"), 401, "unauthorized")
    ok(Api(signed_in(cast, NEW)).get("/me"))


def test_a_forgotten_password_is_set_anew(cast: Cast, run_tasks: Callable[[], object]) -> None:
    assert cast.household
    before = signed_in(cast)
    assert headless("post", "auth/password/request", {"email": "alice@example.com"}).status_code == 200
    run_tasks()
    [key] = re.findall(r"/password/reset/key/([^/\s]+)/", last_letter("alice@example.com"))

    answer = headless("post", "auth/password/reset", {"key": key, "password": NEW})

    assert answer.status_code in (200, 401)
    refused(Api(before).get("/me"), 401, "unauthorized")
    ok(Api(signed_in(cast, NEW)).get("/me"))


def test_somebody_who_was_locked_out_is_out_at_once(cast: Cast) -> None:
    token = signed_in(cast)
    User.objects.filter(pk=cast.alice.pk).update(is_active=False)

    refused(Api(token).get("/me"), 401, "unauthorized")


def test_a_member_who_was_removed_is_out_at_once(cast: Cast) -> None:
    from accounts.models import Membership
    from fcdash import tenancy

    token = signed_in(cast)
    with tenancy.system("a test removes a member"):
        Membership.objects.filter(user=cast.alice).delete()

    refused(Api(token).get("/accounts"), 404, "no_household")
    assert ok(Api(token).get("/me"))["households"] == []


def test_another_household_is_named_by_header(cast: Cast) -> None:
    from accounts.models import Membership, Role
    from fcdash import tenancy

    token, other = signed_in(cast), cast.strange_household
    with tenancy.system("a test adds a member"):
        Membership.objects.create(household=other, user=cast.alice, role=Role.VIEWER)
    there = Api(token, **{"X-Household": str(other.pk)})

    assert [h["role"] for h in ok(there.get("/me"))["households"]] == ["owner", "viewer"]
    refused(there.post("/bills", {}), 403, "forbidden")
    refused(Api(token).post("/bills", {}), 422, "invalid")
