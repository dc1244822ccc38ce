"""Form bodies in, checked Python values out; what an operation accepts is read off the SDK's own typed parameters."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from stripe._request_options import RequestOptions
from typing_extensions import is_typeddict

from sandbox.wire import errors

# A checked value that the caller sent empty: "take this away".
UNSET = ""

Check = Callable[[Any, str], Any]

# Options of the SDK's call, not parameters of the request.
_OPTIONS = frozenset(RequestOptions.__annotations__)
_SEGMENT = re.compile(r"\[([^\[\]]*)\]")
_INTEGER = re.compile(r"-?\d{1,18}")


def decode(form: str) -> dict[str, Any]:
    """`a[b]=1&c[]=2` as nested dicts; every leaf is a string, a list is still a dict by number (see `listed`)."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(form, keep_blank_values=True, max_num_fields=10_000):
        head, _, _ = name.partition("[")
        path = [head, *_SEGMENT.findall(name[len(head) :])]
        _place(root, path, value)
    return root


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
    numbers = [int(key) for key in here if key.isdigit()]
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
    return isinstance(value, dict) and bool(value) and all(key.isdigit() for key in value)


def _items(value: dict[str, Any]) -> list[Any]:
    return [value[key] for key in sorted(value, key=int)]


@dataclass(frozen=True)
class Field:
    check: Check
    required: bool


@cache
def fields_of(shape: type) -> Mapping[str, Field]:
    """The fields of a TypedDict as checks; resolved on first use, since one parameter class can name thousands."""
    fields = {}
    # The SDK's own options name types that exist for type checkers only, so they go before anything is resolved.
    annotations = {name: hint for name, hint in shape.__annotations__.items() if name not in _OPTIONS}
    holder = type(shape.__name__, (), {"__annotations__": annotations})
    for name, annotation in get_type_hints(holder, globalns=_names_of(shape), include_extras=True).items():
        # Where annotations are strings, the class itself could not see that a key is not required.
        required = name in shape.__required_keys__ and get_origin(annotation) is not NotRequired  # type: ignore[attr-defined]
        while get_origin(annotation) in (NotRequired, Required):
            annotation = get_args(annotation)[0]
        fields[name] = Field(_check_for(annotation), required)
    return fields


def _names_of(shape: type) -> dict[str, Any]:
    """What the annotations of a TypedDict and of those it extends may refer to."""
    names: dict[str, Any] = {}
    for base in getattr(shape, "__orig_bases__", ()):
        if is_typeddict(base):
            names.update(_names_of(base))
    names.update(vars(sys.modules[shape.__module__]))
    return names


def checked(raw: Any, shape: type, prefix: str = "") -> dict[str, Any]:
    """`raw` with its leaves typed; raises Stripe's refusal for what the shape does not allow."""
    if not isinstance(raw, dict):
        raise errors.invalid(prefix, "must be a hash of parameters.")
    fields = fields_of(shape)
    for name in raw:
        if name not in fields:
            raise errors.unknown(_inside(prefix, name))
    for name, field in fields.items():
        if field.required and name not in raw:
            raise errors.missing(_inside(prefix, name))
    return {name: fields[name].check(value, _inside(prefix, name)) for name, value in raw.items()}


def _inside(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name


def _check_for(annotation: Any) -> Check:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(annotation))
    if origin is Literal:
        return _one_of((annotation,))
    if origin is list:
        return _list_of(_check_for(get_args(annotation)[0]))
    if origin is dict:
        return _text_map
    if is_typeddict(annotation):
        return _lazy(annotation)
    return {int: _integer, bool: _boolean, float: _number}.get(annotation, _text)


def _lazy(shape: type) -> Check:
    return lambda value, path: checked(value, shape, path)


def _list_of(item: Check) -> Check:
    def check(value: Any, path: str) -> Any:
        if not _is_list(value):
            raise errors.invalid(path, "must be an array.")
        return [item(each, f"{path}[{number}]") for number, each in enumerate(_items(value))]

    return check


def _one_of(alternatives: tuple[Any, ...]) -> Check:
    """A union: hashes and lists go to their alternative; a scalar must be one of the literals where there are any."""
    literals = [text for each in alternatives if get_origin(each) is Literal for text in get_args(each)]
    choices = [text for text in literals if text != ""]
    hashes = [each for each in alternatives if is_typeddict(each) or get_origin(each) is dict]
    lists = [each for each in alternatives if get_origin(each) is list]
    scalars = [_check_for(each) for each in (bool, int, float) if each in alternatives]
    nullable = "" in literals or type(None) in alternatives

    def check(value: Any, path: str) -> Any:
        if lists and _is_list(value):
            return _check_for(lists[0])(value, path)
        if isinstance(value, dict) and hashes:
            return _check_for(hashes[0])(value, path)
        if value == "" and nullable:
            return UNSET
        if not isinstance(value, str):
            raise errors.invalid(path, "must be a single value.")
        if value in choices:
            return value
        for scalar in scalars:
            try:
                return scalar(value, path)
            except errors.ApiError:
                if scalar is scalars[-1] and not choices:
                    raise
        # The SDK writes enums as `Literal[…] | str`, so a plain string counts only where there is nothing to choose.
        if choices:
            raise errors.invalid(path, f"must be one of {_listing(choices)}")
        if str in alternatives:
            return _text(value, path)
        raise errors.invalid(path, "must be a hash." if hashes else "must be an array.")

    return check


def _listing(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else ", ".join(choices[:-1]) + ", or " + choices[-1]


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise errors.invalid(path, "must be a string.")
    return value


def _integer(value: Any, path: str) -> int:
    if value == "":
        raise errors.empty(path)
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise errors.invalid(path, f"Invalid integer: {value}", code="parameter_invalid_integer")
    return int(value)


def _number(value: Any, path: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise errors.invalid(path, "must be a number.") from None


def _boolean(value: Any, path: str) -> bool:
    if value not in ("true", "false"):
        raise errors.invalid(path, "must be true or false.")
    return bool(value == "true")


def _text_map(value: Any, path: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise errors.invalid(path, "must be a hash.")
    for key, item in value.items():
        if not isinstance(item, str):
            raise errors.invalid(f"{path}[{key}]", "must be a string.")
        if len(key) > 40 or len(item) > 500:
            raise errors.invalid(f"{path}[{key}]", "keys have at most 40 characters and values at most 500.")
    if len(value) > 50:
        raise errors.invalid(path, "at most 50 keys are allowed.")
    return dict(value)
