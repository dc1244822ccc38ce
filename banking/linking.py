"""Linking banks: start a session, save the accounts that came of it, whoever tells us first."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.customers import ensure_customer
from accounts.households import places_of
from accounts.models import User
from banking import asking, health, ingesting, refreshing, succeeding
from banking.asking import Choice, Reason
from banking.asking import NotAllowed as NotAllowed
from banking.models import Account, Feature, FormerLink, Freshness, LinkSession
from fcdash import tenancy
from fcdash.celery import nudge
from fcdash.gateway import connections
from fcdash.gateway.connections import RemoteAccount
from fcdash.gateway.errors import StripeProblem, WillNotWork
from fcdash.tenancy import TenantQuerySet

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StartedLink:
    """What the person's device needs to open the dialog. Never stored, never logged."""

    session_id: str
    mode: str
    client_secret: str | None
    publishable_key: str
    url: str | None
    # What the person is asked for and has not given yet.
    reasons: tuple[Reason, ...] = ()

    def __repr__(self) -> str:
        return f"StartedLink({self.session_id})"


@dataclass(frozen=True)
class Relinking:
    """A session that was about linking one account of ours again, and the ids of all accounts that it brought."""

    about: int
    brought: tuple[str, ...]


USUAL = Choice()
MODES = ("web", "sheet", "webview", "hosted")
RECENT_SESSIONS = 10


def start(
    household_id: int,
    user: User,
    mode: str = "web",
    choice: Choice = USUAL,
    return_url: str | None = None,
    relink_account: int | None = None,
) -> StartedLink:
    """Open a link session at Stripe for the user; writes a LinkSession. Call it outside any transaction.

    `relink_account` renews the connection of an account with the permissions that it has; with further ones in the
    choice the person is asked for both. Raises NotAllowed for a mode, choice, return_url or account that is not on
    offer; Account.DoesNotExist; TryAgain, WillNotWork or OutcomeUnknown from Stripe (nothing was linked: start again).
    """
    relinks = _relinkable(household_id, user, relink_account) if relink_account is not None else None
    if relinks:
        choice = replace(choice, permissions=[*relinks.permissions, *(choice.permissions or ())])
    wishes = asking.wishes(choice)
    hosted_return_url = _checked_return(mode, return_url)
    customer = ensure_customer(user.pk)
    with tenancy.scope(household_id):
        row = LinkSession.objects.create(
            household_id=household_id,
            user=user,
            mode=mode,
            permissions=list(wishes.permissions),
            asks=asking.kept(wishes),
            relinks=relinks,
        )
    return _open(row, customer, return_url, hosted_return_url)


def _relinkable(household_id: int, user: User, account_id: int) -> Account:
    """The account, its authorization learnt from Stripe where the preview tells it."""
    with tenancy.scope(household_id):
        account: Account = Account.objects.for_household(household_id).select_related("holder").get(pk=account_id)
    is_linked = account.status in (Account.Status.ACTIVE, Account.Status.INACTIVE) and not account.by_hand
    if not is_linked or account.disconnecting_since:
        raise NotAllowed("This link has ended. Link the bank anew; what comes again counts once.")
    if account.holder_id != user.pk:
        raise NotAllowed(f"Only {account.holder}, who linked this account, can sign in to its bank again.")
    try:
        account.authorization = connections.consent(account.stripe_id).authorization
    except WillNotWork:
        # Without the preview the person links anew, and the account goes on under the new link.
        account.authorization = ""
    with tenancy.scope(household_id):
        account.save(update_fields=["authorization"])
    return account


def reopen(household_id: int, user: User, session_id: str, return_url: str | None = None) -> StartedLink:
    """The session that `start` opened with this return_url, with its client_secret from Stripe, which alone keeps it.

    Stripe answers the same request under the same key with the same session, as long as it knows the key (a day);
    after that with a new one, which takes the row over. Raises LinkSession.DoesNotExist, and as `start` does.
    """
    with tenancy.scope(household_id):
        sessions = LinkSession.objects.for_household(household_id).select_related("relinks")
        row = sessions.get(stripe_id=session_id, user=user)
    hosted_return_url = _checked_return(row.mode, return_url)
    return _open(row, ensure_customer(user.pk), return_url, hosted_return_url)


