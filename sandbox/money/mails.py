"""What Stripe would e-mail to payers who left an address: kept to be read, never sent."""

from __future__ import annotations

from typing import Any

from sandbox import clock, ids
from sandbox.store import Body, store

KIND = "mail"


def write(about: str, method: Body, **facts: Any) -> None:
    """Keeps a mail to the holder of a bank account, with what Stripe says about the account in each of them."""
    address = method["billing_details"]["email"]
    if not address:
        return
    bank = method["us_bank_account"]
    store.add(
        {
            "id": ids.new_id(KIND),
            "object": KIND,
            "about": about,
            "at": clock.stamp(),
            "to": address,
            "holder": method["billing_details"]["name"],
            "bank_name": bank["bank_name"],
            "routing_number": bank["routing_number"],
            "last4": bank["last4"],
            **facts,
        }
    )


def listed() -> list[Body]:
    """All of them, the oldest first."""
    return store.all(KIND)
