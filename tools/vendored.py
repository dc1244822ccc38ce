"""Compares the vendored front-end files with static/vendor/HASHES (the format of sha256sum)."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"


def differences(folder: Path) -> list[str]:
    """What is changed, missing or not listed, a sentence each."""
    listed = _listed(folder / "HASHES")
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"HASHES"}
    changed = [name for name in listed.keys() & present if _hash(folder / name) != listed[name]]
    return [
        *(f"{name} differs from its hash" for name in sorted(changed)),
        *(f"{name} is listed but missing" for name in sorted(listed.keys() - present)),
        *(f"{name} is not listed" for name in sorted(present - listed.keys())),
    ]


def _listed(path: Path) -> dict[str, str]:
    lines = (line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return {name.lstrip("*").removeprefix("./"): digest for digest, name in lines}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Prints the differences; 1 when there are any."""
    try:
        found = differences(VENDOR)
    except FileNotFoundError as missing:
        found = [f"{missing.filename} is missing"]
    for line in found:
        print(f"static/vendor: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
