"""Form bodies in, checked Python values out; what an operation accepts is read off the SDK's own typed parameters."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from stripe._request_options import RequestOptions
from typing_extensions import is_typeddict

from sandbox.wire import errors
from sandbox.wire.errors import ApiError

# A checked value that the caller sent empty: "take this away".
UNSET = ""

MOST_FIELDS = 10_000
DEEPEST = 32
# The most that any text may have; some have less.
LONGEST_TEXT = 5000

# Ids and codes: what may be left out, but not taken away by an empty string.
_NEVER_EMPTY = frozenset(
    ["account", "after", "authorization", "charge", "currency", "customer", "destination", "ending_before",
     "financial_connections_account", "mandate", "ownership", "payment_intent", "payment_method", "return_url",
     "session", "starting_after", "type", "url"]
)  # fmt: skip

# Options of the SDK's call, not parameters of the request.
_OPTIONS = frozenset(RequestOptions.__annotations__)
_SEGMENT = re.compile(r"\[([^\[\]]*)\]")
_INTEGER = re.compile(r"-?\d{1,18}")


def decode(form: str) -> dict[str, Any]:
    """`a[b]=1&c[]=2` as nested dicts; every leaf is a string, a list is still a dict by number (see `listed`)."""
    root: dict[str, Any] = {}
    for name, value in _pairs(form):
        head, bracket, _ = name.partition("[")
        path = [head, *_SEGMENT.findall(name[len(head) :])]
        if bracket and "[" + "][".join(path[1:]) + "]" != name[len(head) :]:
            # Brackets that do not pair are no hash: the whole is a name that nobody knows.
            path = [name]
        if len(path) > DEEPEST:
            raise ApiError(f"Invalid request: parameters are nested at most {DEEPEST} deep.")
        _place(root, path, value)
    return root


def _pairs(form: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(form, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise ApiError(f"Invalid request: at most {MOST_FIELDS} parameters are taken.") from None


def _place(root: dict[str, Any], path: list[str], value: str) -> None:
    here = root
    for segment, following in pairwise(path):
        key = _slot(here, segment, following)
        if not isinstance(here.get(key), dict):
            here[key] = {}
        here = here[key]
    here[_slot(here, path[-1], None)] = value


def _slot(here: dict[str, Any], segment: str, following: str | None) -> str:
    """The key for a segment; `[]` takes the next free number, or goes on with the last hash that lacks the field."""
    if segment:
        return segment
    numbers = [int(key) for key in here if _is_number(key)]
    last = max(numbers, default=-1)
    open_hash = here.get(str(last))
    if following and isinstance(open_hash, dict) and following not in open_hash:
        return str(last)
    return str(last + 1)


def listed(value: Any) -> Any:
    """The decoded form with lists where all keys are numbers: for showing it to people."""
    if not isinstance(value, dict):
        return value
    if _is_list(value):
        return [listed(item) for item in _items(value)]
    return {key: listed(item) for key, item in value.items()}


def _is_list(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_is_number, value))


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) <= 9


def _items(value: dict[str, Any]) -> list[Any]:
    return [value[key] for key in sorted(value, key=int)]


@dataclass(frozen=True)
class Rule:
    """What a parameter may be: any of the forms that are named here.

    `hash` is a TypedDict with fields of its own; `free` a hash of free keys; `choices` all that its text may be.
    `nullable`: an empty string takes the value away.
    """

    hash: type | None = None
    free: bool = False
    items: Rule | None = None
    choices: tuple[str, ...] = ()
    scalars: tuple[type, ...] = ()
    text: bool = False
    nullable: bool = False


@dataclass(frozen=True)
class Field:
    rule: Rule
    required: bool


@cache
def fields_of(shape: type) -> Mapping[str, Field]:
    """The fields of a TypedDict; resolved on first use, since one parameter class can name thousands."""
    fields = {}
    # The SDK's own options name types that exist for type checkers only, so they go before anything is resolved.
    annotations = {name: hint for name, hint in shape.__annotations__.items() if name not in _OPTIONS}
    holder = type(shape.__name__, (), {"__annotations__": annotations})
    for name, annotation in get_type_hints(holder, globalns=_names_of(shape), include_extras=True).items():
        # Where annotations are strings, the class itself could not see that a key is not required.
        required = name in shape.__required_keys__ and get_origin(annotation) is not NotRequired  # type: ignore[attr-defined]
        while get_origin(annotation) in (NotRequired, Required):
            annotation = get_args(annotation)[0]
        fields[name] = Field(_rule(annotation), required)
    return fields


def _names_of(shape: type) -> dict[str, Any]:
    """What the annotations of a TypedDict and of those it extends may refer to."""
    names: dict[str, Any] = {}
    for base in getattr(shape, "__orig_bases__", ()):
        if is_typeddict(base):
            names.update(_names_of(base))
    names.update(vars(sys.modules[shape.__module__]))
    return names


def _rule(annotation: Any) -> Rule:
    union = get_origin(annotation) in (Union, types.UnionType)
    alternatives = get_args(annotation) if union else (annotation,)
    literals = [text for each in alternatives if get_origin(each) is Literal for text in get_args(each)]
    lists = [get_args(each)[0] for each in alternatives if get_origin(each) is list]
    choices = tuple(text for text in literals if text != "")
    return Rule(
        hash=next((each for each in alternatives if is_typeddict(each)), None),
        free=any(get_origin(each) is dict for each in alternatives),
        items=_rule(lists[0]) if lists else None,
        choices=choices,
        scalars=tuple(each for each in (bool, int, float) if each in alternatives),
        # The SDK writes enums as `Literal[…] | str`, so a plain string counts only where there is nothing to choose.
        text=str in alternatives and not choices,
        nullable="" in literals or type(None) in alternatives,
    )


def checked(raw: Any, shape: type, prefix: str = "") -> dict[str, Any]:
    """`raw` with its leaves typed; raises Stripe's refusal for what the shape does not allow."""
    fields = fields_of(shape)
    unknown = [name for name in raw if name not in fields]
    if unknown:
        known = [_inside(prefix, name) for name in fields]
        raise errors.unknown(*(_inside(prefix, name) for name in unknown), known=known)
    for name, field in fields.items():
        if field.required and name not in raw:
            raise errors.missing(_inside(prefix, name))
    return {name: _value(value, fields[name], name, _inside(prefix, name)) for name, value in raw.items()}


