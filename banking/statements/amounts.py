"""Amounts as banks write them: text → cents, and whether a column writes its decimals after a point or a comma."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fcdash import money

MARKS = {".": "1,234.56", ",": "1.234,56"}
_GROUPS = ".,'’ \xa0\u202f"
_AMOUNT = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[+\-−–])?\s*(?P<unit>[A-Za-z]{1,3}\$?|[$€£¥₹₩₽])?\s*(?P<inner>[+\-−–])?\s*"
    rf"(?P<digits>[0-9][0-9{_GROUPS}]*|[.,][0-9]+)\s*"
    r"(?P<after>[A-Za-z]{3}|[$€£¥₹₩₽])?\s*(?P<trail>[+\-−–]|CR|DR|Cr|Dr)?\s*(?P<close>\))?"
)
_MINUS = "-−–"
# A trillion dollars: sums of more would leave 64 bits.
LARGEST_CENTS = 10**14
# No amount is longer, with blanks one at a time: in others the search would go on without end.
LONGEST = 40


class NoAmount(ValueError):
    """Text that is no amount; the message is fit to show."""


def parse(text: str, mark: str, currency: str) -> int:
    """Cents of an amount whose decimals stand after `mark`, "." or ",". Raises NoAmount.

    Negative by a minus before or after it, by brackets, or by DR.
    """
    found = _found(text)
    if not found or bool(found["open"]) != bool(found["close"]):
        raise NoAmount(f"“{text[:40]}” is no amount")
    number = _plain(found["digits"].rstrip(), mark)
    if number is None:
        raise NoAmount(f"“{text[:40]}” is no amount when decimals stand after “{mark}”")
    try:
        cents = money.parse(_trimmed(number, money.exponent(currency)), currency)
    except money.NotMoney:
        raise NoAmount(f"“{text[:40]}” has more digits than {currency.upper()} can have") from None
    if cents > LARGEST_CENTS:
        raise NoAmount(f"“{text[:40]}” is more than we can count")
    return -cents if _is_negative(found) else cents


def _is_negative(found: re.Match[str]) -> bool:
    signs = (found["sign"] or "") + (found["inner"] or "") + (found["trail"] or "")
    return bool(found["open"]) or any(sign in _MINUS for sign in signs) or signs.upper().endswith("DR")


def _found(text: str) -> re.Match[str] | None:
    text = " ".join(text.split())
    return _AMOUNT.fullmatch(text) if len(text) <= LONGEST else None


def _plain(digits: str, mark: str) -> str | None:
    """The number with a point and no groups; None when its groups are not of thousands."""
    whole, _, fraction = digits.partition(mark)
    groups = re.split(f"[{_GROUPS}]", whole)
    if (fraction and not fraction.isdigit()) or mark in fraction:
        return None
    if len(groups) > 1 and not (
        1 <= len(groups[0]) <= 3 and len(groups[-1]) == 3 and all(2 <= len(group) <= 3 for group in groups[1:])
    ):
        return None
    return f"{''.join(groups) or '0'}.{fraction or '0'}"


def _trimmed(number: str, places: int) -> str:
    """Without zeros beyond what the currency has: some banks write four decimals."""
    whole, _, fraction = number.partition(".")
    kept, rest = fraction[:places], fraction[places:].rstrip("0")
    return f"{whole}.{kept}{rest}" if kept or rest else whole


def detect(texts: Sequence[str]) -> str:
    """The mark after which most of the texts have their decimals."""
    votes = {".": 0, ",": 0}
    for text in texts:
        if len(text) > LONGEST:
            continue
        marks = re.findall(r"[.,]", text)
        if not marks:
            continue
        other = "," if marks[-1] == "." else "."
        after = re.search(r"[.,](\d*)\D*$", text)
        # Both marks: the last one. One mark: unless it may part thousands.
        if other in marks or (len(marks) == 1 and after and len(after[1]) != 3):
            votes[marks[-1]] += 1
        elif marks.count(marks[-1]) > 1:
            votes[other] += 1
    return "," if votes[","] > votes["."] else "."


def is_amount(text: str) -> bool:
    """Whether the text reads as an amount, whichever its mark."""
    return _found(text) is not None


def is_negative(text: str) -> bool:
    """Whether the text reads as an amount below zero."""
    found = _found(text)
    return found is not None and _is_negative(found)
