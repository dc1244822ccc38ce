"""Receipts: what each reading of an account brought, one line a reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from banking.models import Feature, Refresh

SHOWN, READ = 12, 40
# Features that were asked for together are asked for, and recorded, within moments.
TOGETHER = timedelta(seconds=90)
CAUSES = {"link": "after linking", "person": "you asked", "staff": "support asked"}
ROWS_KEPT = "nothing that you edited was touched"


@dataclass(frozen=True)
class Receipt:
    """One reading. `words` say what it brought, `cause` who asked where that was not the daily reading."""

    at: datetime
    words: str
    cause: str
    light: str


def receipts(household_id: int, account_id: int) -> list[Receipt]:
    """The newest readings of an account, newest first. Inside the scope; one query."""
    rows = Refresh.objects.for_household(household_id).filter(account_id=account_id).order_by("-started_at", "-pk")
    groups: list[list[Refresh]] = []
    for row in rows[:READ]:
        if groups and _is_together(groups[-1], row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [_receipt(group) for group in groups[:SHOWN]]


def _is_together(group: Sequence[Refresh], row: Refresh) -> bool:
    is_near = group[-1].started_at - row.started_at < TOGETHER
    return is_near and row.feature not in {other.feature for other in group}


def _receipt(group: Sequence[Refresh]) -> Receipt:
    parts = [_words(row) for row in sorted(group, key=lambda row: row.feature != Feature.TRANSACTIONS)]
    if any(row.feature == Feature.TRANSACTIONS and row.status == Refresh.Status.SUCCEEDED for row in group):
        parts.append(ROWS_KEPT)
    sentence = "; ".join(parts)
    states = {row.status for row in group}
    is_running, is_failed = Refresh.Status.RUNNING in states, Refresh.Status.FAILED in states
    cause = next((CAUSES[row.cause] for row in group if row.cause in CAUSES), "")
    light = "reading" if is_running else "old" if is_failed else "ok"
    return Receipt(group[-1].started_at, sentence[0].upper() + sentence[1:], cause, light)


def _words(row: Refresh) -> str:
    what = str(row.get_feature_display()).lower()
    if row.status == Refresh.Status.RUNNING:
        return f"{what} being read"
    if row.status == Refresh.Status.FAILED:
        return f"{what} not read: {_uncapitalised(row.error).rstrip('.') or 'your bank gave none'}"
    return row.counts if row.feature == Feature.TRANSACTIONS else f"{what} read"


def _uncapitalised(words: str) -> str:
    return words[:1].lower() + words[1:]
