"""Staff in tests: Sam has said why, picks rows in a list, asks for a verb and gives the reason."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import StaffAction
from accounts.oversight import open_access
from tests.cast import Cast

WHY = "Ticket 4711: the person asked"


def sam_at_work(cast: Cast) -> Client:
    """Sam's browser, with a reason on record."""
    open_access(cast.sam, WHY)
    return cast.client(cast.sam)


def ask(client: Client, row: Any, verb: str, reason: str = WHY) -> StaffAction | None:
    """The record of what was asked for on the row's list; None when nothing was."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist")
    before = StaffAction.objects.count()
    client.post(address, {"action": verb, "_selected_action": row.pk, "reason": reason})
    return StaffAction.objects.order_by("pk").last() if StaffAction.objects.count() > before else None
