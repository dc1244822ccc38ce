"""Tables as the page's scripts draw them: columns, rows of cells, and where the next page begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sandbox.pages.cells import Body, Cell
from sandbox.pages.paging import Page


@dataclass(frozen=True)
class Column:
    """`wide`: only where there is room."""

    label: str
    kind: str = "text"
    wide: bool = False


@dataclass(frozen=True)
class Row:
    key: str
    href: str | None
    cells: Sequence[Cell]
    actions: Sequence[Body] = ()


@dataclass(frozen=True)
class Table:
    """Rows of one kind, perhaps one page of many; `note` is what to know about them."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    page: Page | None = None
    title: str = ""
    note: str | None = None

    def shown(self) -> Body:
        older, note = (self.page.older, self.page.note) if self.page else (None, None)
        return {
            "title": self.title,
            "columns": [asdict(column) for column in self.columns],
            "rows": [asdict(row) for row in self.rows],
            "older": older,
            "note": " ".join(filter(None, (self.note, note))) or None,
        }
