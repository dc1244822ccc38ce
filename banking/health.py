"""How an account's connection stands: lights with dates, each with the one thing that mends it; mails about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.mailing import queue_template
from banking.models import Account, HealthNotice
from fcdash import tenancy
from fcdash.celery import nudge
from fcdash.gateway import connections
from fcdash.gateway.connections import RemoteAccount
from fcdash.gateway.errors import WillNotWork

# Stripe announces the end of an account number 30 days ahead; the end of a link is close enough to act on by then too.
SOON = timedelta(days=30)


@dataclass(frozen=True)
class Light:
    """One thing that can be right or wrong. `state` is a key of the light component.

    `at` is since when, or by when; `fix` names what mends it: relink, link, decide, or "" when nothing has to be done.
    """

    kind: str
    title: str
    state: str
    words: str
    at: datetime | None = None
    fix: str = ""


def lights(account: Account) -> tuple[Light, ...]:
    """The lights of an account: its link, the account numbers, paying. Needs no query."""
    found = (_link(account), _numbers(account), _paying(account))
    return tuple(light for light in found if light is not None)


def _link(account: Account) -> Light:
    title = "Link to your bank"
    if account.by_hand:
        return Light("link", title, "off", "None: kept by hand")
    if account.status == Account.Status.DISCONNECTED:
        who = "at your bank or at Stripe" if account.ended_elsewhere else "here"
        words = f"Disconnected{f' {who}' if account.ended_at else ''}: no longer read, no longer counted"
        return Light("link", title, "off", words, account.ended_at)
    if account.disconnecting_since:
        return Light("link", title, "reading", "Being disconnected", account.disconnecting_since)
    if account.status == Account.Status.DUPLICATE:
        return Light("link", title, "act", "Linked twice: not counted until you decide", fix="decide")
    if account.status == Account.Status.INACTIVE and account.relink == Account.Relink.IMPOSSIBLE:
        words = "Your bank has ended this link for good. Link the bank again; your history stays"
        return Light("link", title, "act", words, account.inactive_since, "link")
    if account.status == Account.Status.INACTIVE:
        return Light("link", title, "act", "Your bank wants you to sign in again", account.inactive_since, "relink")
    if account.deactivates_at or account.relink == Account.Relink.REQUIRED:
        words = "Works, and ends unless you sign in to your bank again"
        return Light("link", title, "old", words, account.deactivates_at, "relink")
    return Light("link", title, "ok", "Linked", account.linked_at)


def _numbers(account: Account) -> Light | None:
    """The account number that a debit uses. Banks that give temporary ones change or end them."""
    title, is_over = "Account number", account.status == Account.Status.DISCONNECTED
    if not account.numbers_status or is_over or "payment_method" not in account.permissions:
        return None
    if account.has_dead_number:
        words = "Your bank has ended the number that we pay with. Sign in to your bank again for a new one"
        return Light("numbers", title, "act", words, account.numbers_expire_at, "relink")
    if account.numbers_status == "pending":
        return Light("numbers", title, "reading", "Your bank is still giving the number")
    if account.numbers_expire_at and account.numbers_expire_at <= timezone.now() + SOON:
        words = "Ends soon. Sign in to your bank again for a new one, or payments fail"
        return Light("numbers", title, "old", words, account.numbers_expire_at, "relink")
    return Light("numbers", title, "ok", "Works", account.numbers_expire_at)


def _paying(account: Account) -> Light | None:
    title = "Paying bills from it"
    if account.category != "cash" or account.status == Account.Status.DUPLICATE or account.by_hand:
        return None
    if account.payable and account.numbers_status == "pending":
        return Light("paying", title, "reading", "As soon as there is a number")
    if account.payable:
        return Light("paying", title, "ok", "Possible")
    if account.status != Account.Status.ACTIVE:
        return Light("paying", title, "off", "Not while the link is down")
    if "payment_method" not in account.permissions:
        return Light("paying", title, "off", "You did not allow us to use the account number")
    if account.has_dead_number:
        return Light("paying", title, "off", "Not until there is a new account number")
    return Light("paying", title, "off", "Your bank does not take debits from this account")


# --- Recording -------------------------------------------------------------------------------------------------


def record(account: Account, remote: RemoteAccount) -> None:
    """Copy to the account, locked, how Stripe says that its connection stands; the caller saves it.

    Disconnected is the end of a consent: an answer that was under way does not bring it back, and neither does a
    duplicate come to count by itself.
    """
    undated = {light.kind for light in _told(account) if light.at is None}
    was_down = account.status == Account.Status.INACTIVE or account.has_dead_number
    account.permissions, account.payment_method_types = list(remote.permissions), list(remote.payment_method_types)
    account.subscribed = "transactions" in remote.subscriptions
    account.deactivates_at = remote.deactivates_at
    account.numbers_status, account.numbers_expire_at = remote.numbers_status, remote.numbers_expire_at
    account.read_at = timezone.now()
    is_over = account.status == Account.Status.DISCONNECTED
    if not is_over and (account.status != Account.Status.DUPLICATE or remote.status == Account.Status.DISCONNECTED):
        account.status = remote.status
    if account.status == Account.Status.DISCONNECTED and not is_over:
        account.ended_at, account.ended_elsewhere = timezone.now(), not account.disconnecting_since
    if account.status != Account.Status.INACTIVE:
        account.inactive_since = None
        account.relink = Account.Relink.REQUIRED if remote.wants_relink else ""
    elif account.inactive_since is None:
        account.inactive_since, account.relink = timezone.now(), ""
    if was_down and account.status == Account.Status.ACTIVE and not account.has_dead_number:
        account.linked_at = account.read_at  # a new consent, or a new number
    if over := undated - {light.kind for light in _told(account)}:
        # Should it come again, nothing but this would tell that time from the last.
        HealthNotice.objects.for_household(account.household_id).filter(
            account_id=account.pk, kind__in=over, episode__in=["act", "old"]
        ).delete()


def look_into(household_id: int, account_id: int) -> None:
    """Learn what only Stripe's preview tells of an inactive account: whether signing in again repairs it.

    Where the preview is closed to us nothing is lost: the person is asked to sign in, and linking anew is the way then.
    Raises TryAgain.
    """
    with tenancy.scope(household_id):
        account = Account.objects.for_household(household_id).filter(pk=account_id).first()
    if account is None or account.status != Account.Status.INACTIVE:
        return
    try:
        consent = connections.consent(account.stripe_id)
    except WillNotWork:
        return
    with tenancy.scope(household_id):
        relink = {"none": Account.Relink.IMPOSSIBLE, "relink_required": Account.Relink.REQUIRED}.get(consent.action, "")
        Account.objects.for_household(household_id).filter(pk=account_id, status=Account.Status.INACTIVE).update(
            authorization=consent.authorization, relink=relink
        )


# --- Telling ---------------------------------------------------------------------------------------------------


def tell(account: Account) -> None:
    """Write to the holder about each trouble of the account that is new. In the transaction that recorded it."""
    for light in _told(account):
        _tell_once(account, light)


def _told(account: Account) -> list[Light]:
    """The lights that the holder is written to about; of a second link, which nobody has asked for yet, none."""
    if account.status == Account.Status.DUPLICATE:
        return []
    return [light for light in lights(account) if light.fix in ("relink", "link") and light.kind in ("link", "numbers")]


def follow(account: Account, was: str) -> None:
    """What follows from a change of the connection, in the transaction that recorded it. `was` is the status before."""
    from banking.tasks import begin, look_into

    tell(account)
    if account.status == was:
        return
    if account.status == Account.Status.DISCONNECTED and not account.disconnecting_since:
        words = "The link was ended at your bank or at Stripe. We read it no longer"
        _tell_once(account, Light("disconnected", "Link to your bank", "off", words, timezone.now(), "link"))
    if account.status == Account.Status.INACTIVE:
        nudge(look_into, account.household_id, account.pk)
    if account.status == Account.Status.ACTIVE and was == Account.Status.INACTIVE:
        # A subscription may not have outlived the break, and what the bank booked meanwhile is to be read.
        nudge(begin, account.household_id, account.pk)


def _tell_once(account: Account, light: Light) -> None:
    # A link that works and one that has ended are two troubles; so is the same one with another date.
    episode = f"{light.state} {light.at:%Y-%m-%d}" if light.at else light.state
    _, is_new = HealthNotice.objects.get_or_create(
        household_id=account.household_id, account=account, kind=light.kind, episode=episode
    )
    if is_new:
        path = reverse("banking:account", args=[account.pk])
        context = {"account": account, "light": light, "url": f"{settings.PUBLIC_URL}{path}"}
        with timezone.override(account.household.zone):
            queue_template(account.holder.email, "bank_trouble", context)
