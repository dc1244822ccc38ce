"""Whether the person who linked an account is whom the bank names as its owner."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Literal

from banking.models import Account, Owner

Match = Literal["same", "differs", "unknown"]


def match(account: Account) -> Match:
    """Compare the holder's name with the bank's owners. Inside a scope or as system; one query."""
    names = Owner.objects.filter(household_id=account.household_id, account_id=account.pk).values_list(
        "name", flat=True
    )
    return compare(account.holder.name, names)


def compare(person: str, owners: Iterable[str]) -> Match:
    """ "same" when one owner has the first and last word of the person's name, in any order."""
    words, known = _words(person), [_words(owner) for owner in owners if owner.strip()]
    if not words or not known:
        return "unknown"
    wanted = {words[0], words[-1]}
    return "same" if any(wanted <= set(owner) for owner in known) else "differs"


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c if c.isalnum() or c.isspace() else " " for c in plain if not unicodedata.combining(c))
    return letters.split()
