"""Customers at Stripe: each of our users is one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from fcdash.gateway.client import read, write


def create_customer(email: str, name: str, user_key: str, attempt: int = 0) -> str:
    """Make the Customer of a user; returns its id. Raises TryAgain, WillNotWork, OutcomeUnknown.

    The user's key and the attempt's number are the idempotency key. The user's key stands in the metadata too, where
    find_customer looks for it.
    """
    params: Any = {"email": email, "metadata": {"fcdash_user": user_key}}
    if name:
        params["name"] = name
    key = f"user-{user_key}-customer{f'-{attempt}' if attempt else ''}"
    return write(lambda c, options: c.v1.customers.create(params, options).id, key=key)


def find_customer(email: str, user_key: str) -> str | None:
    """The id of the Customer that create_customer made earlier for this user, if any."""
    found = read(lambda c: c.v1.customers.list({"email": email, "limit": 100}).to_dict())
    for customer in found["data"]:
        if (customer.get("metadata") or {}).get("fcdash_user") == user_key:
            return str(customer["id"])
    return None


def update_customer(customer_id: str, email: str, name: str) -> None:
    """Set the Customer's address and name. Raises TryAgain, WillNotWork, OutcomeUnknown.

    Setting the same words twice does no harm. A key made of the words would: whoever changes a name and changes it
    back within a day would get the answer to the first change, and keep the second name.
    """
    params: Any = {"email": email, "name": name}
    write(lambda c, options: c.v1.customers.update(customer_id, params, options), key=f"customer-words-{uuid4()}")
