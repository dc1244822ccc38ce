"""Whose key we have: the Stripe account behind it, also where a restricted key may not read it."""

from __future__ import annotations

import re

import stripe

from fcdash.gateway import bucket
from fcdash.gateway.client import client, forbid_transaction
from fcdash.gateway.errors import translate

ACCOUNT = re.compile(r"\bacct_\w+")


def account_of_key() -> str:
    """The id of the account that the secret key belongs to; "" when Stripe does not say.

    A restricted key may lack the right to ask; the refusal names the account all the same. The one call that is made
    before the database's binding is looked at: it is what the binding is made of. Raises TryAgain, WillNotWork.
    """
    forbid_transaction()
    bucket.take()
    try:
        return str(client().v1.accounts.retrieve_current().id)
    except stripe.PermissionError as refusal:
        named = ACCOUNT.search(str(refusal))
        return named[0] if named else ""
    except stripe.StripeError as problem:
        raise translate(problem, writes=False) from problem
