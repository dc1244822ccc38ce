"""One object with everything related to it: facts, story, tables, and its JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.pages import actions, cells, money, related, stories
from sandbox.pages.cells import Body, Cell
from sandbox.pages.reader import Reader
from sandbox.pages.tables import Table

Facts = list[tuple[str, Cell]]


@dataclass(frozen=True)
class Detail:
    """What is special about a kind; the rest every object has."""

    title: str
    facts: Facts
    tables: list[Table]
    amount: Cell = None
    state: Cell = None
    story_of: tuple[str, ...] = ()


def describe(reader: Reader, stored: Body, public: Body, before: str | None) -> Body:
    """The page of an object of the store; `public` is what Stripe shows of it."""
    detail = _KINDS.get(stored["object"], _plain)(reader, stored, before)
    return {
        "id": stored["id"],
        "place": cells.place(stored["id"]),
        "title": detail.title,
        "amount": detail.amount,
        "state": detail.state,
        "facts": [fact for fact in detail.facts if fact[1] is not None],
        "actions": actions.of(stored),
        "story": stories.of(reader, (stored["id"], *detail.story_of)),
        "tables": [table.shown() for table in (*detail.tables, related.requests(reader, stored)) if table.rows],
        "texts": [{"title": "As Stripe shows it", "text": cells.pretty(public)}],
    }


def _payment(reader: Reader, intent: Body, before: str | None) -> Detail:
    problem = intent["last_payment_error"] or {}
    charges = related.charges(reader, intent["id"])
    refunds = related.refunds(reader, intent["id"])
    disputes = related.disputes(reader, intent["id"])
    method = reader.value(
        "SELECT json_extract(body, '$.payment_method') FROM objects WHERE id = ?", (intent["latest_charge"] or "",)
    )
    facts: Facts = [
        ("For", cells.clip(intent["description"])),
        (
            "Cause",
            cells.code(" ".join(filter(None, (problem.get("code"), problem.get("network_decline_code")))) or None),
        ),
        ("In words", problem.get("message")),
        ("Customer", cells.ref(intent["customer"])),
        ("Payment method", cells.ref(intent["payment_method"] or method)),
        ("Mandate", cells.ref(_mandate_of(reader, intent["latest_charge"]))),
        ("Made", cells.at(intent["created"])),
    ]
    others = tuple(row.key for table in (charges, refunds, disputes) for row in table.rows)
    amount = cells.money(intent["amount"], intent["currency"])
    state = cells.state(money.whole_state(reader, intent["status"], intent["latest_charge"]))
    return Detail("Payment", facts, [charges, refunds, disputes], amount, state, others)


def _mandate_of(reader: Reader, charge_id: str | None) -> str | None:
    path = "$.payment_method_details.us_bank_account.mandate"
    found = reader.value(f"SELECT json_extract(body, '{path}') FROM objects WHERE id = ?", (charge_id or "",))
    return None if found is None else str(found)


def _part_of_payment(title: str) -> Callable[[Reader, Body, str | None], Detail]:
    def detail(reader: Reader, part: Body, before: str | None) -> Detail:
        facts: Facts = [
            ("Payment", cells.ref(part.get("payment_intent"))),
            ("Charge", cells.ref(part.get("charge"))),
            ("Customer", cells.ref(part.get("customer"))),
            ("Payment method", cells.ref(part.get("payment_method"))),
            ("Cause", cells.code(part.get("failure_code") or part.get("failure_reason") or part.get("reason"))),
            ("Made", cells.at(part["created"])),
        ]
        return Detail(title, facts, [], cells.money(part["amount"], part["currency"]), cells.state(part["status"]))

    return detail


def _customer(reader: Reader, customer: Body, before: str | None) -> Detail:
    if customer.get("deleted"):
        return Detail("Customer", [], [], state=cells.state("deleted"))
    facts: Facts = [
        ("Name", cells.clip(customer["name"])),
        ("E-mail", cells.clip(customer["email"])),
        ("Made", cells.at(customer["created"])),
    ]
    at = customer["id"]
    tables = [related.accounts(reader, at), related.payments(reader, at), related.methods(reader, at)]
    return Detail("Customer", facts, [*tables, related.setups(reader, at), related.sessions(reader, at)])


def _account(reader: Reader, account: Body, before: str | None) -> Detail:
    facts: Facts = [
        ("Bank", f"{account['institution_name']}, {account['display_name']} ••{account['last4']}"),
        ("Customer", cells.ref(account["account_holder"].get("customer"))),
        ("Session", cells.ref(account["_"].get("session"))),
        ("Permissions", ", ".join(account["permissions"])),
        ("Rows", related.count_rows(reader, account["id"])),
        ("Account number", _number(account)),
        ("Subscribed to", ", ".join(account["subscriptions"]) or None),
    ]
    for name in ("balance", "ownership", "transaction"):
        facts.append((f"Refresh of {'rows' if name == 'transaction' else name}", _refresh(account[f"{name}_refresh"])))
    amount = cells.balance((account["balance"] or {}).get("current"))
    rows = related.bank_rows(reader, account["id"], before)
    return Detail("Bank account", facts, [rows], amount, cells.state(account["status"]))


def _number(account: Body) -> Cell:
    numbers = account["account_numbers"]
    return cells.state(numbers[0]["status"]) if numbers else "none to pay with"


def _refresh(refresh: Body | None) -> Cell:
    if refresh is None:
        return "never asked for"
    return {
        "parts": [
            cells.state(refresh["status"]),
            cells.at(refresh["last_attempted_at"]),
            {"next": refresh["next_refresh_available_at"]},
        ]
    }


def _setup(reader: Reader, intent: Body, before: str | None) -> Detail:
    facts: Facts = [
        ("Customer", cells.ref(intent["customer"])),
        ("Payment method", cells.ref(intent["payment_method"])),
        ("Mandate", cells.ref(intent["mandate"] or intent["single_use_mandate"])),
        ("Cause", cells.code((intent["last_setup_error"] or {}).get("code"))),
        ("Made", cells.at(intent["created"])),
    ]
    return Detail("Setup intent", facts, [], state=cells.state(intent["status"]))


def _mandate(reader: Reader, mandate: Body, before: str | None) -> Detail:
    acceptance = mandate["customer_acceptance"]
    online = acceptance.get("online") or {}
    facts: Facts = [
        ("For", "one debit" if mandate["type"] == "single_use" else "any number of debits"),
        ("Payment method", cells.ref(mandate["payment_method"])),
        ("Accepted", cells.at(acceptance["accepted_at"])),
        ("From", cells.code(online.get("ip_address"))),
        ("With", cells.clip(online.get("user_agent"))),
    ]
    return Detail("Mandate", facts, [], state=cells.state(mandate["status"]))


def _method(reader: Reader, method: Body, before: str | None) -> Detail:
    bank = method["us_bank_account"]
    blocked = (bank.get("status_details") or {}).get("blocked")
    facts: Facts = [
        ("Bank", f"{bank.get('bank_name')} ••{bank.get('last4')}"),
        ("Customer", cells.ref(method["customer"])),
        ("Account", cells.ref(bank.get("financial_connections_account"))),
        ("Blocked", cells.code(f"{blocked['reason']} {blocked['network_code'] or ''}".strip()) if blocked else None),
        ("Made", cells.at(method["created"])),
    ]
    return Detail("Payment method", facts, [], state=cells.state("blocked") if blocked else None)


def _session(reader: Reader, session: Body, before: str | None) -> Detail:
    hidden = session["_"]
    facts: Facts = [
        ("Customer", cells.ref(session["account_holder"].get("customer"))),
        ("Permissions", ", ".join(session["permissions"])),
    ]
    facts += [("Linked", cells.ref(account)) for account in hidden.get("accounts", [])]
    return Detail("Link session", facts, [], state=cells.state(hidden.get("status")))


def _endpoint(reader: Reader, endpoint: Body, before: str | None) -> Detail:
    facts: Facts = [
        ("To", cells.code(endpoint["url"])),
        ("Events", ", ".join(endpoint["enabled_events"])),
        ("Version", cells.code(endpoint["api_version"])),
    ]
    return Detail("Webhook endpoint", facts, [], state=cells.state(endpoint["status"]))


def _mail(reader: Reader, mail: Body, before: str | None) -> Detail:
    facts: Facts = [("About", mail["about"]), ("To", cells.clip(mail["to"])), ("Sent", cells.at(mail["at"]))]
    return Detail("Mail that Stripe would send", facts, [])


def _plain(reader: Reader, body: Body, before: str | None) -> Detail:
    facts: Facts = [("Made", cells.at(body.get("created")))]
    status = body.get("status")
    return Detail(body["object"], facts, [], state=cells.state(status) if isinstance(status, str) else None)


_KINDS: dict[str, Callable[[Reader, Body, str | None], Any]] = {
    "charge": _part_of_payment("Charge"),
    "customer": _customer,
    "dispute": _part_of_payment("Dispute"),
    "financial_connections.account": _account,
    "financial_connections.session": _session,
    "mail": _mail,
    "mandate": _mandate,
    "payment_intent": _payment,
    "payment_method": _method,
    "refund": _part_of_payment("Refund"),
    "setup_intent": _setup,
    "webhook_endpoint": _endpoint,
}
