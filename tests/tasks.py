"""Celery in tests: the waiting messages run in this process, or a real worker beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis
from celery.app.trace import build_tracer
from celery.exceptions import Retry
from django.conf import settings

from fcdash.celery import app
from local import places, processes
from local.parts import QUEUES
from tests.waiting import until


@dataclass(frozen=True)
class Ran:
    """One task that ran: its name, arguments and end (`done`, `retried` or `failed`)."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    end: str
    error: BaseException | None = None


def empty_valkey() -> None:
    """Empties this process's two Valkey databases."""
    with redis.Redis.from_url(settings.REDIS_URL) as cache:
        socket = cache.connection_pool.connection_kwargs["path"]
        cache.flushdb()
    with redis.Redis(unix_socket_path=socket, db=int(settings.CELERY_BROKER_URL.rsplit("=", 1)[1])) as broker:
        broker.flushdb()


def run_tasks(*, later: bool = False, failures: bool = False, limit: int = 1000) -> list[Ran]:
    """Runs what waits in the broker, and what that enqueues, until nothing is left; returns what ran, in order.

    Messages for a later time (retries, countdowns) stay in the broker unless `later`. The first failing task raises
    its own error, unless `failures` asks to have it in the result.
    """
    ran: list[Ran] = []
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        waiting = []
        while message := _next_message(channel):
            if not later and _is_for_later(message.headers):
                waiting.append(message)
                continue
            message.ack()
            ran.append(_run(message))
            if ran[-1].error and not failures:
                raise ran[-1].error
            if len(ran) >= limit:
                raise AssertionError(f"{limit} tasks ran and there are more: {[task.name for task in ran[-10:]]}")
        for message in waiting:
            message.requeue()
    return ran


def _next_message(channel: Any) -> Any:
    for queue in QUEUES:
        if message := channel.basic_get(queue):
            return message
    return None


def _is_for_later(headers: Mapping[str, Any]) -> bool:
    return bool(headers.get("eta")) and datetime.fromisoformat(headers["eta"]) > datetime.now(UTC)


def _run(message: Any) -> Ran:
    """Runs one message as a worker would, except that errors come out."""
    args, kwargs, embedded = message.payload
    request = {**message.headers, **embedded, "delivery_info": message.delivery_info, "hostname": "tests"}
    name = request["task"]
    trace = build_tracer(name, app.tasks[name], app=app, eager=True, propagate=True)
    try:
        trace(request["id"], args, kwargs, request=request)
    except Retry as retry:
        return Ran(name, tuple(args), kwargs, "retried", retry.exc if isinstance(retry.exc, BaseException) else None)
    except Exception as error:
        return Ran(name, tuple(args), kwargs, "failed", error)
    return Ran(name, tuple(args), kwargs, "done")


class Worker:
    """A Celery worker in processes of its own, on all queues."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.environment = environment
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and returns once it takes tasks."""
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "INFO", "-c", "2"]
        command = [sys.executable, "-m", "celery", "-A", "fcdash", "worker", "-Q", ",".join(QUEUES), *quiet]
        with self.log.open("wb") as output:
            self.process = processes.spawn(command, self.environment, places.CHECKOUT, output)
        until(self._is_ready, f"the worker's start ({self.log})", 60)

    def kill(self) -> None:
        """SIGKILL to the worker and its children: what a crash of the machine does to them."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _is_ready(self) -> bool:
        text = self.log.read_text(errors="replace")
        if self.process is None or self.process.poll() is not None:
            raise AssertionError(f"the worker ended at once:\n{text[-2000:]}")
        return " ready." in text

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            if how is signal.SIGKILL:
                os.killpg(self.process.pid, how)
            else:
                self.process.terminate()
        try:
            self.process.wait(15)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process = None
