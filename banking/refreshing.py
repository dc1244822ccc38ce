"""Refreshes: asking the bank for new data, recording how each feature stands, reading what came.

A refresh is asked for, runs at the bank, and ends with an event; the data is then read. The database says what is
due: an event or a task only hurries it, and one that is lost is made good by the sweep.
"""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from banking import health, ingesting, reconciling, succeeding
from banking.models import Account, Balance, BilledUse, Feature, Freshness, Owner, Refresh
from fcdash import tenancy
from fcdash.celery import nudge
from fcdash.failpoints import failpoint
from fcdash.gateway import connections
from fcdash.gateway.connections import RemoteAccount, RemoteRefresh
from fcdash.gateway.errors import OutcomeUnknown, WillNotWork

logger = logging.getLogger(__name__)
LEASE = timedelta(seconds=settings.REFRESH_LEASE_SECONDS)
# An event that does not come: after this long the sweep asks Stripe how the refresh ended.
PATIENCE = timedelta(seconds=45)
DAILY = timedelta(hours=24)
RETRY = timedelta(hours=1)
LONGEST_RETRY = timedelta(hours=12)


class TooEarly(Exception):
    """The bank gives no new data yet; `allowed_at` is when it will, None when a refresh is already under way."""

    def __init__(self, allowed_at: datetime | None) -> None:
        super().__init__("not yet")
        self.allowed_at = allowed_at


class CapReached(TooEarly):
    """The household has used up what the operator pays for in a day; `allowed_at` is the next day's beginning."""


class NotRefreshable(Exception):
    """The account cannot be refreshed now: not active, or the feature was not permitted. The message says which."""


@dataclass(frozen=True)
class Asked:
    """Features that the bank was asked for; those already under way are among them."""

    features: tuple[str, ...]


# --- Asking ----------------------------------------------------------------------------------------------------


def ask(household_id: int, account_id: int, features: Sequence[str], cause: str = "person") -> Asked:
    """Ask the bank for new data of these features. Writes Refresh rows; call it outside any transaction.

    Asking again while one runs joins it. Raises Account.DoesNotExist, NotRefreshable, TooEarly, and TryAgain,
    WillNotWork or OutcomeUnknown from Stripe.
    """
    with tenancy.scope(household_id):
        account = Account.objects.for_household(household_id).get(pk=account_id)
        wanted = _askable(account, features)
    if not wanted:
        return Asked(tuple(features))
    with tenancy.scope(household_id):
        key = _reserve(account, wanted, cause)
        _count_use(household_id, wanted)
    try:
        remote = connections.refresh(account.stripe_id, wanted, key)
    except WillNotWork as problem:
        _give_up(account, wanted, str(problem))
        # Too early or no longer active: the account itself says which.
        apply(household_id, account_id, connections.account(account.stripe_id))
        raise
    except OutcomeUnknown as problem:
        if problem.answered:
            # Under the same key Stripe would repeat that for a day: the next attempt is another.
            _give_up(account, wanted, str(problem))
        raise
    apply(household_id, account_id, remote, cause)
    return Asked(tuple(features))


def _reserve(account: Account, features: Sequence[str], cause: str) -> str:
    """Write the running Refresh rows, or find those of an attempt whose answer was lost; returns the key for both."""
    Refresh.objects.bulk_create(
        [
            Refresh(household_id=account.household_id, account=account, feature=feature, cause=cause)
            for feature in sorted(features)
        ],
        ignore_conflicts=True,
    )
    rows = Refresh.objects.for_household(account.household_id).filter(
        account=account, feature__in=features, status=Refresh.Status.RUNNING
    )
    return "refresh-" + "-".join(str(pk) for pk in rows.order_by("pk").values_list("pk", flat=True))


def _give_up(account: Account, features: Sequence[str], error: str) -> None:
    """Nothing was refreshed: the attempt is over, and billed for nothing."""
    with tenancy.scope(account.household_id):
        used = BilledUse.objects.for_household(account.household_id).filter(feature__in=features, count__gt=0)
        used.filter(on=timezone.now().astimezone(UTC).date()).update(count=F("count") - 1)
        Refresh.objects.for_household(account.household_id).filter(
            account=account, feature__in=features, status=Refresh.Status.RUNNING
        ).update(status=Refresh.Status.FAILED, finished_at=timezone.now(), error=error[:300])


