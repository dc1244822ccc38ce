"""Stripe's search over PaymentIntents."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.api.driving import Linked, Sandbox, new_payment


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("metadata['bill']:'7'", "7"),
        ("metadata[\"bill\"]:'none'", ""),
        ("amount>500", "9 8"),
        ("amount>=500 AND amount<900", "8 7"),
        ("status:'requires_confirmation'", "9 8 7"),
        ("status:'canceled' OR metadata['bill']:\"9\"", "9"),
        ("-metadata['bill']:'8'", "9 7"),
        ("metadata['name']~'wat'", "7"),
        ("metadata['name']:null", "9 8"),
        ("currency:'USD' AND amount:700", "8"),
    ],
)
def test_what_a_query_finds(sandbox: Sandbox, linked: Linked, query: str, found: str) -> None:
    new_payment(sandbox, linked, amount=500, metadata={"bill": "7", "name": "City Water"})
    new_payment(sandbox, linked, amount=700, metadata={"bill": "8"})
    new_payment(sandbox, linked, amount=900, metadata={"bill": "9"})

    result = sandbox.api.payment_intents.search({"query": query})

    assert [intent.metadata["bill"] for intent in result.data] == found.split()


def test_pages_of_a_search(sandbox: Sandbox, linked: Linked) -> None:
    made = [new_payment(sandbox, linked).id for _ in range(5)]

    result = sandbox.api.payment_intents.search({"query": "currency:'usd'", "limit": 2})

    assert [intent.id for intent in result.auto_paging_iter()] == made[::-1]


@pytest.mark.parametrize(
    "query", ["", "status", "status:", "colour:'red'", "metadata:'7'", "amount>'much'", "status>'a'", "a:'b' AND"]
)
def test_queries_that_are_none(sandbox: Sandbox, query: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox.api.payment_intents.search({"query": query})

    assert refused.value.param == "query"
