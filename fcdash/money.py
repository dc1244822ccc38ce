"""Money: integer minor units with a lower-case currency; the one parser and the one formatter. Never a float."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache

from babel.core import Locale
from babel.numbers import get_currency_precision, get_currency_symbol

LOCALE = Locale.parse("en_US")
MINUS = "\u2212"
LARGEST_CENTS = 2**62


class NotMoney(ValueError):
    """Text that is no amount of money; the message is fit to show."""


@lru_cache(maxsize=64)
def exponent(currency: str) -> int:
    """How many decimal digits the currency has: 2 for usd, 0 for jpy, 3 for kwd."""
    return int(get_currency_precision(currency.upper()))


@lru_cache(maxsize=64)
def symbol(currency: str) -> str:
    """The currency's sign in US English, such as $ or €."""
    return str(get_currency_symbol(currency.upper(), locale=LOCALE))


def parts(cents: int, currency: str) -> tuple[str, str, str]:
    """(sign, whole with symbol, fraction with its point) of an amount: ("−", "$1,284", ".90")."""
    digits = exponent(currency)
    whole, fraction = divmod(abs(cents), 10**digits)
    mark = symbol(currency)
    return (
        MINUS if cents < 0 else "",
        f"{mark}{' ' if mark.isalpha() else ''}{whole:,}",
        f".{fraction:0{digits}d}" if digits else "",
    )


def formatted(cents: int, currency: str) -> str:
    """The amount as text with a true minus sign: "$1,284.90", "−$12.00"."""
    return "".join(parts(cents, currency))


def whole(cents: int, currency: str) -> str:
    """The amount rounded to whole units: for forecasts, ranges and axes only."""
    unit = 10 ** exponent(currency)
    rounded = (abs(cents) + unit // 2) // unit
    mark = symbol(currency)
    return f"{MINUS if cents < 0 and rounded else ''}{mark}{' ' if mark.isalpha() else ''}{rounded:,}"


def parse(text: str, currency: str) -> int:
    """Minor units of an amount that a person typed: "84.50", "$1,284.90". Raises NotMoney with words to show."""
    cleaned = "".join(text.split()).replace(symbol(currency), "").replace(",", "").replace(MINUS, "-")
    try:
        if "_" in cleaned:
            raise InvalidOperation
        amount = Decimal(cleaned)
    except InvalidOperation:
        raise NotMoney("Write an amount such as 84.50.") from None
    if not amount.is_finite():
        raise NotMoney("Write an amount such as 84.50.")
    cents = amount.scaleb(exponent(currency))
    if cents != cents.to_integral_value():
        raise NotMoney(f"Write at most {exponent(currency)} digits after the point.")
    if abs(cents) > LARGEST_CENTS:
        raise NotMoney("That is more than we can count.")
    return int(cents)
