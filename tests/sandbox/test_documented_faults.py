"""docs/sandbox.md names every fault that can be asked for."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from sandbox import deliveries
from sandbox.connections import bank_faults
from sandbox.wire import faults

PAGE = Path(__file__).parents[2] / "docs/sandbox.md"


def test_the_page_names_every_fault() -> None:
    text = PAGE.read_text().partition("## Its faults")[2].partition("\n## ")[0]
    wanted = [*faults.KINDS, *(field.name for field in fields(deliveries.Faults)), *bank_faults.KINDS]
    wanted += [sort for sorts in bank_faults.KINDS.values() for sort in sorts]
    wanted += [field.name for kind in (faults.Fault, bank_faults.BankFault) for field in fields(kind)]

    assert [name for name in wanted if f"`{name}`" not in text] == []
