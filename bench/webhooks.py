"""Signed webhooks a second through /webhooks/stripe/, stored once and their task enqueued, beside the bare sink."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from itertools import count
from pathlib import Path

from bench import bare, stage

EVENTS = 1500
ROUNDS = 5
PATHS = {"product": "/webhooks/stripe/", "sink": "/sink/"}
_numbers = count()


def run() -> None:
    """New events, then the same again; product and sink in turn, each round with events of its own."""
    from django.db import connection

    from webhooks.models import StripeEvent

    with connection.cursor() as cursor:
        cursor.execute(bare.EVENT_TABLE)
    with stage.web() as product, stage.web("bench.bare_wsgi:application", "bench.bare_settings") as sink:
        servers = {"product": product, "sink": sink}
        rounds = {(who, what): stage.Rounds() for who in servers for what in ("new", "again")}
        for number in range(ROUNDS + 1):
            bodies = [_event() for _ in range(EVENTS if number else 100)]
            for who, server in servers.items():
                file = _requests(bodies, PATHS[who], f"{who}.requests")
                for what in ("new", "again"):
                    done = server.load(file, seconds=120, once=True)
                    if number:  # the first is to warm up
                        rounds[who, what].held.append(done)
            stage.empty_queues()
        _check(EVENTS * ROUNDS + 100)
    # Or the next benchmark's worker would work them off first.
    StripeEvent.objects.all().delete()
    for what in ("new", "again"):
        _say(what, rounds["product", what], rounds["sink", what])


def _event() -> bytes:
    """As Stripe sends it when the transactions of an account have been refreshed."""
    number, now = next(_numbers), int(time.time())
    refresh = {
        "id": f"fctxnref_{number:024}",
        "last_attempted_at": now,
        "next_refresh_available_at": now + 3600,
        "status": "succeeded",
    }
    account = {
        "id": f"fca_bench{number % 500:018}",
        "object": "financial_connections.account",
        "account_holder": {"customer": "cus_bench", "type": "customer"},
        "balance": None,
        "balance_refresh": None,
        "category": "cash",
        "created": now,
        "display_name": "Everyday Checking",
        "institution_name": "Cascade Credit Union",
        "last4": "4410",
        "livemode": False,
        "ownership": None,
        "ownership_refresh": None,
        "permissions": ["balances", "ownership", "payment_method", "transactions"],
        "status": "active",
        "subcategory": "checking",
        "subscriptions": ["transactions"],
        "supported_payment_method_types": ["us_bank_account"],
        "transaction_refresh": refresh,
    }
    event = {
        "id": f"evt_bench{number:020}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": now,
        "data": {"object": account},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "financial_connections.account.refreshed_transactions",
    }
    return json.dumps(event, indent=2).encode()


def _requests(bodies: list[bytes], path: str, name: str) -> Path:
    from bench import load

    return load.pack([_signed(body, path) for body in bodies], stage.HOME / name)


def _signed(body: bytes, path: str) -> bytes:
    stamp = str(int(time.time()))
    signature = hmac.new(bare.SECRET, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: fcdash.example\r\nX-Forwarded-Proto: https\r\nUser-Agent: Stripe/1.0\r\n"
        f"Accept: */*\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Stripe-Signature: t={stamp},v1={signature}\r\n\r\n"
    )
    return head.encode() + body


def _check(expected: int) -> None:
    """Every event is there once, on both sides."""
    from django.db import connection

    from webhooks.models import StripeEvent

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bench_event")
        kept = cursor.fetchone()[0]
    if not expected == kept == StripeEvent.objects.count():
        raise RuntimeError(f"of {expected} events the product kept {StripeEvent.objects.count()} and the sink {kept}")


def _say(what: str, own: stage.Rounds, best: stage.Rounds) -> None:
    stage.say(
        f"webhooks_{what}",
        EVENTS * ROUNDS,
        own.per_second,
        "events/s",
        own.over(best),
        limit=round(best.per_second),
        p50_ms=round(own.latency(0.5), 1),
        p95_ms=round(own.latency(0.95), 1),
        limit_p50_ms=round(best.latency(0.5), 1),
        limit_p95_ms=round(best.latency(0.95), 1),
        cpu_ms=round(own.cpu_ms, 2),
        limit_cpu_ms=round(best.cpu_ms, 2),
    )