def _askable(account: Account, features: Sequence[str]) -> tuple[str, ...]:
    """The features that can be asked for now; empty when all of them are under way already."""
    unknown = set(features) - set(Feature.values)
    if unknown or not features:
        raise NotRefreshable(f"features must be some of {', '.join(Feature.values)}")
    if account.status != Account.Status.ACTIVE or account.disconnecting_since:
        raise NotRefreshable("The account is not active at its bank.")
    if closed := [f for f in features if Feature(f).permission not in account.permissions]:
        raise NotRefreshable(f"Permission for {', '.join(closed)} was not given.")
    rows = {
        row.feature: row
        for row in Freshness.objects.for_household(account.household_id).filter(account=account, feature__in=features)
    }
    waiting = {f for f, row in rows.items() if row.status == Freshness.Status.PENDING and row.attempted_at}
    now = timezone.now()
    early = {f: row.next_allowed_at for f, row in rows.items() if row.next_allowed_at and row.next_allowed_at > now}
    ready = tuple(f for f in features if f not in waiting and f not in early)
    if not ready and early:
        raise TooEarly(min(early.values()))
    return _within_caps(account.household_id, ready)


def _within_caps(household_id: int, features: tuple[str, ...]) -> tuple[str, ...]:
    """The features that the operator still pays for today. Raises CapReached when none is left."""
    today = timezone.now().astimezone(UTC).date()
    used = dict(BilledUse.objects.for_household(household_id).filter(on=today).values_list("feature", "count"))
    within = tuple(f for f in features if used.get(f, 0) < settings.STRIPE_BILLED_A_DAY[f])
    if features and not within:
        raise CapReached(datetime.combine(today + timedelta(days=1), time.min, UTC))
    return within


def capped_until(household_id: int, features: Sequence[str]) -> datetime | None:
    """Until when the operator pays for none of these features; None while one may be asked for. Inside the scope."""
    try:
        _within_caps(household_id, tuple(features))
    except CapReached as reached:
        return reached.allowed_at
    return None


def _count_use(household_id: int, features: Sequence[str]) -> None:
    """Count a refresh of each feature towards the day's cap."""
    today = timezone.now().astimezone(UTC).date()
    with connection.cursor() as cursor:
        cursor.executemany(
            'INSERT INTO banking_billeduse AS u (household_id, "on", feature, count) VALUES (%s, %s, %s, 1)'
            ' ON CONFLICT (household_id, "on", feature) DO UPDATE SET count = u.count + 1',
            [(household_id, today, feature) for feature in sorted(features)],
        )


# --- Recording -------------------------------------------------------------------------------------------------


def apply(household_id: int, account_id: int, remote: RemoteAccount, cause: str = "event") -> None:
    """Record what Stripe says of the account now; nudges the reading of rows that wait there."""
    with tenancy.scope(household_id):
        account = held(household_id, account_id)
        # An answer about a former link may come late.
        if account is None or account.stripe_id != remote.id:
            return
        if account.status in (Account.Status.DUPLICATE, Account.Status.DISCONNECTED):
            return
        was = account.status
        health.record(account, remote)
        account.save()
        health.follow(account, was)
        record(account, remote, cause)
        reconciling.check(account)


def held(household_id: int, account_id: int) -> Account | None:
    """The account, locked: before its Freshness rows, after the household's lock, where both are taken.

    Without its key, which the rows just stored refer to: their writer would wait for us at its commit, and we for it.
    """
    accounts = Account.objects.for_household(household_id).select_for_update(no_key=True)
    found: Account | None = accounts.filter(pk=account_id).first()
    return found


def record(account: Account, remote: RemoteAccount, cause: str = "link") -> None:
    """Keep balances and the state of each refresh. Inside the household's scope; the account is locked or new."""
    from banking.tasks import read_owners, read_transactions

    _keep_balances(account, remote)
    found = Freshness.objects.for_household(account.household_id).select_for_update().filter(account=account)
    rows = {r.feature: r for r in found.order_by("pk")}
    for feature, state in remote.refreshes.items():
        row = rows.get(feature)
        if row is None or not _move(row, state, remote):
            continue
        _keep_receipt(account, row, cause)
        if feature == Feature.TRANSACTIONS and row.target and row.target != row.cursor:
            nudge(read_transactions, account.household_id, account.pk)
        is_succeeded = row.status == Freshness.Status.SUCCEEDED
        if feature == Feature.OWNERSHIP and is_succeeded and remote.ownership and remote.ownership != row.cursor:
            nudge(read_owners, account.household_id, account.pk, remote.ownership)


