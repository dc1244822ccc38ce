"""Lights, mails and relinking: what breaks is told once with a date, and mended without losing anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from accounts.models import Mail
from banking import health, linking
from banking.models import Account, Transaction
from fcdash import tenancy
from tests.cast import AccountFactory, Cast, TransactionFactory
from tests.linking import bank_keys, link, settle
from tests.sandbox_client import Sandbox

__all__ = ["bank_keys", "link", "settle"]
pytestmark = pytest.mark.django_db
Link = Callable[..., list[Account]]
Settle = Callable[..., None]


def again(account: Account) -> Account:
    with tenancy.scope(account.household_id):
        found: Account = Account.objects.get(pk=account.pk)
    return found


def ends_at_the_bank(sandbox: Sandbox, account: Account, run_tasks: Callable[[], object]) -> Account:
    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"status": "inactive"})
    linking.sync_account(account.stripe_id)
    run_tasks()
    return again(account)


def mails(kind: str = "bank_trouble") -> list[Mail]:
    return list(Mail.objects.filter(kind=kind).order_by("pk"))


SOON, LATER = timedelta(days=9), timedelta(days=90)


@pytest.mark.parametrize(
    ("facts", "kind", "state", "fix"),
    [
        ({}, "link", "ok", ""),
        ({"status": "inactive", "relink": "required"}, "link", "act", "relink"),
        ({"status": "inactive", "relink": "impossible"}, "link", "act", "link"),
        ({"deactivates_at": SOON}, "link", "old", "relink"),
        ({"relink": "required"}, "link", "old", "relink"),
        ({"status": "disconnected"}, "link", "off", ""),
        ({"status": "duplicate"}, "link", "act", "decide"),
        ({"numbers_status": "transactable", "numbers_expire_at": LATER}, "numbers", "ok", ""),
        ({"numbers_status": "transactable", "numbers_expire_at": SOON}, "numbers", "old", "relink"),
        ({"numbers_status": "expired"}, "numbers", "act", "relink"),
        ({"numbers_status": "pending"}, "numbers", "reading", ""),
        ({"numbers_status": "deactivated"}, "paying", "off", ""),
        ({"payment_method_types": []}, "paying", "off", ""),
        ({}, "paying", "ok", ""),
    ],
)
def test_each_trouble_has_its_light_and_its_one_way_out(facts: dict[str, Any], kind: str, state: str, fix: str) -> None:
    dates = {name: timezone.now() + value for name, value in facts.items() if isinstance(value, timedelta)}
    account = AccountFactory.build(**{**facts, **dates})

    [light] = [one for one in health.lights(account) if one.kind == kind]

    assert (light.state, light.fix) == (state, fix)


def test_an_ended_link_is_told_once_by_mail_and_once_more_when_it_ends_again(
    sandbox: Sandbox, link: Link, settle: Settle, run_tasks: Callable[[], object]
) -> None:
    [account] = link()
    settle(account)

    account = ends_at_the_bank(sandbox, account, run_tasks)
    linking.sync_account(account.stripe_id)

    assert account.inactive_since is not None
    assert [mail.to for mail in mails()] == [account.holder.email]

    sandbox.post(f"/sandbox/accounts/{account.stripe_id}/state", {"status": "active"})
    linking.sync_account(account.stripe_id)
    assert again(account).inactive_since is None
    with tenancy.scope(account.household_id):
        Account.objects.filter(pk=account.pk).update(
            status="inactive", inactive_since=timezone.now() + timedelta(days=40)
        )
    linking.sync_account(account.stripe_id)
    assert len(mails()) == 1
    ends_at_the_bank(sandbox, account, run_tasks)
    assert len(mails()) == 1, "twice on one day is one trouble"


def test_a_link_ended_elsewhere_is_told_and_one_ended_here_is_not(
    sandbox: Sandbox, link: Link, bank_keys: list[str], run_tasks: Callable[[], object]
) -> None:
    from banking import disconnecting
    from fcdash.gateway import connections

    [here], [there] = link(), link(keys=bank_keys[1:2])
    disconnecting.disconnect(here.household_id, here.pk)
    connections.disconnect(there.stripe_id, key="elsewhere")
    for account in (here, there):
        linking.sync_account(account.stripe_id)

    assert again(there).status == again(here).status == "disconnected"
    assert (again(there).ended_elsewhere, again(here).ended_elsewhere) == (True, False)
    assert again(there).ended_at
    assert again(here).ended_at
    [mail] = mails()
    assert there.name in mail.text


def test_the_same_account_goes_on_under_a_new_link_with_its_history_and_edits(
    sandbox: Sandbox, cast: Cast, link: Link, settle: Settle, run_tasks: Callable[[], object]
) -> None:
    [account] = link()
    settle(account)
    with tenancy.scope(cast.household):
        rows = Transaction.objects.filter(account=account)
        before = {"rows": rows.count(), "sum": rows.exclude(status="void").aggregate(s=Sum("amount_cents"))["s"]}
        edited = rows.filter(status="posted").order_by("booked_on", "pk").last()
        Transaction.objects.filter(pk=edited.pk).update(chosen_category="gifts", note="for Sam")
    ends_at_the_bank(sandbox, account, run_tasks)

    [new] = link()
    assert new.status == "duplicate"
    gone_on = linking.go_on(cast.household.pk, new.pk)
    settle(gone_on)

    assert (gone_on.pk, gone_on.stripe_id, gone_on.status) == (account.pk, new.stripe_id, "active")
    with tenancy.scope(cast.household):
        assert list(Account.objects.values_list("pk", flat=True)) == [account.pk]
        rows = Transaction.objects.filter(account=account)
        after = {"rows": rows.count(), "sum": rows.exclude(status="void").aggregate(s=Sum("amount_cents"))["s"]}
        kept = rows.get(pk=edited.pk)
        # Only rows that fell out of the bank's 180 days meanwhile would be left without an id.
        assert not rows.filter(stripe_id=None).exists()
        assert again(account).rows_before is None
    assert after == before
    assert (kept.chosen_category, kept.note) == ("gifts", "for Sam")
    assert kept.stripe_id != edited.stripe_id


def test_rows_that_come_again_under_other_words_count_once_and_real_twins_stay_two(
    sandbox: Sandbox, cast: Cast, link: Link, settle: Settle, run_tasks: Callable[[], object]
) -> None:
    [account] = link()
    settle(account)
    ends_at_the_bank(sandbox, account, run_tasks)
    with tenancy.scope(cast.household):
        day = Transaction.objects.filter(account=account).order_by("-booked_on").first().booked_on
        reworded = Transaction.objects.filter(account=account, status="posted").order_by("-booked_on", "pk").first()
        Transaction.objects.filter(pk=reworded.pk).update(description="Another wording", note="mine")
        lost = TransactionFactory(
            household=cast.household, account=account, booked_on=day, amount_cents=-77_77, status="pending"
        )
        before = Transaction.objects.filter(account=account, status="posted").count()

    [new] = link()
    settle(linking.go_on(cast.household.pk, new.pk))

    with tenancy.scope(cast.household):
        rows = Transaction.objects.filter(account=account)
        assert rows.filter(status="posted").count() == before
        assert rows.get(pk=reworded.pk).description == reworded.description
        assert rows.get(pk=reworded.pk).note == "mine"
        assert rows.get(pk=lost.pk).status == "void", "it was pending and never came"


def test_only_the_holders_own_waiting_account_goes_on(
    sandbox: Sandbox, cast: Cast, link: Link, settle: Settle, run_tasks: Callable[[], object]
) -> None:
    [account] = link()
    [active_twin] = link()
    with pytest.raises(linking.NotAllowed):
        linking.go_on(cast.household.pk, active_twin.pk)
    ends_at_the_bank(sandbox, account, run_tasks)
    [bobs] = link(cast.bob)

    with pytest.raises(linking.NotAllowed):
        linking.go_on(cast.household.pk, bobs.pk)
    with pytest.raises(Account.DoesNotExist):
        linking.go_on(cast.strange_household.pk, active_twin.pk)
    assert again(account).stripe_id == account.stripe_id


def test_signing_in_again_keeps_the_account(
    sandbox: Sandbox, cast: Cast, link: Link, settle: Settle, run_tasks: Callable[[], object], bank_keys: list[str]
) -> None:
    [account] = link()
    settle(account)
    ends_at_the_bank(sandbox, account, run_tasks)

    started = linking.start(cast.household.pk, cast.alice, relink_account=account.pk)
    sandbox.post(
        f"/sandbox/link-sessions/{started.session_id}/authorize", {"accounts": bank_keys[:1], "result": "success"}
    )
    [saved] = linking.complete(cast.household.pk, cast.alice, started.session_id)
    settle(saved)

    assert (saved.pk, again(account).status) == (account.pk, "active")
    with tenancy.scope(cast.household):
        assert Account.objects.count() == 1


def test_who_may_sign_in_again(sandbox: Sandbox, cast: Cast, link: Link) -> None:
    [account] = link()

    with pytest.raises(linking.NotAllowed):
        linking.start(cast.household.pk, cast.bob, relink_account=account.pk)
    with pytest.raises(Account.DoesNotExist):
        linking.start(cast.strange_household.pk, cast.charlie, relink_account=account.pk)
    assert cast.client(cast.charlie).post(f"/banks/{account.pk}/relink/").status_code == 404
    assert cast.client(cast.vera).post(f"/banks/{account.pk}/relink/").status_code == 403


def test_the_page_offers_the_one_button(
    sandbox: Sandbox, cast: Cast, link: Link, run_tasks: Callable[[], object]
) -> None:
    [account] = link()
    ends_at_the_bank(sandbox, account, run_tasks)

    def page(client: Client) -> str:
        return client.get(f"/banks/{account.pk}/").content.decode()

    assert f'action="/banks/{account.pk}/relink/"' in page(cast.client(cast.alice))
    assert f'action="/banks/{account.pk}/relink/"' not in page(cast.client(cast.bob))
    assert f'action="/banks/{account.pk}/relink/"' not in page(cast.client(cast.vera))
