"""Makes our webhook endpoint at Stripe, or says how the one there differs; with --fix brings it into line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fcdash.gateway.endpoints import CONNECT, MadeEndpoint
from fcdash.gateway.errors import OutcomeUnknown, StripeProblem, WillNotWork
from webhooks import endpoint
from webhooks.endpoint import Standing

KEEP = """
  Its signing secret, shown this once and kept nowhere:

    {secret}

  Put it into STRIPE_WEBHOOK_SECRETS, in front of those that are there, separated by a comma:
    STRIPE_WEBHOOK_SECRETS={secret},…
  then restart the web processes. While old and new stand there, events signed with either are believed.
"""
LOST = (
    "Stripe's answer was lost, so the endpoint may have been made. Run this again: if it is there, its secret was not"
    " seen; --replace makes another."
)


class Command(BaseCommand):
    help = (
        "Make the webhook endpoint at PUBLIC_URL/webhooks/stripe/ with the events that fcdash handles, or compare the"
        " one that is there. A second one for connected accounts is made when a biller has a Stripe account."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="Change what differs; switch off what was replaced.")
        parser.add_argument("--replace", action="store_true", help="Make a new one beside it, with a new secret.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")

    def handle(self, *args: Any, fix: bool, replace: bool, dry_run: bool, **options: Any) -> None:
        if words := endpoint.unreachable():
            raise CommandError(words)
        try:
            left = [self._treat(standing, fix, replace, dry_run) for standing in endpoint.standings()]
        except OutcomeUnknown as problem:
            raise CommandError(f"{LOST} ({problem})") from problem
        except WillNotWork as problem:
            raise CommandError(_refusal(problem)) from problem
        except StripeProblem as problem:
            raise CommandError(str(problem)) from problem
        if any(left):
            raise CommandError("What differs was left as it is. Run this again with --fix to bring it into line.")

    def _treat(self, standing: Standing, fix: bool, replace: bool, dry_run: bool) -> bool:
        """Say how it stands and do what was asked for; returns whether a difference is left."""
        self._describe(standing)
        if standing.is_right and not replace:
            return False
        may_change = fix or replace or standing.endpoint is None
        if dry_run:
            self.stdout.write(f"  Would {_deed(standing, replace)}." if may_change else "  Would change nothing.")
            return False
        if not may_change:
            return True
        made = endpoint.bring_into_line(standing, anew=replace)
        self._tell(standing, made)
        return False

    def _describe(self, standing: Standing) -> None:
        wanted = standing.wanted
        whose = "events of connected accounts" if wanted.mark == CONNECT else "events of our own account"
        self.stdout.write(f"{wanted.url}: {len(wanted.events)} {whose}, {wanted.api_version}")
        if standing.endpoint is None:
            self.stdout.write("  Stripe has no such endpoint.")
        elif standing.is_right:
            self.stdout.write(f"  {standing.endpoint.id} is as it should be.")
        for difference in standing.differences:
            self.stdout.write(f"  {standing.endpoint.id if standing.endpoint else ''}: {difference}.")
        for old in standing.superfluous:
            self.stdout.write(f"  {old.id} is there as well: not needed once the secret of the other is in use.")

    def _tell(self, standing: Standing, made: MadeEndpoint | None) -> None:
        if made is None:
            self.stdout.write("  It is as it should be now.")
            return
        self.stdout.write(f"  Made {made.id}.")
        # Printed for the one who runs this; nothing of ours stores or logs it.
        self.stdout.write(KEEP.format(secret=made.secret))
        if standing.endpoint is not None:
            self.stdout.write(f"  Until then {standing.endpoint.id} goes on; --fix switches it off the next time.")


def _deed(standing: Standing, replace: bool) -> str:
    if standing.endpoint is None:
        return "make it"
    if replace or standing.needs_new:
        return f"make a new one beside {standing.endpoint.id}"
    changes = [f"change {standing.endpoint.id}"] if standing.differences else []
    return " and ".join([*changes, *(f"switch off {old.id}" for old in standing.superfluous)])


def _refusal(problem: WillNotWork) -> str:
    if problem.reason == "key_refused":
        return "STRIPE_SECRET_KEY is refused, or lacks the right to write webhook endpoints. Nothing was changed."
    return f"Stripe refuses: {problem}"
