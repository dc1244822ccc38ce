"""The signed-in dashboard at three sizes of history beside a bare signed-in page, rounds in turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

from bench import households, load, stage

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 5
SECONDS = 2.0
COLD = 5


def run() -> None:
    """`limit_ratio` is the bare page's requests a second over the dashboard's of the same round: its cost."""
    held = {size: households.of(size) for size in SIZES}
    with stage.web() as product, stage.web("bench.bare_wsgi:application", "bench.bare_settings") as bare:
        files = {size: requests(one, size) for size, one in held.items()}
        rounds = {(who, size): stage.Rounds() for who in ("own", "bare") for size in SIZES}
        for number in range(ROUNDS + 1):
            for size in SIZES:
                for who, server, file in (("own", product, files[size][0]), ("bare", bare, files[size][1])):
                    done = server.load(file, seconds=SECONDS if number else 1)
                    if number:  # the first is to warm up
                        rounds[who, size].held.append(done)
        cold = {size: _cold(product, held[size], files[size][0]) for size in SIZES}
    for size in SIZES:
        _say(size, rounds, cold, held[size])


def _say(size: int, rounds: dict[tuple[str, int], stage.Rounds], cold: dict[int, float], held: households.Held) -> None:
    own, bare, smallest = rounds["own", size], rounds["bare", size], rounds["own", SIZES[0]]
    stage.say(
        "dashboard",
        size,
        own.per_second,
        "requests/s",
        bare.over(own),
        limit=round(bare.per_second, 1),
        p50_ms=round(own.latency(0.5), 1),
        p95_ms=round(own.latency(0.95), 1),
        limit_p50_ms=round(bare.latency(0.5), 1),
        limit_p95_ms=round(bare.latency(0.95), 1),
        cpu_ms=round(own.cpu_ms, 2),
        limit_cpu_ms=round(bare.cpu_ms, 2),
        growth=round(smallest.over(own), 2),
        first_after_change_ms=round(cold[size], 1),
        queries=_queries(held),
    )


def requests(held: households.Held, size: int) -> tuple[Path, Path]:
    """(the dashboard's request, the bare page's), both of the household's person, signed in."""
    from django.conf import settings
    from django.test import Client

    def signed_in(path: str, backend: str, name: str) -> Path:
        client = Client()
        client.force_login(held.user, backend)
        cookies = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}
        cookies[settings.CSRF_COOKIE_NAME] = token_hex(16)
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        head = f"Host: fcdash.example\r\nX-Forwarded-Proto: https\r\nCookie: {cookie}"
        return load.pack([f"GET {path} HTTP/1.1\r\n{head}\r\n\r\n".encode()], stage.HOME / f"{name}-{size}.requests")

    return (
        signed_in("/", settings.AUTHENTICATION_BACKENDS[0], "dashboard"),
        signed_in("/bare/", "django.contrib.auth.backends.ModelBackend", "bare"),
    )


def _cold(product: stage.Web, held: households.Held, file: Path) -> float:
    """ms of the first request after new rows came in, when nothing remembered fits any more."""
    from bench import rows, small

    client, (request,) = load.Client(product.port), load.unpack(file)
    took = []
    for number in range(COLD):
        small.product(held, rows.body(rows.new_rows(10, f"c{number}x"), has_more=False))
        took.append(stage.seconds(client.ask, request) * 1000)
    return stage.median(took)


def _queries(held: households.Held) -> int:
    """SQL statements of one request, without transaction statements and set_config."""
    from django.db import connection
    from django.test import Client

    client = Client(headers={"host": "fcdash.example", "x-forwarded-proto": "https"})
    client.force_login(held.user)
    with _counting(connection) as seen:
        client.get("/", secure=True)
    return sum(not sql.startswith(("SAVEPOINT", "RELEASE")) and "set_config" not in sql for sql in seen)


@contextmanager
def _counting(connection: Any) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen
