"""The first categoriser: a bank's words and an amount's direction → merchant, category, and why. No network, no chance.

Order: money between own accounts, pay, interest, fees and cash by their wording; then known merchants; then telling
words. What none of these explains is "other" with an empty why: unsure, and the person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from spending.categories import category_of
from spending.merchants import MERCHANTS, PAIRS, WORDS

LONGEST = 96  # Of a description, only so much is read: the rest of a hostile one costs nothing.
UNSURE = ""

# Every pattern is linear: no nested or overlapping repetition.
THROUGH = re.compile(r"^(?:SQ|TST|PAYPAL|PP|SP|PY|IN|FSP|SPO|BT|ZSK|CKE|DD|EB|GG|LS|PAR|WPY) ?\*+ ?")
PREFIX = re.compile(
    r"^(?:POS DEBIT|POS PURCHASE|POS|DEBIT CARD PURCHASE|DEBIT PURCHASE|DEBIT CARD|CHECK ?CARD(?: PURCHASE)?(?: \d{4})?"
    r"|VISA PURCHASE|PURCHASE AUTHORIZED ON \d\d/\d\d|RECURRING PAYMENT AUTHORIZED ON \d\d/\d\d|RECURRING|PENDING"
    r"|ACH DEBIT|ACH CREDIT|ACH|WEB AUTHORIZED PMT|ORIG CO NAME:|EXTERNAL WITHDRAWAL|WITHDRAWAL|DEBIT) +"
)
WORD = re.compile(r"#?\w[\w&'’.\-/]*|&")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PHONE = re.compile(r"[\d\-.]{7,}$")
STATES = _words(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA"
    " RI SC SD TN TX UT VT VA WA WV WI WY DC ON BC"
)
TWO_WORD_CITIES = _words("SAN SANTA LOS LAS NEW ST FORT FT EL PORT SALT LONG GRAND PALM DES WEST EAST NORTH SOUTH")
# Of a name that is not known: words of the bank or the biller, not of the merchant.
NOISE = _words(
    "PMT PYMT PAYMENT PAYMENTS AUTOPAY BILLPAY BILL PAY WEB ONLINE DIR DEP DEPOSIT PAYROLL DIRECT PPD CCD WEBPMT PREM"
    " REFUND RETURN TUITION LLC INC LTD CORP AUTO-PAY EPAY E-PAYMENT POS DEBIT ID REF TXN"
)
CAPITALS = _words("HOA ATM USA USPS UPS YMCA NYC DMV AAA BBQ CPA MD DDS TV PC IT HQ II III IV CU")
SMALL = _words("AND OF THE FOR AT BY IN")
SPELLED_OUT = {
    "MKT": "Market",
    "MGMT": "Management",
    "APTS": "Apartments",
    "CTR": "Center",
    "DIST": "District",
    "SVCS": "Services",
    "PHARM": "Pharmacy",
    "UTIL": "Utilities",
    "CHK": "Checking",
    "SAV": "Savings",
    "LN": "Loan",
    "PROP": "Property",
}

TRANSFER_WORDS = _words("TRANSFER XFER TRANSFR TRNSFR TFR XFR")
SAVING_WORDS = _words("SAVINGS SAVING SAV INVEST INVESTMENT INVESTMENTS BROKERAGE IRA 401K")
PAY_WORDS = _words("PAYROLL SALARY DIRDEP PAYCHECK WAGES")
PAYMENT_WORDS = _words("PAYMENT PMT PYMT AUTOPAY EPAY EPAYMENT E-PAYMENT AUTO-PAY BILLPAY PAY PAYMT")
CARD_WORDS = _words("CARD CRD CRCARDPMT CREDITCARD APPLECARD BARCLAYCARD CARDMEMBER AMEX DISCOVER")
PERSON_WORDS = _words("ZELLE VENMO CASHAPP")


@dataclass(frozen=True, slots=True)
class Words:
    """A description taken apart. `through` is the processor in front of the name, such as TST."""

    text: str
    tokens: tuple[str, ...]
    all: frozenset[str]
    through: str
    incoming: bool
    subcategory: str

    @property
    def on_credit(self) -> bool:
        return self.subcategory in ("credit_card", "line_of_credit")


Guess = tuple[str, str, str]


def classify(rows: Sequence[tuple[str, int, str]]) -> list[Guess]:
    """(merchant, category, why) of each (description, amount_cents, subcategory of its account), in order.

    Amounts are Stripe's: negative is money out. An empty why means unsure.
    """
    guess = _guess
    return [guess(description[:LONGEST], cents > 0, subcategory) for description, cents, subcategory in rows]


@lru_cache(maxsize=65_536)
def _guess(description: str, incoming: bool, subcategory: str) -> Guess:
    words = _take_apart(description, incoming, subcategory)
    for look in LOOKS:
        if found := look(words):
            return found
    return _name(words) or "Unknown", "income" if _is_deposit(words) else "other", UNSURE


def _take_apart(description: str, incoming: bool, subcategory: str) -> Words:
    text = " ".join(description.upper().split())[:LONGEST]
    through = ""
    # A card's prefix may stand before a processor's: "POS DEBIT SQ *CORNER CAFE".
    for pattern in (PREFIX, THROUGH):
        if found := pattern.match(text):
            through = found[0].split("*")[0].strip() if pattern is THROUGH else ""
            text = text[found.end() :] or text
    tokens = tuple(token.rstrip(".'’-/") for token in WORD.findall(text))
    return Words(text, tokens, frozenset(tokens), through, incoming, subcategory)


# --- What the wording says ------------------------------------------------------------------------------------


def _own_move(words: Words) -> Guess | None:
    """Money between own accounts: told by its wording here, proven by its other leg in transfers.py."""
    if words.on_credit and words.incoming and words.all & PAYMENT_WORDS:
        return "Card payment", "transfer", "looks like a payment of what the card owes"
    if words.all & TRANSFER_WORDS and not words.all & PERSON_WORDS:
        if not words.incoming and words.all & SAVING_WORDS:
            return _name(words) or "Savings", "saving", "looks like money put aside"
        return _name(words) or "Transfer", "transfer", "looks like a transfer between accounts"
    if not words.incoming and not words.on_credit and _pays_a_card(words):
        return _name(words) or "Card payment", "transfer", "looks like a payment of a card or credit line"
    return None


def _pays_a_card(words: Words) -> bool:
    if "CRCARDPMT" in words.all or "APPLECARD" in words.all:
        return True
    line = "LINE" in words.all and "CREDIT" in words.all
    return bool(words.all & PAYMENT_WORDS) and bool(words.all & CARD_WORDS or line)


def _pay(words: Words) -> Guess | None:
    if not words.incoming:
        return None
    text = words.text
    if words.all & PAY_WORDS or "DIR DEP" in text or "DIRECT DEP" in text:
        return _name(words) or "Pay", "income", "looks like pay"
    if "TAX REF" in text or "TAXREF" in text:
        return "Tax refund", "income", "looks like a tax refund"
    if "SSA TREAS" in text or "SOC SEC" in text:
        return "Social Security", "income", "looks like a benefit"
    if words.all & PERSON_WORDS and "FROM" in words.all:
        return _name(words), "income", "money that a person sent you"
    return None


def _interest_and_fees(words: Words) -> Guess | None:
    if words.all & {"INTEREST", "INT"} and words.incoming:
        return "Interest", "interest", "interest on what you hold"
    if not words.incoming and "CHARGE" in words.all and words.all & {"INTEREST", "FINANCE"}:
        return "Interest charged", "fees", "interest on what you owe"
    if not words.incoming and words.all & {"FEE", "OVERDRAFT", "NSF"} and not words.all & {"ATM", "CLUB"}:
        return _name(words) or "Bank fee", "fees", "looks like a bank's fee"
    return None


def _cash(words: Words) -> Guess | None:
    if "ATM" in words.all and not words.incoming:
        return "Cash withdrawal", "other", "cash from a machine"
    if words.tokens[:1] == ("CHECK",) and len(words.tokens) > 1:
        return f"Check {words.tokens[1].lstrip('#')}", "other", UNSURE
    if words.incoming and words.tokens[:2] == ("MOBILE", "DEPOSIT"):
        return "Check deposit", "income", "a check that you paid in"
    return None


# --- What the name says ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Merchant:
    tokens: tuple[str, ...]
    name: str
    category: str
    does: str


def _index_merchants() -> dict[str, tuple[Merchant, ...]]:
    """First word → merchants that begin with it, the longest name first."""
    index: dict[str, list[Merchant]] = {}
    for (category, does), listed in MERCHANTS.items():
        for entry in re.split(r"[;\n]", listed):
            written, _, name = (part.strip() for part in entry.partition("="))
            if written:
                tokens = tuple(written.split())
                index.setdefault(tokens[0], []).append(
                    Merchant(tokens, name or " ".join(map(str.capitalize, tokens)), category, does)
                )
    return {first: tuple(sorted(found, key=lambda m: -len(m.tokens))) for first, found in index.items()}


BY_FIRST_WORD = _index_merchants()


def _known_merchant(words: Words) -> Guess | None:
    tokens = words.tokens
    # A second start forgives one word in front, such as the processor's.
    for start in range(min(2, len(tokens))):
        first = tokens[start]
        for merchant in BY_FIRST_WORD.get(first) or BY_FIRST_WORD.get(first.removesuffix(".COM"), ()):
            rest = merchant.tokens[1:]
            if tokens[start + 1 : start + 1 + len(rest)] == rest:
                return (
                    merchant.name,
                    merchant.category,
                    _why(words, merchant.category, f"{merchant.name} {merchant.does}"),
                )
    return None


def _telling_word(words: Words) -> Guess | None:
    for pair in zip(words.tokens, words.tokens[1:], strict=False):
        if pair in PAIRS:
            category, tells = PAIRS[pair]
            return _name(words), category, _why(words, category, f"“{' '.join(map(_written, pair))}” suggests {tells}")
    hits = words.all & TELLING.keys()
    if hits:
        told = min(hits, key=lambda word: TELLING[word][0])
        _, category, tells = TELLING[told]
        return _name(words), category, _why(words, category, f"“{_written(told)}” suggests {tells}")
    if words.through == "TST":
        return _name(words), "eating_out", _why(words, "eating_out", "paid at a restaurant’s till")
    return None


# Word → (rank, category, what it suggests).
TELLING = {
    word: (rank, category, tells)
    for rank, ((category, tells), words) in enumerate(WORDS.items())
    for word in words.split()
}


def _why(words: Words, category: str, told: str) -> str:
    """Money that comes from a shop is a refund: it is taken off the shop's category."""
    if words.incoming:
        return f"a refund, taken off {category_of(category).name}"
    return told[:120]


