"""Checks at the start: the operator's own words for the permission to debit."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register
def mandate_words(**_: Any) -> list[CheckMessage]:
    """MANDATE_TEXT_FILE can be read and names all that a payer must be shown."""
    from payments import mandates

    try:
        missing = mandates.missing_placeholders(mandates.words())
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        return [Error(f"MANDATE_TEXT_FILE cannot be read: {problem}", id="payments.E001")]
    if not missing:
        return []
    names = ", ".join(f"${name}" for name in missing)
    return [Error(f"MANDATE_TEXT_FILE ({settings.MANDATE_TEXT_FILE}) must hold {names}.", id="payments.E002")]
