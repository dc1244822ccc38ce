"""What an adversary would try: interleavings, answers that are none, and words that are not so."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.households import Place
from banking import disconnecting
from banking.models import Account
from fcdash import tenancy
from fcdash.gateway import customers
from fcdash.gateway.errors import OutcomeUnknown, TryAgain
from payments import bills, canceling, mandates, paying, sending, upcoming
from payments.models import Bill, Biller, Mandate, Payment
from tests.cast import Cast
from tests.payments.conftest import accept, debits, intents, period_of, post_form, reload, states
from tests.payments.test_claiming import fail
from tests.payments.test_crashes import expire_lease
from tests.payments.test_lost_answers import CONFIRM, fault
from tests.payments.test_pages import text
from tests.payments.test_parallel import at_once
from tests.sandbox_client import Sandbox
from tests.waiting import until
from webhooks import binding

pytestmark = pytest.mark.django_db(transaction=True)
CANCEL = "POST /v1/payment_intents/*/cancel"


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], Any]], None]:
    """`meanwhile("k8", act)`: something happens the first time that sending comes to a point between two steps."""

    def plan(point: str, act: Callable[[], Any]) -> None:
        waiting = [act]

        def here(name: str) -> None:
            if name == point and waiting:
                waiting.pop()()

        for module in (sending, canceling):
            monkeypatch.setattr(module, "failpoint", here)

    return plan


def causes(payment: Payment) -> list[str]:
    with tenancy.scope(payment.household_id):
        return list(payment.history.order_by("pk").values_list("cause", flat=True))


# --- What was seen is what is debited ---------------------------------------------------------------------------


def test_an_amount_that_changed_since_it_was_shown_is_not_debited(
    sandbox: Sandbox, cast: Cast, place: Place, bill: Bill, mandate: Mandate
) -> None:
    alice = cast.client(cast.alice)
    page = alice.get(f"/bills/{bill.pk}/pay/")
    seen = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))
    bills.change_bill(place, bill.pk, amount_cents=8_450_00)

    answer = alice.post(f"/bills/{bill.pk}/pay/", {**seen, "account": mandate.account_id, "when": "now"})

    assert answer.status_code == 422
    assert "Nothing was sent: the amount has changed since you saw it. It is $8,450.00." in text(answer)
    with tenancy.scope(place.household_id):
        assert not Payment.objects.exists()


def test_a_receiver_that_changed_since_it_was_shown_is_not_paid(
    cast: Cast, place: Place, bill: Bill, biller: Biller, mandate: Mandate
) -> None:
    alice = cast.client(cast.alice)
    page = alice.get(f"/bills/{bill.pk}/pay/")
    seen = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))
    Biller.objects.filter(pk=biller.pk).update(receives="Somebody Else, Inc.")

    answer = alice.post(f"/bills/{bill.pk}/pay/", {**seen, "account": mandate.account_id, "when": "now"})

    assert answer.status_code == 422
    with tenancy.scope(place.household_id):
        assert not Payment.objects.exists()


def test_what_was_shown_and_still_holds_is_paid(cast: Cast, place: Place, biller: Biller, mandate: Mandate) -> None:
    Biller.objects.filter(pk=biller.pk).update(receives="O’Hara & Sons “Water”, Inc.")
    bill = bills.add_bill(place, cast.alice, biller.pk, 1_084_50, place.today)
    alice = cast.client(cast.alice)
    page = alice.get(f"/bills/{bill.pk}/pay/").content.decode()
    seen = {n: html.unescape(v) for n, v in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)}

    alice.post(f"/bills/{bill.pk}/pay/", {**seen, "account": mandate.account_id, "when": "now"})

    assert {"amount", "receiver"} <= set(seen)
    with tenancy.scope(place.household_id):
        assert Payment.objects.get().amount_cents == 1_084_50


# --- The period ---------------------------------------------------------------------------------------------------


def test_a_period_left_out_stays_so_whatever_is_heard_of_an_earlier_try(
    sandbox: Sandbox, place: Place, claimed: Payment
) -> None:
    payment = fail(sandbox, claimed, "R01")
    bills.skip_period(place, payment.period_id)

    paying.sync_payment(str(payment.stripe_payment_intent_id), "charge.updated")

    assert period_of(payment).state == "skipped"


def test_a_part_given_back_settles_its_period_and_the_next_can_be_paid(
    sandbox: Sandbox, place: Place, cast: Cast, biller: Biller, mandate: Mandate
) -> None:
    bill = bills.add_bill(place, cast.alice, biller.pk, 84_50, place.today - timedelta(days=3), "monthly")
    first = paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)
    paying.advance(first.household_id, first.pk)
    intent = str(reload(first).stripe_payment_intent_id)
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "succeeded"})
    post_form(sandbox, "/v1/refunds", payment_intent=intent, amount=10_00)
    sandbox.post("/sandbox/clock/advance", {"seconds": 30 * 86_400})
    paying.sync_payment(intent, "event")
    assert (reload(first).state, period_of(first).state) == ("paid", "partly_paid")

    with tenancy.scope(place.household_id):
        to_come = upcoming.items(place.household_id, place.today, place.today + timedelta(days=60))
    second = paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)

    assert second.period_id != first.period_id
    assert [item.state for item in to_come] == ["due"]


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("how", ["changed", "removed"])
def test_paying_a_bill_while_it_is_changed_or_removed_waits_its_turn(
    how: str, sandbox: Sandbox, place: Place, cast: Cast, bill: Bill, mandate: Mandate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim comes while the other has locked the bill and nothing else yet."""
    has_bill, may_go_on = threading.Event(), threading.Event()
    locked = bills._locked

    def slowly(*args: Any) -> Bill:
        found = locked(*args)
        has_bill.set()
        assert may_go_on.wait(30)
        return found

    monkeypatch.setattr(bills, "_locked", slowly)

    def other() -> Any:
        if how == "removed":
            return bills.end_bill(place, bill.pk)
        return bills.change_bill(place, bill.pk, amount_cents=99_00)

    def claim() -> Any:
        assert has_bill.wait(30)
        return paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)

    def release() -> None:
        assert has_bill.wait(30)
        until(waits_for_a_lock, "the claim's waiting")
        may_go_on.set()

    done, claimed, _ = at_once([other, claim, release])

    if how == "removed":
        assert (done, type(claimed)) == (None, Bill.DoesNotExist)
    else:
        assert (done.amount_cents, claimed.amount_cents) == (99_00, 99_00)


