"""Ids and secrets in Stripe's shapes."""

from __future__ import annotations

import secrets

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

PREFIXES = {
    "customer": "cus_",
    "financial_connections.session": "fcsess_",
    "financial_connections.account": "fca_",
    "financial_connections.account_ownership": "fcaowns_",
    "financial_connections.account_owner": "fcaown_",
    "financial_connections.authorization": "fcauth_",
    "financial_connections.transaction": "fctxn_",
    "financial_connections.transaction_refresh": "fctxnref_",
    "payment_method": "pm_",
    "setup_intent": "seti_",
    "setup_attempt": "setatt_",
    "mandate": "mandate_",
    "payment_intent": "pi_",
    "balance_transaction": "txn_",
    "mail": "mail_",
    "charge": "py_",
    "refund": "pyr_",
    "dispute": "du_",
    "event": "evt_",
    "webhook_endpoint": "we_",
    "request": "req_",
}


def token(length: int = 24) -> str:
    """A random string of letters and digits."""
    # One big draw and divisions cost a fifth of `secrets.choice` per letter; a page of new rows mints a thousand.
    number = secrets.randbits(length * 6)
    letters = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        letters.append(ALPHABET[digit])
    return "".join(letters)


def new_id(kind: str) -> str:
    return PREFIXES[kind] + token(14 if kind == "request" else 24)
