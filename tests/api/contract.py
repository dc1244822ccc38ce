"""Every answer of the API against what its own OpenAPI document says of it."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from django.test import Client

TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}
FORMATS = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
}


@lru_cache(maxsize=1)
def document() -> Any:
    """The OpenAPI document as the API serves it."""
    return json.loads(Client().get("/api/v1/openapi.json").content)


def operation_of(method: str, path: str) -> Any:
    """The documented operation for a call, None where there is none."""
    bare = path.split("?")[0]
    templates = sorted(document()["paths"], key=lambda template: template.count("{"))
    for template in templates:
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), bare):
            return document()["paths"][template].get(method.lower())
    return None


def check(method: str, path: str, response: Any) -> None:
    """Fail unless the answer's status, media type and body are documented."""
    operation = operation_of(method, path)
    if operation is None:
        assert response.status_code in (404, 405), f"{method} {path} is not documented"
        return
    said = operation["responses"].get(str(response.status_code))
    assert said is not None, f"{method} {path}: undocumented status {response.status_code}"
    if "content" not in said:
        assert not response.content
        return
    [(media_type, shape)] = said["content"].items()
    assert response.headers["Content-Type"].split(";")[0] == media_type
    wrong = misfit(json.loads(response.content, parse_float=_no_float), shape["schema"], "$")
    assert not wrong, f"{method} {path} {response.status_code}: {wrong}"


def _no_float(text: str) -> None:
    raise AssertionError(f"a float in an answer: {text}")


def misfit(value: Any, schema: Any, at: str) -> str:
    """What is wrong with a value, "" when it fits. Members that the schema does not name are wrong."""
    if "$ref" in schema:
        return misfit(value, document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]], at)
    if "anyOf" in schema:
        wrong = [misfit(value, one, at) for one in schema["anyOf"]]
        return "" if "" in wrong else " or ".join(wrong)
    if "const" in schema or "enum" in schema:
        return "" if value in schema.get("enum", [schema.get("const")]) else f"{at} is {value!r}"
    kind = schema.get("type")
    if kind is None:
        return ""
    if not isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        return f"{at} is {value!r}, not {kind}"
    if kind == "array":
        return next(filter(None, (misfit(v, schema["items"], f"{at}[{n}]") for n, v in enumerate(value))), "")
    if kind == "object":
        return _misfit_object(value, schema, at)
    pattern = FORMATS.get(schema.get("format", ""))
    return "" if pattern is None or pattern.fullmatch(value) else f"{at} is {value!r}, not {schema['format']}"


def _misfit_object(value: dict[str, Any], schema: Any, at: str) -> str:
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    is_problem = schema.get("title") == "ProblemShape"  # some codes carry more members
    for name in schema.get("required", []):
        if name not in value:
            return f"{at}.{name} is missing"
    for name, member in value.items():
        inner = known.get(name, others if isinstance(others, dict) else None)
        if inner is None and not is_problem:
            return f"{at}.{name} is not documented"
        if inner is not None and (wrong := misfit(member, inner, f"{at}.{name}")):
            return wrong
    return ""