def _inside(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


def _value(value: Any, field: Field, name: str, path: str) -> Any:
    if value == "" and field.rule.text and not field.rule.nullable and (field.required or name in _NEVER_EMPTY):
        raise errors.empty(path)
    return _checked(value, field.rule, path)


def _checked(value: Any, rule: Rule, path: str) -> Any:
    if rule.items is not None and _is_list(value):
        return [_checked(each, rule.items, f"{path}[{number}]") for number, each in enumerate(_items(value))]
    if isinstance(value, dict):
        return _hash(value, rule, path)
    if value == "" and rule.nullable:
        return UNSET
    if value in rule.choices:
        return value
    if rule.text and (value or not rule.scalars):
        return _text(value, path)
    if value == "":
        raise errors.empty(path)
    if rule.scalars:
        return _scalar(value, rule, path)
    if rule.choices:
        raise errors.invalid(path, f"must be one of {_listing(rule.choices)}")
    raise errors.wrong_type("array" if rule.items is not None else "object", path)


def _hash(value: dict[str, Any], rule: Rule, path: str) -> dict[str, Any]:
    if rule.hash is not None:
        return checked(value, rule.hash, path)
    if rule.free:
        return _free(value, path)
    if rule.items is not None:
        raise errors.wrong_type("array", path)
    scalar = next((_NAMES[each] for each in rule.scalars), "string")
    raise errors.wrong_type(scalar, path, json.dumps(listed(value)))


def _scalar(value: str, rule: Rule, path: str) -> Any:
    """The value as the first type that takes it; the last one says what was wrong."""
    for scalar in rule.scalars[:-1]:
        with contextlib.suppress(errors.ApiError):
            return _SCALARS[scalar](value, path)
    if rule.choices:
        with contextlib.suppress(errors.ApiError):
            return _SCALARS[rule.scalars[-1]](value, path)
        raise errors.invalid(path, f"must be one of {_listing(rule.choices)}")
    return _SCALARS[rule.scalars[-1]](value, path)


def _listing(choices: Sequence[str]) -> str:
    return choices[0] if len(choices) == 1 else ", ".join(choices[:-1]) + ", or " + choices[-1]


def _text(value: str, path: str) -> str:
    if len(value) > LONGEST_TEXT:
        raise errors.too_long(value, path, LONGEST_TEXT)
    return value


def _integer(value: str, path: str) -> int:
    if not _INTEGER.fullmatch(value):
        raise errors.wrong_type("integer", path, value, code="parameter_invalid_integer")
    return int(value)


def _number(value: str, path: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise errors.wrong_type("decimal", path, value) from None


def _boolean(value: str, path: str) -> bool:
    if value not in ("true", "false"):
        raise errors.wrong_type("boolean", path, value)
    return value == "true"


_SCALARS: dict[type, Callable[[str, str], Any]] = {bool: _boolean, int: _integer, float: _number}
_NAMES = {bool: "boolean", int: "integer", float: "decimal"}


def _free(value: dict[str, Any], path: str) -> dict[str, str]:
    """A hash of the caller's own keys, as metadata is."""
    for key, item in value.items():
        inside = f"{path}[{key}]"
        if not isinstance(item, str):
            raise errors.wrong_type("string", inside, json.dumps(listed(item)))
        if len(key) > 40:
            raise errors.invalid(inside, f"keys can have up to 40 characters, but this one has {len(key)}.")
        if len(item) > 500:
            raise errors.invalid(inside, f"values can have up to 500 characters, but this one has {len(item)}.")
    if len(value) > 50:
        raise errors.invalid(path, f"up to 50 keys are allowed, but there are {len(value)}.")
    return dict(value)
