"""The sandbox as one ASGI application: Stripe's API, the linking dialog, the controls, and the work behind them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import clock, controls, deliveries, dialog, faults, timers, webhook_endpoints
from sandbox.api import api
from sandbox.store import store


def build(data: Path, webhook: str | None) -> ASGIApp:
    """The application; what `data` holds from an earlier run goes on where it stopped."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        _open(data, webhook)
        workers = [asyncio.create_task(timers.keep_running()), asyncio.create_task(deliveries.keep_delivering())]
        yield
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await deliveries.settle_down(patience=0.5)
        store.close()

    pages = Starlette(routes=[*controls.routes, *dialog.routes], lifespan=lifespan)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        # Straight to the API: it is called thousands of times, and needs nothing of the framework.
        if scope["type"] == "http" and scope["path"].startswith("/v1/"):
            await api(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return application


def _open(data: Path, webhook: str | None) -> None:
    store.open(data)
    clock.set_offset(store.setting("clock_offset") or 0.0)
    faults.restore()
    deliveries.restore_faults()
    if webhook is not None:
        with store.transaction():
            webhook_endpoints.set_own(webhook)
