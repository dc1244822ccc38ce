"""What an API operation is: a method and path, the parameters it takes, and the function that does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NotRequired

from typing_extensions import TypedDict

from sandbox.store import Body
from sandbox.wire.versions import Version


class ExpandOnly(TypedDict):
    """Parameters of an operation that takes none of its own."""

    expand: NotRequired[list[str]]


@dataclass(frozen=True)
class Raw:
    """An answer that is JSON already."""

    text: str


@dataclass(frozen=True)
class Call:
    """One request to an operation, checked and typed."""

    ids: tuple[str, ...]
    params: Mapping[str, Any]
    version: Version
    url: str
    base: str
    publishable: bool = False
    client_secret: str | None = None

    @property
    def id(self) -> str:
        return self.ids[0]


# One permission stands for both.
_SHARED_RIGHTS = {"accounts": "account", "refunds": "charges"}
# Titles and names that do not follow from the path.
_PERMISSIONS = {
    "charges": ("Charges and Refunds", "charge"),
    "payment_intents": ("PaymentIntents", "payment_intent"),
    "payment_methods": ("PaymentMethods", "payment_method"),
    "setup_intents": ("SetupIntents", "setup_intent"),
    "webhook_endpoints": ("Webhook Endpoints", "webhook"),
}


@dataclass(frozen=True)
class Operation:
    """`path` is Stripe's, `*` standing for an id.

    `shape_for` picks the parameters by version; `prepare` sees them raw, before they are checked.
    `beyond` names what Stripe takes and this sandbox would only ignore: refused, lest it look done.
    `publishable`: Stripe.js may call it with the client secret.
    `preview`: no other version knows it.
    `states`: those of the object from which it is taken; none named means any.
    `emits`: the events that may follow from it, at once or later.
    `faults`: those of the banks that show in it, at once or later.
    """

    method: str
    path: str
    run: Callable[[Call], Body | Raw]
    shape: type = ExpandOnly
    shape_for: Callable[[Version], type] | None = None
    prepare: Callable[[dict[str, Any], Version], dict[str, Any]] | None = None
    beyond: tuple[str, ...] = ()
    publishable: bool = False
    preview: bool = False
    states: tuple[str, ...] = ()
    emits: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def resource(self) -> str:
        """What a restricted key needs a right to, called as in the path."""
        parts = self.path.split("/")[2:]
        return "payment_methods" if "payment_methods" in parts else _SHARED_RIGHTS.get(parts[0], parts[0])

    @property
    def permission(self) -> tuple[str, str]:
        """Stripe's title and name of the resource's permission."""
        words = self.resource.removesuffix("s")
        return _PERMISSIONS.get(self.resource, (self.resource.replace("_", " ").title(), words))

    @property
    def right(self) -> str:
        return "read" if self.method == "GET" else "write"

    def shape_at(self, version: Version) -> type:
        return self.shape_for(version) if self.shape_for else self.shape


@dataclass
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)


class Table:
    """Operations by path, found segment by segment."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        self._root = _Node()
        self._all = operations
        for operation in operations:
            node = self._root
            for segment in operation.path.strip("/").split("/"):
                node = node.children.setdefault(segment, _Node())
            node.operations[operation.method] = operation

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._all)

    def find(self, method: str, path: str) -> tuple[Operation, tuple[str, ...]] | None:
        node = self._root
        ids: list[str] = []
        for segment in path.strip("/").split("/"):
            following = node.children.get(segment)
            if following is None:
                following = node.children.get("*")
                ids.append(segment)
            if following is None or not segment:
                return None
            node = following
        operation = node.operations.get(method)
        return (operation, tuple(ids)) if operation else None
