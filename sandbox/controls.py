"""`/sandbox/…`: what banks, people and time do, and what came in and went out. Never called by the application."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import banks, clock, deliveries, events, faults, journal, timers, webhook_endpoints
from sandbox.connections import accounts, bank_side, bulk, feed, sessions
from sandbox.money import corrections, disputes, intents, mails, mandates, refunds, returns, settling
from sandbox.store import Body, store
from sandbox.wire import auth, errors, idempotency, limits, rendering
from sandbox.wire import faults as api_faults
from sandbox.wire.ascii import AsciiResponse
from sandbox.wire.errors import ApiError
from sandbox.wire.table import TABLE

Control = Callable[[Request, Body], Awaitable[Body]]


def _control(run: Control) -> Callable[[Request], Awaitable[Response]]:
    """A control reads JSON and answers JSON; refusals have Stripe's form."""

    @wraps(run)
    async def endpoint(request: Request) -> Response:
        try:
            return AsciiResponse(await run(request, await _json_of(request)))
        except ApiError as refusal:
            return AsciiResponse(refusal.body, status_code=refusal.status)

    return endpoint


async def _json_of(request: Request) -> Body:
    if request.method == "GET":
        return {}
    text = await request.body()
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        raise ApiError("The body must be JSON.") from None
    if not isinstance(body, dict):
        raise ApiError("The body must be a JSON object.")
    return body


async def ready(request: Request, body: Body) -> Body:
    return {"ok": True}


async def list_banks(request: Request, body: Body) -> Body:
    return {"data": [_bank(institution) for institution in banks.INSTITUTIONS]}


def _bank(institution: banks.Institution) -> Body:
    of_bank = ("key", "name", "aliases", "note", "behaviour", "oauth", "country")
    of_account = ("key", "name", "category", "subcategory", "last4", "currency", "supports_payments")
    return {
        **{name: getattr(institution, name) for name in of_bank},
        "accounts": [{name: getattr(account, name) for name in of_account} for account in institution.accounts],
    }


async def authorize(request: Request, body: Body) -> Body:
    keys = body.get("accounts", [])
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise errors.invalid("accounts", "must be a list of the keys of bank accounts.")
    return sessions.authorize(
        request.path_params["session"], keys, body.get("result", "success"), body.get("reason", "other")
    )


async def book_transactions(request: Request, body: Body) -> Body:
    rows = body.get("transactions")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise errors.missing("transactions")
    with store.transaction():
        account = accounts.existing(request.path_params["account"], None)
        booked = feed.book(account["id"], rows)
    return {"data": [{"id": row_id} for row_id in booked]}


async def generate_transactions(request: Request, body: Body) -> Body:
    account = accounts.existing(request.path_params["account"], None)
    return {"booked": await bulk.book(account["id"], body)}


async def set_account_state(request: Request, body: Body) -> Body:
    with store.transaction():
        account = accounts.existing(request.path_params["account"], None)
        bank_side.set_state(account, body)
        return rendering.shown(account)


def _choice(body: Body, name: str, choices: tuple[str, ...]) -> str:
    if body[name] not in choices:
        raise errors.invalid(name, "must be one of " + ", ".join(choices))
    return str(body[name])


async def settle(request: Request, body: Body) -> Body:
    outcome = _choice({"outcome": body.get("outcome")}, "outcome", ("succeeded", "failed"))
    why = returns.named(str(body.get("failure_code") or "R01")) if outcome == "failed" else None
    with store.transaction():
        return rendering.shown(settling.settle(request.path_params["intent"], why))


async def post(request: Request, body: Body) -> Body:
    with store.transaction():
        return rendering.shown(settling.post(request.path_params["intent"]))


async def correct_method(request: Request, body: Body) -> Body:
    with store.transaction():
        return rendering.shown(corrections.correct(request.path_params["method"], body))


async def dispute(request: Request, body: Body) -> Body:
    with store.transaction():
        intent = intents.existing("payment_intent", request.path_params["intent"])
        return rendering.shown(disputes.open_for(intent, str(body.get("reason") or "debit_not_authorized")))


async def fail_refund(request: Request, body: Body) -> Body:
    with store.transaction():
        return rendering.shown(refunds.fail(request.path_params["refund"], str(body.get("reason") or "unknown")))


async def set_mandate_state(request: Request, body: Body) -> Body:
    status = _choice({"status": body.get("status")}, "status", ("active", "inactive", "pending"))
    with store.transaction():
        mandate = store.find("mandate", request.path_params["mandate"])
        if mandate is None:
            raise errors.no_such("mandate", request.path_params["mandate"])
        mandates.set_status(mandate, status)
        return rendering.shown(mandate)


