"""Whatever is sent, the answer is documented and never our fault."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcdash import tenancy
from tests.api.calling import Api, api_of
from tests.api.contract import document
from tests.cast import Cast, TransactionFactory

pytestmark = pytest.mark.django_db
TEXT = st.text(st.characters(), max_size=12) | st.sampled_from(["", "1", "\x00", "2026-12-01", "usd", "x" * 600])
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.sampled_from([2**63, -1, 1, 84_50, 10**30])
ANYTHING = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


def operations() -> list[tuple[str, str]]:
    return sorted((method, path) for path, methods in document()["paths"].items() for method in methods)


def members(method: str, path: str) -> list[str]:
    """The names of the body's members and of the query, as documented."""
    operation = document()["paths"][path][method]
    names = [parameter["name"] for parameter in operation["parameters"] if parameter.get("in") == "query"]
    if body := operation.get("requestBody"):
        schema = body["content"]["application/json"]["schema"]
        schema = schema.get("allOf", [schema])[0]
        names += document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]["properties"]
    return names


@pytest.fixture
def api(cast: Cast, settings: Any) -> Api:
    """Alice, with a row, and no limit in the way."""
    settings.API_READS_PER_MINUTE = settings.API_WRITES_PER_MINUTE = 10**9
    with tenancy.scope(cast.household):
        TransactionFactory(household=cast.household, account=cast.checking)
    return api_of(cast, cast.alice)


@pytest.mark.parametrize(("method", "path"), operations())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_sent(api: Api, method: str, path: str, data: Any) -> None:
    """Query and body of the documented names and of others, with whatever in them."""
    bare = re.sub(r"\{\w+\}", "999999", path).removeprefix("/api/v1")
    names = st.sampled_from([*members(method, path), "other"])
    if method == "get":
        query = data.draw(st.dictionaries(names, TEXT, max_size=4))
        api.get(bare, **{name: value.encode("utf-8", "replace").decode() for name, value in query.items()})
        return
    if bare == "/link-sessions":
        names = st.just("mode")  # a good one would ask Stripe
    body = data.draw(ANYTHING | st.dictionaries(names, ANYTHING, min_size=1, max_size=4))
    key = data.draw(st.none() | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20))
    sender = api if key is None else api.with_headers(Idempotency_Key=key)

    response = sender.send(method.upper(), bare, json.dumps(body))

    assert response.status_code < 500


def test_the_names_that_are_fuzzed_are_real() -> None:
    assert "biller" in members("post", "/api/v1/bills")
    assert "delete_data" in members("post", "/api/v1/accounts/{account_id}/disconnect")
    assert "from" in members("get", "/api/v1/spending")