def _move(row: Freshness, state: RemoteRefresh, remote: RemoteAccount) -> bool:
    """Bring one feature's row, locked, up to Stripe's state; False when that state is older than what we know."""
    if row.attempted_at and state.attempted_at and state.attempted_at < row.attempted_at:
        return False
    if state.status == "pending" and state.cursor and state.cursor in (row.target, row.cursor):
        return False
    now = timezone.now()
    is_later = bool(state.attempted_at and state.attempted_at != row.attempted_at)
    row.attempted_at, row.next_allowed_at = state.attempted_at or row.attempted_at, state.next_allowed_at
    if state.status == "pending":
        # A bank that hangs is looked at ever more seldom.
        waited = (now - row.attempted_at) / 2 if row.attempted_at else PATIENCE
        row.status, row.due_at = Freshness.Status.PENDING, now + min(max(PATIENCE, waited), LONGEST_RETRY)
    elif state.status == "failed":
        if row.status != Freshness.Status.FAILED or is_later:
            row.failures = min(row.failures + 1, 100)
        wait = min(RETRY * 2 ** min(row.failures - 1, 10), LONGEST_RETRY)
        # Accounts that a bank's outage left failing at one moment do not all ask again at one moment.
        wait *= random.uniform(1, 1.25)  # noqa: S311
        row.status, row.due_at = Freshness.Status.FAILED, max(state.next_allowed_at or now, now + wait)
    elif row.feature == Feature.TRANSACTIONS:
        # Fresh only once the rows are read: read_transactions says so.
        if state.cursor and state.cursor != row.cursor:
            if row.target != state.cursor:
                # What came with this refresh may stand before the point where reading for the last one had come to.
                row.target, row.target_attempted_at, row.page_after = state.cursor, state.attempted_at, ""
            row.due_at = now + PATIENCE
        else:
            _is_fresh(row, state.attempted_at or now)
    else:
        as_of = max((b.as_of for b in remote.balances), default=None) if row.feature == Feature.BALANCE else None
        _is_fresh(row, as_of or state.attempted_at or now)
    row.save()
    return True


def _is_fresh(row: Freshness, as_of: datetime) -> None:
    now = timezone.now()
    row.status, row.failures = Freshness.Status.SUCCEEDED, 0
    row.as_of = max(row.as_of, as_of) if row.as_of else as_of
    # A day after the bank was asked, whatever else was heard of the account since; not at every sweep in between.
    next_day = max(row.next_allowed_at or now, (row.attempted_at or now) + DAILY, now + RETRY)
    # Owners rarely change and each reading is billed: only a person asks for them.
    row.due_at = None if row.feature == Feature.OWNERSHIP else next_day


def _keep_receipt(account: Account, row: Freshness, cause: str) -> None:
    """Open the running Refresh of a feature that is pending, close it when the feature came to an end."""
    running = Refresh.objects.for_household(account.household_id).filter(
        account=account, feature=row.feature, status=Refresh.Status.RUNNING
    )
    reading = row.feature == Feature.TRANSACTIONS and bool(row.target) and row.target != row.cursor
    if row.status == Freshness.Status.PENDING or reading:
        Refresh.objects.bulk_create(
            [
                Refresh(
                    household_id=account.household_id,
                    account=account,
                    feature=row.feature,
                    cause=cause,
                    started_at=row.attempted_at or timezone.now(),
                )
            ],
            ignore_conflicts=True,
        )
    elif row.status == Freshness.Status.FAILED:
        running.update(status=Refresh.Status.FAILED, finished_at=timezone.now(), error="The bank gave no new data.")
    else:
        running.update(status=Refresh.Status.SUCCEEDED, finished_at=timezone.now())


