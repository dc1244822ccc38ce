"""The OpenAPI document: what ninja knows of the routes, completed by what the guard does before each of them."""

from __future__ import annotations

import json
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from api.app import api
from api.callers import SAFE_METHODS
from api.problems import MEDIA_TYPE
from api.replies import HEADER
from api.shapes import ProblemShape

BASE = "/api/v1"
ABOUT = """\
All calls are about one household: the caller's active one, or the one that X-Household names. Ids are opaque strings.
Money is an integer of minor units with its currency. Lists are cut into parts: `next` is the cursor of the next part.
"""
ALWAYS = (401, 404, 405, 429, 500, 503)
READING = (403, 422)
WRITING = (400, 403, 409, 413, 422)
SECURITY: list[dict[str, list[str]]] = [{"SessionToken": []}, {"SessionCookie": []}]
SCHEMES = {
    "SessionToken": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Session-Token",
        "description": "From sign-in under /_allauth/app/v1/.",
    },
    "SessionCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "session",
        "description": "A browser's session; unsafe calls then need X-CSRFToken too.",
    },
}


def openapi(request: HttpRequest) -> HttpResponse:
    """The document, for anybody."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return HttpResponse(_text(), content_type="application/json")


@lru_cache(maxsize=1)
def _text() -> str:
    return json.dumps(complete(api.get_openapi_schema(path_prefix=f"{BASE}/")))


def complete(document: Any) -> Any:
    """The document with security, error answers and the headers that every call takes."""
    document["info"]["description"] = ABOUT
    components = document["components"]
    components["securitySchemes"] = SCHEMES
    components["schemas"]["Problem"] = ProblemShape.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"].update(components["schemas"]["Problem"].pop("$defs", {}))
    components["parameters"] = {"Household": _header("X-Household", "Another of the caller's households.")}
    components["parameters"]["IdempotencyKey"] = _header(
        HEADER, "The same key and body get the first answer again; another body is a 409."
    )
    document["security"] = SECURITY
    for operations in document["paths"].values():
        for method, operation in operations.items():
            _complete_operation(operation, method.upper() not in SAFE_METHODS, components["schemas"])
    return document


def _complete_operation(operation: dict[str, Any], writes: bool, schemas: dict[str, Any]) -> None:
    operation["security"] = SECURITY
    operation["operationId"] = operation["operationId"].rsplit("routes_", 1)[-1]
    if body := operation.get("requestBody"):
        body["required"] = bool(_schema_of(body, schemas).get("required"))
    operation["parameters"].append({"$ref": "#/components/parameters/Household"})
    if writes:
        operation["parameters"].append({"$ref": "#/components/parameters/IdempotencyKey"})
    for status in (*ALWAYS, *(WRITING if writes else READING)):
        operation["responses"].setdefault(status, _error(status))
    operation["responses"] = {str(k): v for k, v in sorted(operation["responses"].items())}


def _schema_of(body: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = body["content"]["application/json"]["schema"]
    return schemas[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema


def _error(status: int) -> dict[str, Any]:
    said: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (429, 503):
        said["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return said


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": description}
