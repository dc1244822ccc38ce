"""Which key a request carries: Bearer or Basic, secret or publishable, never a live one."""

from __future__ import annotations

import base64
import binascii

from sandbox.wire.errors import ApiError

SECRET_KEY = "sk_test_sandbox"  # noqa: S105
PUBLISHABLE_KEY = "pk_test_sandbox"


def key_of(authorization: str | None) -> str:
    """The key of an `Authorization` header; raises Stripe's 401 for anything but the sandbox's own two."""
    if not authorization:
        raise _refused(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
    key = _key_in(authorization)
    if key in (SECRET_KEY, PUBLISHABLE_KEY):
        return key
    if "_live_" in key:
        raise _refused("A live key was sent to the sandbox, which takes only its own test keys. Nothing was done.")
    hidden = key[:8] + "*" * max(0, len(key) - 12) + key[-4:] if len(key) > 12 else "***"
    raise _refused(f"Invalid API Key provided: {hidden}")


def _key_in(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _refused(message: str) -> ApiError:
    return ApiError(message, status=401)


def secret_key_required() -> ApiError:
    return ApiError(
        "This API call cannot be made with a publishable API key. Please use a secret API key.",
        status=401,
        code="secret_key_required",
    )
