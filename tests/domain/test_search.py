"""What is typed into a search box: each case with what it is taken for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from learnhub_desktop.domain.search import (
    Address,
    Choice,
    Comparison,
    ExactId,
    MeasureKind,
    Term,
    Vocabulary,
    Word,
    measure,
    parse,
)
from learnhub_desktop.errors import InvalidInput

PAYMENTS = Vocabulary(
    choices={
        "status": {
            "unknown": "unknown",
            "pending": "pending",
            "partially_refunded": "partially_refunded",
            "partly refunded": "partially_refunded",
        }
    },
    texts=frozenset({"tag"}),
    measures={
        "amount": MeasureKind.AMOUNT,
        "score": MeasureKind.NUMBER,
        "progress": MeasureKind.PERCENT,
        "created": MeasureKind.DAY,
    },
)


@pytest.mark.parametrize(
    "typed, terms",
    [
        ("", ()),
        ("   ", ()),
        ("ada", (Word("ada"),)),
        ("ada lovelace", (Word("ada"), Word("lovelace"))),
        ('"ada lovelace"', (Word("ada lovelace"),)),
        ('"ada lovelace', (Word("ada"), Word("lovelace"))),
        ('""', ()),
        ('5" screen', (Word("5", 5), Word("screen"))),
        ("42", (Word("42", 42),)),
        ("9" * 5_000, (Word("9" * 5_000),)),
        ("#42", (ExactId(42),)),
        ("id:42", (ExactId(42),)),
        ("ID: 42", (ExactId(42),)),
        ("id:none", (Word("id:none"),)),
        ("#nothing", (Word("#nothing"),)),
        ("９", (Word("９"),)),  # a digit of another script is text
        ("99999999999999999999", (Word("99999999999999999999"),)),
        ("#99999999999999999999", (Word("#99999999999999999999"),)),
        ("#9999999999999999999", (Word("#9999999999999999999"),)),
        ("ada@example.org", (Address("ada@example.org"),)),
        ("Ada@Example.ORG", (Address("ada@example.org"),)),
        ("ada@exam", (Word("ada@exam"),)),
        ("@example.org", (Word("@example.org"),)),
        ("status:unknown", (Choice("status", ("unknown",)),)),
        ("STATUS:Unknown", (Choice("status", ("unknown",)),)),
        ("status: unknown", (Choice("status", ("unknown",)),)),
        ("status:unknown,pending", (Choice("status", ("unknown", "pending")),)),
        ('status:"partly refunded"', (Choice("status", ("partially_refunded",)),)),
        ("status:partially-refunded", (Choice("status", ("partially_refunded",)),)),
        ("status:lost", (Word("status:lost"),)),
        ("status:unknown,lost", (Word("status:unknown,lost"),)),
        ("status:", (Word("status:"),)),
        ("colour:red", (Word("colour:red"),)),
        ("SQL: basics", (Word("SQL:"), Word("basics"))),
        ('tag:"data science"', (Choice("tag", ("data science",)),)),
        ("tag:sql,python", (Choice("tag", ("sql", "python")),)),
        ("amount>100", (Comparison("amount", ">", Decimal("100.00")),)),
        ("amount > 100", (Comparison("amount", ">", Decimal("100.00")),)),
        ("Amount>=49.50", (Comparison("amount", ">=", Decimal("49.50")),)),
        ("amount≤1,250.00", (Comparison("amount", "<=", Decimal("1250.00")),)),
        ("amount=0", (Comparison("amount", "=", Decimal("0.00")),)),
        ("amount>", (Word("amount>"),)),
        ("amount>lots", (Word("amount>lots"),)),
        ("amount>-5", (Word("amount>-5"),)),
        ("amount>1.005", (Word("amount>1.005"),)),
        ("amount>1e400", (Word("amount>1e400"),)),
        ("score>80", (Comparison("score", ">", 80),)),
        ("score>80.5", (Word("score>80.5"),)),
        ("progress<20%", (Comparison("progress", "<", Decimal("20")),)),
        ("progress<33.333", (Word("progress<33.333"),)),
        ("created>2026-03-10", (Comparison("created", ">", date(2026, 3, 10)),)),
        ("created=2026-02-30", (Word("created=2026-02-30"),)),
        ("created>0001-01-01", (Word("created>0001-01-01"),)),
        ("price>10", (Word("price>10"),)),
        ("a>b", (Word("a>b"),)),
        ("C++ & C#", (Word("C++"), Word("&"), Word("C#"))),
        (
            "ada status:unknown amount>100",
            (
                Word("ada"),
                Choice("status", ("unknown",)),
                Comparison("amount", ">", Decimal("100.00")),
            ),
        ),
        ("'; DROP TABLE users; --", (Word("';"), Word("DROP"), Word("TABLE"), Word("users;"),
                                     Word("--"))),
    ],
)  # fmt: skip
def test_a_search_is_taken_apart(typed: str, terms: tuple[Term, ...]) -> None:
    assert parse(typed, PAYMENTS) == terms


def test_a_list_without_measures_takes_comparisons_for_text() -> None:
    assert parse("amount > 100", Vocabulary()) == (Word("amount"), Word(">"), Word("100", 100))


@pytest.mark.parametrize(
    "kind, text, sentence",
    [
        (MeasureKind.AMOUNT, "lots", "“lots” is not an amount such as 49.00."),
        (MeasureKind.NUMBER, "1.5", "“1.5” is not a number such as 20."),
        (MeasureKind.PERCENT, "-1", "“-1” is not a number such as 20."),
        (MeasureKind.DAY, "10.3.2026", "“10.3.2026” is not a date such as 2026-03-10."),
    ],
)
def test_a_value_that_cannot_be_compared_says_what_it_should_be(
    kind: MeasureKind, text: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        measure(text, kind, name="amount")

    assert str(refused.value) == sentence
    assert refused.value.field == "amount"
