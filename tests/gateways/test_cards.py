from __future__ import annotations

import pytest

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.gateways.cards import TEST_CARDS, CardBehaviour, read_token


@pytest.mark.parametrize(
    ("token", "behaviour", "country"),
    [
        ("tok_visa", CardBehaviour.PLAIN, "US"),
        (" TOK_VISA_DE ", CardBehaviour.PLAIN, "DE"),
        ("tok_visa_7", CardBehaviour.PLAIN, "US"),
        ("tok_visa_fr_7", CardBehaviour.PLAIN, "FR"),
        ("tok_insufficient_funds_no", CardBehaviour.INSUFFICIENT_FUNDS, "NO"),
        ("tok_lost_answer", CardBehaviour.LOST_ANSWER, "US"),
        ("tok_amex_gb", CardBehaviour.PLAIN, "GB"),
        ("tok_visa_zz", CardBehaviour.PLAIN, "US"),
        ("anything", CardBehaviour.UNKNOWN, "US"),
    ],
)
def test_a_token_says_what_its_card_does(
    token: str, behaviour: CardBehaviour, country: str
) -> None:
    card = read_token(token)
    assert (card.behaviour, card.country) == (behaviour, country)


def test_the_fingerprint_is_stable_and_does_not_hold_the_token() -> None:
    assert read_token("tok_visa").fingerprint == "card_dd14723060f03a2733d32ff26b6dc66e"
    assert read_token("Tok_Visa ").fingerprint == read_token("tok_visa").fingerprint


def test_each_token_is_a_card_of_its_own() -> None:
    assert len({read_token(f"{card}_{n}").fingerprint for card in TEST_CARDS for n in (1, 2)}) == 18


@pytest.mark.parametrize(
    "number",
    ["4242424242424242", "4242 4242 4242 4242", "3782-822463-10005", "tok_4000056655665556"],
)
def test_a_card_number_is_refused_and_not_repeated(number: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_token(number)
    assert str(refused.value) == (
        "This looks like a card number. LearnHub takes only a token such as tok_visa."
    )


def test_an_endless_token_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at most 200 characters"):
        read_token("tok_" + "x" * 200)
