"""What files call categories, and what they are called here."""

from __future__ import annotations

import pytest

from spending.categories import ALSO_NAMED, BY_KEY, CATALOGUE, key_named


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Groceries", "groceries"),
        ("EATING OUT", "eating_out"),
        ("Food & Drink", "eating_out"),
        ("Food:Groceries", "groceries"),
        ("[Savings]", "transfer"),
        ("Other", ""),
        ("Uncategorized", ""),
        ("", ""),
    ],
)
def test_a_name_is_known_or_not(name: str, key: str) -> None:
    assert key_named(name) == key


def test_every_name_leads_to_one_category_that_there_is() -> None:
    names = [name for names in ALSO_NAMED.values() for name in names]
    own = {name for category in CATALOGUE for name in (category.key, category.name.casefold())}

    assert set(ALSO_NAMED) <= set(BY_KEY)
    assert len(names) == len(set(names))
    assert not own & set(names)