# --- Late ---------------------------------------------------------------------------------------------------------


def test_long_after_its_day_nothing_is_confirmed_any_more_though_sending_had_begun(
    sandbox: Sandbox, claimed: Payment, settings: Any
) -> None:
    """The worker died between saying that it sends and sending, and nobody came for a week."""
    settings.STRIPE_RETRIES = 0
    fault(sandbox, (CONFIRM, "connection_reset"))
    paying.advance(claimed.household_id, claimed.pk)
    assert reload(claimed).state in ("submitted", "unknown")
    fault(sandbox)
    with tenancy.scope(claimed.household_id):
        Payment.objects.filter(pk=claimed.pk).update(on=claimed.on - timedelta(days=7), next_attempt_at=timezone.now())

    paying.advance(claimed.household_id, claimed.pk)

    assert debits(sandbox) == []
    assert [body["status"] for body in intents(sandbox)] == ["canceled"]
    assert reload(claimed).state == "canceled"
    assert "more than 3 days have passed" in causes(claimed)[-1]
    assert period_of(claimed).state == "due"


# --- Answers that are none ----------------------------------------------------------------------------------------


@pytest.fixture
def middlebox(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """`middlebox(status)`: something between us and Stripe answers in Stripe's place, and not with JSON.

    It came there after this process had made sure whose Stripe it calls.
    """
    status = [200]

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = b"<html>Please sign in to this network.</html>"
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status[0])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.STRIPE_API_BASE, settings.STRIPE_RETRIES = f"http://127.0.0.1:{server.server_address[1]}", 0
    monkeypatch.setattr(binding, "_fitting", {(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)})
    yield lambda code: status.__setitem__(0, code)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("status", [200, 302, 408, 413])
