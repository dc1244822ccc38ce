"""Two clocks: the real one, which stamps everything, and the sandbox's own, which only decides what is due."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

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


def business_days_after(moment: float, days: int) -> float:
    """The same time of day, that many bank working days (Monday to Friday) later."""
    day = datetime.fromtimestamp(moment, UTC)
    while days:
        day += timedelta(days=1)
        if day.weekday() < 5:
            days -= 1
    return day.timestamp()
