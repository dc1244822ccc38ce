"""The remembered first page: each person's own, with a token that works, and never one of yesterday's messages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fcdash import tenancy
from tests.cast import BalanceFactory, Cast
from tests.spending.rows import half_a_year

pytestmark = pytest.mark.django_db
TOKENS = re.compile(r"\b[0-9A-Za-z]{64}\b")


@pytest.fixture
def home(cast: Cast) -> Cast:
    today = cast.household.today()
    with tenancy.scope(cast.household):
        half_a_year(cast.checking, today)
        BalanceFactory(
            household=cast.household, account=cast.checking, on=today, as_of=timezone.now(), current_cents=2100_18
        )
    return cast


def shown(client: Client, path: str = "/") -> str:
    return str(client.get(path).content.decode())


def test_the_second_visit_reads_only_what_names_the_page(home: Cast) -> None:
    client = home.client(home.alice)
    first = shown(client)

    with CaptureQueriesContext(connection) as captured:
        second = shown(client)

    asked = [q["sql"] for q in captured if q["sql"].startswith(("SELECT", "\n"))]
    asked = [sql for sql in asked if "set_config" not in sql]
    assert len(asked) == 4, "\n".join(asked)  # the user, their places, the accounts, what is to be paid
    assert TOKENS.sub("", second) == TOKENS.sub("", first)


def test_the_token_in_the_remembered_page_is_taken(home: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(home.alice)
    tokens = {TOKENS.findall(shown(client))[0] for _ in range(3)}

    assert len(tokens) == 3, "each answer masks the secret anew"
    for token in tokens:
        form = {"csrfmiddlewaretoken": token, "amounts": "hidden", "next": "/"}
        assert client.post("/display/", form).status_code == 302


def test_each_person_sees_their_own_frame(home: Cast) -> None:
    alice, vera = shown(home.client(home.alice)), shown(home.client(home.vera))

    assert home.alice.get_short_name() in alice
    assert home.vera.get_short_name() in vera
    assert home.alice.get_short_name() not in vera


def test_hidden_amounts_are_hidden_at_once(home: Cast) -> None:
    client = home.client(home.alice)
    assert 'data-amounts="hidden"' not in shown(client)

    client.cookies["amounts"] = "hidden"

    assert 'data-amounts="hidden"' in shown(client)


def test_a_message_is_shown_once(home: Cast) -> None:
    client = home.client(home.alice)
    with tenancy.scope(home.household):
        row = home.checking.transactions.order_by("-booked_on").first()
    client.post(f"/transactions/{row.pk}/note/", {"note": "for the roof", "next": "/"})

    assert ["Note" in shown(client).split('id="toasts"')[1][:400] for _ in range(3)] == [True, False, False]


def test_the_next_day_is_another_page(home: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shown(home.client(home.alice))
    later = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: later)

    assert re.findall(r"<h1>.*?</h1>", shown(home.client(home.alice))) != re.findall(r"<h1>.*?</h1>", before)
