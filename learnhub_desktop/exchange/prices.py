"""Prices as catalogs write them: "Free", "20", "$19.99", "1.250,50 €"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from learnhub_desktop.domain.money import ZERO, check_amount, check_currency
from learnhub_desktop.errors import InvalidInput

_FREE: Final = frozenset(
    "free gratis gratuit gratuito grátis kostenlos бесплатно 無料 مجاني".split()
)

# What a sign may stand for. Where nothing else names the currency, the first is meant;
# signs that begin with "" have no such meaning.
_SIGNS: Final[dict[str, tuple[str, ...]]] = {
    "€": ("EUR",),
    "£": ("GBP", "EGP", "GIP", "FKP", "SHP"),
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "COP", "ARS", "DOP", "BBD"),
    "us$": ("USD",),
    "ca$": ("CAD",),
    "c$": ("CAD",),
    "a$": ("AUD",),
    "au$": ("AUD",),
    "nz$": ("NZD",),
    "hk$": ("HKD",),
    "s$": ("SGD",),
    "mx$": ("MXN",),
    "r$": ("BRL",),
    "¥": ("JPY", "CNY"),
    "円": ("JPY",),
    "元": ("CNY",),
    "₹": ("INR",),
    "rs": ("INR", "PKR", "LKR", "NPR"),
    "₽": ("RUB",),
    "руб": ("RUB",),
    "zł": ("PLN",),
    "kč": ("CZK",),
    "₺": ("TRY",),
    "tl": ("TRY",),
    "₪": ("ILS",),
    "฿": ("THB",),
    "₴": ("UAH",),
    "kr": ("", "SEK", "NOK", "DKK"),
    "fr": ("CHF",),
}
_WIDE: Final = str.maketrans(
    {"￥": "¥", "＄": "$", "．": ".", "，": ",", "٫": ".", "٬": ",", "\u2212": "-", "’": "'"}
)
_WORD: Final = r"[^\d\s.,'-]+"
_PRICE: Final = re.compile(
    rf"(?P<minus>-?)\s*(?:(?P<before>{_WORD}(?:\s+{_WORD})?)\.?)?\s*(?P<inner_minus>-?)\s*"
    r"(?P<number>[0-9](?:[0-9\s.,']*[0-9])?|[.,][0-9]+)(?:[.,]-*)?(?P<after_minus>-?)\s*"
    rf"(?:(?P<after>{_WORD})\.?)?"
)
_LONGEST: Final = 40
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:(?P<by>[\s.,'])[0-9]{3})(?:(?P=by)[0-9]{3})*")


@dataclass(frozen=True, slots=True)
class Price:
    """``currency`` None: nothing said which."""

    amount: Decimal
    currency: str | None


def read_price(text: str, *, currency: str | None = None, field: str = "price") -> Price:
    """Read one cell; ``currency`` is what the file or the school says where the cell does not.

    InvalidInput for what is no price, is below zero, or can be read in two ways: money is
    never guessed.
    """
    cleaned = _with_ascii_digits(text).translate(_WIDE).strip()
    if cleaned.casefold() in _FREE:
        return Price(ZERO, currency)
    match = _PRICE.fullmatch(cleaned) if len(cleaned) <= _LONGEST else None
    if match is None:
        raise _no_price(text, field)
    words = [*(match["before"] or "").split(), *(match["after"] or "").split()]
    named = _currency(words, currency, text, field)
    amount = _number(match["number"], text, field)
    # "20,-" has no cents; "-20", "-$20" and the accountants' "20-" are below zero.
    below = match["minus"] or match["inner_minus"] or match["after_minus"]
    return Price(check_amount(-amount if below else amount, field=field, allow_zero=True), named)


def _no_price(text: str, field: str) -> InvalidInput:
    shown = text.strip()[:20]
    return InvalidInput(field, f"“{shown}” is not a price such as 49.00, 1.250,50 € or Free.")


def _with_ascii_digits(text: str) -> str:
    return "".join(
        str(unicodedata.decimal(char)) if char > "\x7f" and char.isdecimal() else char
        for char in text
    )


def _currency(words: list[str], default: str | None, text: str, field: str) -> str | None:
    """One currency of all words: "$20 USD" says which dollars."""
    if not words:
        return default
    codes_first = sorted(words, key=lambda word: word.casefold() in _SIGNS)
    named = _meant(codes_first[0], default, text, field)
    if any(_meant(word, named, text, field) != named for word in codes_first[1:]):
        raise InvalidInput(field, f"“{text.strip()[:20]}” names two currencies.")
    return named


def _meant(sign: str, default: str | None, text: str, field: str) -> str:
    meanings = _SIGNS.get(sign.casefold())
    if meanings is None:
        if len(sign) != 3 or not sign.isascii() or not sign.isalpha():
            raise _no_price(text, field)
        return check_currency(sign)
    if default is not None and default in meanings:
        return default
    if not meanings[0]:
        raise InvalidInput(field, f"“{sign}” stands for several currencies. Name the one meant.")
    return check_currency(meanings[0])


def _number(number: str, text: str, field: str) -> Decimal:
    """The number, whichever of comma and point is its decimal sign."""
    signs = [char for char in number if char in ".,"]
    if len(signs) == 1 or len(set(signs)) == 2:
        whole, _, cents = number.rpartition(signs[-1])
    else:
        whole, cents = number, ""
    if cents and not cents.isdigit():
        raise _no_price(text, field)
    if len(signs) == 1 and len(cents) == 3 and whole.isdigit() and whole.strip("0"):
        raise InvalidInput(
            field,
            f"“{text.strip()[:20]}” can be read in two ways. Write {whole}.00 or {whole}{cents}.00.",
        )
    if whole and not whole.isdigit() and not _GROUPED.fullmatch(whole):
        raise _no_price(text, field)
    return Decimal(f"{re.sub('[^0-9]', '', whole) or '0'}.{cents or '0'}")
