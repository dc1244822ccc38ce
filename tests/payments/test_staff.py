"""Staff and payments: everything about one on one page, and verbs that never move money."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.households import Place
from accounts.models import StaffAction
from payments import paying
from payments.models import Bill, Biller, Mandate, Payment
from tests.cast import Cast
from tests.payments.conftest import debits, reload, states
from tests.sandbox_client import Sandbox
from tests.staff import WHY, ask, sam_at_work

pytestmark = pytest.mark.django_db(transaction=True)
Run = Callable[..., object]


def _outcome(action: StaffAction | None) -> str:
    assert action is not None
    action.refresh_from_db()
    return action.outcome


def test_one_page_shows_history_events_and_stripe_ids(cast: Cast, sent: Payment, mandate: Mandate) -> None:
    page = sam_at_work(cast).get(f"/admin/payments/payment/{sent.pk}/change/").content.decode()

    for shown in (sent.stripe_payment_intent_id, mandate.stripe_id, mandate.stripe_setup_intent_id, "$84.50"):
        assert str(shown) in page
    for state in ("Scheduled", "Sent", "On its way"):
        assert state in page


@pytest.mark.parametrize("term", ["{pi}", "alice@example.com", "alice@", "Alder Creek Comm", "{mandate}", "Alice Ames"])
def test_a_payment_is_found_by_address_name_and_stripe_id(
    cast: Cast, sent: Payment, mandate: Mandate, term: str
) -> None:
    wanted = term.format(pi=sent.stripe_payment_intent_id, mandate=mandate.stripe_id)

    page = sam_at_work(cast).get("/admin/payments/payment/", {"q": wanted}).content.decode()

    assert str(sent.stripe_payment_intent_id) in page


@pytest.mark.parametrize("term", ["pi_other", "charlie@example.com", "Nobody", "' OR 1=1 --", "%"])
def test_what_does_not_match_is_not_found(cast: Cast, sent: Payment, term: str) -> None:
    page = sam_at_work(cast).get("/admin/payments/payment/", {"q": f"x{term}"}).content.decode()

    assert str(sent.stripe_payment_intent_id) not in page


def test_reading_again_moves_the_state_to_stripes_truth(
    cast: Cast, sandbox: Sandbox, sent: Payment, run_tasks: Run
) -> None:
    sandbox.post(f"/sandbox/payment_intents/{sent.stripe_payment_intent_id}/settle", {"outcome": "succeeded"})

    action = ask(sam_at_work(cast), sent, "payments.reread")
    assert reload(sent).state == "processing"  # the request itself asks Stripe nothing
    run_tasks()

    assert reload(sent).state == "paid"
    assert _outcome(action) == "processing → paid; at Stripe succeeded"


def test_an_unsent_payment_is_canceled_and_its_history_says_by_whom(
    cast: Cast, place: Place, bill: Bill, mandate: Mandate, sandbox: Sandbox, run_tasks: Run
) -> None:
    on = place.today + timedelta(days=3)
    later = paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk, on)

    action = ask(sam_at_work(cast), later, "payments.cancel")
    run_tasks()

    assert (_outcome(action), states(later), debits(sandbox)) == ("canceled", ["scheduled", "canceled"], [])
    page = sam_at_work(cast).get(f"/admin/payments/payment/{later.pk}/change/")
    assert b"canceled by staff" in page.content


def test_a_payment_that_was_sent_is_not_canceled(cast: Cast, sandbox: Sandbox, sent: Payment, run_tasks: Run) -> None:
    action = ask(sam_at_work(cast), sent, "payments.cancel")

    run_tasks()

    assert reload(sent).state == "processing"
    assert _outcome(action).startswith("Not done: it is processing")


def test_without_a_reason_nothing_is_asked(cast: Cast, sent: Payment) -> None:
    sam = sam_at_work(cast)

    assert ask(sam, sent, "payments.reread", reason=" ") is None
    assert ask(sam, sent, "payments.reread", reason="short") is None


def test_a_lost_answer_is_asked_for_again_by_the_sweep(
    cast: Cast, sandbox: Sandbox, sent: Payment, run_tasks: Run
) -> None:
    from accounts import oversight

    sandbox.put("/sandbox/faults", {"api": [{"match": "GET /v1/payment_intents/*", "kind": "500", "times": 20}]})
    action = ask(sam_at_work(cast), sent, "payments.reread")
    assert action is not None
    run_tasks(failures=True)
    action.refresh_from_db()
    assert (action.finished_at, action.attempts) == (None, 1)

    sandbox.put("/sandbox/faults", {"api": []})
    StaffAction.objects.update(next_attempt_at=action.created_at)
    for action_id in oversight.open_actions():
        oversight.carry_out(action_id)

    assert _outcome(action) == "processing → processing; at Stripe processing"


@pytest.mark.parametrize("model", [Payment, Bill, Mandate])
def test_what_staff_look_at_cannot_be_changed(
    cast: Cast, sent: Payment, bill: Bill, mandate: Mandate, model: type
) -> None:
    sam, row = sam_at_work(cast), {Payment: sent, Bill: bill, Mandate: mandate}[model]
    page = f"/admin/payments/{model.__name__.lower()}/{row.pk}"

    assert sam.post(f"{page}/change/", {"state": "paid", "amount_cents": "1"}).status_code == 403
    assert sam.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    assert sam.get(f"/admin/payments/{model.__name__.lower()}/add/").status_code == 403


def test_staff_have_no_verb_that_moves_money() -> None:
    offered = {verb.name for model_admin in admin.site._registry.values() for verb in getattr(model_admin, "verbs", ())}

    assert offered == {
        *("users.make_customer", "users.sign_out", "users.deactivate", "users.reactivate", "mail.retry"),
        *("events.replay", "accounts.refresh", "accounts.reread", "billers.approve", "billers.withdraw"),
        *("payments.reread", "payments.cancel", "mandates.reread"),
    }


def _new_biller(sam: Client) -> Biller:
    sam.post(
        reverse("admin:payments_biller_add"),
        {"name": "Juniper Preschool", "receives": "Juniper Preschool LLC", "category": "bills"},
    )
    return Biller.objects.get(name="Juniper Preschool")


def test_a_biller_is_entered_then_approved_with_a_reason(cast: Cast) -> None:
    sam = cast.client(cast.sam)
    biller = _new_biller(sam)
    assert not biller.is_approved

    action = ask(sam, biller, "billers.approve")

    biller.refresh_from_db()
    assert (biller.approved_by, biller.is_approved) == (cast.sam, True)
    assert action is not None
    assert (action.outcome, action.reason, action.staff) == ("approved", WHY, cast.sam)


@pytest.mark.parametrize(("field", "stays"), [("receives", False), ("stripe_account", False), ("description", True)])
def test_a_biller_that_pays_somebody_else_is_approved_anew(cast: Cast, field: str, stays: bool) -> None:
    sam = cast.client(cast.sam)
    biller = _new_biller(sam)
    ask(sam, biller, "billers.approve")
    form = {"name": biller.name, "receives": biller.receives, "category": "bills", field: "acct_other"}

    sam.post(reverse("admin:payments_biller_change", args=[biller.pk]), form)

    biller.refresh_from_db()
    assert getattr(biller, field) == "acct_other"
    assert biller.is_approved == stays
