"""What Stripe answers when it refuses: one exception, and a maker for each refusal that several operations share."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any


class ApiError(Exception):
    """A refusal in Stripe's form.

    `keep`: what the operation wrote before stays (a declined debit leaves its failed charge).
    `executed`: the operation had begun, so the idempotency layer saves the answer; it saves no mere validation error.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        type: str = "invalid_request_error",
        extra: dict[str, Any] | None = None,
        keep: bool = False,
        executed: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keep = keep
        self.executed = executed or keep or status >= 500
        self.error: dict[str, Any] = {"message": message, "type": type}
        if code is not None:
            self.error["code"] = code
            self.error["doc_url"] = "https://stripe.com/docs/error-codes/" + code.replace("_", "-")
        if param is not None:
            self.error["param"] = param
        self.error.update(extra or {})

    @property
    def body(self) -> dict[str, Any]:
        return {"error": self.error}


def missing(param: str) -> ApiError:
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(param: str, *more: str, known: Sequence[str] = ()) -> ApiError:
    """Names all of them; for a single one also the known parameter that it may have been meant for."""
    if more:
        message = f"Received unknown parameters: {', '.join([param, *more])}"
    else:
        near = difflib.get_close_matches(param, known, n=1)
        message = f"Received unknown parameter: {param}" + (f". Did you mean {near[0]}?" if near else "")
    return ApiError(message, code="parameter_unknown", param=param)


def empty(param: str) -> ApiError:
    return ApiError(
        f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{param}' cannot be unset. You should remove '{param}' from your request or supply a non-empty "
        "value.",
        code="parameter_invalid_empty",
        param=param,
    )


def invalid(param: str, why: str, code: str | None = None) -> ApiError:
    return ApiError(f"Invalid {param}: {why}", code=code, param=param)


def wrong_type(kind: str, param: str, value: str | None = None, code: str | None = None) -> ApiError:
    shown = "" if value is None else f": {_shortened(value)}"
    return ApiError(f"Invalid {kind}{shown}", code=code, param=param)


def too_long(value: str, param: str, longest: int) -> ApiError:
    return ApiError(f"Invalid string: {_shortened(value)}; must be at most {longest} characters", param=param)


def _shortened(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:4]}...{value[-4:]}"


def exclusive(first: str, second: str) -> ApiError:
    return ApiError(
        f"You may only specify one of these parameters: {first}, {second}.", code="parameters_exclusive", param=first
    )


# What Stripe calls a kind where it misses one, and the parameter that it names for an id in the path.
_CALLED = {
    "payment_intent": ("payment_intent", "intent"),
    "payment_method": ("PaymentMethod", "payment_method"),
    "setup_intent": ("setupintent", "intent"),
}


def no_such(kind: str, object_id: str, param: str | None = None) -> ApiError:
    """404 when the id stood in the path; 400 naming the parameter when it stood in one."""
    noun, in_path = _CALLED.get(kind, (kind.split(".")[-1].replace("_", " "), "id"))
    return ApiError(
        f"No such {noun}: '{object_id}'",
        status=404 if param is None else 400,
        code="resource_missing",
        param=in_path if param is None else param,
    )


def unexpected_state(message: str, code: str, **extra: Any) -> ApiError:
    return ApiError(message, code=code, extra=extra, executed=True)
