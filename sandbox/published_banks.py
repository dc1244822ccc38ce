"""The test institutions that Stripe publishes: https://docs.stripe.com/financial-connections/testing."""

from __future__ import annotations

from dataclasses import replace

from sandbox.institution import ALL_WORDS, DAY, SHORTLY, AccountNumber, BankAccount, Consent, Institution, Owner
from sandbox.invented_banks import cash, credit, outcome_accounts

JENNY = Owner("Jenny Rosen", "jenny.rosen@example.com", "+14155550134", "510 Townsend St, San Francisco, CA 94103")
JOHN = Owner("John Rosen", "john.rosen@example.com", "+14155550135", "510 Townsend St, San Francisco, CA 94103")
NAMED = Owner("Jane Diaz", None, None, None)


def _pair(prefix: str, number: int) -> tuple[BankAccount, ...]:
    return (
        cash(f"{prefix}-checking", "Checking", "checking", f"00012345{number}", JENNY),
        cash(f"{prefix}-savings", "Savings", "savings", f"00012345{number + 1}", JENNY),
    )


def _owned(key: str, name: str, number: int, *owners: Owner) -> BankAccount:
    return cash(f"ownership-{key}", name, "checking", f"00012345{number}", *owners)


def _unpayable(key: str, name: str, subcategory: str, number: int) -> BankAccount:
    account = cash(f"unpayable-{key}", name, subcategory, f"00012345{number}", JENNY)
    return replace(account, account_number=None, supports_payments=False)


def _tokenized(key: str, name: str, number: AccountNumber) -> BankAccount:
    return replace(cash(f"tokenized-{key}", name, "checking", number.number, JENNY), account_number=number)


WORKING = (
    Institution(
        "test-non-oauth",
        "Test (Non-OAuth)",
        outcome_accounts("test-non-oauth", JENNY),
        aliases=("Test Institution",),
        note="Debits that end as named",
    ),
    Institution(
        "test-oauth",
        "Test (OAuth)",
        outcome_accounts("test-oauth", JENNY),
        oauth=True,
        aliases=("Test OAuth Institution",),
        note="Debits that end as named; signs in on a page of its own",
    ),
    Institution(
        "bank-non-oauth",
        "Bank (Non-OAuth)",
        (*_pair("bank-non-oauth", 6101), credit("bank-non-oauth-card", "Credit Card", "credit_card", "4242", JENNY)),
        aliases=("Sandbox Bank (Non-OAuth)",),
        words=ALL_WORDS,
        note="Asks what the password says: options, mfa, confirm_mfa, security_question, error, incorrect",
    ),
    Institution(
        "bank-oauth",
        "Bank (OAuth)",
        (*_pair("bank-oauth", 6111), credit("bank-oauth-card", "Credit Card", "credit_card", "4242", JENNY)),
        oauth=True,
        chooses_in_window=True,
        aliases=("Sandbox Bank (OAuth)",),
        note="Accounts are chosen on the bank's own page",
    ),
    Institution(
        "ownership-accounts",
        "Ownership Accounts",
        (
            _owned("one", "One Owner", 6121, JENNY),
            _owned("two", "Two Owners", 6122, JENNY, JOHN),
            _owned("name-only", "Name Only", 6123, NAMED),
            _owned("nobody", "No Owner Named", 6124),
            replace(_owned("withheld", "Owners Withheld", 6125, JENNY), gives_owners=False),
        ),
        note="Owners: one, two, a name only, none, withheld",
    ),
    Institution(
        "invalid-payment-accounts",
        "Invalid Payment Accounts",
        (
            _unpayable("checking", "Undebitable Checking", "checking", 6131),
            _unpayable("savings", "Undebitable Savings", "savings", 6132),
            replace(
                cash("unpayable-pending", "Numbers Pending", "checking", "000123456133", JENNY),
                account_number=AccountNumber("000123456133", state="pending"),
            ),
        ),
        note="Accounts that cannot be debited",
    ),
    Institution(
        "tokenized-account-number",
        "Tokenized Account Number",
        (
            _tokenized("expired", "Expired Number", AccountNumber("000888888885", True, "deactivated")),
            _tokenized(
                "expiring", "Number Expiring in 30 Days", AccountNumber("000123456172", True, expires_in=30 * DAY)
            ),
            _tokenized(
                "expiring-now", "Number Expiring at Once", AccountNumber("000123456173", True, expires_in=SHORTLY)
            ),
        ),
        oauth=True,
        note="Account numbers that expire",
    ),
    Institution(
        "inactive-accounts",
        "Inactive Accounts",
        _pair("inactive", 6141),
        consent=Consent(first=SHORTLY),
        note="Accounts turn inactive at once; linking again mends it",
    ),
    Institution(
        "immediately-reauthenticate",
        "Immediately Requires Reauthentication",
        _pair("immediately", 6151),
        consent=Consent(first=SHORTLY, renewed=DAY),
        note="Accounts turn inactive at once, and again a day after each linking",
    ),
    Institution(
        "eventually-reauthenticate",
        "Eventually Requires Reauthentication",
        _pair("eventually", 6161),
        consent=Consent(first=30 * DAY, renewed=30 * DAY),
        note="Accounts turn inactive after 30 days",
    ),
)

FAILING = (
    Institution(
        "down-scheduled", "Down (Scheduled)", (), behaviour="down", outage="scheduled", note="Is being maintained"
    ),
    Institution(
        "down-unscheduled", "Down (Unscheduled)", (), behaviour="down", outage="unscheduled", note="Is not available"
    ),
    Institution("down-error", "Down (Error)", (), behaviour="down", outage="error", note="Fails during the sign-in"),
)
