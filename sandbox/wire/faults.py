"""API faults on demand: errors, hangs and cut connections, before a request has its effect or after."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, fields
from typing import Any

from sandbox import chance
from sandbox.store import store
from sandbox.wire import errors
from sandbox.wire.errors import ApiError

BEFORE = ("500", "429", "lock_timeout", "502", "503", "timeout", "connection_reset", "slow")
AFTER = (
    "500_after_success", "timeout_after_success", "connection_reset_after_success", "truncated_after_success",
)  # fmt: skip
KINDS = BEFORE + AFTER


@dataclass
class Fault:
    """`match`: method, space, whole path; `*` for any method or one segment, `**` at the end for all that follow.

    `skip` is how many requests that fit are let through first, `chance` the share of those after them that it strikes.
    `seconds` is how slow `slow` is; `should_retry` is what the answer tells the client about trying again.
    """

    match: str
    kind: str
    times: int = 1
    left: int = 1
    seconds: float = 1.0
    should_retry: bool | None = None
    skip: int = 0
    chance: float = 1.0

    def fits(self, method: str, path: str) -> bool:
        wanted_method, _, wanted_path = self.match.partition(" ")
        if wanted_method not in ("*", method):
            return False
        wanted, given = wanted_path.strip("/").split("/"), path.strip("/").split("/")
        if wanted[-1] == "**":
            wanted = wanted[:-1]
            given = given[: len(wanted)]
        return len(wanted) == len(given) and all(
            each in ("*", segment) for each, segment in zip(wanted, given, strict=True)
        )


# What stands before the idempotency layer refuses like this; nothing of it is saved under the key.
UNSAVED = {
    "lock_timeout": ApiError(
        "This object cannot be accessed right now because another API request or Stripe process is currently accessing "
        "it. If you see this error intermittently, retry the request.",
        status=429,
        code="lock_timeout",
    ),
    "503": ApiError("Stripe is temporarily unavailable. Please try again.", status=503, type="api_error"),
}
# A gateway's own page, which is no JSON.
BAD_GATEWAY = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>502 Bad Gateway</body>\r\n</html>\r\n"

_faults: list[Fault] = []
# Set and renewed to end whatever is being held: a reset and a stop must not wait for it.
_release = asyncio.Event()


def set_faults(specs: list[Any]) -> None:
    fresh = [_fault(spec) for spec in specs]
    _faults[:] = fresh
    _remember()


def _fault(spec: Any) -> Fault:
    if not isinstance(spec, dict):
        raise errors.invalid("api", "must be a list of hashes.")
    for name in spec:
        if name not in _NAMES:
            raise errors.unknown(f"api[{name}]")
    match, kind, times = spec.get("match"), str(spec.get("kind")), spec.get("times", 1)
    if not isinstance(match, str) or " /" not in match:
        raise errors.invalid("api[match]", "must be a method, a space and a path.")
    if kind not in KINDS:
        raise errors.invalid("api[kind]", "must be one of " + ", ".join(KINDS))
    if not isinstance(times, int) or times < 1:
        raise errors.invalid("api[times]", "must be a positive integer.")
    seconds, skip, share = _number(spec, "seconds", 1.0), int(_number(spec, "skip", 0)), _number(spec, "chance", 1.0)
    if share > 1:
        raise errors.invalid("api[chance]", "must be a share between 0 and 1.")
    return Fault(match, kind, times, times, seconds, spec.get("should_retry"), skip, share)


_NAMES = tuple(each.name for each in fields(Fault))


def _number(spec: dict[str, Any], name: str, otherwise: float) -> float:
    value = spec.get(name, otherwise)
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise errors.invalid(f"api[{name}]", "must be a number, not negative.")
    return float(value)


def listed() -> list[dict[str, Any]]:
    return [asdict(fault) for fault in _faults]


def restore() -> None:
    _faults[:] = [Fault(**spec) for spec in store.setting("api_faults") or []]


def take(method: str, path: str) -> Fault | None:
    """The fault that befalls this request, used up by one."""
    for fault in _faults:
        if fault.left > 0 and fault.fits(method, path) and _strikes(fault):
            fault.left -= 1
            _remember()
            return fault
    return None


def _strikes(fault: Fault) -> bool:
    if fault.skip > 0:
        fault.skip -= 1
        _remember()
        return False
    return fault.chance >= 1 or chance.draw(f"api:{fault.match}:{fault.kind}").random() < fault.chance


def _remember() -> None:
    store.set_setting("api_faults", listed())


def release_held() -> None:
    """Ends every held request now."""
    global _release
    _release.set()
    _release = asyncio.Event()


async def hold(gone: asyncio.Future[Any], seconds: float | None = None) -> None:
    """Waits until the client has left, the time is over, or everything held is released."""
    released = asyncio.ensure_future(_release.wait())
    try:
        await asyncio.wait({gone, released}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        released.cancel()
