"""`make check`: everything that can be said about the code without running its tests."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("fcdash", "webhooks", "accounts", "banking", "spending", "payments", "api", "local", "sandbox", "tools")
NOT_MEASURED = 2

# Settings as a production sets them; nothing is contacted.
PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "PUBLIC_URL": "https://fcdash.example",
    "ALLOWED_HOSTS": "fcdash.example",
    "DATABASE_URL": "postgresql://fcdash_app@/fcdash?host=/nowhere",
    "REDIS_URL": "unix:///nowhere?db=1",
    "EMAIL_URL": "smtp+tls://mail.fcdash.example:587",
    "OPERATOR_NAME": "Example Operator",
    "SUPPORT_EMAIL": "support@fcdash.example",
    # Assembled, so that no scanner takes it for a leaked key.
    "STRIPE_SECRET_KEY": "_".join(("sk", "live", "check")),
    "STRIPE_PUBLISHABLE_KEY": "_".join(("pk", "live", "check")),
    "STRIPE_WEBHOOK_SECRETS": "whsec_check",
}
DEVELOPMENT = {
    "DEBUG": "1",
    "DATABASE_URL": "postgresql://fcdash_app@/fcdash?host=/nowhere",
    "REDIS_URL": "unix:///nowhere?db=1",
}


@dataclass(frozen=True)
class Check:
    """One tool: its name, its command and the settings that it sees."""

    name: str
    command: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=lambda: DEVELOPMENT)
    may_be_unmeasured: bool = False


def checks() -> list[Check]:
    """All checks, the quick ones first."""
    python = sys.executable
    manage = (python, "-W", "ignore::RuntimeWarning", "manage.py")
    importer = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return [
        Check("ruff", (python, "-m", "ruff", "check", "--quiet", ".")),
        Check("format", (python, "-m", "ruff", "format", "--check", "--quiet", ".")),
        Check("vendored files", (python, "-m", "tools.vendored")),
        Check("imports", (python, "-c", importer, "--no-cache")),
        Check("production settings", (*manage, "check", "--deploy", "--fail-level", "WARNING"), PRODUCTION),
        Check("migrations", (*manage, "makemigrations", "--check", "--dry-run")),
        Check("mypy", (python, "-m", "mypy", "manage.py", *PACKAGES)),
        Check("dependency audit", (python, "-m", "tools.audit"), may_be_unmeasured=True),
    ]


def run(check: Check) -> str:
    """Runs one check and prints what it found; 'ok', 'failed' or 'not measured'."""
    with tempfile.TemporaryDirectory() as home:
        # No variable of the shell's may decide whether a check passes.
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        network = {name: value for name, value in os.environ.items() if name.lower().endswith(("proxy", "_bundle"))}
        environment = {**kept, **network, **check.settings, "FCDASH_HOME": home}
        done = subprocess.run(
            check.command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    if done.returncode == 0:
        outcome = "ok"
    else:
        unmeasured = check.may_be_unmeasured and done.returncode == NOT_MEASURED
        outcome = "not measured" if unmeasured else "failed"
    print(f"{check.name:<20} {outcome}", flush=True)
    if outcome != "ok":
        print(done.stdout.rstrip(), flush=True)
    return outcome


def main() -> int:
    """Runs every check even after a failure; 1 when one failed."""
    outcomes = {check.name: run(check) for check in checks()}
    failed = [name for name, outcome in outcomes.items() if outcome == "failed"]
    unmeasured = [name for name, outcome in outcomes.items() if outcome == "not measured"]
    parts = [f"{len(outcomes) - len(failed) - len(unmeasured)} checks passed"]
    parts += [f"failed: {', '.join(failed)}"] if failed else []
    parts += [f"not measured: {', '.join(unmeasured)}"] if unmeasured else []
    print("; ".join(parts))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
