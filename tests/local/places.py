"""Folders that a server's user can reach, unlike pytest's own, which only their owner may enter."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import services


@contextmanager
def open_home(name: str = "home") -> Iterator[Path]:
    """A home with a short path; its servers are stopped afterwards and all they left is removed."""
    base = Path(tempfile.mkdtemp(prefix="fct-", dir="/tmp"))
    base.chmod(0o755)
    home = base / name
    home.mkdir(parents=True)
    try:
        yield home
    finally:
        elsewhere = [Path(note.read_text().strip()) for note in home.rglob("*-is-in")]
        services.stop(home)
        for path in (base, *elsewhere):
            shutil.rmtree(path, ignore_errors=True)
