"""The person's name and the bank's: the same in another writing is the same, somebody else is not."""

from __future__ import annotations

import pytest

from banking import owning


@pytest.mark.parametrize(
    ("person", "owners", "match"),
    [
        ("Ana Rivera", ["Ana Rivera"], "same"),
        ("Ana Rivera", ["RIVERA, ANA M."], "same"),
        ("José Peña", ["JOSE PENA"], "same"),
        ("Sam Rivera", ["Ana Rivera", "Sam Q Rivera"], "same"),
        ("Ana Rivera", ["Sam Rivera"], "differs"),
        ("Ana", ["Anabel Cole"], "differs"),
        ("", ["Ana Rivera"], "unknown"),
        ("Ana Rivera", [], "unknown"),
        ("Ana Rivera", [" "], "unknown"),
    ],
)
def test_names_are_compared_by_their_words(person: str, owners: list[str], match: str) -> None:
    assert owning.compare(person, owners) == match