def _open(row: LinkSession, customer: str, return_url: str | None, hosted_return_url: str | None) -> StartedLink:
    again = row.relinks
    renews = again is not None and again.authorization and again.relink != Account.Relink.IMPOSSIBLE
    # A connection is renewed as it is: whoever gives more gives it anew.
    renews = renews and set(row.permissions) <= set(again.permissions if again else ())
    started = connections.start_link_session(
        customer,
        asking.of_row(row.permissions, row.asks),
        key=f"link-{row.key}",
        return_url=return_url if row.mode == "webview" else None,
        hosted_return_url=hosted_return_url,
        relink=(again.authorization, again.stripe_id) if again and renews else None,
    )
    with tenancy.scope(row.household_id):
        LinkSession.objects.for_household(row.household_id).filter(pk=row.pk).update(stripe_id=started.id)
    reasons = asking.reasons(row.permissions, had=again.permissions if again else ())
    key = settings.STRIPE_PUBLISHABLE_KEY
    return StartedLink(started.id, row.mode, started.client_secret, key, started.url, tuple(reasons))


def _checked_return(mode: str, return_url: str | None) -> str | None:
    if mode not in MODES:
        raise NotAllowed(f"mode must be one of {', '.join(MODES)}")
    if mode == "webview" and return_url not in settings.MOBILE_RETURN_URLS:
        raise NotAllowed("return_url must be one of MOBILE_RETURN_URLS")
    if mode != "hosted":
        return None
    own = f"{settings.PUBLIC_URL}/banks/linked/"
    if return_url not in (None, own):
        raise NotAllowed("return_url of a hosted session must be our own page")
    return own


def complete(household_id: int, user: User, session_id: str) -> list[Account]:
    """Save the accounts of a session that the user's device says is over. Repeatable; the webhook does the same.

    Raises LinkSession.DoesNotExist when it is not this user's session in this household; NotAllowed when another
    household of theirs has all that it brought; TryAgain, WillNotWork.
    """
    with tenancy.scope(household_id):
        row = LinkSession.objects.for_household(household_id).get(stripe_id=session_id, user=user)
    finished = connections.finished_session(session_id)
    if finished.customer != ensure_customer(user.pk):
        raise LinkSession.DoesNotExist
    # Stripe may give a bank account that is linked a second time the id that it has.
    places = {account_id: _known(account_id) or (household_id, user.pk) for account_id in finished.account_ids}
    brought = [account_id for account_id, place in places.items() if place[0] == household_id]
    if places and not brought:
        raise NotAllowed("This account is linked in another household of yours. Disconnect it there first.")
    saved = [save(household_id, user, connections.account(account_id)) for account_id in brought]
    if row.relinks_id:
        session = Relinking(row.relinks_id, finished.account_ids)
        saved = [_recognised(account, session) for account in saved]
    with tenancy.scope(household_id):
        # Cancelled and then opened again is possible: accounts found later win.
        state = LinkSession.State.COMPLETED if saved else LinkSession.State.CANCELED
        LinkSession.objects.for_household(household_id).filter(pk=row.pk).exclude(
            state=LinkSession.State.COMPLETED
        ).update(state=state, finished_at=timezone.now())
    return saved


def _recognised(account: Account, session: Relinking) -> Account:
    """What is plainly the account that the session was about goes on as it, unasked; anything else stays what it is."""
    if account.status != Account.Status.DUPLICATE:
        return account
    try:
        return go_on(account.household_id, account.pk, session=session)
    except NotAllowed:  # another account of the bank, which the household has already
        return account
    except Account.DoesNotExist:  # the event was faster, or the device
        with tenancy.scope(account.household_id):
            known: Account = Account.objects.for_household(account.household_id).get(stripe_id=account.stripe_id)
            return known


def sync_account(account_id: str) -> Account | None:
    """Fetch an account from Stripe and save it where it belongs; None when its holder is nobody of ours.

    Raises TryAgain, WillNotWork.
    """
    remote = connections.account(account_id)
    place = _known(account_id)
    if place is None and remote.status != Account.Status.DISCONNECTED:
        place = _expected(account_id, remote.customer)
    if place is None:
        return None
    household_id, user_id = place
    account = save(household_id, User.objects.get(pk=user_id), remote)
    return _awaited(account) if account.status == Account.Status.DUPLICATE else account


def _awaited(account: Account) -> Account:
    """The account that a session of the holder's was about, if this link came from it; else the link itself."""
    with tenancy.scope(account.household_id):
        sessions = LinkSession.objects.for_household(account.household_id).filter(
            user_id=account.holder_id, relinks__isnull=False, created_at__gt=timezone.now() - timedelta(days=1)
        )
        recent = list(sessions.order_by("-created_at")[:RECENT_SESSIONS])
    for row in recent:
        brought = _brought(row.stripe_id)
        if row.relinks_id and account.stripe_id in brought:
            return _recognised(account, Relinking(row.relinks_id, brought))
    return account


