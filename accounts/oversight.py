"""What staff see and ask for: a reason on record first, each look and each wish kept."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone

from accounts.models import Household, StaffAccess, StaffAction, StaffLook, User
from fcdash.celery import nudge
from fcdash.gateway.errors import OutcomeUnknown, TryAgain, WillNotWork
from fcdash.staffing import VERBS, Asked, CannotBeDone, Verb

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 6
LEASE = timedelta(minutes=11)


def current_access(staff: User) -> StaffAccess | None:
    """The staff person's reason that still holds, if any."""
    return StaffAccess.objects.filter(staff=staff, ends_at__gt=timezone.now()).order_by("-pk").first()


def open_access(staff: User, reason: str) -> StaffAccess:
    """Put a reason on record; it holds for STAFF_ACCESS_MINUTES."""
    ends_at = timezone.now() + timedelta(minutes=settings.STAFF_ACCESS_MINUTES)
    return StaffAccess.objects.create(staff=staff, reason=reason, ends_at=ends_at)


def end_access(staff: User) -> None:
    """End the person's access now."""
    now = timezone.now()
    StaffAccess.objects.filter(staff=staff, ends_at__gt=now).update(ends_at=now)


def record_look(access: StaffAccess, path: str, household_id: int | None) -> None:
    """Keep that a page was looked at."""
    StaffLook.objects.create(access=access, path=path.replace("\x00", "")[:500], household_id=household_id)


def household_of(row: models.Model) -> int | None:
    """The household that a row belongs to, if it belongs to one."""
    return row.pk if isinstance(row, Household) else getattr(row, "household_id", None)


def ask(staff: User, verb: Verb, row: models.Model, reason: str) -> StaffAction:
    """Record what staff ask for. A verb `at_once` is done now, any other by the worker after the commit."""
    from accounts.tasks import carry_out as task

    action = StaffAction.objects.create(
        staff=staff,
        action=verb.name,
        target=row._meta.label_lower,
        object_id=row.pk,
        household_id=household_of(row),
        reason=reason,
    )
    if verb.at_once:
        _finish(action, _outcome(verb, action))
    else:
        nudge(task, action.pk)
    return action


def carry_out(action_id: int) -> None:
    """Do what was asked, once; call it outside any transaction. The outcome is written on the row."""
    now = timezone.now()
    taken = StaffAction.objects.filter(pk=action_id, finished_at=None, next_attempt_at__lte=now).update(
        attempts=F("attempts") + 1, next_attempt_at=now + LEASE
    )
    if not taken:
        return
    action = StaffAction.objects.get(pk=action_id)
    verb = VERBS.get(action.action)
    if verb is None:
        return _finish(action, "There is no such verb any more.")
    try:
        _finish(action, _outcome(verb, action))
    except (TryAgain, OutcomeUnknown) as problem:
        if action.attempts >= MAX_ATTEMPTS:
            return _finish(action, f"Given up after {action.attempts} tries: {problem}")
        wait = timedelta(seconds=15 * 2**action.attempts)
        StaffAction.objects.filter(pk=action.pk).update(next_attempt_at=timezone.now() + wait)


def _outcome(verb: Verb, action: StaffAction) -> str:
    try:
        return verb.run(Asked(action.staff_id, action.object_id or 0, action.household_id, action.reason))
    except CannotBeDone as problem:
        return f"Not done: {problem}"
    except WillNotWork as problem:
        return f"Refused by Stripe: {problem}"
    except (TryAgain, OutcomeUnknown):
        raise
    except Exception as problem:
        if verb.at_once:
            raise
        logger.exception("staff action %s failed", action.pk)
        return f"Failed: {type(problem).__name__}"


def _finish(action: StaffAction, outcome: str) -> None:
    action.outcome, action.finished_at = outcome[:300], timezone.now()
    action.save(update_fields=["outcome", "finished_at"])


def open_actions() -> list[int]:
    """Ids of actions that wait for a worker: a lost message or a try that is due again."""
    waiting: Any = StaffAction.objects.filter(finished_at=None, next_attempt_at__lte=timezone.now())
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:200])
