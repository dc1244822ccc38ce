"""What staff ask for of users and mail, and what their rights do not reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client

from accounts import oversight
from accounts.mailing import queue_mail
from accounts.models import Mail, StaffAction, User
from tests.cast import PASSWORD, Cast, UserFactory
from tests.sandbox_client import Sandbox
from tests.staff import WHY, ask, sam_at_work

pytestmark = pytest.mark.django_db(transaction=True)
Run = Callable[..., Any]


def signed_in(user: User) -> Client:
    """A browser in which the user signed in by the page."""
    browser = Client()
    browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert "_auth_user_id" in browser.session
    return browser


def helper(*rights: str) -> User:
    """Staff with these rights and no more."""
    kim = UserFactory(email="kim@example.com", is_staff=True)
    kim.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return kim


def test_who_is_deactivated_is_out_everywhere_and_stays_out(cast: Cast) -> None:
    assert cast.household
    phone, laptop = signed_in(cast.alice), signed_in(cast.alice)

    action = ask(sam_at_work(cast), cast.alice, "users.deactivate")

    assert [browser.get("/settings/").status_code for browser in (phone, laptop)] == [302, 302]
    Client().post("/accounts/login/", {"login": cast.alice.email, "password": PASSWORD})
    assert cast.alice.usersession_set.count() == 0
    assert action is not None
    assert (action.outcome, action.reason, action.finished_at is None) == ("deactivated", WHY, False)


def test_reactivated_they_sign_in_again(cast: Cast) -> None:
    sam = sam_at_work(cast)
    ask(sam, cast.alice, "users.deactivate")
    ask(sam, cast.alice, "users.reactivate")

    signed_in(cast.alice)


def test_ending_sessions_signs_out_everywhere(cast: Cast) -> None:
    assert cast.household
    phone = signed_in(cast.alice)

    ask(sam_at_work(cast), cast.alice, "users.sign_out")

    assert phone.get("/settings/").status_code == 302


def test_nobody_deactivates_themselves(cast: Cast) -> None:
    action = ask(sam_at_work(cast), cast.sam, "users.deactivate")

    assert action is not None
    assert action.outcome == "Not done: nobody deactivates themselves"
    assert User.objects.get(pk=cast.sam.pk).is_active


def test_the_missing_customer_is_made_by_the_worker(cast: Cast, sandbox: Sandbox, run_tasks: Run) -> None:
    action = ask(sam_at_work(cast), cast.alice, "users.make_customer")
    assert sandbox.get("/v1/customers?limit=10")["data"] == []
    run_tasks()

    [customer] = sandbox.get("/v1/customers?limit=10")["data"]
    assert action is not None
    action.refresh_from_db()
    assert action.outcome == f"Customer {customer['id']}"


def test_a_wish_whose_message_was_lost_is_swept(cast: Cast, sandbox: Sandbox, run_tasks: Run) -> None:
    from tests.tasks import empty_valkey

    action = ask(sam_at_work(cast), cast.alice, "users.make_customer")
    empty_valkey()
    from accounts.tasks import sweep_staff_actions

    sweep_staff_actions.delay()
    run_tasks()

    assert action is not None
    action.refresh_from_db()
    assert action.outcome.startswith("Customer cus_")


def test_a_wish_is_carried_out_once(cast: Cast, sandbox: Sandbox, run_tasks: Run) -> None:
    action = ask(sam_at_work(cast), cast.alice, "users.make_customer")
    run_tasks()
    assert action is not None
    action.refresh_from_db()
    finished = action.finished_at

    oversight.carry_out(action.pk)

    action.refresh_from_db()
    assert (action.finished_at, action.attempts) == (finished, 1)


def test_the_outcome_cannot_be_rewritten(cast: Cast) -> None:
    ask(sam_at_work(cast), cast.alice, "users.deactivate")

    with pytest.raises(IntegrityError), transaction.atomic():
        StaffAction.objects.update(outcome="nothing happened")
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffAction.objects.all().delete()


def test_failed_mail_is_sent_again(cast: Cast, run_tasks: Run) -> None:
    letter = queue_mail("alice@example.com", "receipt", "Paid", "Paid.")
    Mail.objects.update(state="failed", attempts=8)

    action = ask(sam_at_work(cast), letter, "mail.retry")
    run_tasks()

    assert [sent.to for sent in mail.outbox] == [["alice@example.com"]]
    assert action is not None
    action.refresh_from_db()
    assert action.outcome == "sent"


def test_the_words_of_a_mail_are_not_shown(cast: Cast) -> None:
    letter = queue_mail("alice@example.com", "email_confirmation", "A code", "QWER-TYUI")

    page = sam_at_work(cast).get(f"/admin/accounts/mail/{letter.pk}/change/").content.decode()

    assert "A code" not in page
    assert "QWER-TYUI" not in page


def test_a_right_to_look_is_no_right_to_ask(cast: Cast) -> None:
    kim = helper("view_user")
    oversight.open_access(kim, WHY)
    browser = cast.client(kim)

    assert browser.get("/admin/accounts/user/").status_code == 200
    assert ask(browser, cast.alice, "users.deactivate") is None
    assert b"Deactivate" not in browser.get(f"/admin/accounts/user/{cast.alice.pk}/change/").content


def test_staff_without_a_right_see_no_list(cast: Cast) -> None:
    kim = helper()
    oversight.open_access(kim, WHY)

    for address in ("/admin/accounts/user/", "/admin/payments/payment/", "/admin/webhooks/stripeevent/"):
        assert cast.client(kim).get(address).status_code == 403


def test_staff_cannot_raise_themselves(cast: Cast) -> None:
    kim = helper("view_user", "change_user")
    oversight.open_access(kim, WHY)
    form = {"is_staff": "on", "is_superuser": "on", "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}

    answer = cast.client(kim).post(f"/admin/accounts/user/{kim.pk}/change/", form)

    kim.refresh_from_db()
    assert (answer.status_code, kim.is_superuser) == (403, False)


def test_a_superuser_makes_staff_and_changes_nothing_else(cast: Cast) -> None:
    form = {"is_staff": "on", "email": "taken@example.com", "name": "Other", "is_active": ""}
    form |= {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}

    answer = sam_at_work(cast).post(f"/admin/accounts/user/{cast.bob.pk}/change/", form)

    bob = User.objects.get(pk=cast.bob.pk)
    assert answer.status_code == 302
    assert (bob.is_staff, bob.is_superuser, bob.email, bob.name) == (True, False, "bob@example.com", "Bob Brown")
    assert bob.is_active


@pytest.mark.parametrize("path", ["add/", "{pk}/delete/", "{pk}/password/"])
def test_users_are_not_added_deleted_or_given_passwords(cast: Cast, path: str) -> None:
    answer = sam_at_work(cast).get(f"/admin/accounts/user/{path.format(pk=cast.alice.pk)}")

    assert answer.status_code == 403 or answer["Location"].endswith("/change/")
