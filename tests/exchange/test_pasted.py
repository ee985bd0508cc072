from __future__ import annotations

import json

import pytest

from learnhub_desktop.exchange.pasted import PastedEntry, read_pasted
from tests.shared_data import shared_data


def people(text: str) -> list[tuple[int, str | None, str | None]]:
    return [(entry.line, entry.name, entry.email) for entry in read_pasted(text)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ada@example.org", [("", "ada@example.org")]),
        ("Ada Lovelace", [("Ada Lovelace", "")]),
        ("Ada Lovelace <ada@example.org>", [("Ada Lovelace", "ada@example.org")]),
        ('"Lovelace, Ada" <ada@example.org>', [("Lovelace, Ada", "ada@example.org")]),
        ("<ADA@Example.org>", [("", "ada@example.org")]),
        ("mailto:ada@example.org", [("", "ada@example.org")]),
        ("Ada Lovelace, ada@example.org", [("Ada Lovelace", "ada@example.org")]),
        ("Ada Lovelace ada@example.org", [("Ada Lovelace", "ada@example.org")]),
        ("ada@example.org\tAda\tLovelace", [("Ada Lovelace", "ada@example.org")]),
        ("S0001;Ada Lovelace;ada@example.org;", [("Ada Lovelace", "ada@example.org")]),
        ("Lovelace, Ada", [("Ada Lovelace", "")]),
        ("van Gogh, Vincent", [("Vincent van Gogh", "")]),
        ("Ada Lovelace, Grace Hopper", [("Ada Lovelace", ""), ("Grace Hopper", "")]),
        ("a@x.org, b@x.org; c@x.org", [("", "a@x.org"), ("", "b@x.org"), ("", "c@x.org")]),
        ("a@x.org b@x.org", [("", "a@x.org"), ("", "b@x.org")]),
        ("Ada <a@x.org>; Grace <g@x.org>", [("Ada", "a@x.org"), ("Grace", "g@x.org")]),
        ("Ada, a@x.org, Grace, g@x.org", [("Ada", "a@x.org"), ("Grace", "g@x.org")]),
        (
            "Ada, Grace, g@x.org, h@x.org, Alan",
            [("Ada", ""), ("Grace", "g@x.org"), ("", "h@x.org"), ("Alan", "")],
        ),
        ("Айгүл Сериковa <aigul@example.org>", [("Айгүл Сериковa", "aigul@example.org")]),
        ("", []),
        (" , ; \t", []),
        ('""', []),
    ],
)
def test_a_line_is_read_as_people_mean_it(line: str, expected: list[tuple[str, str]]) -> None:
    assert people(line) == [(1, name or None, email or None) for name, email in expected]


def test_lines_are_counted_with_the_empty_ones() -> None:
    assert people("a@x.org\r\n\r\n  \nb@x.org\n") == [(1, None, "a@x.org"), (4, None, "b@x.org")]


def test_a_line_of_headers_is_passed_over() -> None:
    assert people("Name\tE-mail\nAda\tada@x.org") == [(2, "Ada", "ada@x.org")]
    assert people("\nemail\nada@x.org") == [(3, None, "ada@x.org")]


def test_the_same_person_twice_is_marked_with_the_first_line() -> None:
    entries = read_pasted("Ada <a@x.org>\nGrace Hopper\nA@X.org\ngrace  hopper\nAda")
    assert [entry.duplicate_of for entry in entries] == [None, None, 1, 2, None]


@pytest.mark.parametrize(
    ("line", "text", "problem"),
    [
        ("ada@", "ada@", "“ada@” is not an e-mail address such as ada@example.org."),
        (
            "Ada <ada at example>",
            "Ada <ada at example>",
            "“ada at example” is not an e-mail address such as ada@example.org.",
        ),
        ("x" * 201, "x" * 200, "The name can have at most 200 characters; this has 201."),
    ],
)
def test_what_cannot_be_used_says_why(line: str, text: str, problem: str) -> None:
    assert read_pasted(line) == (PastedEntry(1, text, problem=problem),)


def test_a_bad_line_twice_is_a_problem_twice() -> None:
    assert [entry.duplicate_of for entry in read_pasted("ada@\nada@")] == [None, None]


def test_marks_that_nobody_sees_do_not_matter() -> None:
    assert people("\ufeffada@x.org\u200b\n\u200eada@x.org") == [
        (1, None, "ada@x.org"),
        (2, None, "ada@x.org"),
    ]


def test_any_pasted_text_gives_entries_or_problems() -> None:
    strings = json.loads(shared_data("06-strings-blns", "blns.json").read_bytes())
    for text in strings:
        for entry in read_pasted(text):
            assert entry.problem or entry.name or entry.email
