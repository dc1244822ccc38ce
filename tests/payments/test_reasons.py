"""Every code has words, and the words keep to the voice."""

from __future__ import annotations

import pytest

from payments.reasons import BY_NACHA, BY_STRIPE, UNKNOWN, Again, cause_of, message_of, reason_of
from sandbox.money import returns

NACHA = ["R01", "R02", "R03", "R04", "R05", "R07", "R08", "R09", "R10", "R11", "R15", "R16", "R20", "R29", "R31"]
STRIPE = [
    "insufficient_funds",
    "account_closed",
    "bank_account_closed",
    "no_account",
    "account_number_invalid",
    "bank_account_invalid_details",
    "debit_not_authorized",
    "recipient_deceased",
    "bank_account_frozen",
    "bank_account_restricted",
    "bank_account_unusable",
    "payment_method_bank_account_blocked",
    "bank_account_declined",
    "bank_account_unverified",
    "charge_exceeds_source_limit",
    "charge_exceeds_transaction_limit",
    "payment_intent_mandate_invalid",
    "setup_intent_mandate_invalid",
    "refer_to_customer",
    "incorrect_account_details",
    "bank_cannot_process",
]
AGAIN = {
    "R01": Again.LIMITED,
    "R09": Again.LIMITED,
    "R02": Again.OTHER_ACCOUNT,
    "R03": Again.RELINK,
    "R04": Again.RELINK,
    "R07": Again.NEW_PERMISSION,
    "R08": Again.NEW_PERMISSION,
    "R10": Again.NEW_PERMISSION,
    "R16": Again.OTHER_ACCOUNT,
}


@pytest.mark.parametrize("code", NACHA)
def test_each_nacha_code_has_a_reason(code: str) -> None:
    assert reason_of("whatever", code) is not UNKNOWN


@pytest.mark.parametrize("code", STRIPE)
def test_each_stripe_code_has_a_reason(code: str) -> None:
    assert reason_of(code) is not UNKNOWN


@pytest.mark.parametrize("code", list(returns.RETURNS))
def test_both_words_for_a_return_mean_the_same_to_the_payer(code: str) -> None:
    """Stripe's two vocabularies name one cause; only Nacha's code tells some of them further apart."""
    known = returns.RETURNS[code]

    assert reason_of(known.decline_code) is not UNKNOWN
    assert reason_of(known.code) is not UNKNOWN


@pytest.mark.parametrize(("code", "again"), AGAIN.items())
def test_what_must_change_before_the_next_try(code: str, again: Again) -> None:
    assert reason_of("", code).again is again


def test_the_code_stands_in_brackets_at_the_end() -> None:
    assert cause_of("insufficient_funds", "R01", "Joint Checking") == "not enough money in Joint Checking (R01)"


def test_apps_get_cause_and_way_out() -> None:
    assert (
        message_of("bank_account_closed", "R02", "Savings ••1")
        == "Savings ••1 is closed (R02). Pay from another account."
    )


@pytest.mark.parametrize(
    "reason",
    sorted({*BY_NACHA.values(), *BY_STRIPE.values(), UNKNOWN}, key=lambda reason: reason.key),
    ids=lambda reason: reason.key,
)
def test_the_words_keep_to_the_voice(reason: object) -> None:
    cause, way_out = reason.cause, reason.way_out  # type: ignore[attr-defined]

    assert "!" not in cause + way_out
    assert not cause.endswith(".")
    assert way_out.endswith(".")
    assert way_out[0].isupper()
