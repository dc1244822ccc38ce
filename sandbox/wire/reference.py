"""`python -m sandbox.wire.reference`: writes the table of all operations into the documentation, from the code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from sandbox import deliveries
from sandbox.wire import faults, params, versions
from sandbox.wire.operations import Operation
from sandbox.wire.table import TABLE

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"
BEGIN, END = "<!-- operations: begin -->", "<!-- operations: end -->"

# The version that may say most: what it adds to a request is named beside what every version takes.
_FULLEST = versions.parse(f"2026-10-28.preview; {versions.HOSTED_BETA}=v1")
# More optional parameters than these are counted, not named.
_NAMED = 8


@dataclass
class Count:
    """How many parameters lie inside a shape, at any depth, and how many of them are choices."""

    nested: int = 0
    enums: int = 0


def table() -> str:
    """The operations as one Markdown table."""
    head = ["| operation | key | parameters checked | from states | events | faults |", "|---|---|---|---|---|---|"]
    return "\n".join(head + [_row(operation) for operation in sorted(TABLE, key=_place)])


def _place(operation: Operation) -> tuple[str, str]:
    return operation.path.replace("*", ""), operation.method


def _row(operation: Operation) -> str:
    cells = (
        f"`{operation.name}`",
        _key(operation),
        _parameters(operation),
        ", ".join(_code(operation.states)) or "any",
        "<br>".join(_code(operation.emits)) or "none",
        _faults(operation),
    )
    return "| " + " | ".join(cells) + " |"


def _key(operation: Operation) -> str:
    permission = f"`{operation.resource}: {operation.right}`"
    return permission + ", publishable" * operation.publishable + ", previews only" * operation.preview


def _parameters(operation: Operation) -> str:
    taken = params.fields_of(operation.shape)
    required = [name for name, field in taken.items() if field.required]
    optional = [name for name in taken if name not in required and name not in operation.beyond]
    count = Count()
    _count(operation.shape, count, set(operation.beyond))
    parts = []
    if required:
        parts.append("required: " + ", ".join(_code(required)))
    parts.append(
        "optional: " + (", ".join(_code(optional)) if len(optional) <= _NAMED else f"{len(optional)}")
        if optional
        else "no others"
    )
    if count.nested:
        parts.append(f"nested: {count.nested}")
    if count.enums:
        parts.append(f"enums: {count.enums}")
    only_new = [name for name in params.fields_of(operation.shape_at(_FULLEST)) if name not in taken]
    if only_new:
        parts.append("previews only: " + ", ".join(_code(only_new)))
    if operation.beyond:
        parts.append("refused: " + ", ".join(_code(operation.beyond)))
    return "; ".join(parts)


def _faults(operation: Operation) -> str:
    """Which of the three families of faults strike it; the banks' by name."""
    families = ["API", *(["webhooks"] if operation.emits else [])]
    return ", ".join([*families, *_code(operation.faults)])


def _count(shape: type, count: Count, without: set[str]) -> None:
    """Adds up one shape; `without` names fields at its top that are not taken."""
    for name, field in params.fields_of(shape).items():
        if name in without:
            continue
        rule = field.rule
        while rule.items is not None:
            count.enums += bool(rule.choices)
            rule = rule.items
        count.enums += bool(rule.choices)
        if rule.hash is not None:
            count.nested += len(params.fields_of(rule.hash))
            _count(rule.hash, count, set())


def _code(names: Iterable[str]) -> list[str]:
    return [f"`{name}`" for name in names]


def section() -> str:
    """What stands between the two markers of the page."""
    before, after = (", ".join(_code(kinds)) for kinds in (faults.BEFORE, faults.AFTER))
    webhooks = ", ".join(_code(each.name for each in fields(deliveries.Faults) if each.name != "seed"))
    legend = (
        f"- *API* faults: {before} before any effect; {after} after it.\n"
        f"- *Webhooks* faults, for the events of an operation: {webhooks}.\n"
        "- The others are the banks'."
    )
    return f"{BEGIN}\n\n{legend}\n\n{table()}\n\n{END}"


def inserted(page: str) -> str:
    """The page with the section as the code has it now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + section() + after


def main() -> None:
    PAGE.write_text(inserted(PAGE.read_text()))


if __name__ == "__main__":
    main()
