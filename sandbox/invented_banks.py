"""The believable banks of the demo, and three that fail."""

from __future__ import annotations

from sandbox.books import household, property
from sandbox.institution import AccountNumber, BankAccount, Institution, Owner

TEST_ROUTING = "110000000"
"""Stripe's routing number for test bank accounts; the account number decides how a debit ends."""

ANA = Owner("Ana Rivera", "ana.rivera@example.com", "+12065550142", "418 Fernwood Ave N, Seattle, WA 98103")
SAM = Owner("Sam Rivera", "sam.rivera@example.com", "+12065550188", "418 Fernwood Ave N, Seattle, WA 98103")
LEE = Owner("Lee Marsh", "lee.marsh@example.com", "+12535550117", "77 Harbor View Rd, Tacoma, WA 98402")
NOOR = Owner("Noor Haddad", None, None, "9 Mill Pond Ln, Bellingham, WA 98225")


def cash(key: str, name: str, subcategory: str, number: str, *owners: Owner) -> BankAccount:
    """A checking or savings account that may be debited under this number."""
    return BankAccount(
        key, name, "cash", subcategory, number[-4:], TEST_ROUTING, AccountNumber(number), owners, supports_payments=True
    )


def credit(key: str, name: str, subcategory: str, last4: str, *owners: Owner) -> BankAccount:
    """An account on which money is owed."""
    return BankAccount(key, name, "credit", subcategory, last4, None, None, owners, supports_payments=False)


DEBIT_OUTCOMES = (
    ("success", "Success", "000123456789"),
    ("insufficient-funds", "Insufficient Funds", "000222222227"),
    ("account-closed", "Account Closed", "000111111113"),
    ("no-account", "No Account", "000111111116"),
    ("not-authorized", "Debit Not Authorized", "000333333335"),
    ("dispute", "Dispute", "000555555559"),
    ("processing", "Processing", "000000000009"),
    ("invalid-currency", "Invalid Currency", "000444444440"),
    ("weekly-limit", "Weekly Limit Exceeded", "000777777771"),
    ("highest-risk", "Risk Level Highest", "000000004954"),
    ("fail-microdeposits", "Fail Microdeposits", "000666666661"),
    ("tokenized-number-deactivated", "Tokenized Number Deactivated", "000888888885"),
)
"""Key, name and number of the account for each way in which Stripe has a debit end."""


def outcome_accounts(prefix: str, owner: Owner = NOOR) -> tuple[BankAccount, ...]:
    """One checking account for each of Stripe's test numbers."""
    return tuple(cash(f"{prefix}-{key}", name, "checking", number, owner) for key, name, number in DEBIT_OUTCOMES)


WORKING = (
    Institution(
        "cascade",
        "Cascade Credit Union",
        (
            cash(household.CHECKING, "Everyday Checking", "checking", "000123454410", ANA),
            cash(household.SAVINGS, "Day Savings", "savings", "000123457720", ANA),
            credit(household.CARD, "Everyday Card", "credit_card", "2051", ANA),
        ),
        note="Checking, savings and credit card",
    ),
    Institution(
        "northline",
        "Northline Bank",
        (
            cash(property.JOINT, "Joint Checking", "checking", "000123456789", ANA, SAM),
            credit(property.CREDIT_LINE, "Home Credit Line", "line_of_credit", "3308", ANA, SAM),
        ),
        note="Checking and line of credit",
    ),
    Institution(
        "harbor",
        "Harbor Savings",
        (
            cash("harbor-checking", "Harbor Checking", "checking", "000123459034", LEE),
            cash("harbor-savings", "Rainy Day", "savings", "000123459035", LEE),
        ),
        oauth=True,
        note="Signs in on a page of its own",
    ),
    Institution(
        "bluepine",
        "Bluepine Bank",
        (cash("bluepine-checking", "Bluepine Checking", "checking", "000123455561", LEE),),
        asks_code=True,
        note="Asks for a security code",
    ),
    Institution(
        "mill-pond",
        "Mill Pond Community Bank",
        (cash("mill-pond-checking", "Mill Pond Checking", "checking", "000123458127", NOOR),),
        behaviour="wrong_password_once",
        note="Refuses the first password",
    ),
    Institution(
        "lakeshore",
        "Lakeshore Bank of Canada",
        (
            BankAccount(
                "lakeshore-chequing", "Chequing", "cash", "checking", "6120", None, None, (LEE,),
                supports_payments=False, currency="cad", gives_available=False,
            ),
        ),
        country="CA",
        note="Canadian dollars, no available balance",
    ),
    Institution("outcomes", "Outcome Test Bank", outcome_accounts("outcome"), note="Debits that end as named"),
)  # fmt: skip

FAILING = (
    Institution("granite", "Granite Peak Bank", (), behaviour="down", outage="unscheduled", note="Is not available"),
    Institution("old-harbor", "Old Harbor Trust", (), behaviour="refuses", note="Refuses the sign-in"),
    Institution("empty-nest", "Empty Nest Savings", (), behaviour="no_accounts", note="Has no account to link"),
)
