"""Asks for known vulnerabilities of the locked requirements; never calls a package safe that nobody looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 300


@dataclass(frozen=True)
class Audit:
    """What an audit says: `measured` is False when the index answered for no package at all."""

    measured: bool
    problems: list[str]
    reason: str = ""


def audit(requirements: Path) -> Audit:
    """Audits a hashed requirements file with pip-audit."""
    options = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"]
    command = [sys.executable, "-m", "pip_audit", "-r", str(requirements), *options]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Audit(False, [], f"the index did not answer within {SECONDS} s")
    return judge(done.stdout, done.stderr)


def judge(output: str, errors: str) -> Audit:
    """Reads pip-audit's JSON; its exit code is 0 even when it skipped every package."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        return Audit(False, [], (errors.strip().splitlines() or ["pip-audit said nothing"])[-1])
    skipped = [package for package in packages if "skip_reason" in package]
    if len(skipped) == len(packages):
        return Audit(False, [], skipped[0]["skip_reason"] if skipped else "no packages")
    problems = [f"{package['name']} was skipped: {package['skip_reason']}" for package in skipped]
    for package in packages:
        for flaw in package.get("vulns", []):
            fixed = ", ".join(flaw["fix_versions"]) or "no fix yet"
            problems.append(f"{package['name']} {package['version']}: {flaw['id']} (fixed in: {fixed})")
    return Audit(True, problems)


def main() -> int:
    """Prints the result; 1 for a vulnerability or a skipped package, 2 when nothing could be measured."""
    result = audit(ROOT / "requirements" / "dev.txt")
    for problem in result.problems:
        print(problem)
    if not result.measured:
        print(f"not measured: {result.reason}")
        return 2
    return 1 if result.problems else 0


if __name__ == "__main__":
    sys.exit(main())
