"""Why a debit did not work, in plain words: Stripe's codes and Nacha's, each to a cause and a way out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Again(Enum):
    """What must happen before the same account may be debited for the same bill again."""

    LIMITED = "at most twice more within 180 days (Nacha's rule for R01 and R09)"
    NEW_PERMISSION = "a new permission"
    RELINK = "the bank linked again"
    OTHER_ACCOUNT = "another account"
    ANYTIME = "nothing"


@dataclass(frozen=True)
class Reason:
    """`cause` follows "Refused: " and may hold {account}; `way_out` is a sentence of its own."""

    key: str
    cause: str
    way_out: str
    again: Again


def _reason(key: str, cause: str, way_out: str, again: Again) -> Reason:
    return Reason(key, cause, way_out, again)


FUNDS = _reason(
    "insufficient_funds",
    "not enough money in {account}",
    "Make sure that it holds enough, or pay from another account. Your bank may charge its own fee.",
    Again.LIMITED,
)
UNCOLLECTED = _reason(
    "uncollected_funds",
    "the money in {account} was not yet cleared by your bank",
    "Wait until your deposits have cleared, or pay from another account.",
    Again.LIMITED,
)
CLOSED = _reason("account_closed", "{account} is closed", "Pay from another account.", Again.OTHER_ACCOUNT)
NOT_FOUND = _reason(
    "invalid_details",
    "your bank found no account with the number of {account}",
    "Link the bank again so that the number is read anew, or pay from another account.",
    Again.RELINK,
)
EXPIRED_NUMBER = _reason(
    "number_expired",
    "the number that your bank gave us for {account} has expired",
    "Link the bank again: that brings a new number.",
    Again.RELINK,
)
NOT_AUTHORIZED = _reason(
    "not_authorized",
    "your bank says that the debit of {account} was not authorized",
    "If it was, give a new permission and pay again; if it was not, there is nothing to do.",
    Again.NEW_PERMISSION,
)
REVOKED = _reason(
    "authorization_revoked",
    "your bank says that the permission to debit {account} was taken back",
    "Give a new permission to pay from it, or pay from another account.",
    Again.NEW_PERMISSION,
)
STOPPED = _reason(
    "payment_stopped",
    "a stop was placed on this debit at your bank",
    "Ask your bank to lift the stop and give a new permission, or pay from another account.",
    Again.NEW_PERMISSION,
)
NOT_AS_AGREED = _reason(
    "not_as_agreed",
    "your bank says that the debit of {account} was not as you had agreed",
    "Write to us so that we can put it right; a new permission is needed after that.",
    Again.NEW_PERMISSION,
)
WRONG_KIND = _reason(
    "account_kind",
    "{account} does not take this kind of debit",
    "Pay from a personal checking account.",
    Again.OTHER_ACCOUNT,
)
COMPANY = _reason(
    "company_not_authorized",
    "{account} belongs to a company that has not allowed this debit at its bank",
    "Ask the bank to allow debits by Stripe for us, or pay from another account.",
    Again.OTHER_ACCOUNT,
)
DECEASED = _reason(
    "holder_deceased",
    "your bank reports that the holder of {account} has died",
    "Pay from another account.",
    Again.OTHER_ACCOUNT,
)
FROZEN = _reason(
    "account_frozen",
    "{account} is frozen at your bank",
    "Ask your bank why, or pay from another account.",
    Again.OTHER_ACCOUNT,
)
RESTRICTED = _reason(
    "account_restricted",
    "{account} takes no debits",
    "Pay from a checking account.",
    Again.OTHER_ACCOUNT,
)
BLOCKED = _reason(
    "account_blocked",
    "{account} is blocked for debits after an earlier one came back",
    "Pay from another account, or write to us: unblocking needs a letter from your bank.",
    Again.OTHER_ACCOUNT,
)
UNVERIFIED = _reason(
    "account_unverified",
    "{account} is not verified",
    "Link the bank again, or pay from another account.",
    Again.RELINK,
)
LIMIT = _reason(
    "over_limit",
    "the amount is over what may be debited at once or within a week",
    "Pay on a later day, or write to us.",
    Again.ANYTIME,
)
NO_MANDATE = _reason(
    "mandate_inactive",
    "the permission to debit {account} no longer holds",
    "Give a new permission and pay again.",
    Again.NEW_PERMISSION,
)
UNLINKED = _reason(
    "account_inactive",
    "{account} is no longer linked",
    "Link the bank again, or pay from another account.",
    Again.RELINK,
)
ASK_BANK = _reason(
    "declined",
    "your bank declined the debit of {account} and did not say why",
    "Ask your bank, or pay from another account.",
    Again.OTHER_ACCOUNT,
)
PROCESSING = _reason(
    "processing_error",
    "the debit could not be processed, through no fault of yours",
    "You can pay again.",
    Again.ANYTIME,
)
AMOUNT = _reason(
    "amount_refused",
    "Stripe does not debit this amount",
    "The least is $0.50; for very large bills write to us.",
    Again.ANYTIME,
)
BANK_CANNOT = _reason(
    "bank_cannot_process",
    "your bank could not process the debit of {account}",
    "Ask your bank, or pay from another account.",
    Again.ANYTIME,
)
UNKNOWN = _reason(
    "refused",
    "the debit of {account} was refused",
    "You can pay again, from another account if it happens twice.",
    Again.ANYTIME,
)

# What the bank itself says; more exact than Stripe's word for it.
BY_NACHA = {
    "R01": FUNDS,
    "R02": CLOSED,
    "R03": NOT_FOUND,
    "R04": NOT_FOUND,
    "R05": WRONG_KIND,
    "R07": REVOKED,
    "R08": STOPPED,
    "R09": UNCOLLECTED,
    "R10": NOT_AUTHORIZED,
    "R11": NOT_AS_AGREED,
    "R15": DECEASED,
    "R16": FROZEN,
    "R20": RESTRICTED,
    "R29": COMPANY,
    "R31": COMPANY,
}
# Two vocabularies exist for some causes, and which field carries which is not written anywhere.
BY_STRIPE = {
    "insufficient_funds": FUNDS,
    "account_closed": CLOSED,
    "bank_account_closed": CLOSED,
    "no_account": NOT_FOUND,
    "account_number_invalid": NOT_FOUND,
    "routing_number_invalid": NOT_FOUND,
    "bank_account_invalid_details": NOT_FOUND,
    "incorrect_account_details": NOT_FOUND,
    "tokenized_account_number_deactivated": EXPIRED_NUMBER,
    "debit_not_authorized": NOT_AUTHORIZED,
    "recipient_deceased": DECEASED,
    "bank_account_frozen": FROZEN,
    "bank_account_restricted": RESTRICTED,
    "bank_account_unusable": BLOCKED,
    "payment_method_bank_account_blocked": BLOCKED,
    "bank_account_declined": ASK_BANK,
    "refer_to_customer": ASK_BANK,
    "bank_account_unverified": UNVERIFIED,
    "charge_exceeds_source_limit": LIMIT,
    "charge_exceeds_transaction_limit": LIMIT,
    "payment_intent_mandate_invalid": NO_MANDATE,
    "setup_intent_mandate_invalid": NO_MANDATE,
    "mandate_inactive": NO_MANDATE,
    "payment_method_unexpected_state": NO_MANDATE,
    "financial_connections_account_inactive": UNLINKED,
    "financial_connections_account_unavailable_account_numbers": UNLINKED,
    "bank_cannot_process": BANK_CANNOT,
    "processing_error": PROCESSING,
    "amount_too_small": AMOUNT,
    "amount_too_large": AMOUNT,
    "generic_decline": ASK_BANK,
}
FUNDS_KEYS = (FUNDS.key, UNCOLLECTED.key)


def reason_of(code: str, network_code: str = "") -> Reason:
    """The reason behind Stripe's code and Nacha's, the latter first."""
    return BY_NACHA.get(network_code) or BY_STRIPE.get(code) or UNKNOWN


def cause_of(code: str, network_code: str, account: str) -> str:
    """The cause in words with the code at its end: "not enough money in Joint Checking (R01)"."""
    shown = network_code or code
    return reason_of(code, network_code).cause.format(account=account) + (f" ({shown})" if shown else "")


def message_of(code: str, network_code: str, account: str) -> str:
    """One or two sentences for apps: the cause, then the way out."""
    cause = cause_of(code, network_code, account)
    return f"{cause[:1].upper()}{cause[1:]}. {reason_of(code, network_code).way_out}"
