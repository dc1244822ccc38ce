"""Stripe's search language over PaymentIntents: `status:'succeeded' AND metadata['bill']:'7'`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from stripe.params import PaymentIntentSearchParams

from sandbox.store import Body, store
from sandbox.wire import errors, listing, rendering
from sandbox.wire.errors import ApiError
from sandbox.wire.operations import Call, Operation

KIND = "payment_intent"
_PATH = "/v1/payment_intents/search"
_NUMBERS, _WORDS = ("amount", "created"), ("currency", "customer", "status")
_CLAUSE = re.compile(
    r"""(?P<no>-?)(?P<field>\w+)(?:\[(?P<quote>["'])(?P<key>.+?)(?P=quote)\])?\s*(?P<sign>:|~|>=|<=|>|<)\s*"""
    r"""(?P<value>"[^"]*"|'[^']*'|-?\d+|null)\s*"""
)
_JOINT = re.compile(r"(AND|OR)\s+", re.IGNORECASE)
Clause = dict[str, Any]

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ":": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def search(call: Call) -> Body:
    clauses, one_of = _parsed(call.params["query"])
    enough = any if one_of else all
    found = [intent for intent in reversed(store.all(KIND)) if enough(_holds(clause, intent) for clause in clauses)]
    limit, start = listing.limit_of(call.params), _start(call.params.get("page"))
    more = start + limit < len(found)
    return {
        "object": "search_result",
        "data": [rendering.shown(intent, call.version) for intent in found[start : start + limit]],
        "has_more": more,
        "next_page": f"page_{start + limit}" if more else None,
        "url": call.url,
    }


def _start(page: str | None) -> int:
    number = (page or "page_0").removeprefix("page_")
    if not (number.isascii() and number.isdigit()):
        raise errors.invalid("page", "is no page of this search.")
    return int(number)


def _parsed(query: str) -> tuple[list[Clause], bool]:
    """The clauses, and whether one of them is enough."""
    clauses: list[Clause] = []
    joints: set[str] = set()
    place = 0
    while place < len(query) or not clauses:
        if clauses and (joint := _JOINT.match(query, place)):
            joints.add(joint[1].upper())
            place = joint.end()
        match = _CLAUSE.match(query, place)
        if match is None:
            raise _unreadable()
        clauses.append(match.groupdict())
        _refuse_unsupported(clauses[-1])
        place = match.end()
    if len(joints) > 1:
        raise errors.invalid("query", "AND and OR cannot stand in one query.")
    return clauses, "OR" in joints


def _refuse_unsupported(clause: Clause) -> None:
    field, sign, value = clause["field"], clause["sign"], clause["value"]
    if field not in (*_NUMBERS, *_WORDS, "metadata") or (field == "metadata") != (clause["key"] is not None):
        raise errors.invalid("query", f"field `{field}` cannot be searched for.")
    if field in _NUMBERS and (sign not in _COMPARE or not re.fullmatch(r"-?\d+", _bare(value))):
        raise errors.invalid("query", f"field `{field}` is compared with a number.")
    if field in _WORDS and sign != ":":
        raise errors.invalid("query", f"field `{field}` takes the sign `:` only.")
    if field == "metadata" and (sign not in (":", "~") or (sign == "~" and len(_bare(value)) < 3)):
        raise errors.invalid("query", "metadata takes the sign `:`, or `~` with at least 3 characters.")


def _holds(clause: Clause, intent: Body) -> bool:
    field, value = clause["field"], _bare(clause["value"])
    has = intent["metadata"].get(clause["key"]) if field == "metadata" else intent[field]
    if clause["value"] == "null":
        holds = has is None
    elif field in _NUMBERS:
        holds = _COMPARE[clause["sign"]](has, int(value))
    elif clause["sign"] == "~":
        holds = value.lower() in (has or "").lower()
    else:
        holds = has is not None and has.lower() == value.lower()
    return holds != bool(clause["no"])


def _bare(value: str) -> str:
    return value.strip("\"'")


def _unreadable() -> ApiError:
    return errors.invalid("query", "We were unable to parse your search query. See https://stripe.com/docs/search.")


OPERATIONS = (Operation("GET", _PATH, search, PaymentIntentSearchParams),)
