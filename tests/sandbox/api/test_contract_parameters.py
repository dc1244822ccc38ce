"""What the operations take is what Stripe's schema says they take: names, at every depth, and what each may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.wire.operations import Operation
from sandbox.wire.table import TABLE
from tests.sandbox.api import parameters, schema
from tests.sandbox.api.parameters import Parameter

pytestmark = pytest.mark.skipif(not schema.FILE.exists(), reason=f"Stripe's schema is not at {schema.FILE}")

OPERATIONS = sorted(TABLE, key=lambda operation: (operation.path, operation.method))
# Where a client secret is a parameter of the query, the SDK's types have it too.
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return schema.load()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_the_parameters_are_the_schemas(operation: Operation, document: dict[str, Any]) -> None:
    described = _request(operation, document)
    if described is None:
        pytest.skip("the schema does not have this operation")

    mine = dict(_mine(parameters.parameters_of(operation.shape)))
    theirs = dict(_theirs(described, ""))

    assert mine == theirs


def _request(operation: Operation, document: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of the operation's parameters as one hash."""
    methods = schema.path_of(document, operation.path)
    found = (methods or {}).get(operation.method.lower())
    if found is None:
        return None
    query = [each for each in found["parameters"] if each["in"] == "query"]
    body = found.get("requestBody", {}).get("content", {}).get(FORM, {}).get("schema", {})
    return {
        "properties": {**body.get("properties", {}), **{each["name"]: each["schema"] for each in query}},
        "required": [*body.get("required", []), *(each["name"] for each in query if each["required"])],
    }


def _mine(fields: tuple[Parameter, ...]) -> Iterator[tuple[str, tuple[bool, tuple[str, ...]]]]:
    for each in fields:
        item = each
        while item.items is not None:
            item = item.items
        yield each.path, (each.required, tuple(sorted({*each.choices, *item.choices})))
        yield from _mine(each.inside)
        yield from _mine(item.inside if item is not each else ())


def _theirs(described: dict[str, Any], prefix: str) -> Iterator[tuple[str, tuple[bool, tuple[str, ...]]]]:
    for name, value in described.get("properties", {}).items():
        path = f"{prefix}[{name}]" if prefix else name
        choices: set[str] = set()
        below: list[tuple[dict[str, Any], str]] = []
        _look_into(value, path, choices, below)
        yield path, (name in described.get("required", []), tuple(sorted(choices)))
        for inner, inside in below:
            yield from _theirs(inner, inside)


def _look_into(value: dict[str, Any], path: str, choices: set[str], below: list[tuple[dict[str, Any], str]]) -> None:
    for each in value.get("anyOf", [value]):
        choices.update(text for text in each.get("enum", []) if text)
        if "properties" in each:
            below.append((each, path))
        if "items" in each:
            _look_into(each["items"], f"{path}[0]", choices, below)
