"""Search: by the index, within the household, by the beginnings of words; lists go on where they stopped."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcdash import tenancy
from spending import listing, searching
from spending.listing import RowFilter
from tests.cast import AccountFactory, Cast
from tests.spending.rows import add

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 10)


def names(cast: Cast, text: str) -> list[str]:
    return [row.name for row in listing.page(cast.household.pk, RowFilter(text=text)).rows]


@pytest.mark.parametrize("text", ["juniper", "JUNI cof", "coffee 0093", "tst*", "birthday"])
def test_beginnings_of_words_in_name_bank_words_and_note_are_found(cast: Cast, text: str) -> None:
    with tenancy.scope(cast.household):
        add(cast.checking, "TST* JUNIPER COFFEE 0093", -6_40, DAY, note="birthday of Sam")
        add(cast.checking, "SAFEWAY #1477", -50_00, DAY)

        assert names(cast, text) == ["Juniper Coffee"]


@pytest.mark.parametrize("text", ["unicorn", "juniper unicorn", "*", "'", "& | !", ":*", "\\"])
def test_what_is_not_there_finds_nothing(cast: Cast, text: str) -> None:
    with tenancy.scope(cast.household):
        add(cast.checking, "TST* JUNIPER COFFEE 0093", -6_40, DAY)

        assert names(cast, text) == []


def test_a_domain_is_found_as_it_is_written(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        add(cast.checking, "NETFLIX.COM 866-579-7172", -17_49, DAY)

        assert names(cast, "netflix.com 866-579-7172") == names(cast, "netfl") == ["Netflix"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(max_size=60), st.text("ab'\\&|!:*()<> -", max_size=40)))
def test_no_text_breaks_the_search(cast: Cast, text: str) -> None:
    with tenancy.scope(cast.household):
        assert searching.find(cast.household.pk, text.replace("\x00", " ")) == []


def test_another_household_is_not_searched(cast: Cast) -> None:
    with tenancy.scope(cast.strange_household):
        theirs = AccountFactory(household=cast.strange_household, holder=cast.charlie)
        add(theirs, "SAFEWAY #1477", -50_00, DAY)

    with tenancy.scope(cast.household):
        assert searching.find(cast.household.pk, "safeway") == []
        with pytest.raises(tenancy.NoScope):
            searching.find(cast.strange_household.pk, "safeway")


def test_the_role_is_given_back(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        searching.find(cast.household.pk, "safeway")

        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, (SELECT count(*) FROM accounts_household)")
            assert cursor.fetchone() == ("fcdash_app", 1)


def test_pages_go_on_without_gap_or_repetition(cast: Cast) -> None:
    with tenancy.scope(cast.household):
        for number in range(23):
            add(cast.checking, f"SAFEWAY #{number}", -1_00 - number, DAY - timedelta(days=number // 5))

        for wanted in (RowFilter(text="safeway"), RowFilter()):
            seen, before = [], None
            while True:
                page = listing.page(cast.household.pk, wanted, before, limit=7)
                seen += [row.id for row in page.rows]
                before = page.next
                if before is None:
                    break
            assert len(seen) == len(set(seen)) == 23


def test_hits_beyond_those_looked_at_come_with_the_next_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "MOST_HITS", 4)
    monkeypatch.setattr(searching.find, "__defaults__", (None, None, None, 4))
    with tenancy.scope(cast.household):
        for number in range(10):
            add(cast.checking, "SAFEWAY", -(1 + number % 2) * 1_00, DAY - timedelta(days=number // 6))
        wanted = RowFilter(text="safeway", least_cents=2_00)

        seen, before, pages = 0, None, 0
        while pages == 0 or (before and pages < 20):
            page = listing.page(cast.household.pk, wanted, before, limit=3)
            seen, before, pages = seen + len(page.rows), page.next, pages + 1

        assert seen == 5


MANY = """
    INSERT INTO banking_transaction (household_id, account_id, stripe_id, amount_cents, currency, description, status,
        transacted_at, booked_on, stripe_refresh, merchant, guessed_category, guessed_why, note, excluded)
    SELECT %s, %s, 'fctxn_many' || n, -100, 'usd', 'ROW NUMBER' || n, 'posted', now(), date '2026-01-01' + n %% 300, '',
        '', 'other', '', '', false FROM generate_series(1, 20000) n
"""


def test_the_index_of_words_serves_the_search(cast: Cast) -> None:
    with tenancy.scope(cast.household), connection.cursor() as cursor:
        cursor.execute(MANY, [cast.household.pk, cast.checking.pk])
        cursor.execute("SELECT gin_clean_pending_list('banking_transaction_words')")
        cursor.execute("ANALYZE banking_transaction")

        assert "banking_transaction_words" in plan(cursor, cast, tenancy.SEARCH_ROLE)
        # The application's own role may not use it: that is why there is another.
        assert "banking_transaction_words" not in plan(cursor, cast, "none")


def plan(cursor, cast: Cast, role: str) -> str:
    start = searching.END
    values = {"household": cast.household.pk, "query": searching.query_of("number777"), "on": start.on, "id": start.id}
    cursor.execute("SELECT set_config('role', %s, true)", [role])
    cursor.execute(
        f"EXPLAIN {searching.FIND}", values | {"first": searching.BEGINNING, "last": start.on, "limit": 5000}
    )
    lines = [line for (line,) in cursor.fetchall()]
    cursor.execute("SELECT set_config('role', 'none', true)")
    return "\n".join(lines)