def _keep_balances(account: Account, remote: RemoteAccount) -> None:
    zone = account.household.zone
    newest = dict(
        Balance.objects.for_household(account.household_id)
        .filter(account=account)
        .order_by("currency", "as_of")
        .values_list("currency", "as_of")
    )
    # A bank's stamp is of a second, in which it may say two balances: the one read later holds.
    fresh = [b for b in remote.balances if b.currency not in newest or b.as_of >= newest[b.currency]]
    Balance.objects.bulk_create(
        [
            Balance(
                household_id=account.household_id,
                account=account,
                currency=b.currency,
                on=b.as_of.astimezone(zone).date(),
                as_of=b.as_of,
                current_cents=b.current_cents,
                available_cents=b.available_cents,
                used_cents=b.used_cents,
            )
            for b in fresh
        ],
        update_conflicts=True,
        unique_fields=["household", "account", "currency", "on"],
        update_fields=["as_of", "current_cents", "available_cents", "used_cents"],
    )


# --- Reading ---------------------------------------------------------------------------------------------------


def hint(account_stripe_id: str, state: RemoteRefresh) -> bool:
    """An event says that a transactions refresh ended: read straight away, without fetching the account first.

    Its state is a hint only: it names how far the list will have been read, and reading again changes nothing.
    False when the account is not here.
    """
    with tenancy.system("find an account's household by its Stripe id"):
        found = Account.objects.filter(stripe_id=account_stripe_id).values_list("household_id", "pk").first()
    if found is None:
        return False
    household_id, account_id = found
    with tenancy.scope(household_id):
        row = (
            Freshness.objects.for_household(household_id)
            .select_for_update()
            .filter(account_id=account_id, feature=Feature.TRANSACTIONS)
            .first()
        )
        # Looked at only now: who ends a link, or lets the account go on under another, holds the row until then.
        account = Account.objects.for_household(household_id).filter(pk=account_id, stripe_id=account_stripe_id).first()
        if row is None or account is None:
            return True
        if account.status in (Account.Status.DUPLICATE, Account.Status.DISCONNECTED):
            return True
        if not _move(row, state, _nothing(account)):
            return True
        _keep_receipt(account, row, "event")
        if not row.target or row.target == row.cursor:
            return True
    read_transactions(household_id, account_id)
    return True


def _nothing(account: Account) -> Any:
    """Stands for the fetched account where only a transactions state is moved: no balances."""
    from types import SimpleNamespace

    return SimpleNamespace(balances=())


def read_transactions(household_id: int, account_id: int) -> None:
    """Read the account's rows up to the refresh that ended last, page by page, each batch in its own transaction.

    One reader at a time (a lease); a killed one is resumed at its last batch. Raises TryAgain, WillNotWork.
    """
    while (row := _take(household_id, account_id)) is not None:
        try:
            leads_on = _read_list(row)
        except BaseException as problem:
            # What Stripe refuses is tried again later and from the start: the place in the list may be gone.
            changes = {"page_after": "", "due_at": timezone.now() + RETRY} if isinstance(problem, WillNotWork) else {}
            with tenancy.scope(household_id):
                rows = Freshness.objects.for_household(household_id)
                rows.filter(pk=row.pk, leased_until=row.leased_until).update(leased_until=None, **changes)
            raise
        if not leads_on:
            return


def _take(household_id: int, account_id: int) -> Freshness | None:
    now = timezone.now()
    with tenancy.scope(household_id):
        rows = Freshness.objects.for_household(household_id).filter(account_id=account_id, feature=Feature.TRANSACTIONS)
        row = (
            rows.select_for_update(of=("self",), skip_locked=True)
            .select_related("account", "household")
            .filter(Q(leased_until=None) | Q(leased_until__lt=now))
            .exclude(target="")
            .first()
        )
        if row is None or row.target == row.cursor:
            return None
        row.leased_until = now + LEASE
        row.save(update_fields=["leased_until"])
        return row