def test_an_answer_that_is_not_stripes_says_nothing_of_the_outcome(
    status: int, middlebox: Callable[[int], None]
) -> None:
    middlebox(status)

    with pytest.raises(OutcomeUnknown):
        customers.create_customer("a@example.com", "A", "key")


# --- Again --------------------------------------------------------------------------------------------------------


def test_linking_the_bank_anew_does_not_start_the_count_of_tries_anew(
    sandbox: Sandbox,
    place: Place,
    cast: Cast,
    bill: Bill,
    mandate: Mandate,
    link: Callable[..., list[Account]],
    bank_keys: list[str],
) -> None:
    for _ in range(3):
        fail(sandbox, paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk), "R01")
    disconnecting.disconnect(place.household_id, mandate.account_id)
    [again] = link(keys=bank_keys[:1])
    assert again.pk != mandate.account_id
    assert again.last4 == mandate.account.last4
    fresh = accept(place, cast, again)

    with pytest.raises(paying.ClaimRefused) as refused:
        paying.claim(place, cast.alice, bill.pk, again.pk, fresh.pk)

    assert refused.value.code == "not_again"


# --- Words --------------------------------------------------------------------------------------------------------


def test_a_debit_called_back_for_want_of_permission_says_so(
    sandbox: Sandbox, place: Place, claimed: Payment, mandate: Mandate, settings: Any
) -> None:
    settings.STRIPE_RETRIES = 0
    fault(sandbox, (CONFIRM, "connection_reset"))
    paying.advance(claimed.household_id, claimed.pk)
    mandates.revoke(place, mandate.pk)
    fault(sandbox)
    expire_lease(claimed)

    paying.advance(claimed.household_id, claimed.pk)

    assert debits(sandbox) == []
    assert reload(claimed).state == "canceled"
    assert causes(claimed)[-1] == "the permission no longer holds"


def test_canceling_what_was_refused_meanwhile_says_that_it_was_refused(
    sandbox: Sandbox, place: Place, sent: Payment
) -> None:
    intent = sent.stripe_payment_intent_id
    sandbox.post(f"/sandbox/payment_intents/{intent}/settle", {"outcome": "failed", "failure_code": "R01"})

    with pytest.raises(paying.TooLate) as late:
        paying.cancel(place, sent.pk)

    assert "reached your bank" not in str(late.value)
    assert (reload(sent).state, reload(sent).failure_network_code) == ("failed", "R01")


def test_what_stripe_has_not_taken_yet_is_not_said_to_have_it(
    sandbox: Sandbox, cast: Cast, claimed: Payment, settings: Any
) -> None:
    settings.STRIPE_RETRIES = 0
    fault(sandbox, (CONFIRM, "429"))
    paying.advance(claimed.household_id, claimed.pk)
    assert reload(claimed).state == "submitted"

    shown = text(cast.client(cast.alice).get(f"/payments/{claimed.pk}/"))

    assert "Stripe has it" not in shown
    assert "to your bank; we are waiting" not in shown


@pytest.mark.parametrize(
    ("asked", "words"), [(True, "canceled on request"), (False, "canceled at Stripe")], ids=["asked for", "by staff"]
)
def test_a_cancellation_that_an_event_tells_of_first_is_told_in_words(
    asked: bool, words: str, sandbox: Sandbox, place: Place, cast: Cast, sent: Payment
) -> None:
    intent = str(sent.stripe_payment_intent_id)
    if asked:
        fault(sandbox, ("GET /v1/payment_intents/*", "500"))
        with pytest.raises(TryAgain):
            paying.cancel(place, sent.pk)
        fault(sandbox)
    post_form(sandbox, f"/v1/payment_intents/{intent}/cancel")

    paying.sync_payment(intent, "payment_intent.canceled", "evt_1")

    assert causes(sent)[-1] == words
    assert f"$84.50 was not taken; {words}." in text(cast.client(cast.alice).get(f"/payments/{sent.pk}/"))


