"""Rows as no program expects them from a bank, and what becomes of them with the refresh after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from sandbox import clock
from sandbox.connections import bank_faults
from sandbox.connections.bank_faults import BankFault
from sandbox.store import Body

_PAYEES = ("RIVERBEND HARDWARE", "LUNA CANTINA", "METRO PARKING", "ELM STREET BOOKS", "ORCHARD GRILL")


@dataclass(frozen=True)
class OddRow:
    """A row that the bank shows now; `later` changes it with the next refresh, `anew` comes beside it then."""

    now: Body
    later: Body | None = None
    anew: Body | None = None


def of(fault: BankFault, luck: Random, now: int) -> Iterator[OddRow]:
    """The rows that a fault has the bank show: one of each of its sorts, look-alikes in pairs."""
    for sort in fault.only:
        plain = _plain(luck, now)
        match fault.kind:
            case "hostile_text":
                yield OddRow({**plain, "description": bank_faults.TEXTS[sort]})
            case "extreme_amounts":
                yield OddRow({**plain, "amount": bank_faults.AMOUNTS[sort]})
            case "foreign_currencies":
                yield OddRow({**plain, "amount": bank_faults.CURRENCIES[sort], "currency": sort})
            case "odd_instants":
                yield OddRow({**plain, "transacted_at": bank_faults.INSTANTS[sort](now)})
            case "lookalikes":
                yield OddRow(plain)
                yield OddRow({**plain, "transacted_at": plain["transacted_at"] + _APART[sort]})
            case "pending":
                yield _pending(sort, plain, luck)


_APART = {"same_instant": 0, "same_day": 60, "next_day": clock.DAY}


def _plain(luck: Random, now: int) -> Body:
    return {
        "amount": -luck.randrange(5_00, 200_00),
        "currency": "usd",
        "description": f"{luck.choice(_PAYEES)} {luck.randrange(1000, 9999)}",
        "status": "posted",
        # Between two and twenty days ago, so that a look-alike a day later is no row of the future.
        "transacted_at": now - luck.randrange(2 * clock.DAY, 20 * clock.DAY),
    }


def _pending(sort: str, plain: Body, luck: Random) -> OddRow:
    tip = luck.randrange(1_00, 20_00)
    posted = {"status": "posted"}
    now = {**plain, "status": "pending", "description": f"PENDING {plain['description']}"}
    match sort:
        case "amount":
            return OddRow(now, {**posted, "amount": now["amount"] - tip})
        case "description":
            return OddRow(now, {**posted, "description": plain["description"]})
        case "both":
            return OddRow(now, {**posted, "amount": now["amount"] - tip, "description": plain["description"]})
        case "instant":
            return OddRow(now, {**posted, "transacted_at": now["transacted_at"] + clock.DAY})
        case "void":
            return OddRow(now, {"status": "void"})
        case "renumbered":
            return OddRow(now, {"status": "void"}, anew={**plain, "amount": now["amount"] - tip})
        case "voided_after_posting":
            return OddRow(plain, {"status": "void"})
    return OddRow(now)
