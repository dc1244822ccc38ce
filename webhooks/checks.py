"""Checks of the database's Stripe, with `check --database default` and before `migrate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import connection

from fcdash.gateway.errors import OtherStripe


@checks.register(checks.Tags.database)
def same_stripe(app_configs: Any, databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """The settings are of the Stripe mode that the database belongs to."""
    from webhooks import binding
    from webhooks.models import StripeBinding

    if "default" not in (databases or ()):
        return []
    if StripeBinding._meta.db_table not in connection.introspection.table_names():
        return []  # before the first migration
    try:
        binding.refuse_other_mode()
    except OtherStripe as problem:
        return [checks.Error(str(problem), id="webhooks.E001")]
    return []
