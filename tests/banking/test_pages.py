"""The bank pages: what a person reads after linking, asking, stopping, and when Stripe is away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from banking.models import Account, LinkSession, Refresh
from fcdash import tenancy
from tests.cast import Cast
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"accept": "application/json"}
DOWN = {"api": [{"match": "POST /v1/financial_connections/sessions", "kind": "connection_reset", "times": 30}]}


@pytest.fixture
def alice(cast: Cast) -> Client:
    _ = cast.household
    return cast.client(cast.alice)


def words(client: Client, path: str) -> str:
    return client.get(path, follow=True).content.decode()


def test_the_script_gets_what_it_needs_and_where_to_say_that_it_is_over(
    sandbox: Sandbox, alice: Client, bank_keys: list[str]
) -> None:
    started = alice.post("/banks/link/", headers=JSON).json()
    session = started["complete_url"].split("/")[3]
    sandbox.post(f"/sandbox/link-sessions/{session}/authorize", {"accounts": bank_keys[:2], "result": "success"})

    ended = alice.post(started["complete_url"]).json()

    assert started["client_secret"].startswith("fcsess_client_secret_")
    assert ended == {"next": "/"}
    assert "Everyday Checking" in words(alice, "/banks/")


def test_a_cancelled_dialog_leads_back_to_the_start_and_says_so(sandbox: Sandbox, alice: Client) -> None:
    started = alice.post("/banks/link/", headers=JSON).json()

    assert alice.post(started["complete_url"]).json() == {"next": "/banks/link/"}
    assert "No bank was linked" in words(alice, "/banks/link/")


def test_leaving_the_dialog_of_a_waiting_account_changes_nothing_and_says_so(
    sandbox: Sandbox, alice: Client, link: Callable[..., list[Account]]
) -> None:
    [account] = link()
    started = alice.post(f"/banks/{account.pk}/relink/", headers=JSON).json()

    ended = alice.post(started["complete_url"]).json()

    assert ended == {"next": f"/banks/{account.pk}/"}
    assert "Nothing has changed: you left before Cascade Credit Union was linked again." in words(alice, ended["next"])


def test_without_javascript_stripes_own_page_links_the_bank(
    sandbox: Sandbox, cast: Cast, alice: Client, bank_keys: list[str]
) -> None:
    answer = alice.post("/banks/link/")
    assert f'href="{sandbox.url}/' in answer.content.decode()
    with tenancy.scope(cast.household):
        session = LinkSession.objects.get()
    sandbox.post(
        f"/sandbox/link-sessions/{session.stripe_id}/authorize", {"accounts": bank_keys[:1], "result": "success"}
    )

    alice.get("/banks/linked/")

    assert "Everyday Checking" in words(alice, "/banks/")


def test_when_stripe_is_away_it_is_said_and_nothing_was_linked(sandbox: Sandbox, alice: Client) -> None:
    alice.post("/banks/link/", headers=JSON)  # the Customer is there
    sandbox.put("/sandbox/faults", DOWN)

    with_script = alice.post("/banks/link/", headers=JSON)
    assert with_script.status_code == 503
    assert "no bank was linked" in with_script.json()["detail"]
    alice.post("/banks/link/")
    assert "no bank was linked" in words(alice, "/banks/link/")


def test_a_session_of_another_person_is_404(sandbox: Sandbox, cast: Cast, alice: Client) -> None:
    complete_url = alice.post("/banks/link/", headers=JSON).json()["complete_url"]

    assert cast.client(cast.bob).post(complete_url).status_code == 404


def test_asking_for_new_figures_says_what_happens(
    sandbox: Sandbox, alice: Client, link: Callable[..., list[Account]], settle: Callable[..., None]
) -> None:
    [account] = link()
    settle(account)

    assert "gives new figures again" in alice.post(f"/banks/{account.pk}/refresh/", follow=True).content.decode()
    with tenancy.scope(account.household_id):
        account.freshness.update(next_allowed_at=None)
    sandbox.post("/sandbox/clock/advance", {"seconds": 6})
    assert "is being asked" in alice.post(f"/banks/{account.pk}/refresh/", follow=True).content.decode()


def test_only_what_is_permitted_is_asked_for(
    sandbox: Sandbox, alice: Client, link: Callable[..., list[Account]], settle: Callable[..., None]
) -> None:
    [account] = link()
    settle(account)
    with tenancy.scope(account.household_id):
        Account.objects.filter(pk=account.pk).update(permissions=["transactions"])
        account.freshness.update(next_allowed_at=None)
    sandbox.post("/sandbox/clock/advance", {"seconds": 6})

    assert "is being asked" in alice.post(f"/banks/{account.pk}/refresh/", follow=True).content.decode()
    with tenancy.scope(account.household_id):
        asked = Refresh.objects.filter(account=account, cause="person").values_list("feature", flat=True)
        assert list(asked) == ["transactions"]


def test_what_was_read_can_be_deleted_after_the_end(
    sandbox: Sandbox, alice: Client, link: Callable[..., list[Account]], settle: Callable[..., None]
) -> None:
    [account] = link()
    settle(account)
    alice.post(f"/banks/{account.pk}/disconnection/")

    assert "Delete what was read" in words(alice, f"/banks/{account.pk}/disconnection/")
    answer = alice.post(f"/banks/{account.pk}/disconnection/", {"delete_data": "yes"}, follow=True)

    assert "What we read from it is deleted." in answer.content.decode()
    with tenancy.scope(account.household_id):
        assert not account.transactions.exists()


def test_stopping_says_what_stops_and_what_does_not(
    sandbox: Sandbox, alice: Client, link: Callable[..., list[Account]]
) -> None:
    [account] = link()

    asked = words(alice, f"/banks/{account.pk}/disconnection/")
    done = alice.post(f"/banks/{account.pk}/disconnection/", follow=True).content.decode()

    assert "no payment is on its way from this account" in asked
    assert "We have stopped reading this account" in done
    assert "no longer counted" in done


def test_an_account_linked_twice_asks_for_a_decision(
    sandbox: Sandbox, cast: Cast, alice: Client, link: Callable[..., list[Account]]
) -> None:
    link()
    [second] = link(cast.bob)

    assert "It is another account" in words(alice, "/banks/")
    alice.post(f"/banks/{second.pk}/distinction/")
    assert "It is another account" not in words(alice, "/banks/")


def test_the_first_reading_is_followed_live(
    sandbox: Sandbox, alice: Client, link: Callable[..., list[Account]], settle: Callable[..., None]
) -> None:
    [account] = link()

    assert 'hx-trigger="every 2s"' in words(alice, "/banks/")
    settle(account)
    assert 'hx-trigger="every 2s"' not in words(alice, "/banks/")