def test_a_wish_to_cancel_is_not_the_cause_of_what_it_came_too_late_for(
    sandbox: Sandbox, place: Place, sent: Payment
) -> None:
    sandbox.post(f"/sandbox/payment_intents/{sent.stripe_payment_intent_id}/settle", {"outcome": "succeeded"})

    with pytest.raises(paying.TooLate):
        paying.cancel(place, sent.pk)

    assert (reload(sent).state, causes(sent)[-1]) == ("paid", "asked Stripe")


def test_a_debit_that_stripe_did_not_pass_on_was_not_refused_by_a_bank(
    sandbox: Sandbox, cast: Cast, claimed: Payment, mandate: Mandate, meanwhile: Callable[..., None]
) -> None:
    method = mandate.stripe_payment_method_id
    meanwhile("k8", lambda: post_form(sandbox, f"/v1/payment_methods/{method}/detach"))
    paying.advance(claimed.household_id, claimed.pk)
    assert reload(claimed).state == "failed"

    shown = text(cast.client(cast.alice).get(f"/payments/{claimed.pk}/"))

    assert "was not taken" in shown
    assert "by your bank" not in shown
    assert "We asked your bank" not in shown


# --- Refused, and Stripe keeps failing ----------------------------------------------------------------------------


def test_a_refused_debit_is_closed_though_stripe_repeats_its_500(
    sandbox: Sandbox, claimed: Payment, mandate: Mandate, meanwhile: Callable[..., None], settings: Any
) -> None:
    settings.STRIPE_RETRIES = 0
    method = mandate.stripe_payment_method_id
    meanwhile("k8", lambda: post_form(sandbox, f"/v1/payment_methods/{method}/detach"))
    fault(sandbox, (CANCEL, "500"), times=1)

    for _ in range(4):
        expire_lease(claimed)
        paying.advance(claimed.household_id, claimed.pk)

    assert reload(claimed).state in ("failed", "canceled")
    assert debits(sandbox) == []


def test_what_stripe_does_not_confirm_waits_longer_each_time_and_is_reported(
    sandbox: Sandbox, claimed: Payment, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STRIPE_RETRIES = 0
    fault(sandbox, (CONFIRM, "connection_reset"))
    waits = []
    for _ in range(7):
        expire_lease(claimed)
        before = reload(claimed).next_attempt_at
        paying.advance(claimed.household_id, claimed.pk)
        waits.append(round((reload(claimed).next_attempt_at - before).total_seconds(), -1))

    assert reload(claimed).state == "unknown"
    assert waits == sorted(waits)
    assert waits[-1] > 3600
    assert f"payment {claimed.pk} stands at unknown" in caplog.text


# --- Two hands at one payment -------------------------------------------------------------------------------------


def test_a_worker_that_outlives_its_lease_and_its_successor_make_one_debit(
    sandbox: Sandbox, claimed: Payment, meanwhile: Callable[..., None]
) -> None:
    def another() -> None:
        expire_lease(claimed)
        paying.advance(claimed.household_id, claimed.pk)

    meanwhile("k8", another)

    paying.advance(claimed.household_id, claimed.pk)

    assert reload(claimed).state == "processing"
    assert len(debits(sandbox)) == 1
    assert states(claimed) == ["scheduled", "submitted", "processing"]


def test_canceled_between_the_word_and_the_sending_it_is_not_debited(
    sandbox: Sandbox, place: Place, claimed: Payment, meanwhile: Callable[..., None]
) -> None:
    meanwhile("k8", lambda: paying.cancel(place, claimed.pk))

    paying.advance(claimed.household_id, claimed.pk)

    assert reload(claimed).state == "canceled"
    assert debits(sandbox) == []
    assert period_of(claimed).state == "due"


def test_a_permission_taken_back_while_it_is_used_ends_in_one_truth(
    sandbox: Sandbox, place: Place, claimed: Payment, mandate: Mandate, meanwhile: Callable[..., None]
) -> None:
    def revoked() -> None:
        mandates.revoke(place, mandate.pk)
        mandates.release(mandate.household_id, mandate.pk)

    meanwhile("k8", revoked)
    paying.advance(claimed.household_id, claimed.pk)
    expire_lease(claimed)
    paying.advance(claimed.household_id, claimed.pk)

    assert debits(sandbox) == []
    assert reload(claimed).state in ("failed", "canceled")
