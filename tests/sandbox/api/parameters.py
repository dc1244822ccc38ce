"""What each operation takes, read off the SDK's types (apart from how the sandbox reads them), and how to spoil it."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

from stripe._request_options import RequestOptions
from typing_extensions import is_typeddict

_OPTIONS = set(RequestOptions.__annotations__)
_PLAIN = {str: "text", int: "integer", bool: "boolean", float: "decimal"}
LONG = "x" * 5001

Form = dict[str, str]


@dataclass(frozen=True)
class Parameter:
    """One place in a request: `forms` may stand there; `inside` is what a hash holds, `items` what a list does."""

    path: str
    required: bool
    forms: frozenset[str]
    choices: tuple[str, ...] = ()
    inside: tuple[Parameter, ...] = ()
    items: Parameter | None = None

    def places(self) -> Iterator[Parameter]:
        """This one and everything below it."""
        yield self
        for each in (*self.inside, *((self.items,) if self.items else ())):
            yield from each.places()


def parameters_of(shape: type, prefix: str = "") -> tuple[Parameter, ...]:
    return tuple(_fields(shape, prefix))


def _fields(shape: type, prefix: str) -> Iterator[Parameter]:
    for name, hint in get_type_hints(shape, globalns=_globals_of(shape), include_extras=True).items():
        if name in _OPTIONS:
            continue
        required = name in shape.__required_keys__  # type: ignore[attr-defined]
        while get_origin(hint) in (NotRequired, Required):
            required, hint = get_origin(hint) is Required, get_args(hint)[0]
        yield _parameter(f"{prefix}[{name}]" if prefix else name, hint, required)


def _globals_of(shape: type) -> dict[str, Any]:
    names: dict[str, Any] = {"StripeContext": object}
    for base in getattr(shape, "__orig_bases__", ()):
        if is_typeddict(base):
            names |= _globals_of(base)
    return names | vars(sys.modules[shape.__module__])


def _parameter(path: str, hint: Any, required: bool) -> Parameter:
    union = get_origin(hint) in (Union, types.UnionType)
    forms, choices, inside, items = set(), [], (), None
    for each in get_args(hint) if union else (hint,):
        origin = get_origin(each)
        if origin is Literal:
            choices += [text for text in get_args(each) if text]
            forms |= {"empty"} if "" in get_args(each) else set()
        elif origin is list:
            items = _parameter(f"{path}[0]", get_args(each)[0], True)
            forms.add("list")
        elif origin is dict:
            forms.add("free")
        elif is_typeddict(each):
            inside = parameters_of(each, path)
            forms.add("hash")
        elif each in _PLAIN:
            forms.add(_PLAIN[each])
    if choices:
        # `Literal[…] | str`: the SDK leaves room for later choices, Stripe itself does not.
        forms = forms - {"text"} | {"choice"}
    return Parameter(path, required, frozenset(forms), tuple(choices), inside, items)


def sample(parameter: Parameter) -> Form:
    """Something of the right type, and nothing more: ids in it name nothing."""
    forms, path = parameter.forms, parameter.path
    if "choice" in forms:
        return {path: parameter.choices[0]}
    if "list" in forms and parameter.items is not None:
        return sample(parameter.items)
    if "hash" in forms:
        return samples([each for each in parameter.inside if each.required] or list(parameter.inside[:1]))
    if "free" in forms:
        return {f"{path}[key]": "value"}
    return {path: "1" if forms & {"integer", "decimal"} else "true" if "boolean" in forms else "text"}


def samples(parameters: list[Parameter]) -> Form:
    form: Form = {}
    for each in parameters:
        form |= sample(each)
    return form


@dataclass(frozen=True)
class Spoilt:
    """A request that must be refused: what is sent, and what the refusal says."""

    form: Form = field(hash=False)
    param: str
    code: str | None
    message: str


def spoilt(shape: type, without: tuple[str, ...] = ()) -> Iterator[Spoilt]:
    """Every way in which one parameter of a request can be wrong, at any depth."""
    top = [each for each in parameters_of(shape) if each.path not in without]
    required = [each for each in top if each.required]
    yield Spoilt({**samples(required), "no_such_thing": "x"}, "no_such_thing", *_unknown("no_such_thing"))
    for each in required:
        rest = samples([other for other in required if other is not each])
        yield Spoilt(rest, each.path, "parameter_missing", f"Missing required param: {each.path}.")
    for each in top:
        base = samples([other for other in required if other is not each])
        yield from _below(each, base)


def _below(parameter: Parameter, base: Form) -> Iterator[Spoilt]:
    for wrong in _wrong(parameter):
        yield Spoilt({**base, **wrong.form}, wrong.param, wrong.code, wrong.message)
    if parameter.items is not None:
        yield from _below(parameter.items, base)
    needed = [each for each in parameter.inside if each.required]
    for each in parameter.inside:
        others = samples([other for other in needed if other is not each])
        yield from _below(each, {**base, **others})
        if each.required and others:
            yield Spoilt({**base, **others}, each.path, "parameter_missing", f"Missing required param: {each.path}.")


def _wrong(parameter: Parameter) -> Iterator[Spoilt]:
    path, forms = parameter.path, parameter.forms
    if "hash" in forms:
        strange = f"{path}[no_such_thing]"
        needed = samples([each for each in parameter.inside if each.required])
        yield Spoilt({**needed, strange: "x"}, strange, *_unknown(strange))
    if "choice" in forms:
        yield Spoilt({path: "no_such_choice"}, path, None, f"Invalid {path}: must be one of {parameter.choices[0]}")
    elif "boolean" in forms:
        yield Spoilt({path: "maybe"}, path, None, "Invalid boolean: maybe")
    elif "integer" in forms and "text" not in forms:
        yield Spoilt({path: "ten"}, path, "parameter_invalid_integer", "Invalid integer: ten")
    elif "decimal" in forms and "text" not in forms:
        yield Spoilt({path: "ten"}, path, None, "Invalid decimal: ten")
    elif "text" in forms:
        yield Spoilt({path: LONG}, path, None, "Invalid string: xxxx...xxxx; must be at most 5000 characters")
    elif "list" in forms:
        yield Spoilt({path: "x"}, path, None, "Invalid array")
    else:
        yield Spoilt({path: "x"}, path, None, "Invalid object")
    if "text" in forms and not forms & {"hash", "free", "list"}:
        yield Spoilt({f"{path}[a]": "b"}, path, None, 'Invalid string: {"a": "b"}')
    if "free" in forms:
        yield Spoilt({f"{path}[{'k' * 41}]": "b"}, f"{path}[{'k' * 41}]", None, "Invalid ")


def _unknown(path: str) -> tuple[str, str]:
    return "parameter_unknown", f"Received unknown parameter: {path}"
