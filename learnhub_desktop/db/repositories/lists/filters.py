"""The kinds of filters: each makes conditions out of the values of a chip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, or_, true

from learnhub_desktop.db.repositories.base import like
from learnhub_desktop.db.repositories.lists.source import (
    Condition,
    Expression,
    FilterSpec,
    Measure,
    check_id,
)
from learnhub_desktop.domain import search
from learnhub_desktop.domain.search import Asker, MeasureKind, Value, plain
from learnhub_desktop.domain.states import say
from learnhub_desktop.domain.text import search_key
from learnhub_desktop.errors import InvalidInput

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], ColumnElement[bool]]]] = {
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    "=": lambda column, value: column == value,
    ">=": lambda column, value: column >= value,
    ">": lambda column, value: column > value,
}


def one_of(
    expression: Expression, words: type[StrEnum], *, nothing: str = "", needs: tuple[str, ...] = ()
) -> FilterSpec:
    """Alternatives of a fixed vocabulary; ``nothing`` is the word for NULL, where it has one."""

    def condition(values: tuple[str, ...], asker: Asker) -> Condition:
        stored = [value for value in values if value != nothing]
        found = expression.in_(stored)
        return or_(found, expression.is_(None)) if len(stored) < len(values) else found

    spelled = {typed: str(word) for word in words for typed in (str(word), say(word))}
    if nothing:
        spelled[nothing] = nothing
    return FilterSpec(condition, spelled, needs, in_search=True)


def cases(
    conditions: Mapping[str, Condition | Callable[[Asker], Condition]],
    *,
    needs: tuple[str, ...] = (),
) -> FilterSpec:
    """Named cases, any of which may hold; one that depends on the time asks for it."""

    def condition(values: tuple[str, ...], asker: Asker) -> Condition:
        chosen = (conditions[value] for value in values)
        return or_(
            false(),
            *(case if isinstance(case, ColumnElement) else case(asker) for case in chosen),
        )

    return FilterSpec(condition, {name: name for name in conditions}, needs, in_search=True)


def ids(expression: Expression, name: str) -> FilterSpec:
    def condition(values: tuple[str, ...], asker: Asker) -> Condition:
        return expression.in_([check_id(value, field=name) for value in values])

    return FilterSpec(condition, in_search=True)


def texts(make: Callable[[list[str]], Condition]) -> FilterSpec:
    return FilterSpec(lambda values, asker: make(list(values)), in_search=True)


def between(measure: Measure, name: str) -> FilterSpec:
    """From and to, both inside; either may be empty. A day is one of the school's time zone."""

    def condition(values: tuple[str, ...], asker: Asker) -> Condition:
        if len(values) > 2:
            raise InvalidInput(name, f"The filter “{name}” takes two values: from and to.")
        bounds = []
        for operator, value in zip((">=", "<="), values, strict=False):
            if value.strip():
                bounds.append(
                    compare(measure, operator, _bound(value, measure.kind, name), asker.zone)
                )
        return and_(true(), *bounds)

    return FilterSpec(condition, needs=measure.needs)


def compare(measure: Measure, operator: str, value: Value, zone: Callable[[], tzinfo]) -> Condition:
    """The measure held against a value; of a moment a day's name means all of that day."""
    is_exact = measure.kind is MeasureKind.DATE or isinstance(value, datetime)
    if is_exact or not isinstance(value, date):
        return _OPERATORS[operator](measure.expression, value)
    start, end = _day(value, zone())
    match operator:
        case "<":
            return measure.expression < start
        case "<=":
            return measure.expression < end
        case ">":
            return measure.expression >= end
        case ">=":
            return measure.expression >= start
    return and_(measure.expression >= start, measure.expression < end)


def _day(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first moment of the day and that of the next one."""
    return (
        datetime.combine(day, time.min, zone),
        datetime.combine(day + timedelta(days=1), time.min, zone),
    )


def _bound(text: str, kind: MeasureKind, name: str) -> Value:
    if kind is MeasureKind.DAY and "T" in text:
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment
    return search.measure(text, kind, name=name)


def check_words(name: str, spec: FilterSpec, values: Iterable[str]) -> tuple[str, ...]:
    """The values as they are stored; InvalidInput for one that the filter does not know."""
    if spec.words is None:
        return tuple(values)
    known = {plain(typed): word for typed, word in spec.words.items()}
    stored = []
    for value in values:
        word = known.get(plain(value))
        if word is None:
            allowed = ", ".join(dict.fromkeys(spec.words.values()))
            raise InvalidInput(name, f"“{value[:40]}” is not one of {name}: {allowed}.")
        stored.append(word)
    return tuple(stored)


def contains(column: Expression, word: str) -> Condition:
    """The folded text holds the word anywhere; a word that folds to nothing finds nothing."""
    folded = search_key(word)
    return column.like(like(folded), escape="!") if folded else false()


def begins(column: Expression, text: str) -> Condition:
    """An index can answer this one."""
    return column.like(like(text)[1:], escape="!")
