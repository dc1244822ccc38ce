"""A person whose e-mail or phone was here before: recognised by a code, their linked accounts offered again."""

from __future__ import annotations

from sandbox.banks import find_account
from sandbox.connections import accounts
from sandbox.dialog import catalogue, visits
from sandbox.dialog.answering import text
from sandbox.store import Body, store
from sandbox.wire.errors import ApiError

# The codes by which Link's test mode refuses; any other six digits are right.
REFUSED = {
    "000001": "This code is not right. Enter the one that we sent last.",
    "000002": "This code is no longer valid. We have sent a new one.",
}
TOO_MANY = "000003"
TRIES = 5
_SAME_PERSON = (
    "SELECT body FROM objects WHERE kind = 'customer' AND id <> ? AND "
    "(json_extract(body, '$.email') = ? OR json_extract(body, '$.phone') = ?) ORDER BY seq"
)


def greeting(session: Body) -> Body | None:
    """Where the code goes, when the person has linked accounts before; never the whole address or number."""
    customer = customer_of(session)
    if customer is None or not _linked_before(customer):
        return None
    return {"to": _masked_phone(customer["phone"]) if customer.get("phone") else _masked_email(customer["email"])}


def recognise(body: Body) -> Body:
    """The accounts linked before, once the code is right."""
    session = visits.session_of(body)
    visit = visits.open_for(session)
    code = text(body, "code").replace(" ", "")
    customer = customer_of(session)
    if customer is None:
        raise ApiError("Nobody is known in this session.", param="code")
    if not (len(code) == 6 and code.isdigit()):
        return {"next": "again", "message": "Enter the six digits of the code."}
    if code in REFUSED or code == TOO_MANY:
        visit.wrong_codes = TRIES if code == TOO_MANY else visit.wrong_codes + 1
        visits.keep(session, visit)
    if visit.wrong_codes >= TRIES:
        return {"next": "new", "message": "Too many codes were not right. Choose your bank and sign in there."}
    if code in REFUSED:
        return {"next": "again", "message": REFUSED[code]}
    offers = _offers(session, _linked_before(customer))
    visit.signed_in["returning"] = [each["key"] for each in offers if each["unfit"] is None]
    visits.keep(session, visit)
    return {
        "next": "accounts",
        "accounts": offers,
        "limit": catalogue.limit_of(session),
        "needs_payable": catalogue.needs_payable(session),
    }


def customer_of(session: Body) -> Body | None:
    holder = session["account_holder"] or {}
    return store.find("customer", holder.get("customer") or "")


def _linked_before(customer: Body) -> list[Body]:
    """Accounts that customers with this e-mail or phone have linked, the newest first, each bank account once."""
    email, phone = customer.get("email"), customer.get("phone")
    rows = store.db.execute(_SAME_PERSON, (customer["id"], email, phone)).fetchall() if email or phone else []
    same_person = [customer, *(store.load(row) for row in rows)]
    linked = [account for each in same_person for account in store.all(accounts.KIND, holder=each["id"])]
    newest = sorted(linked, key=lambda account: account["created"], reverse=True)
    once: dict[str, Body] = {}
    for account in newest:
        if account["status"] != "disconnected":
            once.setdefault(account["_"]["bank_key"], account)
    return list(once.values())


def _offers(session: Body, linked: list[Body]) -> list[Body]:
    offers = []
    for account in linked:
        bank, bank_account = find_account(account["_"]["bank_key"])
        offer = catalogue.offer(bank_account, bank, session)
        if account["status"] != "active":
            offer["unfit"] = f"{bank.name} wants you to sign in again"
        offers.append(offer)
    for offer in offers:
        if offer["unfit"] is None:
            offer["preselected"] = True
            break
    return offers


def _masked_phone(phone: str) -> str:
    return f"the phone ending in {phone[-4:]}"


def _masked_email(email: str) -> str:
    name, _, domain = email.partition("@")
    return f"{name[:1]}•••@{domain}"
