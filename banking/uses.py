"""What else refers to a linked account and goes on when it is no longer read.

Other parts join through settings.ACCOUNT_USES: dotted paths of functions (household_id, account_id) -> Uses.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Use:
    """One thing that goes on: what it is, and the page on which it can be stopped."""

    words: str
    url: str


def of_account(household_id: int, account_id: int) -> list[Use]:
    """Everything that goes on. Inside the household's scope."""
    return [use for path in settings.ACCOUNT_USES for use in import_string(path)(household_id, account_id)]
