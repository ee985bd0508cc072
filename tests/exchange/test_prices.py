from __future__ import annotations

from decimal import Decimal

import pytest

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.prices import Price, read_price


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("Free", "0.00", None),
        ("gratis", "0.00", None),
        ("0", "0.00", None),
        ("20", "20.00", None),
        ("20.", "20.00", None),
        ("19.9", "19.90", None),
        ("19,99", "19.99", None),
        (".50", "0.50", None),
        ("0.500", "0.50", None),
        ("200.0", "200.00", None),
        ("19.9900", "19.99", None),
        ("1.250,50 €", "1250.50", "EUR"),
        ("1,250.50", "1250.50", None),
        ("1.250.000", "1250000.00", None),
        ("1 250", "1250.00", None),
        ("1\u202f250,50", "1250.50", None),
        ("CHF 1'250.50", "1250.50", "CHF"),
        ("CHF 1’250.50", "1250.50", "CHF"),
        ("20,-", "20.00", None),
        ("20.-", "20.00", None),
        ("20,-- €", "20.00", "EUR"),
        ("€10", "10.00", "EUR"),
        ("$19.99", "19.99", "USD"),
        ("US$ 19.99", "19.99", "USD"),
        ("A$5", "5.00", "AUD"),
        ("$20 USD", "20.00", "USD"),
        ("CAD $20", "20.00", "CAD"),
        ("usd 20", "20.00", "USD"),
        ("20 EUR", "20.00", "EUR"),
        ("£1,000.00", "1000.00", "GBP"),
        ("Rs. 500", "500.00", "INR"),
        ("99,00 zł", "99.00", "PLN"),
        ("٢٠", "20.00", None),
        ("２０", "20.00", None),
    ],
)
def test_prices_as_catalogs_write_them(text: str, amount: str, currency: str | None) -> None:
    assert read_price(text) == Price(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("text", "default", "currency"),
    [
        ("20", "EUR", "EUR"),
        ("$20", "AUD", "AUD"),
        ("$20", "EUR", "USD"),
        ("20 €", "USD", "EUR"),
        ("200 kr", "NOK", "NOK"),
        ("¥20", "CNY", "CNY"),
        ("Free", "EUR", "EUR"),
    ],
)
def test_a_sign_with_several_meanings_means_the_currency_that_is_usual_here(
    text: str, default: str, currency: str
) -> None:
    assert read_price(text, currency=default).currency == currency


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "“” is not a price such as 49.00, 1.250,50 € or Free."),
        ("abc", "“abc” is not a price such as 49.00, 1.250,50 € or Free."),
        ("1e5", "“1e5” is not a price such as 49.00, 1.250,50 € or Free."),
        ("20²", "“20²” is not a price such as 49.00, 1.250,50 € or Free."),
        ("1,25,000", "“1,25,000” is not a price such as 49.00, 1.250,50 € or Free."),
        ("12 34", "“12 34” is not a price such as 49.00, 1.250,50 € or Free."),
        ("1.2 5", "“1.2 5” is not a price such as 49.00, 1.250,50 € or Free."),
        ("=100/2", "“=100/2” is not a price such as 49.00, 1.250,50 € or Free."),
        ("20.000", "“20.000” can be read in two ways. Write 20.00 or 20000.00."),
        ("1,250", "“1,250” can be read in two ways. Write 1.00 or 1250.00."),
        ("19.999,999", "The amount can have at most two decimals."),
        ("-5", "The amount cannot be below zero."),
        ("-$5", "The amount cannot be below zero."),
        ("$-5", "The amount cannot be below zero."),
        ("\u22125", "The amount cannot be below zero."),
        ("133.55-", "The amount cannot be below zero."),
        ("99999999999", "The amount cannot be above 9,999,999,999.99."),
        ("¥500", "JPY is not divided into hundredths"),
        ("200 kr", "“kr” stands for several currencies. Name the one meant."),
        ("€20 USD", "“€20 USD” names two currencies."),
        ("20 XYZ", "“XYZ” is not a currency code such as USD."),
    ],
)
def test_what_is_no_price_or_could_be_two_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_price(text)
    assert str(refused.value).startswith(message)


def test_an_endless_cell_is_refused_quickly() -> None:
    with pytest.raises(InvalidInput, match="is not a price"):
        read_price("1 " * 50_000 + "x")
