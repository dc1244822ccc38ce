"""The sandbox as one ASGI application: Stripe's API, the linking dialog, the controls, and the work behind them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import clock, controls, deliveries, dialog, faults, timers, webhook_endpoints
from sandbox.pages import guard, indexes, inside
from sandbox.store import store
from sandbox.wire import limits
from sandbox.wire.api import api

logger = logging.getLogger("sandbox")


def build(data: Path, webhook: str | None) -> ASGIApp:
    """The application; what `data` holds from an earlier run goes on where it stopped."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        _open(data, webhook)
        workers = [asyncio.create_task(timers.keep_running()), asyncio.create_task(deliveries.keep_delivering())]
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
        if scope["type"] == "http" and scope["path"].startswith("/v1/"):
            await api(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return application


def _mourn(worker: asyncio.Task[None]) -> None:
    if not worker.cancelled():
        logger.error("a worker of the sandbox ended", exc_info=worker.exception())


def _open(data: Path, webhook: str | None) -> None:
    store.open(data)
    indexes.make()
    clock.set_offset(store.setting("clock_offset") or 0.0)
    faults.restore()
    limits.restore()
    if webhook is not None:
        with store.transaction():
            webhook_endpoints.set_own(webhook)
