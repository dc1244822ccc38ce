"""Numbers that a person types: checked as banks check them, kept by their last four digits."""

from __future__ import annotations

from sandbox.dialog import finishing, purposes, visits
from sandbox.dialog.answering import text
from sandbox.money import payment_methods
from sandbox.store import Body
from sandbox.wire.errors import ApiError


def enter(body: Body) -> Body:
    """Ends the dialog with the bank account that these numbers name; wrong ones are said field by field."""
    session = visits.session_of(body)
    visits.open_for(session)
    if purposes.manual_entry(session) == "none":
        raise ApiError("This session takes no bank account by its numbers.", param="manual_entry")
    problems = _problems(body)
    if problems:
        return {"problems": problems}
    return finishing.with_method(session, _method(session, body))


def _problems(body: Body) -> dict[str, str]:
    routing, number = text(body, "routing_number"), text(body, "account_number")
    problems = {}
    if not (len(routing) == 9 and routing.isascii() and routing.isdigit()):
        problems["routing_number"] = "A routing number has 9 digits."
    elif not checks_out(routing):
        problems["routing_number"] = "No bank has this routing number. Check each digit."
    if not (4 <= len(number) <= 17 and number.isascii() and number.isdigit()):
        problems["account_number"] = "An account number has 4 to 17 digits."
    elif number != text(body, "account_number_again"):
        problems["account_number_again"] = "The two account numbers differ."
    if body.get("account_type", "checking") not in ("checking", "savings"):
        problems["account_type"] = "Choose checking or savings."
    return problems


def checks_out(routing: str) -> bool:
    """The check sum of the American Bankers Association."""
    weighted = sum(int(digit) * weight for digit, weight in zip(routing, (3, 7, 1) * 3, strict=True))
    return weighted % 10 == 0 and routing != "000000000"


def _method(session: Body, body: Body) -> Body:
    billing = purposes.of(session).get("billing_details") or {"name": "Account holder"}
    return payment_methods.build(
        {
            "type": "us_bank_account",
            "billing_details": billing,
            "us_bank_account": {
                "account_number": text(body, "account_number"),
                "routing_number": text(body, "routing_number"),
                "account_type": body.get("account_type", "checking"),
                "account_holder_type": "individual",
            },
        },
        "payment_method_data",
    )
