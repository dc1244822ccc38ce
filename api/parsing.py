"""Reading what callers send: strict JSON without NUL characters, and the types of ids and days."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja import Schema
from ninja.parser import Parser
from pydantic import BeforeValidator, ConfigDict, Field, Strict

from api.problems import Problem, invalid, not_found, too_large

LARGEST_BODY = 64 * 1024
DEEPEST = 20
LARGEST_ID = 2**63 - 1
ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


class StrictParser(Parser):
    """Parses bodies and queries. NUL characters, which PostgreSQL could not store, are refused by name of the field."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body's JSON; none at all is an empty object. Raises Problem."""
        body = read_body(request)
        if not body.strip():
            return {}
        try:
            parsed = json.loads(body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise Problem(400, "malformed", "The body is not JSON.") from None
        _check(parsed, "body", DEEPEST)
        return parsed

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        parsed = super().parse_querydict(data, list_fields, request)
        for name, value in parsed.items():
            _check(name, "query", 1)
            _check(value, name, 2)
        return parsed


def read_body(request: HttpRequest) -> bytes:
    """The request's body. Raises Problem when it is larger than any call needs."""
    declared = request.headers.get("Content-Length", "") or "0"
    if not declared.isdigit() or int(declared) > LARGEST_BODY:
        raise too_large()
    return request.body


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _check(value: Any, field: str, depth: int) -> None:
    if isinstance(value, str) and "\x00" in value:
        raise invalid(field, "must not contain NUL characters", "nul_character")
    if isinstance(value, dict | list) and depth == 0:
        raise invalid(field, "is nested too deeply")
    if isinstance(value, list):
        for number, part in enumerate(value):
            _check(part, f"{field}.{number}", depth - 1)
    elif isinstance(value, dict):
        for name, part in value.items():
            _check(name, field, 1)
            _check(part, name if field == "body" else f"{field}.{name}", depth - 1)


def as_id(text: str) -> int:
    """The row's number for an opaque id. Raises Problem 404 for what is none."""
    if not ID.fullmatch(text) or int(text) > LARGEST_ID:
        raise not_found()
    return int(text)


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def _as_day(value: Any) -> Any:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise ValueError("must be a day such as 2026-11-30")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("there is no such day") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"must lie between {FIRST_DAY} and {LAST_DAY}")
    return day


# A number where an id belongs is no id of ours: 404 like any other, not a type error.
Id = Annotated[str, BeforeValidator(_as_text), Field(description="An opaque id.")]
Day = Annotated[date, BeforeValidator(_as_day), Field(description="A day in the household's zone.")]
Cents = Annotated[int, Strict(), Field(gt=0, le=99_999_999, description="Minor units.")]
Limit = Annotated[int, Field(ge=1, le=100, description="How many rows at most.")]
Signed = Annotated[int, Field(ge=-(2**53), le=2**53)]


class Body(Schema):
    """A request's body: a field that the call does not know is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")
