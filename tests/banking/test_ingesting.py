"""Ingest: what the bank lists is what we hold, however often and in whatever state it is read."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import connection

from banking import ingesting
from banking.models import QuarantinedRow, Transaction
from fcdash import tenancy
from tests.cast import Cast

pytestmark = pytest.mark.django_db
NOW = int(time.time())


def row(id: str = "fctxn_1", status: str = "posted", updated: int = NOW, **fields: Any) -> dict[str, Any]:
    """A transaction as Stripe lists it."""
    return {
        "id": id,
        "object": "financial_connections.transaction",
        "amount": -12_50,
        "currency": "usd",
        "description": "SQ *CORNER CAFE",
        "status": status,
        "status_transitions": {"posted_at": NOW if status == "posted" else None, "void_at": None},
        "transacted_at": NOW - 86_400,
        "transaction_refresh": "fctxnref_1",
        "updated": updated,
        **fields,
    }


def ingest(cast: Cast, *rows: dict[str, Any], is_first: bool = False) -> ingesting.Counts:
    with tenancy.scope(cast.household):
        tenancy.lock_household(cast.household)
        return ingesting.ingest(cast.checking, cast.household, rows, is_first)


def held(cast: Cast) -> list[Transaction]:
    with tenancy.scope(cast.household):
        return list(Transaction.objects.order_by("stripe_id"))


def test_reading_a_page_again_writes_nothing(cast: Cast) -> None:
    page = [row(f"fctxn_{n}") for n in range(20)]
    first = ingest(cast, *page)
    versions = _versions(cast)

    again = ingest(cast, *page)

    assert (first.new, again.new, again.changed) == (20, 0, 0)
    assert _versions(cast) == versions, "a row was rewritten"


def test_a_first_list_that_shifts_while_it_is_paged_is_stored_once(cast: Cast) -> None:
    ingest(cast, row("fctxn_1"), row("fctxn_2", "pending"), is_first=True)

    counts = ingest(cast, row("fctxn_1"), row("fctxn_2", updated=NOW + 1), row("fctxn_3"), is_first=True)

    assert [kept.status for kept in held(cast)] == ["posted"] * 3
    assert (counts.new, counts.changed, counts.posted) == (1, 1, 1)


def _versions(cast: Cast) -> list[tuple[Any, ...]]:
    with tenancy.scope(cast.household), connection.cursor() as cursor:
        cursor.execute("SELECT stripe_id, ctid, xmin FROM banking_transaction ORDER BY stripe_id")
        return cursor.fetchall()


@pytest.mark.parametrize(
    ("before", "after"), [("pending", "posted"), ("pending", "void"), ("posted", "void"), ("void", "posted")]
)
def test_a_row_follows_the_banks_newer_state(cast: Cast, before: str, after: str) -> None:
    ingest(cast, row(status=before))
    counts = ingest(cast, row(status=after, updated=NOW + 1, amount=-13_00))

    [kept] = held(cast)
    assert (kept.status, kept.amount_cents, counts.changed) == (after, -13_00, 1)


def test_an_older_state_never_overwrites_a_newer_one(cast: Cast) -> None:
    ingest(cast, row(status="posted", updated=NOW + 5))
    counts = ingest(cast, row(status="pending", updated=NOW, amount=-1))

    [kept] = held(cast)
    assert (kept.status, kept.amount_cents, counts.changed) == ("posted", -12_50, 0)


def test_two_changes_within_one_second_both_arrive(cast: Cast) -> None:
    ingest(cast, row(status="pending"))
    ingest(cast, row(status="posted"))

    assert [kept.status for kept in held(cast)] == ["posted"]


def test_a_pending_row_replaced_by_one_of_a_new_id_counts_once(cast: Cast) -> None:
    ingest(cast, row("fctxn_pending", status="pending"))
    ingest(cast, row("fctxn_pending", status="void", updated=NOW + 1), row("fctxn_posted", updated=NOW + 1))

    assert [(kept.stripe_id, kept.status) for kept in held(cast)] == [
        ("fctxn_pending", "void"),
        ("fctxn_posted", "posted"),
    ]


def test_a_row_twice_on_a_shifting_list_is_stored_once(cast: Cast) -> None:
    counts = ingest(cast, row(), row())

    assert (counts.new, len(held(cast))) == (1, 1)


def test_what_a_person_typed_survives(cast: Cast) -> None:
    ingest(cast, row(status="pending"))
    with tenancy.scope(cast.household):
        Transaction.objects.update(chosen_category="fun", note="with Ana", excluded=True)

    ingest(cast, row(status="posted", updated=NOW + 1, description="CORNER CAFE SEATTLE"))

    [kept] = held(cast)
    assert (kept.category, kept.note, kept.excluded, kept.status) == ("fun", "with Ana", True, "posted")


def test_the_day_is_the_households_and_stays(cast: Cast) -> None:
    late_evening = 1_762_999_200  # 2025-11-13 02:00 UTC, the evening of the 12th in New York
    ingest(cast, row(transacted_at=late_evening))
    with tenancy.scope(cast.household):
        cast.household.time_zone = "Asia/Tokyo"
        cast.household.save()
    ingest(cast, row(transacted_at=late_evening, updated=NOW + 1, amount=-1))

    assert [str(kept.booked_on) for kept in held(cast)] == ["2025-11-12"]


@pytest.mark.parametrize(
    "broken",
    [
        {"amount": 2**63},
        {"amount": 2**63 - 1},
        {"amount": -(10**14) - 1},
        {"amount": "12"},
        {"amount": 12.5},
        {"amount": True},
        {"amount": None},
        {"currency": "dollars"},
        {"currency": None},
        {"status": "lost"},
        {"transacted_at": -1},
        {"transacted_at": 2**40},
        {"transacted_at": "yesterday"},
        {"id": ""},
        {"id": None},
        {"id": "fctxn_\x00"},
    ],
)
def test_a_broken_row_is_quarantined_and_the_rest_of_its_page_is_stored(cast: Cast, broken: dict[str, Any]) -> None:
    counts = ingest(cast, row("fctxn_a"), row("fctxn_b") | broken, row("fctxn_c"))

    assert [kept.stripe_id for kept in held(cast)] == ["fctxn_a", "fctxn_c"]
    assert (counts.new, counts.quarantined) == (2, 1)
    with tenancy.scope(cast.household):
        assert QuarantinedRow.objects.get().reason


@pytest.mark.parametrize(
    "hostile",
    [
        "NUL \x00 here",
        "half \ud800 pair",
        "bidi \u202eevil\u202c",
        "<script>alert(1)</script>",
        "=1+1",
        "é" * 10_000,
        "",
    ],
)
def test_hostile_text_is_cleaned_and_stored(cast: Cast, hostile: str) -> None:
    ingest(cast, row(description=hostile), row("fctxn_2"))

    kept = held(cast)
    assert len(kept) == 2
    assert not set(kept[0].description) & set("\x00\ud800\u202e")
    assert len(kept[0].description) <= ingesting.LONGEST_DESCRIPTION


@pytest.mark.parametrize("amount", [10**14, -(10**14), 0])
def test_amounts_at_the_edge_are_kept_to_the_cent(cast: Cast, amount: int) -> None:
    ingest(cast, row(amount=amount, currency="JPY"))

    [kept] = held(cast)
    assert (kept.amount_cents, kept.currency) == (amount, "jpy")
