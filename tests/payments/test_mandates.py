"""Permissions: their words, whose they are, when they end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounts.households import Place, place_of
from banking.models import Account, Owner
from fcdash import tenancy
from payments import bills, checks, mandates, paying
from payments.models import Bill, Biller, Mandate, Payment
from tests.cast import Cast
from tests.payments.conftest import PHONE, accept, debits, reload, reload_mandate
from tests.payments.test_parallel import at_once
from tests.sandbox_client import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def words(place: Place, cast: Cast, account: Account) -> mandates.Terms:
    with tenancy.scope(place.household_id):
        return mandates.terms(place, cast.alice, account)


def take(place: Place, cast: Cast, account: Account, version: str, name: str = "") -> Mandate:
    return mandates.accept(place, cast.alice, account.pk, version, name, "203.0.113.7", PHONE)


# --- Words ------------------------------------------------------------------------------------------------------


def test_the_words_name_everything_a_payer_must_be_shown(
    place: Place, cast: Cast, account: Account, settings: Any
) -> None:
    settings.OPERATOR_NAME, settings.SUPPORT_EMAIL = "Quarry Lane Utilities LLC", "pay@quarrylane.example"
    day = f"{place.today:%B} {place.today.day}, {place.today.year}"

    text = words(place, cast, account).text

    for named in (
        "Quarry Lane Utilities LLC",
        "pay@quarrylane.example",
        "Alice Ames",
        account.institution,
        account.last4,
        day,
        "until you take it back",
        "Accounts, Permissions",
    ):
        assert named in text


def test_the_words_kept_are_the_words_shown(place: Place, cast: Cast, account: Account) -> None:
    shown = words(place, cast, account)

    mandate = take(place, cast, account, shown.version)

    assert (mandate.text, mandate.terms_version) == (shown.text, shown.version)
    assert (mandate.ip_address, mandate.user_agent) == ("203.0.113.7", PHONE)


def test_the_operators_own_words_stand_in_their_place(
    place: Place, cast: Cast, account: Account, settings: Any, tmp_path: Path
) -> None:
    own = tmp_path / "words.txt"
    own.write_text("$operator may debit $last4 at $bank of $holder from $date; write to $support_email. It costs $$0.")
    settings.MANDATE_TEXT_FILE = str(own)

    assert words(place, cast, account).text.endswith(f"write to {settings.SUPPORT_EMAIL}. It costs $0.")
    assert checks.mandate_words() == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [("$operator may debit $last4.", "payments.E002"), ("It costs $ 5.", "payments.E001"), (None, "payments.E001")],
)
def test_words_that_lack_something_stop_the_start(
    text: str | None, problem: str, settings: Any, tmp_path: Path
) -> None:
    own = tmp_path / "words.txt"
    if text is not None:
        own.write_text(text)
    settings.MANDATE_TEXT_FILE = str(own)

    assert [found.id for found in checks.mandate_words()] == [problem]


def test_stale_words_are_refused_with_the_new_ones(place: Place, cast: Cast, account: Account, settings: Any) -> None:
    read = words(place, cast, account)
    settings.OPERATOR_NAME = "Somebody New"

    with pytest.raises(mandates.TermsChanged) as refused:
        take(place, cast, account, read.version)

    assert "Somebody New" in refused.value.terms.text
    with tenancy.scope(place.household_id):
        assert not Mandate.objects.exists()


# --- Names ------------------------------------------------------------------------------------------------------


@pytest.fixture
def nameless(cast: Cast, account: Account) -> Account:
    """The account of a person who has not told their name, at a bank that has not either."""
    cast.alice.name = ""
    cast.alice.save(update_fields=["name"])
    with tenancy.scope(account.household_id):
        Owner.objects.filter(account=account).delete()
    return account


def test_without_any_name_one_is_asked_for(place: Place, cast: Cast, nameless: Account) -> None:
    with pytest.raises(mandates.NameRequired):
        take(place, cast, nameless, words(place, cast, nameless).version)


def test_the_name_that_was_given_signs(sandbox: Sandbox, place: Place, cast: Cast, nameless: Account) -> None:
    mandate = take(place, cast, nameless, words(place, cast, nameless).version, "  Alice   Q. Ames ")

    method = sandbox.get(f"/v1/payment_methods/{mandate.stripe_payment_method_id}")
    assert mandate.holder_name == method["billing_details"]["name"] == "Alice Q. Ames"


def test_the_banks_owner_stands_in_for_the_persons_own_name(place: Place, cast: Cast, nameless: Account) -> None:
    with tenancy.scope(place.household_id):
        Owner.objects.create(household_id=place.household_id, account=nameless, stripe_id="fcaown_1", name="A. Ames")

    assert "Given by A. Ames on" in words(place, cast, nameless).text


# --- Whose ------------------------------------------------------------------------------------------------------


def test_another_members_account_cannot_be_debited(
    place: Place, cast: Cast, link: Callable[..., list[Account]], bill: Bill
) -> None:
    [bobs] = link(cast.bob)

    with pytest.raises(mandates.MandateRefused, match="Another member linked this account"):
        take(place, cast, bobs, words(place, cast, bobs).version)


def test_another_members_permission_pays_nothing_of_mine(
    place: Place, cast: Cast, link: Callable[..., list[Account]], bill: Bill
) -> None:
    [bobs] = link(cast.bob)
    at_bobs = place_of(cast.bob, place.household_id)
    assert at_bobs is not None
    with tenancy.scope(place.household_id):
        version = mandates.terms(at_bobs, cast.bob, bobs).version
    mandate = mandates.accept(at_bobs, cast.bob, bobs.pk, version)

    with pytest.raises(paying.ClaimRefused) as refused:
        paying.claim(place, cast.alice, bill.pk, bobs.pk, mandate.pk)

    assert refused.value.code == "not_yours"


@pytest.mark.parametrize(
    "change",
    [
        {"status": "inactive"},
        {"status": "duplicate"},
        {"category": "credit"},
        {"permissions": ["balances"]},
        {"payment_method_types": []},
    ],
)
def test_an_account_that_cannot_pay_says_why(
    change: dict[str, Any], place: Place, cast: Cast, account: Account
) -> None:
    with tenancy.scope(place.household_id):
        Account.objects.filter(pk=account.pk).update(**change)
        account.refresh_from_db()

    with pytest.raises(mandates.MandateRefused):
        take(place, cast, account, words(place, cast, account).version)


def test_another_households_account_is_not_there(cast: Cast, account: Account) -> None:
    stranger = place_of(cast.charlie, cast.strange_household.pk)
    assert stranger is not None

    with pytest.raises(Account.DoesNotExist):
        mandates.accept(stranger, cast.charlie, account.pk, "x")


# --- Once -------------------------------------------------------------------------------------------------------


def test_giving_it_again_gives_the_same(sandbox: Sandbox, place: Place, cast: Cast, mandate: Mandate) -> None:
    again = accept(place, cast, mandate.account)

    assert again.pk == mandate.pk
    assert len(sandbox.get("/v1/setup_intents?limit=10")["data"]) == 1


def test_giving_it_twenty_times_at_once_gives_one(sandbox: Sandbox, place: Place, cast: Cast, account: Account) -> None:
    version = words(place, cast, account).version

    results = at_once([lambda: take(place, cast, account, version) for _ in range(20)])

    given = {result.pk for result in results if isinstance(result, Mandate)}
    setups = sandbox.get("/v1/setup_intents?limit=100")["data"]
    with tenancy.scope(place.household_id):
        assert Mandate.objects.get().status == "active"
    assert len(given) == len(setups) == 1


# --- Ending -----------------------------------------------------------------------------------------------------


def test_taken_back_it_ends_at_once_with_what_is_unsent(
    sandbox: Sandbox, place: Place, claimed: Payment, mandate: Mandate, run_tasks: Callable[..., Any]
) -> None:
    mandates.revoke(place, mandate.pk)
    assert reload_mandate(mandate).status == "inactive"
    run_tasks()

    assert reload(claimed).state == "canceled"
    assert debits(sandbox) == []
    assert sandbox.get(f"/v1/payment_methods/{mandate.stripe_payment_method_id}")["customer"] is None
    assert reload_mandate(mandate).detached_at is not None


def test_taken_back_what_is_sent_goes_on(sandbox: Sandbox, place: Place, sent: Payment, mandate: Mandate) -> None:
    mandates.revoke(place, mandate.pk)

    assert reload(sent).state == "processing"


def test_stripe_ends_it_and_nothing_is_sent_any_more(
    sandbox: Sandbox, place: Place, claimed: Payment, mandate: Mandate
) -> None:
    sandbox.post(f"/sandbox/mandates/{mandate.stripe_id}/state", {"status": "inactive"})

    paying.advance(claimed.household_id, claimed.pk)

    payment = reload(claimed)
    assert (payment.state, payment.failure_code) == ("failed", "mandate_inactive")
    assert debits(sandbox) == []


def test_hearing_that_it_ended_cancels_what_is_unsent(sandbox: Sandbox, claimed: Payment, mandate: Mandate) -> None:
    sandbox.post(f"/sandbox/mandates/{mandate.stripe_id}/state", {"status": "inactive"})

    mandates.sync_mandate(str(mandate.stripe_id))

    assert reload(claimed).state == "canceled"


def test_an_ended_permission_cannot_be_used(place: Place, cast: Cast, bill: Bill, mandate: Mandate) -> None:
    mandates.revoke(place, mandate.pk)

    with pytest.raises(paying.ClaimRefused) as refused:
        paying.claim(place, cast.alice, bill.pk, mandate.account_id, mandate.pk)

    assert refused.value.code == "mandate_inactive"


def test_a_new_one_can_be_given_after_the_old_one_ended(
    place: Place, cast: Cast, account: Account, mandate: Mandate, run_tasks: Callable[..., Any]
) -> None:
    mandates.revoke(place, mandate.pk)
    run_tasks()

    again = accept(place, cast, account)

    assert again.pk != mandate.pk
    assert again.status == "active"


def test_a_permission_for_another_account_does_not_count(
    place: Place, cast: Cast, bill: Bill, mandate: Mandate, link: Callable[..., list[Account]], bank_keys: list[str]
) -> None:
    [savings] = link(keys=bank_keys[1:2])

    with pytest.raises(paying.ClaimRefused) as refused:
        paying.claim(place, cast.alice, bill.pk, savings.pk, mandate.pk)

    assert refused.value.code == "mandate_of_another_account"


def test_a_block_at_stripe_is_noted_and_stops_the_next_payment(
    sandbox: Sandbox, place: Place, cast: Cast, biller: Biller, sent: Payment, mandate: Mandate
) -> None:
    settled = {"outcome": "failed", "failure_code": "R02"}
    sandbox.post(f"/sandbox/payment_intents/{sent.stripe_payment_intent_id}/settle", settled)
    mandates.sync_payment_method(str(mandate.stripe_payment_method_id))
    other = bills.add_bill(place, cast.alice, biller.pk, 12_00, place.today)

    with pytest.raises(paying.ClaimRefused) as refused:
        paying.claim(place, cast.alice, other.pk, mandate.account_id, mandate.pk)

    assert refused.value.code == "account_blocked"
