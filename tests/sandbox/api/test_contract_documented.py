"""The table of operations in the documentation is what the code says of itself."""

from __future__ import annotations

from sandbox.wire import reference
from sandbox.wire.table import TABLE


def test_the_page_says_what_the_code_does() -> None:
    page = reference.PAGE.read_text()

    assert page == reference.inserted(page), "docs/sandbox.md is behind: run python -m sandbox.wire.reference"


def test_every_operation_has_its_row() -> None:
    table = reference.table()

    assert all(f"| `{operation.name}` |" in table for operation in TABLE)