def _read_list(row: Freshness) -> bool:
    """Read one list, with one fixed `after`, to its end; returns whether there is a later target by then.

    The cursor moves, and the lease ends, in the transaction of the last batch.
    """
    account, target, page_after = row.account, row.target, row.page_after
    # What a killed reader wrote before us, nobody knows.
    since = ingesting.far_back() if page_after else None
    while True:
        rows: list[dict[str, Any]] = []
        has_more = True
        while has_more and len(rows) < ingesting.BATCH_ROWS:
            page = connections.transactions_page(account.stripe_id, row.cursor, page_after)
            rows += page.rows
            has_more = page.has_more and bool(page.rows)
            page_after = page.rows[-1]["id"] if page.rows else page_after
        batch = ingesting.read(account, rows)
        with tenancy.scope(account.household_id):
            tenancy.lock_household(account.household_id, readable_again=True)
            now = _still_ours(row)
            if now is None:
                return False
            if account.rows_before is not None:
                succeeding.adopt(account, rows)
            counts = ingesting.store(account, row.household, batch, is_first=not row.cursor)
            since = min(filter(None, (since, counts.since)), default=None)
            failpoint("ingest-before-commit")
            resume = page_after if now.target == target else ""
            _note_progress(now, resume, counts, target if not has_more else None, since)
            row.leased_until = now.leased_until
        failpoint("ingest-after-commit")
        if not has_more:
            return bool(now.target)


def _still_ours(row: Freshness) -> Freshness | None:
    """The row as it is now, locked; None when another reader has it since, or nobody is to read any more."""
    if row.account.rows_before is not None:
        held(row.household_id, row.account_id)  # at the end of the list it is written too
    rows = Freshness.objects.for_household(row.household_id).select_for_update()
    found: Freshness | None = rows.filter(pk=row.pk, leased_until=row.leased_until).first()
    return found


def _note_progress(
    fresh: Freshness, page_after: str, counts: ingesting.Counts, reached: str | None, since: date | None
) -> None:
    """Move the resume point; at the end of the list (`reached`) the cursor, and close the receipt.

    `since` is the oldest day that was written on the way; without one there is no new meaning to find.
    """
    now = timezone.now()
    fresh.page_after, fresh.leased_until, fresh.due_at = page_after, now + LEASE, now + LEASE
    if reached:
        if succeeding.conclude(fresh.household_id, fresh.account_id, is_first=not fresh.cursor):
            since = ingesting.LONG_AGO
        if since:
            ingesting.after_ingest(fresh.household_id, since)
        fresh.cursor, fresh.page_after, fresh.leased_until = reached, "", None
        if fresh.target == reached:
            _is_read(fresh)
    fresh.save()
    if reached:
        reconciling.check(fresh.account)
    running = Refresh.objects.for_household(fresh.household_id).filter(
        account_id=fresh.account_id, feature=Feature.TRANSACTIONS, status=Refresh.Status.RUNNING
    )
    running.update(
        new_count=F("new_count") + counts.new,
        changed_count=F("changed_count") + counts.changed,
        posted_count=F("posted_count") + counts.posted,
        dropped_count=F("dropped_count") + counts.dropped,
        quarantined_count=F("quarantined_count") + counts.quarantined,
        **({"status": Refresh.Status.SUCCEEDED, "finished_at": now} if reached else {}),
    )


def _is_read(fresh: Freshness) -> None:
    """All that the target leads to is stored. A later refresh, running or failed, keeps its own state."""
    now = timezone.now()
    as_of = fresh.target_attempted_at or fresh.attempted_at or now
    is_latest = fresh.attempted_at is None or fresh.attempted_at <= as_of
    fresh.target, fresh.target_attempted_at = "", None
    if is_latest:
        _is_fresh(fresh, as_of)
    else:
        fresh.as_of, fresh.due_at = max(fresh.as_of or as_of, as_of), now + PATIENCE


def read_owners(household_id: int, account_id: int, ownership: str) -> None:
    """Replace the account's owners by the snapshot `ownership`. Raises TryAgain, WillNotWork."""
    with tenancy.scope(household_id):
        account = Account.objects.for_household(household_id).get(pk=account_id)
    owners = connections.owners(account.stripe_id, ownership)
    with tenancy.scope(household_id):
        now = held(household_id, account_id)
        if now is None or now.status == Account.Status.DISCONNECTED:
            return
        # Of owners, the cursor is the snapshot that was read: the same one is not asked for again.
        Freshness.objects.for_household(household_id).filter(account=account, feature=Feature.OWNERSHIP).update(
            cursor=ownership
        )
        Owner.objects.for_household(household_id).filter(account=account).delete()
        Owner.objects.bulk_create(
            [
                Owner(
                    household_id=household_id,
                    account=account,
                    stripe_id=owner.id,
                    name=ingesting.clean(owner.name)[:300],
                    email=ingesting.clean(owner.email)[:300],
                    phone=ingesting.clean(owner.phone)[:60],
                    raw_address=ingesting.clean(owner.raw_address)[:600],
                )
                for owner in owners
            ]
        )


