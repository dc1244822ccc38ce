"""What Stripe lets us do: each line ok, not ok or cannot be told, with its remedy. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.conf import settings

from fcdash.checks import wrong_settings
from fcdash.gateway import probing, rights
from fcdash.gateway.endpoints import CONNECT, as_endpoint
from fcdash.gateway.errors import StripeProblem, TryAgain
from fcdash.gateway.owner import ACCOUNT
from fcdash.gateway.probing import Answer
from webhooks import binding, delivering, endpoint
from webhooks.findings import Finding, ok, unknown, wrong
from webhooks.models import StripeBinding

NOBODY = rights.NOBODY
# Signatures are believed for 300 seconds; a clock this far off will soon lose events.
CLOCK_SECONDS = 60


def examine(open_sessions: bool = False) -> Iterator[Finding]:
    """All findings, the cause before what follows from it. Asks Stripe a few dozen questions, one after the other.

    `open_sessions` opens link sessions that nobody uses: the only sure way to tell what linking is allowed.
    """
    yield from _settings()
    try:
        answer = probing.ask("GET", "/v1/account")
    except TryAgain as problem:
        yield wrong("API address", f"{settings.STRIPE_API_BASE}: {problem}", "Look at the network and STRIPE_API_BASE.")
        return
    yield ok("API address", f"{settings.STRIPE_API_BASE} answers")
    yield of_clock(answer)
    yield _key(answer)
    if answer.status == 401:
        return
    account = str(answer.body.get("id") or "") or _named(answer)
    yield _database(account)
    yield from _account(answer)
    steps: tuple[Callable[[], Iterator[Finding]], ...] = (
        _publishable_key,
        _script,
        _rights,
        lambda: _linking(open_sessions),
        _endpoints,
        delivering.findings,
        lambda: _descriptor(answer),
    )
    for step in steps:
        try:
            yield from step()
        except StripeProblem as problem:
            yield unknown("Stripe", f"an answer is missing: {problem}", "Run this again.")


def _settings() -> Iterator[Finding]:
    found = list(wrong_settings())
    for number, words in found:
        yield wrong("Settings", words, f"Change it; manage.py check names it fcdash.{number}.")
    if not found:
        yield ok("Settings", "nothing contradicts")
    if words := endpoint.unreachable():
        yield wrong("Public address", words, "Set PUBLIC_URL, and restart.")


def of_clock(answer: Answer) -> Finding:
    """How far our clock is from the one in the answer."""
    ahead = answer.ahead_seconds
    if ahead is None:
        return unknown("Clock", "the answer carries no time")
    if abs(ahead) <= CLOCK_SECONDS:
        return ok("Clock", "within a minute of Stripe's")
    slow = "behind" if ahead > 0 else "ahead of"
    return wrong(
        "Clock", f"this machine is {abs(ahead):.0f} s {slow} Stripe", "Set it by NTP: events are refused by age."
    )


def _key(answer: Answer) -> Finding:
    kind = "restricted" if settings.STRIPE_SECRET_KEY.startswith("rk_") else "unrestricted"
    mode = StripeBinding.Mode(settings.STRIPE_MODE).label
    if answer.status == 401:
        return wrong("Key", f"Stripe refuses it: {answer.message}", "Set STRIPE_SECRET_KEY to one that is in force.")
    return ok("Key", f"{kind}, for {mode}")


def _named(answer: Answer) -> str:
    named = ACCOUNT.search(answer.message)
    return named[0] if named else ""


def _database(account: str) -> Finding:
    bound = StripeBinding.objects.first()
    if bound is None:
        return ok("Database", "bound to no Stripe yet; the first call of the application binds it")
    if words := binding.contradiction(bound, account):
        return wrong("Database", words, "See going-live.md, One database.")
    return ok("Database", f"belongs to {bound}")


def _account(answer: Answer) -> Iterator[Finding]:
    if answer.status == 403:
        yield unknown(
            "Account", f"{_named(answer) or 'its id'}; a restricted key may not read it", "See the Dashboard."
        )
        return
    body = answer.body
    if body.get("charges_enabled") is False or body.get("country") not in ("US", None):
        words = f"{body.get('id')}, {body.get('country')}: it may not take payments"
        yield wrong("Account", words, "Finish the account's activation in the Dashboard; ACH debits need a US account.")
    else:
        yield ok("Account", f"{body.get('id')} may take payments")
    ach = (body.get("capabilities") or {}).get("us_bank_account_ach_payments")
    if ach == "active":
        yield ok("ACH Direct Debit", "active")
    elif ach is None:
        yield unknown("ACH Direct Debit", "Stripe does not say", "Dashboard, Payment methods: ACH Direct Debit.")
    else:
        yield wrong("ACH Direct Debit", str(ach), "Dashboard, Payment methods: switch on ACH Direct Debit.")


def _publishable_key() -> Iterator[Finding]:
    key, subject = settings.STRIPE_PUBLISHABLE_KEY, "Publishable key"
    secret = {"client_secret": f"pi_{NOBODY}_secret_none"}
    answer = probing.ask("GET", f"/v1/payment_intents/pi_{NOBODY}", secret, key=key)
    if answer.status == 401:
        yield wrong(subject, f"Stripe refuses it: {answer.message}", "Set STRIPE_PUBLISHABLE_KEY of the same account.")
    else:
        yield ok(subject, "Stripe takes it; the first link shows that it is of the same account")


def _script() -> Iterator[Finding]:
    subject, url = "Stripe's script", settings.STRIPE_JS_URL
    try:
        kind = probing.script_type()
    except TryAgain as problem:
        yield unknown(subject, f"{url} cannot be loaded from here ({problem})", "It is enough that browsers reach it.")
        return
    if "javascript" in kind:
        yield ok(subject, f"{url} loads")
    else:
        yield wrong(subject, f"{url} is no script ({kind})", "Set STRIPE_JS_URL.")


def _rights() -> Iterator[Finding]:
    for held in map(rights.look, rights.RIGHTS):
        right = held.right
        subject = f"Right: {right.resource}, {right.level}"
        if held.is_held:
            yield ok(subject, right.purpose)
        elif held.is_held is None:
            yield unknown(subject, right.purpose, "Run this again.")
        else:
            remedy = f"Give the restricted key {right.level} for it. {held.words}"
            yield wrong(subject, f"missing; it is for {right.purpose}", remedy, right.is_optional)


def _linking(open_sessions: bool) -> Iterator[Finding]:
    customer = f"cus_{NOBODY}"
    if open_sessions:
        newest = probing.ask("GET", "/v1/customers", {"limit": "1"}).body.get("data") or []
        customer = str(newest[0]["id"]) if newest else customer
    params = {"account_holder[type]": "customer", "account_holder[customer]": customer, "permissions[]": "balances"}
    path = "/v1/financial_connections/sessions"
    yield _registration(probing.ask("POST", path, params))
    hosted = {**params, "ui_mode": "hosted", "hosted[return_url]": f"{settings.PUBLIC_URL}/banks/linked/"}
    yield _hosted(probing.ask("POST", path, hosted, version=settings.STRIPE_HOSTED_VERSION))


def _registration(answer: Answer) -> Finding:
    subject = "Financial Connections"
    if answer.status == 200:
        return ok(subject, "a session was opened, which nobody uses")
    if answer.code == "resource_missing":
        if not settings.STRIPE_LIVEMODE:
            return ok(subject, "test data needs no registration")
        if probing.ask("GET", "/v1/events", {"type": "financial_connections.account.created", "limit": "1"}).body.get(
            "data"
        ):
            return ok(subject, "registered: a bank was linked in the last 30 days")
        return unknown(subject, "nobody has linked a bank yet", "--open-sessions opens a session that nobody uses.")
    if answer.status != 400:
        return unknown(subject, answer.message or f"answered {answer.status}")
    return wrong(subject, answer.message, "Dashboard, Financial Connections: finish the application.")


def _hosted(answer: Answer) -> Finding:
    subject = "Stripe's own page for linking"
    if answer.status == 200 and answer.body.get("url"):
        return ok(subject, "a session was opened, which nobody uses")
    if answer.code == "resource_missing":
        return ok(subject, "the preview's words are understood")
    if answer.status != 400:
        return unknown(subject, answer.message or f"answered {answer.status}")
    remedy = "Ask Stripe for the hosted preview. Without it, linking needs JavaScript; everything else works."
    return wrong(subject, answer.message or f"answered {answer.status}", remedy, optional=True)


def _endpoints() -> Iterator[Finding]:
    subject = "Webhook endpoint"
    answer = probing.ask("GET", "/v1/webhook_endpoints", {"limit": "100"})
    if answer.status != 200:
        yield unknown(subject, answer.message, "Look at it in the Dashboard, or give the key Webhook Endpoints, read.")
        return
    for standing in endpoint.compared([as_endpoint(body) for body in answer.body["data"]]):
        if standing.is_right:
            yield ok(subject, f"{standing.wanted.url}, {len(standing.wanted.events)} events")
        elif settings.STRIPE_SANDBOX and (standing.endpoint or standing.wanted.mark == CONNECT):
            yield ok(subject, "the sandbox's own sends every event; connected accounts have none here")
        else:
            words = "; ".join(standing.differences) or ("there is none" if not standing.endpoint else "there are two")
            yield wrong(subject, words, "manage.py stripe_endpoint makes it; with --fix it mends it.")


def _descriptor(answer: Answer) -> Iterator[Finding]:
    subject = "Statement descriptor"
    theirs = ((answer.body.get("settings") or {}).get("payments") or {}).get("statement_descriptor")
    if settings.STATEMENT_DESCRIPTOR:
        yield ok(subject, f"{settings.STATEMENT_DESCRIPTOR}; a bank shows its first 16 letters and digits")
    elif theirs:
        yield ok(subject, f"the account's own, {theirs}")
    else:
        yield unknown(
            subject, "STATEMENT_DESCRIPTOR is not set", "Set it, or one in the Dashboard: people look for it."
        )