async def advance_clock(request: Request, body: Body) -> Body:
    seconds = body.get("seconds")
    if not isinstance(seconds, int | float) or seconds < 0:
        raise errors.invalid("seconds", "must be a number, not negative.")
    done = timers.advance(seconds)
    deliveries.wake()
    return {"done": done, "offset": clock.offset(), "now": int(clock.now())}


async def put_faults(request: Request, body: Body) -> Body:
    return faults.put(body)


async def get_faults(request: Request, body: Body) -> Body:
    return faults.shown()


async def put_webhook(request: Request, body: Body) -> Body:
    url = body.get("url")
    if url is not None and not isinstance(url, str):
        raise errors.invalid("url", "must be a URL, or null for none.")
    with store.transaction():
        webhook_endpoints.set_own(url)
    return {"url": url}


async def put_keys(request: Request, body: Body) -> Body:
    with store.transaction():
        auth.set_restricted(body, frozenset(operation.resource for operation in TABLE))
    return dict(auth.restricted())


async def get_keys(request: Request, body: Body) -> Body:
    return dict(auth.restricted())


async def put_rate_limit(request: Request, body: Body) -> Body:
    with store.transaction():
        limits.set_rates(body)
    return dict(limits.listed())


async def get_rate_limit(request: Request, body: Body) -> Body:
    return dict(limits.listed())


async def forget_keys(request: Request, body: Body) -> Body:
    return {"forgotten": idempotency.forget_all()}


async def list_requests(request: Request, body: Body) -> Body:
    return journal.requests(dict(request.query_params))


async def list_deliveries(request: Request, body: Body) -> Body:
    return journal.deliveries(dict(request.query_params))


async def resend(request: Request, body: Body) -> Body:
    with store.transaction():
        return {"queued": events.resend(request.path_params["event"])}


async def roll_secret(request: Request, body: Body) -> Body:
    with store.transaction():
        return webhook_endpoints.roll_secret(request.path_params["endpoint"], body)


async def list_mails(request: Request, body: Body) -> Body:
    return {"data": [rendering.shown(mail) for mail in mails.listed()]}


async def reset(request: Request, body: Body) -> Body:
    """Empties the sandbox; the webhook's address stays, as it belongs to the set-up."""
    url = store.setting("webhook_url")
    api_faults.release_held()
    store.db.execute("DELETE FROM outbox")
    await deliveries.settle_down()
    store.empty()
    clock.set_offset(0.0)
    faults.restore()
    limits.restore()
    with store.transaction():
        webhook_endpoints.set_own(url)
    return {"ok": True}


routes = [
    Route("/sandbox/ready", _control(ready)),
    Route("/sandbox/banks", _control(list_banks)),
    Route("/sandbox/link-sessions/{session}/authorize", _control(authorize), methods=["POST"]),
    Route("/sandbox/accounts/{account}/transactions", _control(book_transactions), methods=["POST"]),
    Route("/sandbox/accounts/{account}/transactions/generate", _control(generate_transactions), methods=["POST"]),
    Route("/sandbox/accounts/{account}/state", _control(set_account_state), methods=["POST"]),
    Route("/sandbox/payment_intents/{intent}/settle", _control(settle), methods=["POST"]),
    Route("/sandbox/payment_intents/{intent}/post", _control(post), methods=["POST"]),
    Route("/sandbox/payment_intents/{intent}/dispute", _control(dispute), methods=["POST"]),
    Route("/sandbox/payment_methods/{method}/state", _control(correct_method), methods=["POST"]),
    Route("/sandbox/refunds/{refund}/fail", _control(fail_refund), methods=["POST"]),
    Route("/sandbox/mandates/{mandate}/state", _control(set_mandate_state), methods=["POST"]),
    Route("/sandbox/clock/advance", _control(advance_clock), methods=["POST"]),
    Route("/sandbox/faults", _control(get_faults), methods=["GET"]),
    Route("/sandbox/faults", _control(put_faults), methods=["PUT"]),
    Route("/sandbox/keys", _control(get_keys), methods=["GET"]),
    Route("/sandbox/keys", _control(put_keys), methods=["PUT"]),
    Route("/sandbox/rate-limit", _control(get_rate_limit), methods=["GET"]),
    Route("/sandbox/rate-limit", _control(put_rate_limit), methods=["PUT"]),
    Route("/sandbox/webhook", _control(put_webhook), methods=["PUT"]),
    Route("/sandbox/webhook_endpoints/{endpoint}/roll", _control(roll_secret), methods=["POST"]),
    Route("/sandbox/events/{event}/resend", _control(resend), methods=["POST"]),
    Route("/sandbox/idempotency/forget", _control(forget_keys), methods=["POST"]),
    Route("/sandbox/requests", _control(list_requests)),
    Route("/sandbox/deliveries", _control(list_deliveries)),
    Route("/sandbox/mails", _control(list_mails)),
    Route("/sandbox/reset", _control(reset), methods=["POST"]),
]
