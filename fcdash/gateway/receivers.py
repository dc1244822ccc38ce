"""Connected accounts, as receivers of the money that a debit brings."""

from __future__ import annotations

from fcdash.gateway.client import read
from fcdash.gateway.errors import WillNotWork


def may_receive(account_id: str) -> bool:
    """Whether Stripe lets money be transferred to the account. Raises TryAgain; WillNotWork without the right."""
    try:
        body = read(lambda c: c.v1.accounts.retrieve(account_id).to_dict())
    except WillNotWork as refusal:
        # It was never connected, or has been disconnected since.
        if refusal.is_missing or refusal.reason == "account_invalid":
            return False
        raise
    return (body.get("capabilities") or {}).get("transfers") == "active"
