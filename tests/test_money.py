"""Money is integers: parsing and formatting agree to the cent, and what is no money is refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcdash import money

CURRENCIES = ("usd", "eur", "jpy", "kwd")


@given(st.integers(-(10**14), 10**14), st.sampled_from(CURRENCIES))
def test_what_is_written_reads_back_to_the_cent(cents: int, currency: str) -> None:
    assert money.parse(money.formatted(cents, currency), currency) == cents


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (1_284_90, "usd", "$1,284.90"),
        (-12_00, "usd", "−$12.00"),
        (0, "usd", "$0.00"),
        (5, "usd", "$0.05"),
        (500, "jpy", "¥500"),
        (1_500, "kwd", "KWD 1.500"),
    ],
)
def test_how_amounts_are_written(cents: int, currency: str, text: str) -> None:
    assert money.formatted(cents, currency) == text


@pytest.mark.parametrize("text", ["", "12.345", "twelve", "NaN", "Infinity", "1e400", "--1", "1" * 40, "12.5.0", "1_0"])
def test_what_is_no_money_is_refused_in_words(text: str) -> None:
    with pytest.raises(money.NotMoney) as refused:
        money.parse(text, "usd")

    assert str(refused.value).endswith(".")


def test_whole_amounts_round_half_away_and_lose_a_sign_of_nothing() -> None:
    assert [money.whole(c, "usd") for c in (12_50, -12_50, 12_49, -49, 0)] == ["$13", "−$13", "$12", "$0", "$0"]
