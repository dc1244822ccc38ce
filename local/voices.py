"""The one log of a run: each part's lines behind its name."""

from __future__ import annotations

import os
import sys
import threading
from typing import IO

COLOURS = {"web": 36, "worker": 32, "bank": 33, "beat": 35, "sandbox": 34, "prepare": 37}
WIDTH = 8


class Voices:
    """Writes lines to stdout, told apart by name and, on a terminal, by colour."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def say(self, text: str, name: str = "") -> None:
        """One line of the runner itself, or of the part `name`."""
        prefix = f"{name:<{WIDTH}}| " if name else ""
        if prefix and self._colour and name in COLOURS:
            prefix = f"\x1b[{COLOURS[name]}m{prefix}\x1b[0m"
        with self._lock:
            try:
                sys.stdout.write(f"{prefix}{text}\n")
                sys.stdout.flush()
            except (OSError, ValueError):
                # The terminal is gone, or the reader of a pipe: no reason to leave children behind.
                self._fall_silent()

    def follow(self, name: str, stream: IO[bytes]) -> threading.Thread:
        """Repeats the lines of `stream` under `name` until it ends."""
        thread = threading.Thread(target=self._repeat, args=(name, stream), daemon=True)
        thread.start()
        return thread

    def _repeat(self, name: str, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                text = line.decode("utf-8", "replace").rstrip()
                # Until a run is ready we ask again and again; each "not yet" would read like an error.
                if text and not text.endswith("Service Unavailable: /readyz"):
                    self.say(text, name)

    @staticmethod
    def _fall_silent() -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.close(nowhere)
