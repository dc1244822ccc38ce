"""The pages about bills, payments and permissions, as a person without JavaScript uses them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.households import Place
from banking.models import Account
from fcdash import tenancy
from payments import bills, mandates, paying, upcoming
from payments.models import Bill, Biller, Mandate, Payment
from tests.cast import Cast
from tests.payments.conftest import debits, reload
from tests.payments.test_claiming import fail, on_the_day
from tests.payments.test_lost_answers import fault
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
MOST_QUERIES = 8


@pytest.fixture
def alice(cast: Cast) -> Client:
    """Alice's browser, without JavaScript."""
    return cast.client(cast.alice)


def text(answer: Any) -> str:
    """The page's words, without markup."""
    page = re.sub(r"<(script|style|svg).*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def hidden(answer: Any) -> dict[str, str]:
    """What the form carries unseen."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode())
    return {name: value for name, value in found if name in ("nonce", "period", "version")}


def pay(browser: Client, bill: Bill, account: Account, **fields: str) -> Any:
    """Open the pay page, read, tick, press."""
    page = browser.get(f"/bills/{bill.pk}/pay/", {"account": account.pk})
    asked = {"account": account.pk, "when": "now", "agree": "on", **hidden(page), **fields}
    return browser.post(f"/bills/{bill.pk}/pay/", asked)


# --- Adding a bill ----------------------------------------------------------------------------------------------


def test_a_bill_is_added_from_the_list_of_billers(alice: Client, cast: Cast, place: Place, biller: Biller) -> None:
    assert "Alder Creek Community Services" in text(alice.get("/bills/new/", {"q": "alder wat"}))
    due = place.today + timedelta(days=9)

    answer = alice.post(
        f"/bills/new/?biller={biller.pk}", {"amount": "$1,084.50", "due_on": due, "recurrence": "monthly"}
    )

    with tenancy.scope(place.household_id):
        bill = Bill.objects.get()
    assert answer.url == f"/bills/{bill.pk}/"
    assert (bill.amount_cents, bill.frequency, bill.first_due_on) == (1_084_50, "monthly", due)


def test_billers_that_are_not_approved_are_not_offered(alice: Client, cast: Cast, place: Place, biller: Biller) -> None:
    Biller.objects.filter(pk=biller.pk).update(approved_at=None)

    assert biller.name not in text(alice.get("/bills/new/"))
    assert alice.get("/bills/new/", {"biller": biller.pk}).status_code == 404


@pytest.mark.parametrize("amount", ["", "0", "-5", "12.345", "nan", "1e3x", "99999999999"])
def test_an_amount_that_is_none_is_refused_in_words(amount: str, alice: Client, place: Place, biller: Biller) -> None:
    answer = alice.post(f"/bills/new/?biller={biller.pk}", {"amount": amount, "due_on": place.today})

    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()


# --- Paying -----------------------------------------------------------------------------------------------------


def test_the_page_says_who_receives_what_and_the_exact_words(
    alice: Client, cast: Cast, place: Place, bill: Bill, account: Account
) -> None:
    answer = alice.get(f"/bills/{bill.pk}/pay/")
    page = text(answer)

    for said in ("Alder Creek Community Services", "ALDER CREEK WATER", "Fee None", "Agree and pay $84.50"):
        assert said in page
    with tenancy.scope(place.household_id):
        words = mandates.terms(place, cast.alice, account).text
    assert all(paragraph in page for paragraph in words.split("\n\n"))
    box = re.search(r'<input type="checkbox"[^>]*>', answer.content.decode())
    assert box is not None
    assert "checked" not in box[0]


def test_agreeing_and_paying_is_one_press(
    alice: Client, sandbox: Sandbox, bill: Bill, account: Account, run_tasks: Callable[..., Any]
) -> None:
    answer = pay(alice, bill, account)
    run_tasks()

    page = text(alice.get(answer.url))
    assert "On its way" in page
    assert "Where it is" in page
    assert len(debits(sandbox)) == 1


def test_nothing_says_paid_before_it_is(alice: Client, sent: Payment) -> None:
    page = alice.get(f"/payments/{sent.pk}/").content.decode()

    assert 'class="state ok"' not in page.split('id="where"')[0]
    assert "We do not call it paid yet" in page


def test_without_the_tick_nothing_is_allowed_or_sent(
    alice: Client, sandbox: Sandbox, place: Place, bill: Bill, account: Account
) -> None:
    answer = pay(alice, bill, account, agree="")

    assert answer.status_code == 422
    with tenancy.scope(place.household_id):
        assert not Mandate.objects.exists()
        assert not Payment.objects.exists()


def test_words_that_changed_are_shown_again(alice: Client, bill: Bill, account: Account) -> None:
    answer = pay(alice, bill, account, version="stale")

    assert answer.status_code == 422
    assert "The words have changed" in text(answer)


def test_the_next_bill_needs_no_new_permission(alice: Client, bill: Bill, account: Account, mandate: Mandate) -> None:
    page = text(alice.get(f"/bills/{bill.pk}/pay/"))

    assert "Pay $84.50" in page
    assert "Your permission to debit" not in page


def test_pressing_twice_leads_to_one_payment(alice: Client, place: Place, bill: Bill, mandate: Mandate) -> None:
    page = alice.get(f"/bills/{bill.pk}/pay/")
    form = {"account": mandate.account_id, "when": "now", **hidden(page)}
    answers = [alice.post(f"/bills/{bill.pk}/pay/", form) for _ in range(2)]

    assert answers[0].url == answers[1].url
    with tenancy.scope(place.household_id):
        assert Payment.objects.count() == 1


def test_stripe_being_down_is_said_and_the_same_press_goes_on(
    alice: Client, sandbox: Sandbox, bill: Bill, account: Account, settings: Any
) -> None:
    settings.STRIPE_RETRIES = 0
    fault(sandbox, ("POST /v1/setup_intents", "connection_reset"))
    refused = pay(alice, bill, account)
    assert refused.status_code == 422
    assert "Nothing was sent" in text(refused)

    fault(sandbox)
    assert pay(alice, bill, account).status_code == 302


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"when": "later", "on": ""}, "Choose the day."),
        ({"when": "later", "on": "2020-01-01"}, "from tomorrow on"),
        ({"when": "later", "on": "never"}, "valid date"),
    ],
)
def test_a_day_that_cannot_be_is_refused_in_words(
    fields: dict[str, str], said: str, alice: Client, bill: Bill, mandate: Mandate
) -> None:
    answer = pay(alice, bill, mandate.account, **fields)

    assert answer.status_code == 422
    assert said in text(answer)


def test_a_later_day_is_kept(alice: Client, place: Place, bill: Bill, mandate: Mandate) -> None:
    on = place.today + timedelta(days=3)

    answer = pay(alice, bill, mandate.account, when="later", on=on.isoformat())

    assert "Waiting for its day" in text(alice.get(answer.url))
    with tenancy.scope(place.household_id):
        assert Payment.objects.get().on == on


def test_htmx_gets_the_permission_and_the_plan_alone(alice: Client, bill: Bill, account: Account) -> None:
    part = alice.get(f"/bills/{bill.pk}/pay/", {"account": account.pk}, headers={"HX-Request": "true"})

    assert part.content.decode().lstrip().startswith('<div class="paying" id="pay-rest">')
    assert 'id="pay-plan"' in part.content.decode()
    assert 'hx-swap-oob="true"' in part.content.decode()


def test_a_household_without_a_payable_account_is_sent_to_link_one(alice: Client, bill: Bill) -> None:
    page = text(alice.get(f"/bills/{bill.pk}/pay/"))

    assert "No account of yours can pay yet" in page
    assert "Link a bank" in page


# --- Following --------------------------------------------------------------------------------------------------


def test_a_refusal_says_first_the_money_then_the_cause_then_the_way_out(
    alice: Client, sandbox: Sandbox, claimed: Payment
) -> None:
    fail(sandbox, claimed, "R01")

    page = text(alice.get(f"/payments/{claimed.pk}/"))

    assert "$84.50 was not taken: not enough money in Everyday Checking (R01)." in page
    assert "2 more tries are allowed from this account." in page
    assert "Pay $84.50 again" in page


def test_the_live_part_asks_again_until_the_end(alice: Client, sandbox: Sandbox, sent: Payment) -> None:
    live = alice.get(f"/payments/{sent.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every' in live
    version = reload(sent).version
    assert alice.get(f"/payments/{sent.pk}/?v={version}", headers={"HX-Request": "true"}).status_code == 204

    sandbox.post(f"/sandbox/payment_intents/{sent.stripe_payment_intent_id}/settle", {"outcome": "succeeded"})
    paying.sync_payment(str(sent.stripe_payment_intent_id), "event")
    ended = alice.get(f"/payments/{sent.pk}/?v={version}", headers={"HX-Request": "true"}).content.decode()

    assert 'hx-trigger="every' not in ended
    assert "Paid: Alder Creek Water, $84.50" in ended


def test_another_member_reads_who_approved_it(cast: Cast, sent: Payment) -> None:
    page = text(cast.client(cast.bob).get(f"/payments/{sent.pk}/"))

    assert "Alice approved" in page
    assert "You approved" not in page


def test_canceling_from_the_page(alice: Client, claimed: Payment) -> None:
    answer = alice.post(f"/payments/{claimed.pk}/cancellation/", follow=True)

    assert "Canceled" in text(answer)
    assert reload(claimed).state == "canceled"


def test_too_late_is_said_on_the_page(alice: Client, sandbox: Sandbox, sent: Payment) -> None:
    sandbox.post(f"/sandbox/payment_intents/{sent.stripe_payment_intent_id}/post")

    answer = alice.post(f"/payments/{sent.pk}/cancellation/", follow=True)

    assert "Too late to cancel" in text(answer)


def test_a_held_payment_can_be_sent_from_its_page(
    alice: Client, claimed: Payment, run_tasks: Callable[..., Any]
) -> None:
    on_the_day(claimed, 9)
    paying.advance(claimed.household_id, claimed.pk)
    assert "Send $84.50 now" in text(alice.get(f"/payments/{claimed.pk}/"))

    alice.post(f"/payments/{claimed.pk}/release/")
    run_tasks()

    assert reload(claimed).state == "processing"


# --- Permissions ------------------------------------------------------------------------------------------------


def test_the_vault_shows_words_proof_and_debits_and_takes_back(alice: Client, sent: Payment, mandate: Mandate) -> None:
    assert "In force" in text(alice.get("/permissions/"))
    page = text(alice.get(f"/permissions/{mandate.pk}/"))
    for said in ("203.0.113.7", "Alice Ames", mandate.terms_version, "Alder Creek Water"):
        assert said in page

    after = text(alice.post(f"/permissions/{mandate.pk}/revocation/", follow=True))

    assert "Taken back" in after


# --- Who may ----------------------------------------------------------------------------------------------------

PAGES = ["/bills/{bill}/", "/bills/{bill}/pay/", "/payments/{payment}/", "/permissions/{mandate}/"]
ACTIONS = [
    "/bills/{bill}/pay/",
    "/bills/{bill}/removal/",
    "/bills/{bill}/periods/{period}/skip/",
    "/payments/{payment}/cancellation/",
    "/payments/{payment}/release/",
    "/permissions/{mandate}/revocation/",
]


def filled(path: str, payment: Payment) -> str:
    return path.format(bill=payment.bill_id, payment=payment.pk, mandate=payment.mandate_id, period=payment.period_id)


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_finds_nothing(path: str, cast: Cast, claimed: Payment) -> None:
    cast.strange_household  # noqa: B018
    assert cast.client(cast.charlie).get(filled(path, claimed)).status_code == 404


@pytest.mark.parametrize("path", ACTIONS)
def test_a_stranger_changes_nothing(path: str, cast: Cast, claimed: Payment) -> None:
    cast.strange_household  # noqa: B018
    form = {"account": claimed.account_id, "when": "now", "period": claimed.period_id, "nonce": claimed.key}
    assert cast.client(cast.charlie).post(filled(path, claimed), form).status_code == 404
    assert reload(claimed).state == "scheduled"


@pytest.mark.parametrize("path", ACTIONS)
def test_a_viewer_changes_nothing(path: str, cast: Cast, claimed: Payment) -> None:
    assert cast.client(cast.vera).post(filled(path, claimed)).status_code == 403
    assert reload(claimed).state == "scheduled"


@pytest.mark.parametrize("path", PAGES)
def test_a_viewer_may_look(path: str, cast: Cast, claimed: Payment) -> None:
    assert cast.client(cast.vera).get(filled(path, claimed), follow=True).status_code == 200


# --- Few queries ------------------------------------------------------------------------------------------------


def asked(client: Client, url: str) -> list[str]:
    """The statements of one page, without those of transactions and of scopes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    left_out = ("SELECT set_config", "SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")
    return [q["sql"] for q in captured.captured_queries if not q["sql"].startswith(left_out)]


@pytest.mark.parametrize("path", ["/bills/", "/bills/new/", "/permissions/", *PAGES])
def test_no_page_asks_more_than_eight_times_whatever_there_is(
    path: str, alice: Client, sandbox: Sandbox, cast: Cast, place: Place, biller: Biller, claimed: Payment
) -> None:
    for number in range(12):
        bills.add_bill(place, cast.alice, biller.pk, 10_00 + number, place.today + timedelta(days=number), "weekly")
    fail(sandbox, claimed, "R01")
    url = filled(path, claimed)
    alice.get(url)

    found = asked(alice, url)

    assert len(found) <= MOST_QUERIES, "\n".join(found)


# --- The first page ---------------------------------------------------------------------------------------------


def test_late_and_refused_bills_need_a_person(
    sandbox: Sandbox, place: Place, cast: Cast, biller: Biller, claimed: Payment
) -> None:
    fail(sandbox, claimed, "R01")
    bills.add_bill(place, cast.alice, biller.pk, 12_00, place.today - timedelta(days=1))

    with tenancy.scope(place.household_id), CaptureQueriesContext(connection) as captured:
        found = upcoming.items(place.household_id, place.today, place.today + timedelta(days=14))

    needs = sorted((item.need for item in found if item.need), key=lambda need: need.rank)
    assert len([q for q in captured.captured_queries if "set_config" not in q["sql"]]) <= 3
    assert [need.title.split(":")[0] for need in needs] == ["Refused", "Late"]
    assert "$84.50 was not taken: not enough money in Everyday Checking (R01)" in needs[0].text


def test_a_scheduled_payment_is_a_claim_on_its_day(place: Place, cast: Cast, bill: Bill, mandate: Mandate) -> None:
    on = place.today + timedelta(days=3)
    paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk, on)

    with tenancy.scope(place.household_id):
        [item] = upcoming.items(place.household_id, place.today, place.today + timedelta(days=14))

    assert (item.on, item.is_claim, item.low_cents, item.state) == (on, True, -84_50, "scheduled")
    assert item.pay_url == ""


def test_what_the_bank_has_taken_is_no_claim(place: Place, sent: Payment) -> None:
    with tenancy.scope(place.household_id):
        Payment.objects.filter(pk=sent.pk).update(expected_debit_on=timezone.now().date() - timedelta(days=3))
        [item] = upcoming.items(place.household_id, place.today, place.today + timedelta(days=14))

    assert not item.is_claim


def test_who_stops_reading_an_account_sees_what_goes_on(cast: Cast, place: Place, mandate: Mandate, bill: Bill) -> None:
    payment = paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)
    address = f"/banks/{mandate.account_id}/disconnection/"

    shown = cast.client(cast.alice).get(address).content.decode()

    assert f'href="/payments/{payment.pk}/"' in shown
    assert f'href="/permissions/{mandate.pk}/"' in shown