# --- What is due -----------------------------------------------------------------------------------------------


def due(limit: int = 500) -> list[tuple[int, int]]:
    """(household, account) of linked accounts with a feature whose time has come, the longest waiting first."""
    now = timezone.now()
    with tenancy.system("choose due refreshes"):
        rows = (
            Freshness.objects.filter(
                due_at__lte=now, account__status__in=[Account.Status.ACTIVE, Account.Status.INACTIVE]
            )
            .filter(Q(leased_until=None) | Q(leased_until__lt=now))
            .order_by("due_at")
            .values_list("household_id", "account_id")[:limit]
        )
        return list(dict.fromkeys(rows))


def catch_up(household_id: int, account_id: int) -> None:
    """Do what is due for an account: see how pending refreshes ended, ask for new ones, read what waits.

    Raises TryAgain, WillNotWork, OutcomeUnknown; the rows stay due then, later.
    """
    now = timezone.now()
    with tenancy.scope(household_id):
        account = Account.objects.for_household(household_id).get(pk=account_id)
        rows = Freshness.objects.for_household(household_id).filter(account=account)
        was_due = set(rows.filter(due_at__lte=now).values_list("feature", flat=True))
        # Whatever happens below, the next sweep does not do it again at once.
        rows.filter(due_at__lte=now).update(due_at=now + PATIENCE)
    remote = _subscribed(account, connections.account(account.stripe_id))
    apply(household_id, account_id, remote)
    if remote.status == Account.Status.ACTIVE:
        _ask_for_the_rest(household_id, account, remote, was_due)
    else:
        # The event of its coming back may have crossed an older answer: it is looked at now and then.
        with tenancy.scope(household_id):
            rows.filter(due_at__isnull=False).update(due_at=now + DAILY)
    read_transactions(household_id, account_id)


def _subscribed(account: Account, remote: RemoteAccount) -> RemoteAccount:
    """The account, once Stripe brings its transactions daily; as it was where Stripe refuses that."""
    is_read = account.status in (Account.Status.ACTIVE, Account.Status.INACTIVE) and not account.disconnecting_since
    is_open = remote.status == Account.Status.ACTIVE and "transactions" in remote.permissions
    if not is_read or not is_open or "transactions" in remote.subscriptions:
        return remote
    try:
        # Twice does no harm, and after a break the same key would bring back the answer from before it.
        return connections.subscribe(account.stripe_id, key=f"account-{account.stripe_id}-subscribe-{uuid.uuid4()}")
    except WillNotWork as problem:
        logger.warning("account %s: no daily refresh (%s)", account.pk, problem)
        return remote


def _ask_for_the_rest(household_id: int, account: Account, remote: RemoteAccount, was_due: set[str]) -> None:
    """Ask for features never asked for, for those that failed and whose time has come again, and once a day for those
    that Stripe does not bring daily."""
    now = timezone.now()
    daily = {Feature.BALANCE} if "transactions" in remote.subscriptions else {Feature.BALANCE, Feature.TRANSACTIONS}

    def is_wanted(row: Freshness) -> bool:
        if row.feature not in remote.refreshes:
            return True
        if row.feature == Feature.OWNERSHIP or row.status == Freshness.Status.PENDING:
            return False
        if row.next_allowed_at and row.next_allowed_at > now:
            return False
        if row.status == Freshness.Status.FAILED and row.feature in was_due:
            return True
        return row.feature in daily and (row.attempted_at is None or row.attempted_at <= now - DAILY)

    with tenancy.scope(household_id):
        rows = list(Freshness.objects.for_household(household_id).filter(account=account))
    # A new link may permit less than the one before it.
    permitted = [row for row in rows if Feature(row.feature).permission in remote.permissions]
    if wanted := tuple(row.feature for row in permitted if is_wanted(row)):
        try:
            ask(household_id, account.pk, wanted, cause="schedule")
        except (TooEarly, NotRefreshable):
            return
