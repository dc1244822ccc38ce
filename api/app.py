"""The API: its routers, and the guard that every one of its operations runs behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from ninja import NinjaAPI, Router

from api import callers, limits, problems, replies
from api.parsing import StrictParser
from api.problems import Problem
from api.routes import accounts, bills, links, mandates, me, payments, spending, transactions

ROUTERS: tuple[tuple[str, Router], ...] = (
    ("me", me.router),
    ("link-sessions", links.router),
    ("accounts", accounts.router),
    ("transactions", transactions.router),
    ("spending", spending.router),
    ("bills", bills.router),
    ("mandates", mandates.router),
    ("payments", payments.router),
)


def guard(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Before anything of the call is read: who, how often, in which household, with which role; then at most once."""
    operation: Any = run.__self__  # type: ignore[attr-defined]

    @wraps(run)
    def guarded(request: Any, **values: Any) -> HttpResponse:
        try:
            writes = request.method not in callers.SAFE_METHODS
            limits.take(callers.identify(request), writes)
            if not callers.find_household(request) and operation.view_func is not me.me:
                raise Problem(404, "no_household", "You are a member of no household.")
            if not writes:
                return run(request, **values)
            if not request.place.can_write:
                raise PermissionDenied
            return replies.once(request, operation.view_func, lambda: run(request, **values))
        except Exception as problem:
            response: HttpResponse = operation.api.on_exception(request, problem)
            return response

    return guarded


def build() -> NinjaAPI:
    """The API with all its routes."""
    api = NinjaAPI(title="fcdash", version="1", docs_url=None, openapi_url=None, parser=StrictParser())
    problems.install(api)
    api.add_decorator(guard, mode="view")
    for name, router in ROUTERS:
        api.add_router("", router, tags=[name])
    return api


api = build()
