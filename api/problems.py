"""What can go wrong in a call, and how it is told: application/problem+json with a code for programs.

Everything that a route or its verb raises ends here; nothing else makes an error answer.
"""

from __future__ import annotations

import json
import logging
import math
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from redis.exceptions import RedisError

from fcdash.gateway.errors import StripeProblem, WillNotWork

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5


class Problem(Exception):
    """An error answer. `extra` are further members of its body; `retry_after` is in seconds."""

    def __init__(
        self, status: int, code: str, detail: str = "", retry_after: float | None = None, **extra: Any
    ) -> None:
        super().__init__(f"{status} {code} {detail}".strip())
        self.status, self.code, self.detail, self.extra = status, code, detail, extra
        self.retry_after = retry_after


def unauthorized() -> Problem:
    return Problem(401, "unauthorized", "Send a session token in X-Session-Token, or sign in.")


def not_found() -> Problem:
    """One answer for what is foreign, what does not exist and what is no id: nobody learns which."""
    return Problem(404, "not_found", "There is nothing here under this id.")


def invalid(field: str, message: str, code: str = "invalid") -> Problem:
    """A field of the body or the query that cannot be as it is."""
    return Problem(422, code, f"{field}: {message}", errors=[{"field": field, "message": message}])


def answer(problem: Problem) -> HttpResponse:
    """The HTTP answer for a problem."""
    status = HTTPStatus(problem.status)
    body = {
        "type": f"urn:fcdash:problem:{problem.code}",
        "title": status.phrase,
        "status": problem.status,
        "detail": problem.detail or status.phrase,
        "code": problem.code,
        **problem.extra,
    }
    response = HttpResponse(json.dumps(body), status=problem.status, content_type=MEDIA_TYPE)
    if problem.retry_after is not None:
        response["Retry-After"] = str(max(1, math.ceil(problem.retry_after)))
    if problem.status == 401:
        response["WWW-Authenticate"] = 'X-Session-Token realm="fcdash"'
    return response


def install(api: NinjaAPI) -> None:
    """Make every exception of the API's operations one of our answers."""
    api.add_exception_handler(Problem, _as_it_is)
    api.add_exception_handler(Http404, lambda request, problem: answer(not_found()))
    api.add_exception_handler(ObjectDoesNotExist, lambda request, problem: answer(not_found()))
    api.add_exception_handler(PermissionDenied, lambda request, problem: answer(_forbidden()))
    api.add_exception_handler(ValidationError, lambda request, problem: answer(_invalid_fields(problem)))
    api.add_exception_handler(HttpError, lambda request, problem: answer(_of_status(problem)))
    api.add_exception_handler(RequestDataTooBig, lambda request, problem: answer(too_large()))
    api.add_exception_handler(StripeProblem, lambda request, problem: answer(_of_stripe(problem)))
    for unreachable in (OperationalError, InterfaceError, RedisError):
        api.add_exception_handler(unreachable, _out_of_order)
    api.add_exception_handler(Exception, _our_fault)


def _as_it_is(request: HttpRequest, problem: Any) -> HttpResponse:
    return answer(problem)


def too_large() -> Problem:
    return Problem(413, "too_large", "The body is too large.")


def _forbidden() -> Problem:
    return Problem(403, "forbidden", "Your role in this household does not allow this.")


def _of_status(problem: Any) -> Problem:
    if isinstance(problem.__cause__, Problem):
        return problem.__cause__  # ninja turns whatever the parser raises into a 400
    if problem.status_code == 400:
        return Problem(400, "malformed", "The body is not JSON.")
    return Problem(problem.status_code, HTTPStatus(problem.status_code).name.lower())


def _invalid_fields(problem: Any) -> Problem:
    errors = []
    for error in problem.errors:
        where = [str(part) for part in error["loc"]]
        # ("body", "name of the route's argument", "field", …) or ("query", "field")
        path = ".".join(where[2:] if where[0] == "body" else where[1:]) or where[0]
        errors.append({"field": path, "message": error["msg"]})
    said = "; ".join(f"{error['field']}: {error['message']}" for error in errors[:5])
    return Problem(422, "invalid", said, errors=errors[:50])


def _of_stripe(problem: Any) -> Problem:
    if not isinstance(problem, WillNotWork):
        return stripe_unavailable(getattr(problem, "after_seconds", RETRY_SECONDS))
    logger.warning("Stripe refused: %s", problem.reason)
    if problem.reason == "key_refused":
        return stripe_unavailable(60)
    return Problem(409, "refused_by_stripe", "Stripe refused this.", reason=problem.reason)


def stripe_unavailable(retry_after: float = RETRY_SECONDS) -> Problem:
    detail = "Stripe cannot be reached right now. Send the same request again in a moment."
    return Problem(503, "stripe_unavailable", detail, retry_after=retry_after)


def _out_of_order(request: HttpRequest, problem: Any) -> HttpResponse:
    logger.error("%s %s: %s: %s", request.method, request.path, type(problem).__name__, problem)
    return answer(Problem(503, "unavailable", "Try again in a moment.", retry_after=RETRY_SECONDS))


def _our_fault(request: HttpRequest, problem: Any) -> HttpResponse:
    logger.error("%s %s", request.method, request.path, exc_info=problem)
    got_request_exception.send(sender=None, request=request)
    return answer(Problem(500, "internal", "This is our fault. It has been recorded."))