def _is_deposit(words: Words) -> bool:
    """Money in on an account that is no card: more likely earned than given back."""
    return words.incoming and not words.on_credit and "REFUND" not in words.all


def _name(words: Words) -> str:
    """A name for people: without store numbers, phone numbers, place, and the bank's own words."""
    tokens = list(words.tokens)
    if len(tokens) > 2 and tokens[-1] in STATES:
        del tokens[-1]
        del tokens[-2 if len(tokens) > 2 and tokens[-2] in TWO_WORD_CITIES else -1 :]
    kept = [token for token in tokens if token not in NOISE and not _is_code(token)]
    if kept and kept[0] in PERSON_WORDS | TRANSFER_WORDS:
        kept = [token for token in kept if token not in ("TO", "FROM")]
        kept = kept[1:] or kept
    if len("".join(kept)) < 3:
        kept = [token for token in tokens if not PHONE.match(token)][:2]
    name = " ".join(map(_written, kept))
    if words.through == "PAYPAL":
        name = f"PayPal {name}"
    return f"{name[:1].upper()}{name[1:]}"[:120]


def _is_code(token: str) -> bool:
    """Store numbers, phone numbers, references: digits and what holds three or more of them."""
    digits = sum(character.isdigit() for character in token)
    return token.startswith("#") or digits >= 3 or (digits > 0 and digits == len(token))


def _written(token: str) -> str:
    if token in SPELLED_OUT:
        return SPELLED_OUT[token]
    if token in SMALL:
        return token.lower()
    if token in CAPITALS or len(token) == 1 or any(character.isdigit() for character in token):
        return token
    return token.removesuffix(".COM").capitalize()


LOOKS: tuple[Callable[[Words], Guess | None], ...] = (
    _own_move,
    _pay,
    _interest_and_fees,
    _cash,
    _known_merchant,
    _telling_word,
)
