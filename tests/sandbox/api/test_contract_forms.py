"""How parameters travel: hashes and lists in a form, what is no form, and whatever else may come in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.wire import params
from tests.sandbox.api.driving import Sandbox
from tests.sandbox.api.wire import Wire

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("form", "decoded"),
    [
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a=1&a=2", {"a": "2"}),
        ("a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[1]=2&a[0]=1", {"a": ["1", "2"]}),
        ("a[0]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[10]=3&a[9]=2&a[2]=1", {"a": ["1", "2", "3"]}),
        ("a[][b]=1&a[][c]=2&a[][b]=3", {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}),
        ("a[0][b][]=1&a[0][b][]=2", {"a": [{"b": ["1", "2"]}]}),
        ("a%5Bb%5D=1%20%26+2", {"a": {"b": "1 & 2"}}),
        ("a[b=1", {"a[b": "1"}),
        ("a[b]c=1", {"a[b]c": "1"}),
        ("a[²]=1", {"a": {"²": "1"}}),
    ],
)
def test_a_form_is_hashes_and_lists(form: str, decoded: dict[str, Any]) -> None:
    assert params.listed(params.decode(form)) == decoded


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"name": "Ana"}', "application/json", 400),
        (b"name=Ana", "multipart/form-data; boundary=x", 400),
        (b"name=Ana", f"{FORM}; charset=utf-8", 200),
        (b"name=%FF%FE", FORM, 200),
        (b"name=" + "José".encode(), FORM, 200),
        (b"metadata[a]=" + b"x" * 1_000_001, FORM, 413),
        (b"&".join(b"metadata[%d]=x" % each for each in range(10_001)), FORM, 400),
        (b"a" + b"[b]" * 5000 + b"=x", FORM, 400),
        (b"expand=data", FORM, 400),
        (b"", FORM, 200),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_form(sandbox: Sandbox, body: bytes, kind: str, status: int) -> None:
    answer = sandbox.raw("POST", "/v1/customers", data=body, headers={"Content-Type": kind})

    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_method_that_a_path_does_not_have(sandbox: Sandbox, method: str) -> None:
    error = sandbox.raw(method, "/v1/customers").json()["error"]

    assert error["message"].startswith(f"Unrecognized request URL ({method}: /v1/customers).")


@pytest.fixture(scope="module")
def wire(running_sandbox: Sandbox) -> Wire:
    running_sandbox.post("/reset")
    return Wire(running_sandbox.base)


_NAMES = st.sampled_from(
    ["name", "metadata", "address[city]", "expand[]", "preferred_locales", "shipping", "tax_exempt"]
)
_KEYS = st.text(alphabet="ab[]0²é\x00%&=", max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.builds(str.__add__, _NAMES, _KEYS), st.text(max_size=12), max_size=4))
def test_whatever_comes_in_is_answered(wire: Wire, form: dict[str, str]) -> None:
    answer = wire.send("POST", "/v1/customers", form)

    assert answer.status in (200, 400)
    assert answer.headers["Request-Id"]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_an_id_is_it_names_nothing(wire: Wire, customer: str, cursor: str) -> None:
    named = wire.send("POST", "/v1/payment_intents", {"amount": 500, "currency": "usd", "customer": "x" + customer})
    paged = wire.send("GET", "/v1/customers", {"starting_after": "x" + cursor})

    assert (named.error["code"], named.error["param"]) == ("resource_missing", "customer")
    assert (paged.error["code"], paged.error["param"]) == ("resource_missing", "starting_after")
