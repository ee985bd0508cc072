from __future__ import annotations

from collections.abc import Mapping

import pytest

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.columns import parse_choices
from learnhub_desktop.exchange.courses import COURSE_FIELDS, CourseLine, read_courses
from learnhub_desktop.exchange.imports import Imported
from learnhub_desktop.exchange.reading import read_bytes


def read_all(text: str, *, chosen: Mapping[str, str] | None = None) -> Imported[CourseLine]:
    return read_courses(read_bytes(text.encode()), chosen=chosen)


def course_of(text: str, *, chosen: Mapping[str, str]) -> CourseLine:
    (line,) = read_all(text, chosen=chosen).lines
    return line


def test_of_several_known_names_the_better_one_is_taken() -> None:
    imported = read_all("id,name,course_title,course_id\n1,An author,A title,7\n")
    assert imported.columns == (("external_id", "course_id"), ("title", "course_title"))


def test_a_person_may_say_which_column_is_which() -> None:
    chosen = parse_choices(["title=Kurs", " External_ID = Nr. "], COURSE_FIELDS)
    line = course_of("Nr.;Kurs;title\n7;Rechnen;ignored\n", chosen=chosen)
    assert (line.external_id, line.title) == ("7", "Rechnen")


def test_a_person_may_say_that_a_field_is_not_in_the_file() -> None:
    chosen = parse_choices(["tags="], COURSE_FIELDS)
    assert course_of("id,title,price,category\n1,A,1,Web\n", chosen=chosen).tags == ()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("title", "“title” is not of the form FIELD=COLUMN."),
        ("prize=Price", "“prize” is not a field. The fields are external_id, title, description,"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(option: str, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_choices([option], COURSE_FIELDS)
    assert str(refused.value).startswith(message)


def test_a_field_is_chosen_once() -> None:
    with pytest.raises(InvalidInput, match="The field title is mapped twice"):
        parse_choices(["title=a", "title=b"], COURSE_FIELDS)


def test_a_chosen_column_must_be_there() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_all("id,title\n1,A\n", chosen={"title": "Kurs"})
    assert str(refused.value) == "The file has no column “Kurs”. It has id, title."


def test_a_file_without_titles_says_how_to_name_them() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_all("Nr;Kurs\n1;Rechnen\n")
    assert str(refused.value) == (
        "The file has no column for the course's title. It has Nr, Kurs. "
        "Say which it is with --map title=COLUMN."
    )
