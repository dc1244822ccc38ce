"""The pages of the figures: they render, stay within the household, cost the same with much data, and add up."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from banking.models import Freshness, Transaction
from fcdash import tenancy
from spending import transfers
from spending.models import Edit
from tests.cast import AccountFactory, BalanceFactory, Cast, TransactionFactory
from tests.spending.rows import add, half_a_year

pytestmark = pytest.mark.django_db
PAGES = [
    "/",
    "/?view=usual",
    "/?view=checking",
    "/?view=worth",
    "/?view=months",
    "/?view=flow",
    "/transactions/",
    "/transactions/?q=safeway",
    "/transactions/?category=unsure",
    "/transactions/?from=2026-01-05&to=2026-12-31&min=3&max=90&status=posted",
    "/spending/",
    "/spending/?by=merchant",
    "/spending/?by=month&from=2025-12-05&to=2026-12-20",
    "/spending/?by=account&from=2025-12-05&to=2026-12-20&view=table",
    "/cash-flow/",
    "/cash-flow/?view=table",
    "/net-worth/",
    "/net-worth/?months=12&view=table",
    "/reading/",
]


def today(cast: Cast) -> date:
    day: date = cast.household.today()
    return day


@pytest.fixture
def filled(cast: Cast) -> Cast:
    """Half a year on a checking account, a card payment, and something unsure."""
    day = today(cast)
    with tenancy.scope(cast.household):
        half_a_year(cast.checking, day)
        card = AccountFactory(
            household=cast.household, holder=cast.alice, name="Card", last4="2051", category="credit",
            subcategory="credit_card",
        )  # fmt: skip
        add(cast.checking, "CASCADE CU CARD AUTOPAY 2051", -90_00, day - timedelta(days=9))
        add(card, "AUTOPAY PAYMENT - THANK YOU", 90_00, day - timedelta(days=8))
        add(card, "XPRESS RSN QZ 0071", -15_00, day - timedelta(days=2))
        transfers.match(cast.household.pk, date(2020, 1, 1))
        for account, cents in ((cast.checking, 2100_18), (card, -15_00)):
            BalanceFactory(household=cast.household, account=account, on=day, as_of=timezone.now(), current_cents=cents)
            Freshness.objects.create(
                household=cast.household, account=account, feature="transactions", status="succeeded",
                as_of=timezone.now(),
            )  # fmt: skip
    return cast


@pytest.mark.parametrize("path", PAGES)
def test_pages_show_for_members_and_viewers(filled: Cast, path: str) -> None:
    for person in (filled.alice, filled.vera):
        assert filled.client(person).get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_a_household_without_a_bank_say_what_to_do(cast: Cast, path: str) -> None:
    _ = cast.strange_household

    assert cast.client(cast.charlie).get(path).status_code == 200


def test_home_says_what_this_is_to_strangers_and_leads_new_people_to_their_bank(cast: Cast) -> None:
    _ = cast.strange_household

    assert b"What is yours to spend" in cast.client().get("/").content
    assert b"Link the bank you are paid into" in cast.client(cast.charlie).get("/").content


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/reading/"])
def test_pages_cost_at_most_eight_queries_with_little_and_with_much(filled: Cast, path: str) -> None:
    client = filled.client(filled.alice)
    few = queries(client, path)
    with tenancy.scope(filled.household):
        for number in range(3):
            more = AccountFactory(household=filled.household, holder=filled.alice, name=f"Account {number}")
            half_a_year(more, today(filled))
            BalanceFactory(household=filled.household, account=more, on=today(filled))

    many = queries(client, path)

    assert max(few, many) <= 8


def queries(client, path: str) -> int:
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT set_config")
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return sum(not query["sql"].startswith(control) for query in captured.captured_queries)


# --- Figures and their rows -----------------------------------------------------------------------------------

LINK = re.compile(r'href="(/transactions/\?[^"]+)"')
MONEY = re.compile(r'<span class="v"[^>]*>(.*?)</span>(?=<span class="vh"|</span>)')


def shown(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


@pytest.mark.parametrize("by", ["category", "month", "merchant", "account"])
def test_every_figure_opens_rows_that_sum_to_it(filled: Cast, by: str) -> None:
    client = filled.client(filled.alice)
    page = client.get("/spending/", {"by": by, "from": "2026-01-05", "to": str(today(filled))}).content.decode()
    shares = re.findall(r'<a class="share" href="([^"]+)">(.*?)</a>', page, re.S)
    assert shares

    for url, inside in shares:
        figure = re.findall(r"−?\$[\d,]+\.\d\d", shown(inside.split('class="amt"')[1]))[0]
        rows = client.get(url.replace("&amp;", "&")).content.decode()
        spent = re.search(r"<dt>(?:Spent|Out)</dt><dd>(.*?)</dd>(?!.*<dt>Spent</dt>)", rows, re.S)
        assert spent
        assert figure in shown(spent[1])


def test_home_counts_a_card_payment_nowhere(filled: Cast) -> None:
    page = shown(filled.client(filled.alice).get("/spending/?from=2026-01-01&to=2026-12-31").content.decode())

    assert "Cascade CU" not in page


def test_hidden_amounts_stand_in_spans_that_can_be_hidden(filled: Cast) -> None:
    page = filled.client(filled.alice).get("/").content.decode()
    main = page[page.index('<main class="main"') : page.index("</main>")]
    outside = re.sub(r"<script.*?</script>|<noscript>.*?</noscript>|<canvas[^>]*>", "", main, flags=re.S)
    outside = re.sub(r'<span class="v"[^>]*>(?:<span[^>]*>[^<]*</span>|[^<])*</span>', "", outside)

    assert "$" not in outside


# --- The list -------------------------------------------------------------------------------------------------


def test_show_earlier_goes_on_and_htmx_gets_rows_alone(filled: Cast) -> None:
    client = filled.client(filled.alice)
    page = client.get("/transactions/").content.decode()
    more = re.search(r'<p class="pager" id="pager"><a href="([^"]+)"', page)
    assert more

    earlier = client.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()

    ids = re.findall(r'id="row-(\d+)"', page)
    assert ids
    assert not set(ids) & set(re.findall(r'id="row-(\d+)"', earlier))
    assert "<html" not in earlier


@pytest.mark.parametrize(
    "query",
    ["?from=yesterday", "?min=lots", "?account=x,99999999999999999999", "?cursor=..", "?open=abc", "?category=yachts",
     "?from=2026-05-01&to=2026-01-01", "?q=%00", "?merchant=", "?status=lost"],
)  # fmt: skip
def test_what_cannot_be_read_in_an_address_is_no_error(filled: Cast, query: str) -> None:
    assert filled.client(filled.alice).get(f"/transactions/{query}").status_code == 200


def test_nothing_found_says_so_and_leads_on(filled: Cast) -> None:
    page = filled.client(filled.alice).get("/transactions/?q=unicorn").content.decode()

    assert "No transaction matches “unicorn”" in page


def test_amounts_are_compared_without_their_sign(filled: Cast) -> None:
    page = filled.client(filled.alice).get("/transactions/?min=2184.62&max=2184.62").content.decode()

    assert set(re.findall(r'<a class="name"[^>]*>([^<]+)<', page)) == {"Northwind Robotics"}


# --- One row --------------------------------------------------------------------------------------------------


@pytest.fixture
def row(filled: Cast) -> Transaction:
    with tenancy.scope(filled.household):
        return Transaction.objects.get(household_id=filled.household.pk, merchant="Xpress Rsn Qz")


def now(cast: Cast, row: Transaction) -> Transaction:
    with tenancy.scope(cast.household):
        return Transaction.objects.get(household_id=cast.household.pk, pk=row.pk)


def test_a_category_is_changed_without_javascript_and_undone(filled: Cast, row: Transaction) -> None:
    client = filled.client(filled.alice)
    path = reverse("spending:category", args=[row.pk])
    assert b"<select" in client.get(path).content

    answer = client.post(path, {"category": "fun", "next": "/transactions/?q=x"}, follow=True)
    assert answer.redirect_chain == [("/transactions/?q=x", 302)]
    assert now(filled, row).category == "fun"
    undo = re.search(r'action="(/edits/\d+/undoing/)"', answer.content.decode())

    assert undo
    client.post(undo[1])
    assert now(filled, row).category == "other"


def test_htmx_gets_the_row_as_it_is_now_and_a_toast(filled: Cast, row: Transaction) -> None:
    client = filled.client(filled.bob)
    headers = {"HX-Request": "true"}
    path = reverse("spending:category", args=[row.pk])

    form = client.get(path, headers=headers).content.decode()
    answer = client.post(path, {"category": "fun"}, headers=headers).content.decode()

    assert "<html" not in form + answer
    assert f'id="row-{row.pk}"' in answer
    assert 'hx-swap-oob="beforeend"' in answer


def test_note_exclusion_and_review_are_kept(filled: Cast, row: Transaction) -> None:
    client = filled.client(filled.bob)
    for name, sent in (("note", {"note": "for Sam"}), ("exclusion", {"excluded": "yes"}), ("review", {})):
        assert client.post(reverse(f"spending:{name}", args=[row.pk]), sent).status_code == 302

    kept = now(filled, row)
    assert (kept.note, kept.excluded, kept.reviewed_at is not None) == ("for Sam", True, True)
    detail = client.get(reverse("spending:transaction", args=[row.pk])).content.decode()
    assert "Left out of all figures by Bob Brown" in detail


def test_a_transfer_shows_its_other_side_and_can_be_parted(filled: Cast) -> None:
    client = filled.client(filled.alice)
    with tenancy.scope(filled.household):
        leg = Transaction.objects.get(household_id=filled.household.pk, merchant="Cascade CU Card")
    assert "Card, " in shown(client.get(reverse("spending:transaction", args=[leg.pk])).content.decode())

    client.post(reverse("spending:parting", args=[leg.transfer_id]))

    assert now(filled, leg).transfer_id is None


POSTS = ("category", "note", "exclusion", "review")


def test_a_stranger_finds_nothing_and_a_viewer_may_not_write(filled: Cast, row: Transaction) -> None:
    with tenancy.scope(filled.household):
        edit = Edit.objects.create(household=filled.household, transaction=row, field="note", before="", after="x")
        transfer = Transaction.objects.filter(household_id=filled.household.pk, transfer_id__isnull=False)[
            0
        ].transfer_id
    _ = filled.strange_household
    paths = [reverse(f"spending:{name}", args=[row.pk]) for name in POSTS]
    paths += [reverse("spending:undoing", args=[edit.pk]), reverse("spending:parting", args=[transfer])]

    assert [filled.client(filled.charlie).post(path, {"category": "fun"}).status_code for path in paths] == [404] * 6
    assert [filled.client(filled.vera).post(path, {"category": "fun"}).status_code for path in paths] == [403] * 6
    for path in (reverse("spending:transaction", args=[row.pk]), f"/transactions/?open={row.pk}", paths[0]):
        assert filled.client(filled.charlie).get(path).status_code == 404


def test_after_a_change_nobody_is_sent_to_another_site(filled: Cast, row: Transaction) -> None:
    path = reverse("spending:note", args=[row.pk])

    answer = filled.client(filled.alice).post(path, {"note": "x", "next": "https://evil.example/"})

    assert answer.headers["Location"] == "/transactions/"


# --- While data comes -----------------------------------------------------------------------------------------


def test_the_first_reading_is_a_live_line_that_ends_by_asking_for_the_page_again(cast: Cast) -> None:
    client = cast.client(cast.alice)
    with tenancy.scope(cast.household):
        reading = Freshness.objects.create(household=cast.household, account=cast.checking, feature="transactions")
        TransactionFactory(household=cast.household, account=cast.checking, booked_on=today(cast))

    assert 'hx-trigger="every 2s"' in client.get("/").content.decode()
    live = client.get("/reading/")
    assert b"1 so far" in live.content
    assert "HX-Refresh" not in live.headers

    with tenancy.scope(cast.household):
        Freshness.objects.filter(pk=reading.pk).update(as_of=timezone.now(), status="succeeded")
    over = client.get("/reading/")
    assert over.headers["HX-Refresh"] == "true"


def test_home_follows_a_change_at_once(filled: Cast, row: Transaction) -> None:
    client = filled.client(filled.alice)
    assert "1 transaction to confirm" in shown(client.get("/").content.decode())

    client.post(reverse("spending:review", args=[row.pk]))

    assert "to confirm" not in shown(client.get("/").content.decode())


def test_checked_is_the_newest_balance(filled: Cast) -> None:
    with tenancy.scope(filled.household):
        BalanceFactory(
            household=filled.household, account=filled.checking, currency="usd", on=today(filled) + timedelta(days=1),
            as_of=datetime(2036, 1, 1, 17, tzinfo=timezone.get_current_timezone()),
        )  # fmt: skip

    assert "Checked Tue, Jan 1, 2036" in shown(filled.client(filled.alice).get("/").content.decode())
