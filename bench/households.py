"""Households with ten years of rows in two accounts, each loaded once and kept for the benchmarks that come after."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from bench import rows, stage

CURSOR = "fctxnref_bench"


@dataclass(frozen=True)
class Held:
    """A household of `count` rows."""

    count: int
    user: Any
    household: Any
    accounts: list[Any]


_held: dict[int, Held] = {}


def of(count: int) -> Held:
    """The household of so many rows, loaded through the product's ingest unless it is here already."""
    from banking import ingesting
    from banking.models import Freshness
    from fcdash import tenancy

    if count in _held:
        return _held[count]
    held = opened(count)
    for account in held.accounts:
        _, half, name = account.stripe_id.split("_")
        listed = (rows.row(number, int(half), name, int(time.time())) for number in range(int(half)))
        while batch := list(islice(listed, ingesting.BATCH_ROWS)):
            with tenancy.scope(held.household):
                tenancy.lock_household(held.household, readable_again=True)
                ingesting.ingest(account, held.household, batch, is_first=True)
    with tenancy.scope(held.household):
        ingesting.after_ingest(held.household.pk, ingesting.LONG_AGO)
        Freshness.objects.filter(household_id=held.household.pk).update(cursor=CURSOR, target="")
    return keep(held)


def opened(count: int) -> Held:
    """A household whose two accounts have so many rows at the bank, none read yet."""
    from django.utils import timezone

    from banking.models import Balance
    from fcdash import tenancy

    user, household, accounts = stage.new_household(accounts=2)
    now = timezone.now()
    with tenancy.scope(household):
        for account in accounts:
            account.stripe_id = f"fca_{count // 2}_{account.stripe_id[-12:]}"
            account.save(update_fields=["stripe_id"])
            for days in range(30):
                at = now - timedelta(days=days)
                cents = 412_350 + days * 1_700
                Balance.objects.create(
                    household=household,
                    account=account,
                    currency="usd",
                    on=at.date(),
                    as_of=at,
                    current_cents=cents,
                    available_cents=cents,
                )
    return Held(count, user, household, accounts)


def keep(held: Held) -> Held:
    """Take a household whose rows are read into use, with what autovacuum would have done by then."""
    from django.db import connection
    from django.utils import timezone

    from banking.models import Freshness
    from fcdash import tenancy

    with tenancy.scope(held.household):
        Freshness.objects.filter(household_id=held.household.pk).update(status="succeeded", as_of=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE banking_transaction, spending_monthtotal, spending_daytotal")
    _held[held.count] = held
    return held
