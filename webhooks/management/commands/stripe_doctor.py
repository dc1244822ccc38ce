"""Says what Stripe lets us do and what stands in the way, line by line, each with its remedy."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from webhooks import doctor
from webhooks.findings import Finding


class Command(BaseCommand):
    help = "Examine keys, rights, registration, webhooks and addresses at Stripe. Changes nothing; fails if any fails."
    # What the checks would stop at is a finding here.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON object instead of lines.")
        parser.add_argument(
            "--open-sessions",
            action="store_true",
            help="Also open two link sessions that nobody uses: the sure way to tell what linking is allowed.",
        )

    def handle(self, *args: Any, open_sessions: bool, **options: Any) -> None:
        found: list[Finding] = []
        for finding in doctor.examine(open_sessions):
            found.append(finding)
            if not options["json"]:
                self._say(finding)
        failures = [finding for finding in found if finding.is_failure]
        if options["json"]:
            lines = [asdict(finding) for finding in found]
            self.stdout.write(json.dumps({"ok": not failures, "findings": lines}, indent=2))
        if failures:
            raise CommandError(f"{len(failures)} not ok: {', '.join(finding.subject for finding in failures)}.")

    def _say(self, finding: Finding) -> None:
        optional = " (optional)" if finding.is_optional else ""
        self.stdout.write(f"{finding.verdict:<14}  {finding.subject}: {finding.words}{optional}")
        if finding.remedy:
            self.stdout.write(f"{'':<14}  -> {finding.remedy}")
