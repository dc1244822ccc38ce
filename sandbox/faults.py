"""All that can be made to go wrong, as `/sandbox/faults` takes and shows it: the API, the webhooks, the banks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sandbox import chance, deliveries
from sandbox.connections import bank_faults
from sandbox.store import Body, store
from sandbox.wire import errors
from sandbox.wire import faults as api_faults


def put(body: Body) -> Body:
    """Sets the parts that are named; the others stay as they were. A seed begins all chance anew."""
    for name in body:
        if name not in ("seed", "api", "webhooks", "banks"):
            raise errors.unknown(name)
    with store.transaction():
        if "seed" in body:
            chance.set_seed(_seed(body["seed"]))
        if "api" in body:
            api_faults.set_faults(_of_type(body, "api", list))
        if "webhooks" in body:
            deliveries.set_faults(_of_type(body, "webhooks", dict))
        if "banks" in body:
            bank_faults.set_faults(_of_type(body, "banks", list))
    return shown()


def shown() -> Body:
    return {
        "seed": chance.seed(),
        "api": api_faults.listed(),
        "webhooks": asdict(deliveries.faults),
        "banks": bank_faults.listed(),
    }


def restore() -> None:
    """What the store holds, as after a start or a reset."""
    api_faults.restore()
    deliveries.restore_faults()
    bank_faults.restore()


def _seed(given: Any) -> int | None:
    if given is not None and (not isinstance(given, int) or isinstance(given, bool)):
        raise errors.invalid("seed", "must be an integer, or null for one that is chosen.")
    return given


def _of_type(body: Body, name: str, kind: type) -> Any:
    value = kind() if body[name] is None else body[name]
    if not isinstance(value, kind):
        raise errors.invalid(name, f"must be a {kind.__name__}.")
    return value
