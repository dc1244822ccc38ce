"""Compares the roll-ups with the transactions; repairs them, or with --check only names the drift."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Household
from fcdash import tenancy
from spending import rollups


class Command(BaseCommand):
    help = "Count the roll-ups again from the transactions and repair any drift."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Name the drift and change nothing; fails if any.")
        parser.add_argument("--household", type=int, help="Only this household.")

    def handle(self, *args: Any, check: bool, household: int | None, **options: Any) -> None:
        found = 0
        for household_id in [household] if household else _households():
            with tenancy.scope(household_id):
                drifts = rollups.drifts(household_id)
                for drift in drifts:
                    self.stdout.write(f"household {household_id}: {drift}")
                if drifts and not check:
                    rollups.recount(household_id)
            found += len(drifts)
        if check and found:
            raise CommandError(f"{found} roll-ups differ from their rows.")
        self.stdout.write(f"{found} roll-ups repaired." if found else "Every roll-up is the sum of its rows.")


def _households() -> list[int]:
    with tenancy.system("recount"):
        return list(Household.objects.order_by("pk").values_list("pk", flat=True))
