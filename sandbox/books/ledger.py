"""Books that grow one day at a time, so that a day's rows never depend on when somebody asks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from threading import Lock
from zoneinfo import ZoneInfo

BANK_ZONE = ZoneInfo("America/Los_Angeles")
EPOCH = date(2025, 1, 1)
"""Every book opens on this day. Its opening balances are those of the night before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One booked row. `amount` in cents, negative is money out; `posted_at` may lie after the row was first seen."""

    key: str
    amount: int
    description: str
    transacted_at: int
    posted_at: int


@dataclass(frozen=True, slots=True)
class Pages:
    """The entries of one account in order of time, and the stamps by which they are found."""

    entries: list[Entry]
    stamps: list[int]


@dataclass(frozen=True, slots=True)
class Planned:
    """A row that an earlier day has already decided: a refund, the second leg of a payment."""

    account: str
    amount: int
    description: str
    at: str


class Day:
    """What a habit may see and do on one day."""

    def __init__(self, ledger: Ledger, on: date) -> None:
        self.on = on
        self.random = Random(f"{ledger.name} {on.isoformat()}")
        self._ledger = ledger
        self._written: list[tuple[str, Entry]] = []

    def book(self, account: str, amount: int, description: str, at: str, posts: tuple[int, str] | None = None) -> None:
        """Writes a row at the local time `at`; `posts` is (days later, local time) when it stays pending so long."""
        booked = _stamp(self.on, at)
        posted = _stamp(self.on + timedelta(days=posts[0]), posts[1]) if posts else booked
        number = sum(1 for written, _ in self._written if written == account) + 1
        key = f"{account}-{self.on:%Y%m%d}-{number:02d}"
        self._written.append((account, Entry(key, amount, description, booked, posted)))

    def plan(self, days: int, account: str, amount: int, description: str, at: str = "05:10") -> None:
        """Decides now on a row that is booked `days` later."""
        self._ledger.planned.setdefault(self.on + timedelta(days=days), []).append(
            Planned(account, amount, description, at)
        )

    def balance(self, account: str) -> int:
        """The balance with today's rows so far, pending ones included."""
        today = sum(entry.amount for written, entry in self._written if written == account)
        return self._ledger.openings[account] + sum(e.amount for e in self._ledger.pages[account].entries) + today

    def balance_on(self, account: str, on: date) -> int:
        """The balance at the end of an earlier day, pending rows included."""
        pages = self._ledger.pages[account]
        until = bisect_right(pages.stamps, _stamp(on, "23:59"))
        return self._ledger.openings[account] + sum(entry.amount for entry in pages.entries[:until])

    def close(self) -> list[tuple[str, Entry]]:
        """The day's rows in order of time."""
        for planned in self._ledger.planned.pop(self.on, []):
            self.book(planned.account, planned.amount, planned.description, planned.at)
        return sorted(self._written, key=lambda written: written[1].transacted_at)


Habit = Callable[[Day], None]


class Ledger:
    """The accounts of one household at one bank, filled by its habits from EPOCH on."""

    def __init__(self, name: str, openings: dict[str, int], habits: tuple[Habit, ...]) -> None:
        self.name = name
        self.openings = openings
        self.pages: dict[str, Pages] = {account: Pages([], []) for account in openings}
        self.planned: dict[date, list[Planned]] = {}
        self._habits = habits
        self._next_day = EPOCH
        self._lock = Lock()

    def entries(self, account: str, until: datetime) -> list[Entry]:
        """Every row of the account from EPOCH up to the instant `until`, oldest first."""
        if until.tzinfo is None:
            raise ValueError("until must be an aware datetime")
        with self._lock:
            while self._next_day <= until.astimezone(BANK_ZONE).date():
                self._write(Day(self, self._next_day))
                self._next_day += timedelta(days=1)
            pages = self.pages[account]
            return pages.entries[: bisect_right(pages.stamps, int(until.timestamp()))]

    def _write(self, day: Day) -> None:
        for habit in self._habits:
            habit(day)
        for account, entry in day.close():
            pages = self.pages[account]
            pages.entries.append(entry)
            pages.stamps.append(entry.transacted_at)


def _stamp(on: date, at: str) -> int:
    local = datetime.combine(on, time.fromisoformat(at), BANK_ZONE)
    return int(local.astimezone(UTC).timestamp())
