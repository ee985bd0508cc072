"""Texts of every script and of every trick go into names and titles and come back equal."""

from __future__ import annotations

import csv
import json
import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.text import TITLE_LENGTH, check_text
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.courses import CourseLine
from learnhub_desktop.exchange.imports import Imported
from learnhub_desktop.exchange.students import StudentLine
from learnhub_desktop.services.imports import import_courses, import_students
from tests.factories import make_instructor
from tests.services.course_rows import any_uow as any_uow  # a fixture
from tests.shared_data import shared_data

OWN = [
    *("'; DROP TABLE users; --", '"', "\\", "%s {0} %(name)s", "NULL", "-1", "1e999", "=1+1"),
    *(
        "🙂 👩‍👩‍👧‍👦 🇺🇳",
        "Zoë",
        "Zoe\u0308",
        "ﬁ",
        "İstanbul ß",
        "Ṱ̺̺o͞ ͅi̖n",
        "\u202eright to left",
        "\ufeffmark",
    ),
    *("李小龍", "محمد علي", "Ελένη", "Дмитрий", "นภา", "अनिता", "שרה", "김민준", "𠜎𠜱", "x" * 200),
]


def own() -> list[str]:
    return OWN


def naughty() -> list[str]:
    found = json.loads(shared_data("06-strings-blns", "blns.json").read_bytes())
    assert len(found) > 500
    return [str(text) for text in found]


def of_many_scripts() -> list[str]:
    path = shared_data("06-names-multiscript", "students_a.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return [f"{row['first_name']} {row['last_name']}" for row in csv.DictReader(file)]


def kept(texts: list[str]) -> dict[str, str]:
    """What may be stored, by a number of its own; the rest is refused in words."""
    run = uuid.uuid4().hex[:8]  # servers keep one school for the whole run
    found = {}
    for number, typed in enumerate(texts):
        try:
            text = check_text(typed, field="title", label="The title", longest=TITLE_LENGTH)
        except InvalidInput as refused:
            assert str(refused).startswith("The title ")
        else:
            found[f"{run}-{number}"] = text
    assert len(found) > 0.8 * len(texts)
    return found


@pytest.mark.parametrize("source", [own, naughty, of_many_scripts])
def test_they_come_back_equal_from_every_database(
    any_uow: UnitOfWork, source: Callable[[], list[str]]
) -> None:
    texts = kept(source())
    teacher = f"{uuid.uuid4().hex}@example.org"
    make_instructor(any_uow.connection, email=teacher)
    titles = tuple(CourseLine(n, key, text) for n, (key, text) in enumerate(texts.items()))
    names = tuple(
        StudentLine(n, text, f"{key}@example.org", key)
        for n, (key, text) in enumerate(texts.items())
    )
    import_courses(
        any_uow,
        Imported(titles, (), (), (("external_id", "id"), ("title", "title"))),
        instructor_email=teacher,
    )
    import_students(any_uow, Imported(names, (), (), (("name", "name"), ("email", "email"))))

    for table, column in ((t.courses, t.courses.c.title), (t.users, t.users.c.name)):
        rows = any_uow.connection.execute(
            select(table.c.external_id, column).where(table.c.external_id.in_(texts))
        )
        assert {row[0]: row[1] for row in rows} == texts
