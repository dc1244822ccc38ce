"""Stripe's own description of its objects, as far as it lies beside the checkout, and a check of bodies against it."""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[3]
FILE = Path(os.environ.get("STRIPE_OPENAPI", CHECKOUT.parent / "shared/reference/stripe-openapi.json.xz"))

# What the API sends beyond the SDK's types.
EXTRA = {"total_count"}


def load() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(lzma.decompress(FILE.read_bytes()))
    return document


def path_of(document: dict[str, Any], path: str) -> dict[str, Any] | None:
    """What the document says of a path, where `*` stands for an id; None when it does not have it."""
    segments = path.split("/")
    for named, methods in document["paths"].items():
        theirs = named.split("/")
        if len(theirs) == len(segments) and all(
            mine == "*" if each.startswith("{") else mine == each for mine, each in zip(segments, theirs, strict=True)
        ):
            found: dict[str, Any] = methods
            return found
    return None


def complaints(body: Any, schema: dict[str, Any], schemas: dict[str, Any], path: str = "") -> Iterator[str]:
    """What in `body` the schema does not allow, one sentence each."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if body is None:
        if not _nullable(schema):
            yield f"{path} is null"
    elif alternatives:
        tried = [list(complaints(body, each, schemas, path)) for each in alternatives]
        if all(tried):
            yield from min(tried, key=len)
    elif isinstance(body, dict):
        yield from _hash(body, schema, schemas, path)
    elif isinstance(body, list):
        if schema.get("type") != "array":
            yield f"{path} is a list, not {schema.get('type')}"
        for number, item in enumerate(body):
            yield from complaints(item, schema.get("items", {}), schemas, f"{path}[{number}]")
    else:
        yield from _scalar(body, schema, path)


def _nullable(schema: dict[str, Any]) -> bool:
    # A place that may be expanded is written as a choice, and the choice does not say whether it may be null.
    return bool(schema.get("nullable") or schema.get("anyOf") or schema.get("oneOf"))


def _hash(body: dict[str, Any], schema: dict[str, Any], schemas: dict[str, Any], path: str) -> Iterator[str]:
    if schema.get("type") != "object":
        yield f"{path} is a hash, not {schema.get('type')}"
        return
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in body:
            yield f"{path}.{name} is missing"
    for name, value in body.items():
        if name in properties:
            yield from complaints(value, properties[name], schemas, f"{path}.{name}")
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from complaints(value, schema["additionalProperties"], schemas, f"{path}.{name}")
        elif properties and name not in EXTRA:
            yield f"{path}.{name} is unknown"


def _scalar(body: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
    kinds = {"string": str, "integer": int, "boolean": bool, "number": (int, float)}
    wanted = kinds.get(schema.get("type", ""))
    if wanted is not None and (not isinstance(body, wanted) or (isinstance(body, bool) and wanted is not bool)):
        yield f"{path} is {body!r}, not {schema['type']}"
    elif "enum" in schema and body not in schema["enum"]:
        yield f"{path} is {body!r}, not one of {schema['enum'][:12]}"
