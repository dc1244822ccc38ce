"""The banks as the dialog lists them, and the accounts that a session may take from one."""

from __future__ import annotations

from sandbox import clock
from sandbox.banks import INSTITUTIONS, BankAccount, Institution
from sandbox.store import Body
from sandbox.wire import errors

SUBCATEGORIES = {
    "checking": "Checking",
    "savings": "Savings",
    "credit_card": "Credit card",
    "line_of_credit": "Line of credit",
    "mortgage": "Mortgage",
}


def institution_of(body: Body) -> Institution:
    for institution in INSTITUTIONS:
        if institution.key == body.get("bank"):
            return institution
    raise errors.invalid("bank", "no such institution.")


def listed(keys: list[str]) -> list[Body]:
    """The banks with these keys, in the order of the list."""
    return [bank(each) for each in INSTITUTIONS if each.key in keys]


def bank(institution: Institution) -> Body:
    return {
        "key": institution.key,
        "name": institution.name,
        "note": institution.note,
        "aliases": list(institution.aliases),
        "oauth": institution.oauth,
        "down": None if institution.outage == "error" else outage(institution),
    }


def outage(institution: Institution) -> Body | None:
    """Why a bank cannot be reached, and when it is back if that is known."""
    if institution.behaviour != "down":
        return None
    kind = institution.outage or "unscheduled"
    return {"kind": kind, "until": _end_of_maintenance() if kind == "scheduled" else None}


def _end_of_maintenance() -> int:
    """The next full hour but one."""
    return (clock.stamp() // 3_600 + 2) * 3_600


def offered(
    institution: Institution, session: Body, shared: list[str] | None = None, renewing: list[str] | None = None
) -> list[Body]:
    """The accounts of a bank, each with why it cannot be taken.

    `shared` are those that the person picked at the bank, `renewing` those that the session is to bring back.
    """
    accounts = [each for each in institution.accounts if shared is None or each.key in shared]
    offers = [offer(each, institution, session) for each in accounts]
    fitting = [each for each in offers if each["unfit"] is None]
    picked = [each for each in fitting if shared is not None or each["key"] in (renewing or [])]
    first_checking = next((each for each in fitting if each["subcategory"] == "checking"), None)
    for each in (picked or [first_checking or fitting[0]] if fitting else [])[: limit_of(session)]:
        each["preselected"] = True
    return offers


def offer(account: BankAccount, institution: Institution, session: Body) -> Body:
    return {
        "key": account.key,
        "name": account.name,
        "note": f"{SUBCATEGORIES.get(account.subcategory, 'Account')}\u00a0••{account.last4}",
        "institution": institution.name,
        "subcategory": account.subcategory,
        "preselected": False,
        "payable": account.payable,
        "unfit": _why_unfit(account, session),
    }


def _why_unfit(account: BankAccount, session: Body) -> str | None:
    filters = session["filters"] or {}
    subcategories = filters.get("account_subcategories")
    if filters.get("require_payment_method_support") == "all" and not account.payable:
        return "Cannot be debited"
    if subcategories and account.subcategory not in subcategories:
        return "Not asked for"
    return None


def limit_of(session: Body) -> int | None:
    return (session.get("limits") or {}).get("accounts") or None


def needs_payable(session: Body) -> bool:
    return (session["filters"] or {}).get("require_payment_method_support") == "at_least_one"
