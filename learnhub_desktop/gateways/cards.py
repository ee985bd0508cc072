"""The simulated gateway's test cards: what a token does, and what is derived from it.

A token is ``tok_BEHAVIOUR``, then if wanted a country and anything else, each after an
underscore: ``tok_visa``, ``tok_visa_de``, ``tok_declined_fr_7``. Each token is a card of its
own, so ``tok_visa_1`` and ``tok_visa_2`` are two cards.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from learnhub_desktop.domain.countries import COUNTRIES
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.gateways.port import TOKEN_LENGTH

HOME_COUNTRY: Final = "US"


class CardBehaviour(StrEnum):
    """PLAIN does what the gateway's mood says; the others do always the same."""

    PLAIN = "visa"
    DECLINED = "declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED = "expired"
    LOST_ANSWER = "lost_answer"
    LATE = "late"
    UNREACHABLE = "unreachable"
    REFUND_PENDING = "refund_pending"
    REFUND_DECLINED = "refund_declined"
    UNKNOWN = "unknown_card"


_TOKENS: Final[dict[str, CardBehaviour]] = {
    f"tok_{behaviour.value}": behaviour
    for behaviour in CardBehaviour
    if behaviour is not CardBehaviour.UNKNOWN
}
TEST_CARDS: Final = tuple(_TOKENS)

_SEPARATORS: Final = re.compile(r"[\s\-.]")
_CARD_NUMBER: Final = re.compile(r"\d{12,19}")


@dataclass(frozen=True, slots=True)
class TestCard:
    """``fingerprint`` is one-way; the token itself is kept nowhere."""

    __test__ = False  # pytest would otherwise take the name for a test class

    behaviour: CardBehaviour
    fingerprint: str
    country: str


def read_token(token: str) -> TestCard:
    """Read a test card's token; InvalidInput for none, and for what looks like a card number.

    A token that is not of the form ``tok_...`` is a card that the gateway does not know; one
    with another word after ``tok_`` is a plain card.
    """
    cleaned = token.strip().lower()
    if not cleaned:
        raise InvalidInput("card", "Name the card's token, such as tok_visa.")
    if len(cleaned) > TOKEN_LENGTH:
        raise InvalidInput("card", f"A card's token has at most {TOKEN_LENGTH} characters.")
    if _CARD_NUMBER.search(_SEPARATORS.sub("", cleaned)):
        # The value is not quoted, so that a number typed by mistake reaches no log.
        raise InvalidInput(
            "card", "This looks like a card number. LearnHub takes only a token such as tok_visa."
        )
    digest = hashlib.sha256(f"simulated card {cleaned}".encode()).hexdigest()
    behaviour, rest = _behaviour(cleaned)
    country = next((part.upper() for part in rest if part.upper() in COUNTRIES), HOME_COUNTRY)
    return TestCard(behaviour, f"card_{digest[:32]}", country)


def _behaviour(token: str) -> tuple[CardBehaviour, list[str]]:
    for name, behaviour in _TOKENS.items():
        if token == name or token.startswith(f"{name}_"):
            return behaviour, token[len(name) :].split("_")
    if token.startswith("tok_"):
        return CardBehaviour.PLAIN, token.split("_")[2:]
    return CardBehaviour.UNKNOWN, []
