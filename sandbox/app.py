"""The sandbox as one ASGI application: Stripe's API, the linking dialog, the controls, and the work behind them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import clock, controls, deliveries, dialog, faults, starting, timers, webhook_endpoints
from sandbox.pages import guard, indexes, inside
from sandbox.store import store
from sandbox.wire import limits
from sandbox.wire.api import api
from sandbox.wire.errors import ApiError

logger = logging.getLogger("sandbox")

AFTER_FULL_DISK = 1.0


def build(webhook: str | None) -> ASGIApp:
    """The application over the open store; what it holds from an earlier run goes on where it stopped."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        _restore(webhook)
        workers = [asyncio.create_task(_keep(work)) for work in (timers.keep_running, deliveries.keep_delivering)]
        for worker in workers:
            worker.add_done_callback(_mourn)
        yield
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await deliveries.settle_down(patience=0.5)
        store.close()

    routes = [*controls.routes, *dialog.routes, *inside.routes]
    pages = guard.guarded(Starlette(routes=routes, lifespan=lifespan))

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        # Straight to the API: it is called thousands of times, and needs nothing of the framework.
        answer = api if scope["type"] == "http" and scope["path"].startswith("/v1/") else pages
        try:
            await answer(scope, receive, send)
        except sqlite3.Error as problem:
            sentence = starting.why_not_written(problem)
            logger.error(sentence)
            await JSONResponse(ApiError(sentence, status=500, type="api_error").body, 500)(scope, receive, send)

    return application


async def _keep(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Goes on with a worker's work once the disk takes writes again."""
    while True:
        try:
            await work()
        except sqlite3.Error as problem:
            logger.error(starting.why_not_written(problem))
            await asyncio.sleep(AFTER_FULL_DISK)


def _mourn(worker: asyncio.Task[None]) -> None:
    if not worker.cancelled():
        logger.error("a worker of the sandbox ended", exc_info=worker.exception())


def _restore(webhook: str | None) -> None:
    indexes.make()
    clock.set_offset(store.setting("clock_offset") or 0.0)
    faults.restore()
    limits.restore()
    if webhook is not None:
        with store.transaction():
            webhook_endpoints.set_own(webhook)
