"""Why a bank sends a debit back: Nacha's return codes, and what Stripe calls them."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.wire.errors import ApiError


@dataclass(frozen=True)
class Return:
    """`code` is the error's, `decline_code` the decline's; `blocks` is what the bank account is blocked for.

    `too_risky`: Stripe itself would not send the debit.
    """

    network_code: str | None
    code: str
    decline_code: str
    message: str
    blocks: str | None = None
    too_risky: bool = False


_FUNDS = "The customer's account has insufficient funds to cover this payment."
_CLOSED = "The customer's bank account has been closed."
_DETAILS = "The bank account could not be located: its details are invalid."
_AUTHORIZED = "The customer has told their bank that this debit was not authorized."
_FROZEN = "The customer's bank account is frozen."
_RESTRICTED = "The customer's bank account does not accept debits."

RETURNS = {
    "R01": Return("R01", "insufficient_funds", "insufficient_funds", _FUNDS),
    "R02": Return("R02", "account_closed", "bank_account_closed", _CLOSED, "bank_account_closed"),
    "R03": Return("R03", "no_account", "bank_account_invalid_details", _DETAILS, "bank_account_invalid_details"),
    "R04": Return(
        "R04", "account_number_invalid", "bank_account_invalid_details", _DETAILS, "bank_account_invalid_details"
    ),
    "R05": Return("R05", "debit_not_authorized", "debit_not_authorized", _AUTHORIZED, "debit_not_authorized"),
    "R07": Return("R07", "debit_not_authorized", "debit_not_authorized", _AUTHORIZED, "debit_not_authorized"),
    "R08": Return("R08", "debit_not_authorized", "debit_not_authorized", _AUTHORIZED, "debit_not_authorized"),
    "R09": Return("R09", "insufficient_funds", "insufficient_funds", _FUNDS),
    "R10": Return("R10", "debit_not_authorized", "debit_not_authorized", _AUTHORIZED, "debit_not_authorized"),
    "R11": Return("R11", "debit_not_authorized", "debit_not_authorized", _AUTHORIZED, "debit_not_authorized"),
    "R15": Return("R15", "bank_account_declined", "recipient_deceased", "The account's holder is deceased."),
    "R16": Return("R16", "bank_account_restricted", "bank_account_frozen", _FROZEN, "bank_account_frozen"),
    "R20": Return("R20", "bank_account_restricted", "bank_account_restricted", _RESTRICTED, "bank_account_restricted"),
    "R29": Return("R29", "debit_not_authorized", "debit_not_authorized", _AUTHORIZED, "debit_not_authorized"),
    "R31": Return("R31", "debit_not_authorized", "debit_not_authorized", _AUTHORIZED, "debit_not_authorized"),
}

# What a caller may name in Stripe's words instead.
_BY_NAME = {
    "insufficient_funds": RETURNS["R01"],
    "account_closed": RETURNS["R02"],
    "bank_account_closed": RETURNS["R02"],
    "no_account": RETURNS["R03"],
    "bank_account_invalid_details": RETURNS["R03"],
    "account_number_invalid": RETURNS["R04"],
    "debit_not_authorized": RETURNS["R10"],
    "bank_account_frozen": RETURNS["R16"],
    "bank_account_restricted": RETURNS["R20"],
    "recipient_deceased": RETURNS["R15"],
    "tokenized_account_number_deactivated": Return(
        "R04",
        "account_number_invalid",
        "bank_account_invalid_details",
        "The tokenized account number is no longer active.",
        "tokenized_account_number_deactivated",
    ),
    "charge_exceeds_source_limit": Return(
        None,
        "charge_exceeds_source_limit",
        "generic_decline",
        "This payment would exceed the limit of what may be debited within a rolling week.",
    ),
    "charge_exceeds_transaction_limit": Return(
        None,
        "charge_exceeds_transaction_limit",
        "generic_decline",
        "This payment exceeds the limit for one debit.",
    ),
    "payment_method_currency_mismatch": Return(
        None,
        "payment_method_currency_mismatch",
        "currency_not_supported",
        "The bank account does not take debits in this currency.",
    ),
    "processing_error": Return(None, "processing_error", "generic_decline", "The debit could not be processed."),
}

TOO_RISKY = Return(
    None,
    "payment_intent_payment_attempt_failed",
    "fraudulent",
    "The payment was blocked: its risk of fraud is too high.",
    too_risky=True,
)

# Stripe's test account numbers, by the ends of the tokens for them (`pm_usBankAccount_success`); the last has no token.
# https://docs.stripe.com/payments/ach-direct-debit/accept-a-payment#test-account-numbers
NUMBERS = {
    "success": "000123456789",
    "accountClosed": "000111111113",
    "noAccount": "000111111116",
    "insufficientFunds": "000222222227",
    "debitNotAuthorized": "000333333335",
    "invalidCurrency": "000444444440",
    "failMicrodeposits": "000666666661",
    "dispute": "000555555559",
    "processing": "000000000009",
    "weeklyLimitExceeded": "000777777771",
    "riskLevelHighest": "000000004954",
    "numberDeactivated": "000888888885",
}
TOKENS = {f"pm_usBankAccount_{end}": number for end, number in NUMBERS.items() if end != "numberDeactivated"}

_OUTCOMES = {number: end for end, number in NUMBERS.items()}

# How a debit of such an account fails, days later.
FAILS = {
    "accountClosed": RETURNS["R02"],
    "noAccount": RETURNS["R03"],
    "insufficientFunds": RETURNS["R01"],
    "debitNotAuthorized": RETURNS["R10"],
    "invalidCurrency": _BY_NAME["payment_method_currency_mismatch"],
    "weeklyLimitExceeded": _BY_NAME["charge_exceeds_source_limit"],
    "numberDeactivated": _BY_NAME["tokenized_account_number_deactivated"],
}


def outcome_of(number: str) -> str:
    """What becomes of a debit of the account with that number: a key of NUMBERS. Any unknown number succeeds."""
    return _OUTCOMES.get(number, "success")


def named(code: str) -> Return:
    """The return for a Nacha code or one of Stripe's."""
    found = RETURNS.get(code) or _BY_NAME.get(code)
    if found is None:
        known = ", ".join([*RETURNS, *_BY_NAME])
        raise ApiError(f"Unknown failure_code '{code}'; known are {known}.", param="failure_code")
    return found