def _known(account_id: str) -> tuple[int, int] | None:
    with tenancy.system("find an account's household by its Stripe id"):
        linked = Account.objects.filter(stripe_id=account_id).values_list("household_id", "holder_id").first()
        former = FormerLink.objects.filter(stripe_id=account_id)
        return linked or former.values_list("household_id", "account__holder_id").first()


def _expected(account_id: str, customer: str) -> tuple[int, int] | None:
    """Where a new account of this customer goes: the household it was linked in, without a session their first.

    Whose sessions are of several households is not guessed: Stripe says which session brought the account.
    """
    user = User.objects.filter(stripe_customer_id=customer).first() if customer else None
    if user is None:
        return None
    mine = [place.household_id for place in places_of(user)]
    with tenancy.system("find the households of a customer's newest link sessions"):
        sessions = LinkSession.objects.filter(user=user, household_id__in=mine).exclude(stripe_id=None)
        recent = list(sessions.order_by("-created_at").values_list("household_id", "stripe_id")[:RECENT_SESSIONS])
    households = list(dict.fromkeys(household_id for household_id, _ in recent)) or mine[:1]
    if len(households) > 1:
        households = [household_id for household_id, session_id in recent if account_id in _brought(session_id)]
    return (households[0], user.pk) if households else None


def _brought(session_id: str | None) -> tuple[str, ...]:
    """The ids of the accounts that were linked in a session."""
    if not session_id:
        return ()
    try:
        return connections.finished_session(session_id).account_ids
    except WillNotWork:  # Stripe knows it no more
        return ()


def save(household_id: int, user: User, remote: RemoteAccount) -> Account:
    """Insert or update our row of a linked account, with its balances and the features to read. Idempotent.

    A second link of a bank account that the household already has is kept as a duplicate, in no figure, until a
    person decides. Of a link that an account had before nothing is taken: the account stays as it is.
    """
    remote = _storable(remote)
    with tenancy.scope(household_id):
        tenancy.lock_household(household_id)
        accounts = Account.objects.for_household(household_id).select_for_update(no_key=True)
        former = FormerLink.objects.for_household(household_id).filter(stripe_id=remote.id).first()
        if former is not None:
            goes_on: Account = accounts.get(pk=former.account_id)
            return goes_on
        account = accounts.filter(stripe_id=remote.id).first()
        is_new = account is None
        if account is None:
            account = Account(household_id=household_id, holder=user, stripe_id=remote.id)
            if twins(household_id, remote).exists():
                account.status = Account.Status.DUPLICATE
        was = account.status
        _copy(account, remote)
        account.save()
        health.follow(account, was)
        if account.status not in (Account.Status.DUPLICATE, Account.Status.DISCONNECTED):
            _open_features(account, remote)
            refreshing.record(account, remote)
        if is_new and account.status == Account.Status.ACTIVE:
            from banking.tasks import begin

            nudge(begin, household_id, account.pk)
    return account


def twins(household_id: int, like: RemoteAccount | Account) -> TenantQuerySet[Account]:
    """The household's accounts that look like the same bank account, and have not ended. A name alone says nothing."""
    accounts: TenantQuerySet[Account] = Account.objects.for_household(household_id)
    return accounts.filter(
        institution=like.institution,
        last4=like.last4,
        category=like.category,
        subcategory=like.subcategory,
        status__in=[Account.Status.ACTIVE, Account.Status.INACTIVE],
    ).exclude(stripe_id="")


def waiting_twins(account: Account, about: int | None = None) -> TenantQuerySet[Account]:
    """Of a duplicate: the inactive accounts that it may be the new link of, or the one that its session was about.

    Inside the scope.
    """
    same = twins(account.household_id, account).filter(holder_id=account.holder_id)
    same = same.filter(status=Account.Status.INACTIVE) if about is None else same.filter(pk=about)
    return same.filter(disconnecting_since=None).exclude(pk=account.pk).exclude(last4="")


def go_on(household_id: int, account_id: int, by: User | None = None, session: Relinking | None = None) -> Account:
    """The duplicate is the account that waits for a sign-in, which goes on under the new link with all that it has.

    Its holder says so, `by`, or the `session` that was about the account. Raises Account.DoesNotExist; NotAllowed when
    somebody else says so, or when there is not exactly one such account; TryAgain, WillNotWork.
    """
    from banking.tasks import begin

    about = session.about if session else None
    with tenancy.scope(household_id):
        tenancy.lock_household(household_id)
        accounts = Account.objects.for_household(household_id).select_for_update(no_key=True)
        link = accounts.get(pk=account_id)
        if by is not None and link.holder_id != by.pk:
            raise NotAllowed(f"Only {link.holder}, who linked this account, can say which it is.")
        found = list(waiting_twins(link, about)[:2]) if link.status == Account.Status.DUPLICATE else []
        if len(found) != 1 or (session and _is_found(found[0], link, session)):
            raise NotAllowed("There is no one account of yours that waits to be signed in to again.")
        account = accounts.get(pk=found[0].pk)
        stripe_id = link.stripe_id
        link.delete()
        former = succeeding.go_on(account, stripe_id)
        nudge(begin, household_id, account.pk)
    try:
        end_former(household_id, former)
    except StripeProblem as problem:
        logger.warning("former link %s is left to the sweep: %s", former, problem)
    return save(household_id, account.holder, connections.account(stripe_id))


