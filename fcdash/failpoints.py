"""Named places at which a test lets the process die; nothing at all unless FCDASH_FAILPOINT names one."""

from __future__ import annotations

import os
import signal


def failpoint(name: str) -> None:
    """Die here, as a crash of the machine would have it, when the environment names this place."""
    if os.environ.get("FCDASH_FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
