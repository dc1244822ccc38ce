"""The OpenAPI document: whole, true, and open to everybody."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from api.app import api
from tests.api.contract import document

# Every call that the outside relies on.
CALLS = """
GET /me
POST /link-sessions
POST /link-sessions/{session_id}/complete
GET /accounts
POST /accounts
GET /accounts/{account_id}
GET /accounts/{account_id}/owners
POST /accounts/{account_id}/refresh
POST /accounts/{account_id}/disconnect
GET /transactions
POST /transactions
GET /transactions/{transaction_id}
PATCH /transactions/{transaction_id}
GET /spending
GET /cashflow
GET /net-worth
GET /billers
GET /bills
POST /bills
GET /bills/{bill_id}
PATCH /bills/{bill_id}
DELETE /bills/{bill_id}
GET /mandates/terms
GET /mandates
POST /mandates
GET /mandates/{mandate_id}
DELETE /mandates/{mandate_id}
GET /payments
POST /payments
GET /payments/{payment_id}
POST /payments/{payment_id}/cancel
"""


def operations() -> list[tuple[str, str, Any]]:
    return [
        (method, path, operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


def test_it_is_open_to_everybody() -> None:
    response = Client().get("/api/v1/openapi.json")

    assert response.headers["Content-Type"] == "application/json"
    assert response.json()["openapi"].startswith("3.1")
    assert Client().post("/api/v1/openapi.json").status_code == 405


def test_it_holds_each_call_and_no_other() -> None:
    found = {f"{method.upper()} {path.removeprefix('/api/v1')}" for method, path, _ in operations()}

    assert found == set(CALLS.split("\n")) - {""}


def test_each_operation_tells_its_errors_and_who_may_call() -> None:
    for method, path, operation in operations():
        statuses = set(operation["responses"])
        assert statuses >= {"401", "403", "404", "405", "422", "429", "500", "503"}, path
        assert operation["security"] == [{"SessionToken": []}, {"SessionCookie": []}]
        named = {parameter["$ref"].rsplit("/", 1)[-1] for parameter in operation["parameters"] if "$ref" in parameter}
        assert named == ({"Household"} if method == "get" else {"Household", "IdempotencyKey"})
        for status in statuses:
            if int(status) >= 400:
                assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
    for status in ("429", "503"):
        assert "Retry-After" in operation["responses"][status]["headers"]


def test_every_reference_leads_somewhere() -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            return [part["$ref"]] if "$ref" in part else [r for value in part.values() for r in references(value)]
        return [r for value in part for r in references(value)] if isinstance(part, list) else []

    for reference in references(document()):
        held: Any = document()
        for name in reference.removeprefix("#/").split("/"):
            held = held[name]


def test_operation_ids_are_used_once() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]

    assert len(ids) == len(set(ids))


def test_every_operation_runs_behind_the_guard() -> None:
    bound = [o for r in api._get_bound_routers() for view in r.path_operations.values() for o in view.operations]

    assert len(bound) == len(operations())
    assert all(getattr(operation.run, "__qualname__", "") == "Operation.run" for operation in bound)
    assert all(operation.run.__wrapped__ for operation in bound)


def _below(patterns: Any, prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += _below(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            found.append((prefix + str(pattern.pattern), pattern.callback))
    return found


@pytest.mark.django_db
def test_no_page_of_the_api_sends_to_the_sign_in_page() -> None:
    for route, _ in _below(get_resolver().url_patterns):
        if route.startswith("api/"):
            path = "/" + route.replace("<path:rest>", "nothing")
            assert Client().get(path).status_code in (200, 401, 404, 405)