def _is_found(account: Account, link: Account, session: Relinking) -> bool:
    """Whether another link of the session is, or may be, the account that it was about: a person tells them apart."""
    others = [stripe_id for stripe_id in session.brought if stripe_id != link.stripe_id]
    looks = {"holder_id": link.holder_id, "institution": link.institution, "last4": link.last4}
    alike = Account.objects.for_household(link.household_id).filter(
        **looks, category=link.category, subcategory=link.subcategory, stripe_id__in=others
    )
    return account.stripe_id in others or alike.exists()


def end_former(household_id: int, former_id: int) -> None:
    """End at Stripe a link that an account had before. Repeatable. Raises TryAgain, OutcomeUnknown, WillNotWork."""
    with tenancy.scope(household_id):
        former = FormerLink.objects.for_household(household_id).filter(pk=former_id, ended_at=None).first()
    if former is None:
        return
    try:
        connections.disconnect(former.stripe_id, key=f"account-{former.stripe_id}-disconnect-{uuid.uuid4()}")
    except WillNotWork as refusal:
        # Ended already, at the bank or by an earlier call whose answer was lost.
        if not refusal.is_missing and connections.account(former.stripe_id).status != Account.Status.DISCONNECTED:
            raise
    with tenancy.scope(household_id):
        FormerLink.objects.for_household(household_id).filter(pk=former_id).update(ended_at=timezone.now())


def unended() -> list[tuple[int, int]]:
    """(household, former link) of links that an account no longer has and that Stripe has not confirmed as ended."""
    with tenancy.system("end former links"):
        return list(FormerLink.objects.filter(ended_at=None).order_by("pk").values_list("household_id", "pk")[:200])


def _storable(remote: RemoteAccount) -> RemoteAccount:
    """The account in words that can be stored and do not deceive the eye: a bank may send anything."""
    institution, last4 = ingesting.clean(remote.institution)[:200], ingesting.clean(remote.last4)[:4]
    return replace(remote, institution=institution, last4=last4, name=ingesting.clean(remote.name)[:200] or institution)


def _copy(account: Account, remote: RemoteAccount) -> None:
    account.institution, account.last4 = remote.institution, remote.last4
    account.name = account.name or remote.name
    account.category, account.subcategory = remote.category, remote.subcategory
    health.record(account, remote)


def _open_features(account: Account, remote: RemoteAccount) -> None:
    wanted = [f for f in Feature if f.permission in remote.permissions]
    soon = timezone.now() + timedelta(seconds=20)
    Freshness.objects.bulk_create(
        [
            Freshness(household_id=account.household_id, account=account, feature=feature, due_at=soon)
            for feature in wanted
        ],
        ignore_conflicts=True,
    )


def begin(household_id: int, account_id: int) -> None:
    """Start what follows a link: the daily subscription, and refreshes that the session did not prefetch.

    Raises TryAgain, OutcomeUnknown.
    """
    with tenancy.scope(household_id):
        account = Account.objects.for_household(household_id).filter(pk=account_id).first()
    if account is not None and account.status == Account.Status.ACTIVE:
        refreshing.catch_up(household_id, account_id)


def keep_both(household_id: int, account_id: int) -> Account:
    """A person says that a duplicate is an account of its own: it counts from now on. Raises Account.DoesNotExist."""
    from banking.tasks import begin as begin_task

    with tenancy.scope(household_id):
        tenancy.lock_household(household_id)
        account: Account = Account.objects.for_household(household_id).select_for_update(no_key=True).get(pk=account_id)
        if account.status == Account.Status.DUPLICATE:
            account.status = Account.Status.ACTIVE
            account.save(update_fields=["status"])
            Freshness.objects.bulk_create(
                [
                    Freshness(household_id=household_id, account=account, feature=f, due_at=timezone.now())
                    for f in Feature
                    if f.permission in account.permissions
                ],
                ignore_conflicts=True,
            )
            nudge(begin_task, household_id, account.pk)
        return account
