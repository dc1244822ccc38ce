"""Objects as Stripe shows them: without what is hidden, in the caller's version, with ids expanded on request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.store import HIDDEN, Body, store
from sandbox.wire import versions
from sandbox.wire.errors import ApiError
from sandbox.wire.versions import Version

Renderer = Callable[[Body, Version], Body]

# Kinds whose public form is more than their stored one; each family's module adds its own.
RENDERERS: dict[str, Renderer] = {}

# The places that hold an id which `expand` may replace by its object.
EXPANDABLE = {
    "balance_transaction": {"source"},
    "charge": {
        "balance_transaction",
        "customer",
        "payment_intent",
        "payment_method_details.us_bank_account.mandate",
    },
    "customer_session": {"customer"},
    "customer": {"invoice_settings.default_payment_method"},
    "dispute": {"charge", "payment_intent"},
    "financial_connections.account": {"ownership", "account_holder.customer"},
    "financial_connections.session": {"account_holder.customer"},
    "mandate": {"payment_method"},
    "payment_intent": {"customer", "latest_charge", "payment_method"},
    "payment_method": {"customer"},
    "refund": {
        "balance_transaction",
        "charge",
        "failure_balance_transaction",
        "payment_intent",
        "payment_method",
    },
    "setup_attempt": {"customer", "payment_method", "setup_intent"},
    "setup_intent": {"customer", "latest_attempt", "mandate", "payment_method", "single_use_mandate"},
}

_DEEPEST = 4


def shown(body: Body, version: Version = versions.CURRENT) -> Body:
    """The public form of a stored object."""
    renderer = RENDERERS.get(body["object"])
    if renderer is not None:
        body = renderer(body, version)
    return {key: value for key, value in body.items() if key != HIDDEN}


def listed(bodies: Iterable[Body], url: str, *, has_more: bool = False, version: Version = versions.CURRENT) -> Body:
    """A list object over stored objects."""
    return {
        "object": "list",
        "data": [shown(body, version) for body in bodies],
        "has_more": has_more,
        "url": url,
    }


def expand(body: Body, paths: list[str], version: Version) -> Body:
    """`body` with the objects named by `paths` in place of their ids; refuses what cannot be expanded."""
    for path in paths:
        segments = path.split(".")
        if len(segments) > _DEEPEST:
            raise ApiError(
                f"You cannot expand more than {_DEEPEST} levels of a property. Property: {path}",
                code="property_expansion_max_depth",
            )
        _expand_into(body, segments, version, path)
    return body


def _expand_into(body: Body, segments: list[str], version: Version, whole: str) -> None:
    if body.get("object") in ("list", "search_result"):
        _expand_items(body, segments, version, whole)
        return
    holder, key, rest = _place(body, segments, whole)
    value = holder.get(key)
    if isinstance(value, str):
        found = store.find_any(value)
        if found is None:
            return
        value = holder[key] = shown(found, version)
    if rest and isinstance(value, dict):
        _expand_into(value, rest, version, whole)


def _expand_items(page: Body, segments: list[str], version: Version, whole: str) -> None:
    if segments[0] != "data":
        raise ApiError(
            f"This property cannot be expanded ({whole}). You may want to try expanding 'data.{whole}' instead."
        )
    if not segments[1:]:
        return
    # What cannot be expanded is refused on an empty page too.
    for item in page["data"] or [{"object": _kind_on(page)}]:
        _expand_into(item, segments[1:], version, whole)


def _kind_on(page: Body) -> str:
    """The kind that a list is of, by its URL."""
    path = page["url"].partition("?")[0].removeprefix("/v1/").removesuffix("/search")
    family, _, plural = path.rpartition("/")
    kind = plural.removesuffix("s")
    return f"financial_connections.{kind}" if family.startswith("financial_connections") else kind


def _place(body: Body, segments: list[str], whole: str) -> tuple[dict[str, Any], str, list[str]]:
    """The hash and key where the first expandable place on the path lies, and what of the path is left."""
    allowed = EXPANDABLE.get(body.get("object", ""), set())
    if segments[0] in body and isinstance(body[segments[0]], dict) and body[segments[0]].get("object") == "list":
        return body, segments[0], segments[1:]
    for length in range(1, len(segments) + 1):
        place = ".".join(segments[:length])
        if place in allowed:
            holder: Any = body
            for segment in segments[: length - 1]:
                # A copy, so that what is stored or shared never changes.
                holder[segment] = dict(holder.get(segment) or {})
                holder = holder[segment]
            return holder, segments[length - 1], segments[length:]
    known = segments[0] in body or len(body) == 1
    why = f"({whole})" if known else f"because it doesn't exist: {whole}"
    raise ApiError(f"This property cannot be expanded {why}.")
