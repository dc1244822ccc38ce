"""Signing up: a code by mail, a household of one's own, and a Customer at Stripe made once, whatever happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import customers
from accounts.households import places_of
from accounts.models import Mail, Role, User
from accounts.people import rename
from fcdash.gateway.errors import StripeProblem
from tests.accounts.letters import code_in, last_letter
from tests.cast import UserFactory
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
Run = Callable[..., Any]
EMAIL, PASSWORD = "dana@example.com", "a-long-walk-by-the-sea"
CREATE = "POST /v1/customers"


def sign_up(browser: Client, email: str = EMAIL) -> Any:
    return browser.post("/accounts/signup/", {"email": email, "password1": PASSWORD})


def fault(sandbox: Sandbox, kind: str, times: int = 50) -> None:
    sandbox.put("/sandbox/faults", {"api": [{"match": CREATE, "kind": kind, "times": times}]})


def _lost(match: str) -> dict[str, Any]:
    return {"match": match, "kind": "500_after_success" if match == CREATE else "500", "times": 9}


def at_stripe(sandbox: Sandbox) -> list[dict[str, Any]]:
    return list(sandbox.get("/v1/customers?limit=100")["data"])


def test_the_page_asks_for_address_and_password_alone() -> None:
    page = Client().get("/accounts/signup/").content.decode()

    assert set(re.findall(r'<input[^>]* name="(\w+)"', page)) - {"csrfmiddlewaretoken", "next"} == {
        "email",
        "password1",
    }


def test_the_mailed_code_opens_the_dashboard(sandbox: Sandbox, run_tasks: Run) -> None:
    browser = Client()
    sign_up(browser, "Dana@Example.com")
    run_tasks()

    answer = browser.post("/accounts/confirm-email/", {"code": code_in(last_letter(EMAIL))})

    dana = User.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert browser.session["_auth_user_id"] == str(dana.pk)
    assert dana.emailaddress_set.get().verified
    assert (dana.email, dana.name) == (EMAIL, "")


def test_without_the_code_nobody_is_signed_in(sandbox: Sandbox, run_tasks: Run) -> None:
    browser = Client()
    sign_up(browser)
    run_tasks()

    assert browser.post("/accounts/confirm-email/", {"code": "AAAA-AAAA"}).status_code == 200
    assert "_auth_user_id" not in browser.session
    assert browser.get("/settings/").status_code == 302


def test_the_mail_is_a_row_that_is_emptied_once_sent(sandbox: Sandbox, run_tasks: Run) -> None:
    sign_up(Client())
    waiting = Mail.objects.get()
    assert (waiting.state, mail.outbox) == ("waiting", [])
    code = code_in(waiting.text)

    run_tasks()

    sent = Mail.objects.get()
    assert (sent.state, sent.text, sent.html, len(mail.outbox)) == ("sent", "", "", 1)
    [letter] = mail.outbox
    assert code in str(letter.alternatives[0][0])
    assert code not in letter.subject


@pytest.mark.parametrize(
    ("said", "kept"),
    [("Europe/Lisbon", "Europe/Lisbon"), ("Mars/Olympus", "America/New_York"), ("", "America/New_York")],
)
def test_the_household_counts_its_days_in_the_browsers_zone(sandbox: Sandbox, said: str, kept: str) -> None:
    browser = Client()
    browser.cookies["timezone"] = said

    sign_up(browser)

    [place] = places_of(User.objects.get())
    assert (place.time_zone, place.role, place.name) == (kept, Role.OWNER, "dana’s household")


def test_two_equal_sign_ups_at_once_make_one_user(sandbox: Sandbox) -> None:
    def once(_: int) -> int:
        try:
            return sign_up(Client()).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(once, range(4)))

    assert set(statuses) <= {302, 429}
    assert User.objects.count() == 1


def test_stripe_being_down_blocks_no_sign_up(sandbox: Sandbox, run_tasks: Run) -> None:
    fault(sandbox, "500")
    browser = Client()
    sign_up(browser)
    run_tasks(failures=True)

    assert browser.post("/accounts/confirm-email/", {"code": code_in(last_letter(EMAIL))})["Location"] == "/"
    assert User.objects.get().stripe_customer_id is None


def test_the_repair_makes_the_customer_that_is_missing(sandbox: Sandbox, run_tasks: Run) -> None:
    from accounts.tasks import repair_customers

    fault(sandbox, "500")
    sign_up(Client())
    run_tasks(failures=True)
    sandbox.put("/sandbox/faults", {"api": []})

    repair_customers.delay()
    run_tasks()

    [customer] = at_stripe(sandbox)
    assert (User.objects.get().stripe_customer_id, customer["email"]) == (customer["id"], EMAIL)


@pytest.mark.parametrize("kind", ["500_after_success", "timeout_after_success", "connection_reset_after_success"])
def test_a_lost_answer_makes_no_second_customer(sandbox: Sandbox, settings: Any, kind: str) -> None:
    settings.STRIPE_READ_SECONDS = 1
    dana = UserFactory(email=EMAIL)
    fault(sandbox, kind, times=3)
    with suppress(StripeProblem):
        customers.ensure_customer(dana.pk)

    customers.ensure_customer(dana.pk)

    dana.refresh_from_db()
    assert [customer["id"] for customer in at_stripe(sandbox)] == [dana.stripe_customer_id]


def test_many_tasks_at_once_make_one_customer(sandbox: Sandbox) -> None:
    dana = UserFactory(email=EMAIL)

    def once(_: int) -> str:
        try:
            return customers.ensure_customer(dana.pk)
        except StripeProblem:
            return "again"
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(once, range(12)))

    [customer] = at_stripe(sandbox)
    assert answers - {"again"} == {customer["id"]}


def test_a_day_later_the_customer_is_looked_for_first(sandbox: Sandbox) -> None:
    dana = UserFactory(email=EMAIL)
    made = customers.ensure_customer(dana.pk)
    sandbox.post("/sandbox/idempotency/forget")
    User.objects.update(stripe_customer_id=None, date_joined=timezone.now() - timedelta(hours=25))

    assert customers.ensure_customer(dana.pk) == made
    assert len(at_stripe(sandbox)) == 1


def test_a_name_given_after_a_lost_answer_reaches_the_same_customer(sandbox: Sandbox, run_tasks: Run) -> None:
    dana = UserFactory(email=EMAIL, name="")
    sandbox.put("/sandbox/faults", {"api": [_lost(CREATE), _lost("GET /v1/customers")]})
    with pytest.raises(StripeProblem):
        customers.ensure_customer(dana.pk)
    sandbox.put("/sandbox/faults", {"api": []})

    rename(dana.pk, "Dana Drew")
    User.objects.update(email="drew@example.com")
    run_tasks()

    [customer] = at_stripe(sandbox)
    dana.refresh_from_db()
    assert (customer["id"], customer["name"], customer["email"]) == (
        dana.stripe_customer_id,
        "Dana Drew",
        "drew@example.com",
    )


def test_a_new_address_reaches_stripe_by_the_repair(sandbox: Sandbox, run_tasks: Run) -> None:
    from accounts.tasks import repair_customers

    dana = UserFactory(email=EMAIL)
    customers.ensure_customer(dana.pk)
    assert customers.due() == []
    User.objects.update(email="drew@example.com")

    repair_customers.delay()
    run_tasks()

    assert at_stripe(sandbox)[0]["email"] == "drew@example.com"
    assert customers.due() == []


def test_whom_stripe_refuses_delays_nobody(sandbox: Sandbox) -> None:
    refused, waiting = UserFactory(), UserFactory()
    User.objects.filter(pk=refused.pk).update(customer_error="email_invalid")

    assert customers.due() == [waiting.pk, refused.pk]


def test_a_new_name_reaches_stripe_also_when_changed_back(sandbox: Sandbox, run_tasks: Run) -> None:
    dana = UserFactory(email=EMAIL, name="Dana")
    customers.ensure_customer(dana.pk)

    for name in ("Dana Drew", "Dana", "Dana Drew"):
        rename(dana.pk, name)
        run_tasks()

    assert at_stripe(sandbox)[0]["name"] == "Dana Drew"
