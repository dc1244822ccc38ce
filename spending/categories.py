"""The built-in categories: stable keys, their names, icons and colours, and what each counts as."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a category's rows count as in the figures."""

    SPENDING = "spending"
    INCOME = "income"
    SAVING = "saving"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Category:
    """A category. `colour` is its token in the design system: class k-COLOUR, custom property --c-COLOUR."""

    key: str
    name: str
    colour: str
    icon: str
    kind: Kind

    @property
    def is_spent(self) -> bool:
        """Whether its rows are money spent."""
        return self.kind is Kind.SPENDING


def _spending(key: str, name: str, colour: str = "") -> Category:
    return Category(key, name, colour or key, f"c-{colour or key}", Kind.SPENDING)


# In the order in which they are shown; "other" last of the spending.
CATALOGUE: tuple[Category, ...] = (
    _spending("home", "Home"),
    _spending("bills", "Bills"),
    _spending("fun", "Fun"),
    _spending("groceries", "Groceries"),
    _spending("health", "Health"),
    _spending("transport", "Transport"),
    _spending("shopping", "Shopping"),
    _spending("childcare", "Childcare"),
    _spending("eating_out", "Eating out", "eating"),
    _spending("fees", "Fees and interest", "other"),
    _spending("other", "Other"),
    Category("income", "Income", "income", "c-income", Kind.INCOME),
    Category("interest", "Interest earned", "income", "c-income", Kind.INCOME),
    Category("saving", "Saving", "saving", "c-saving", Kind.SAVING),
    Category("transfer", "Transfer", "other", "swap", Kind.TRANSFER),
)
BY_KEY: dict[str, Category] = {category.key: category for category in CATALOGUE}
KEYS: tuple[str, ...] = tuple(BY_KEY)
ORDER: dict[str, int] = {key: place for place, key in enumerate(KEYS)}

INCOME_KEYS = tuple(c.key for c in CATALOGUE if c.kind is Kind.INCOME)
SAVING_KEYS = tuple(c.key for c in CATALOGUE if c.kind is Kind.SAVING)
# Spending is all that is not one of these, so that a key that we do not know is never lost from a total.
NOT_SPENDING_KEYS = tuple(c.key for c in CATALOGUE if c.kind is not Kind.SPENDING)


def category_of(key: str) -> Category:
    """The category of a key; an unknown key counts and looks like "other" but keeps its name."""
    return BY_KEY.get(key) or Category(key, key.replace("_", " ").capitalize(), "other", "c-other", Kind.SPENDING)


# What other programs and banks call them.
ALSO_NAMED = {
    "home": ("rent", "mortgage", "mortgage & rent", "housing", "home improvement"),
    "bills": ("utilities", "bills & utilities", "phone", "internet", "insurance", "subscriptions"),
    "fun": ("entertainment", "travel", "vacation", "hobbies", "movies & dvds"),
    "groceries": ("food", "supermarkets", "grocery"),
    "health": ("health & fitness", "health & wellness", "medical", "pharmacy", "doctor"),
    "transport": (
        "auto & transport",
        "transportation",
        "gas",
        "gas & fuel",
        "fuel",
        "public transportation",
        "parking",
    ),
    "shopping": ("merchandise", "clothing", "electronics", "electronics & software"),
    "childcare": ("kids", "education", "children"),
    "eating_out": ("restaurants", "dining", "food & drink", "food & dining", "coffee shops", "fast food"),
    "fees": ("fees & charges", "fees & adjustments", "bank fee", "finance charge"),
    "income": ("paycheck", "salary", "wages"),
    "interest": ("interest income",),
    "saving": ("savings", "investments"),
    "transfer": ("transfers", "credit card payment", "account transfer"),
}
BY_NAME = {
    **{name: key for key, names in ALSO_NAMED.items() for name in names},
    **{name: category.key for category in CATALOGUE for name in (category.key, category.name.casefold())},
}


def key_named(name: str) -> str:
    """The key of the category that somebody's file names, "" when we know none; "Food:Groceries" is its last part.

    Quicken writes the other account of a transfer in brackets.
    """
    if name.startswith("["):
        return "transfer"
    parts = [part.strip().casefold() for part in name.split(":")]
    found = next((BY_NAME[part] for part in reversed(parts) if part in BY_NAME), "")
    return "" if found == "other" else found
