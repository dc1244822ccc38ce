"""How the dialog's calls are answered: JSON in, JSON out, each a transaction; refusals keep Stripe's form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from sandbox.store import Body, store
from sandbox.wire import errors
from sandbox.wire.ascii import AsciiResponse
from sandbox.wire.errors import ApiError

Answer = Callable[[Body], Body]
Endpoint = Callable[[Request], Awaitable[Response]]


def answering(answer: Answer) -> Endpoint:
    """A route for a call of the dialog; what it wrote before a refusal is undone, unless the refusal keeps it."""

    @wraps(answer)
    async def endpoint(request: Request) -> Response:
        refusal: ApiError | None = None
        try:
            body = {**await _body(request), **request.path_params}
            with store.transaction():
                try:
                    return AsciiResponse(answer(body))
                except ApiError as caught:
                    if not caught.keep:
                        raise
                    refusal = caught
        except ApiError as caught:
            refusal = caught
        return AsciiResponse(refusal.body, status_code=refusal.status)

    return endpoint


async def _body(request: Request) -> Body:
    if request.method == "GET":
        return {}
    try:
        body = await request.json()
    except ValueError:
        raise errors.invalid("body", "must be JSON.") from None
    if not isinstance(body, dict):
        raise errors.invalid("body", "must be a JSON object.")
    return body


def text(body: Body, name: str) -> str:
    """A text of the body; whatever else stands there counts as nothing."""
    value = body.get(name)
    return value.strip() if isinstance(value, str) else ""
