"""What a person types into a list's search box, taken apart.

Nothing that is typed is an error: a term that is not understood is searched as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Actor
from learnhub_desktop.domain.text import LARGEST_ID, check_email, read_whole
from learnhub_desktop.errors import InvalidInput


class MeasureKind(Enum):
    """What a column that can be compared holds, and so what may stand after ``>``."""

    AMOUNT = auto()
    NUMBER = auto()  # whole
    PERCENT = auto()  # at most two decimals
    DAY = auto()  # of a moment: which day that is depends on the time zone
    DATE = auto()  # a day of the school already


Value = Decimal | int | date


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What one list understands besides words.

    ``choices`` are fields with a fixed set of values, as a person types them (any case) to
    the stored word; ``texts`` are fields that take any text; ``measures`` can be compared.
    """

    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()
    measures: Mapping[str, MeasureKind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a list, and what only some filters need: the time and the school's zone."""

    actor: Actor
    now: Callable[[], datetime]
    zone: Callable[[], tzinfo]


@dataclass(frozen=True, slots=True)
class Word:
    """Text to find anywhere. ``row_id`` is set where the word could be an id as well."""

    text: str
    row_id: int | None = None


@dataclass(frozen=True, slots=True)
class ExactId:
    """``#42`` or ``id:42``: this row and no other."""

    row_id: int


@dataclass(frozen=True, slots=True)
class Address:
    """The beginning of an e-mail address that has all its parts."""

    email: str


@dataclass(frozen=True, slots=True)
class Choice:
    """``status:unknown,pending``: the field has one of these values."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``amount>100``. ``operator`` is one of < <= = >= >."""

    name: str
    operator: str
    value: Value


Term = Word | ExactId | Address | Choice | Comparison

# A quoted phrase may follow a field's colon: tag:"data science".
_TOKEN: Final = re.compile(r'(?:[^\s":]+:)?"[^"]*"|\S+')
_COMPARED: Final = re.compile(r"(?P<name>\w+)(?P<operator><=|>=|<|>|=)(?P<value>.+)", re.DOTALL)
_FIRST_DAY: Final = date(1000, 1, 2)
_LAST_DAY: Final = date(9999, 12, 29)
_ID: Final = re.compile(r"(?:#|id:)(?P<id>[0-9]{1,19})", re.IGNORECASE)


def parse(text: str, vocabulary: Vocabulary) -> tuple[Term, ...]:
    """Take the text apart; every term must hold for a row to be shown."""
    return tuple(
        _term(token, vocabulary) for token in _tokens(text, vocabulary) if token.strip('"')
    )


def _tokens(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    text = text.replace("≥", ">=").replace("≤", "<=")
    # People put spaces around an operator: only where a known name stands before it, so that
    # "c > d" stays text.
    if vocabulary.measures:
        names = "|".join(map(re.escape, vocabulary.measures))
        text = re.sub(
            rf"(?<!\w)({names})\s*(<=|>=|<|>|=)\s*(?=\S)", r"\1\2", text, flags=re.IGNORECASE
        )
    fields = "|".join(map(re.escape, ("id", *vocabulary.choices, *vocabulary.texts)))
    text = re.sub(rf"(?<!\w)({fields}):\s+(?=\S)", r"\1:", text, flags=re.IGNORECASE)
    for found in _TOKEN.finditer(text):
        yield found.group()


def _term(token: str, vocabulary: Vocabulary) -> Term:
    if exact := _ID.fullmatch(token):
        row_id = int(exact["id"])
        if row_id <= LARGEST_ID:
            return ExactId(row_id)
    named = _choice(token, vocabulary) or _comparison(token, vocabulary)
    if named is not None:
        return named
    word = token.strip('"')
    number = read_whole(word, most=LARGEST_ID)
    if number is not None:
        return Word(word, number)
    if "@" in word:
        try:
            return Address(check_email(word))
        except InvalidInput:
            pass  # Half an address: found as text.
    return Word(word)


def _choice(token: str, vocabulary: Vocabulary) -> Choice | None:
    name, colon, rest = token.partition(":")
    name = name.lower()
    values = [value.strip() for value in rest.strip('"').split(",") if value.strip()]
    if not colon or not values:
        return None
    if name in vocabulary.texts:
        return Choice(name, tuple(values))
    known = {plain(typed): stored for typed, stored in vocabulary.choices.get(name, {}).items()}
    stored = [known.get(plain(value)) for value in values]
    found = tuple(word for word in stored if word is not None)
    return Choice(name, found) if len(found) == len(values) else None


def _comparison(token: str, vocabulary: Vocabulary) -> Comparison | None:
    found = _COMPARED.fullmatch(token)
    if found is None or found["name"].lower() not in vocabulary.measures:
        return None
    name = found["name"].lower()
    try:
        value = measure(found["value"].strip('"'), vocabulary.measures[name], name=name)
    except InvalidInput:
        return None
    return Comparison(name, found["operator"], value)


def measure(text: str, kind: MeasureKind, *, name: str) -> Value:
    """Read a value to compare with; InvalidInput says what it should look like."""
    text = text.strip()
    match kind:
        case MeasureKind.AMOUNT:
            return money.parse_amount(text, field=name, allow_zero=True)
        case MeasureKind.DAY | MeasureKind.DATE:
            return day(text, name=name)
        case MeasureKind.NUMBER if re.fullmatch(r"-?[0-9]{1,18}", text):
            return int(text)
        case MeasureKind.PERCENT if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?%?", text):
            return Decimal(text.rstrip("%"))
    raise InvalidInput(name, f"“{text[:20]}” is not a number such as 20.")


def day(text: str, *, name: str) -> date:
    """Read a day written as 2026-03-10; InvalidInput otherwise."""
    found = None
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip()):
        with suppress(ValueError):
            found = date.fromisoformat(text.strip())
    # What DATETIME takes, seen from any time zone.
    if found is None or not _FIRST_DAY <= found <= _LAST_DAY:
        raise InvalidInput(name, f"“{text[:20]}” is not a date such as 2026-03-10.")
    return found


def plain(word: str) -> str:
    """How a choice is compared: "Partly-Refunded" is "partly_refunded"."""
    return re.sub(r"[\s_-]+", "_", word.strip().casefold())
