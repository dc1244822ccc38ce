"""Two clocks: the real one, which stamps everything, and the sandbox's own, which only decides what is due."""

from __future__ import annotations

import time

DAY = 86_400

_offset = 0.0


def stamp() -> int:
    """Real Unix seconds: no stamp ever lies in the future."""
    return int(time.time())


def now() -> float:
    """The sandbox's time: real time plus whatever the clock was advanced by."""
    return time.time() + _offset


def offset() -> float:
    return _offset


def set_offset(seconds: float) -> None:
    global _offset
    _offset = seconds
