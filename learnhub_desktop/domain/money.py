"""Amounts and currencies. An amount is a Decimal in hundredths and stands beside its currency."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Final

from learnhub_desktop.errors import InvalidInput

CENT: Final = Decimal("0.01")
ZERO: Final = Decimal("0.00")
LARGEST: Final = Decimal("9999999999.99")  # DECIMAL(12,2)

# ISO 4217 codes in use whose minor unit is a hundredth.
CURRENCIES: Final = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD
    MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON
    RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD
    TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """.split()
)
_OTHER_DECIMALS: Final = frozenset(
    """
    BHD IQD JOD KWD LYD OMR TND BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF
    XPF CLF UYW MRU MGA
    """.split()
)


def check_currency(code: str) -> str:
    """Return the code in capitals; InvalidInput unless it is a currency with two decimals."""
    currency = code.strip().upper()
    if currency in CURRENCIES:
        return currency
    if currency in _OTHER_DECIMALS:
        raise InvalidInput(
            "currency",
            f"{currency} is not divided into hundredths, and LearnHub keeps two decimals. "
            "Choose a currency with cents.",
        )
    raise InvalidInput("currency", f"“{code.strip()[:12]}” is not a currency code such as USD.")


def parse_amount(text: str, *, field: str = "amount", allow_zero: bool = False) -> Decimal:
    """Read what a person typed: "49", "49.5", "1,250.00" or "49,50".

    InvalidInput unless it is a number of at most two decimals that is above zero (or
    zero, where allowed) and fits DECIMAL(12,2).
    """
    cleaned = text.strip().replace("\u00a0", "").replace(" ", "")
    if "," in cleaned and "." not in cleaned and len(cleaned) - cleaned.rindex(",") <= 3:
        cleaned = cleaned.replace(",", ".") if cleaned.count(",") == 1 else cleaned
    elif "," in cleaned and cleaned.rfind(".") > cleaned.rfind(","):
        cleaned = cleaned.replace(",", "")
    try:
        if not cleaned.isascii() or "_" in cleaned:
            raise InvalidOperation
        amount = Decimal(cleaned)
    except InvalidOperation:
        shown = text.strip()[:20]
        raise InvalidInput(field, f"“{shown}” is not an amount such as 49.00.") from None
    return check_amount(amount, field=field, allow_zero=allow_zero)


def check_amount(amount: Decimal, *, field: str = "amount", allow_zero: bool = False) -> Decimal:
    """Return the amount with two decimals; InvalidInput where it cannot be kept exactly."""
    if not amount.is_finite():
        raise InvalidInput(field, "The amount must be a number such as 49.00.")
    if amount < 0:
        raise InvalidInput(field, "The amount cannot be below zero.")
    if amount == 0 and not allow_zero:
        raise InvalidInput(field, "The amount must be above zero.")
    if amount > LARGEST:
        raise InvalidInput(field, f"The amount cannot be above {LARGEST:,.2f}.")
    if amount != amount.quantize(CENT):
        raise InvalidInput(field, "The amount can have at most two decimals.")
    return amount.quantize(CENT)


def text(amount: Decimal, currency: str) -> str:
    """``1,250.00 USD``: for sentences; tables put the currency in the head."""
    return f"{amount:,.2f} {currency}"


def totals(amounts: Iterable[tuple[Decimal, str]]) -> str:
    """What they come to, each currency apart: ``1,250.00 USD + 49.00 EUR``."""
    sums: dict[str, Decimal] = {}
    for amount, currency in amounts:
        sums[currency] = sums.get(currency, ZERO) + amount
    return " + ".join(text(total, currency) for currency, total in sums.items())
