"""Sets up .venv for the Makefile (`python tools/installing.py local|dev`) with the standard library alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FREE_BYTES = 1_000_000_000
# What is installed for the second is enough for the first.
ENOUGH = {"local": ("local", "dev"), "dev": ("dev",)}


def main(wanted: str) -> None:
    """Makes .venv hold what requirements/<wanted>.txt names."""
    if _works() and any(_stamp(name).is_file() and _stamp(name).read_text() == _state(name) for name in ENOUGH[wanted]):
        return
    free = shutil.disk_usage(ROOT).free
    if free < FREE_BYTES:
        sys.exit(f"The disk of {ROOT} has {free // 1_000_000} MB left; setting up needs {FREE_BYTES // 1_000_000} MB.")
    if not _works():
        _create()
    print(f"Installing requirements/{wanted}.txt into .venv; this is done once.", flush=True)
    # Wheels only: what has none for this machine would need a compiler, and building is not what `make run` promises.
    options = ["--require-hashes", "--only-binary", ":all:", "--disable-pip-version-check", "--no-input", "-q"]
    command = [str(PYTHON), "-m", "pip", "install", *options, "-r", str(_requirements(wanted))]
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit(
            f"Installing failed, as pip says above. Without a network or a package index nothing can be installed; and"
            f" when a package has no wheel for this machine ({sys.platform}, Python {sys.version.split()[0]}), use"
            " Linux (glibc) or macOS with a Python that has one: we build nothing, so no compiler is needed."
        )
    _stamp(wanted).write_text(_state(wanted))


def _create() -> None:
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        sys.exit(
            "This Python has no venv module: install the package python3-venv"
            " (Debian, Ubuntu: `apt install python3-venv`), then run make again."
        )
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        venv.create(VENV, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(f"Making .venv failed: {error}")


def _works() -> bool:
    """Whether .venv has a Python that starts, which an upgrade of the system's Python may have taken away."""
    command = [str(PYTHON), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    return PYTHON.exists() and subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0


def _requirements(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def _stamp(name: str) -> Path:
    return VENV / f"requirements-{name}.sha256"


def _state(name: str) -> str:
    """What the stamp says when .venv fits: the hash of the requirements and where .venv lies."""
    return f"{hashlib.sha256(_requirements(name).read_bytes()).hexdigest()} {os.path.realpath(VENV)}\n"


if __name__ == "__main__":
    main(sys.argv[1])
