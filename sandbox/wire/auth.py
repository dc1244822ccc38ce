"""Which key a request carries, Bearer or Basic, and what it may do: secret, publishable or restricted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox import account
from sandbox.store import store
from sandbox.wire import errors
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Operation

SECRET_KEY = "sk_test_sandbox"  # noqa: S105
PUBLISHABLE_KEY = "pk_test_sandbox"

_SETTING = "restricted_keys"
_RESTRICTED = "rk_test_"
RIGHTS = ("none", "read", "write")


@dataclass(frozen=True)
class Key:
    """`rights` are a restricted key's, by resource; the others have none of their own."""

    text: str
    rights: Mapping[str, str] = field(default_factory=dict)

    @property
    def publishable(self) -> bool:
        return self.text == PUBLISHABLE_KEY

    def check(self, operation: Operation) -> None:
        """Raises Stripe's refusal when the key may not call the operation."""
        if self.publishable and not operation.publishable:
            raise secret_key_required()
        if self.text.startswith(_RESTRICTED) and not self._may(operation):
            raise self._permission_denied(operation)

    def _may(self, operation: Operation) -> bool:
        # The right to write is one to read too.
        return self.rights.get(operation.resource, "none") in (operation.right, "write")

    def _permission_denied(self, operation: Operation) -> ApiError:
        title, name = operation.permission
        return ApiError(
            f"Permission denied. The provided key '{_masked(self.text)}' does not have the required permissions for "
            f"this endpoint on account '{account.ACCOUNT_ID}'. Enabling {title} {operation.right.title()} "
            f"('{name}_{operation.right}') permissions on this key would allow this request to continue.",
            status=403,
            code="more_permissions_required",
        )


def key_of(authorization: str | None) -> Key:
    """The key of an `Authorization` header; raises Stripe's 401 for anything but the sandbox's own."""
    if not authorization:
        raise _refused(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
    key = _key_in(authorization)
    if key in (SECRET_KEY, PUBLISHABLE_KEY):
        return Key(key)
    if key.startswith(_RESTRICTED) and key in restricted():
        return Key(key, restricted()[key])
    if "_live_" in key:
        raise _refused("A live key was sent to the sandbox, which takes only its own test keys. Nothing was done.")
    raise _refused(f"Invalid API Key provided: {_masked(key)}")


def _masked(key: str) -> str:
    return key[:8] + "*" * max(0, len(key) - 12) + key[-4:] if len(key) > 12 else "***"


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
        "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of "
        "your API keys at https://dashboard.stripe.com/account/apikeys.",
        status=401,
        code="secret_key_required",
    )


def restricted() -> dict[str, dict[str, str]]:
    """The restricted keys that were made, each with its rights by resource."""
    keys: dict[str, dict[str, str]] = store.setting(_SETTING) or {}
    return keys


def set_restricted(keys: dict[str, Any], resources: frozenset[str]) -> None:
    """Makes these the restricted keys, in place of those there were."""
    for key, rights in keys.items():
        if not key.startswith(_RESTRICTED) or len(key) <= len(_RESTRICTED):
            raise errors.invalid(key, "must begin with rk_test_ and go on.")
        if not isinstance(rights, dict):
            raise errors.wrong_type("object", key)
        for resource, right in rights.items():
            if resource not in resources:
                raise errors.unknown(f"{key}[{resource}]", known=sorted(resources))
            if right not in RIGHTS:
                raise errors.invalid(f"{key}[{resource}]", "must be one of none, read, or write")
    store.set_setting(_SETTING, keys)
