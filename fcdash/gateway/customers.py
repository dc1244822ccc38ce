"""Customers at Stripe: each of our users is one."""

from __future__ import annotations

from typing import Any

from fcdash.gateway.client import read, write


def create_customer(email: str, name: str, user_key: str) -> str:
    """Make the Customer of a user; returns its id. Raises TryAgain, WillNotWork, OutcomeUnknown.

    The user's key is the idempotency key and stands in the metadata, where find_customer looks for it.
    """
    params: Any = {"email": email, "metadata": {"fcdash_user": user_key}}
    if name:
        params["name"] = name
    return write(lambda c, options: c.v1.customers.create(params, options).id, key=f"user-{user_key}-customer")


def find_customer(email: str, user_key: str) -> str | None:
    """The id of the Customer that create_customer made earlier for this user, if any."""
    found = read(lambda c: c.v1.customers.list({"email": email, "limit": 100}).to_dict())
    for customer in found["data"]:
        if (customer.get("metadata") or {}).get("fcdash_user") == user_key:
            return str(customer["id"])
    return None
