"""Files of courses and students: matched by their own numbers, written at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.courses import CourseRepository
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.states import CourseStatus, Level
from learnhub_desktop.errors import DatabaseUnavailable, InvalidInput, NotAllowed
from learnhub_desktop.exchange.courses import CourseLine, read_courses
from learnhub_desktop.exchange.imports import Imported
from learnhub_desktop.exchange.reading import Rejected, read_bytes, read_file
from learnhub_desktop.exchange.students import StudentLine, read_students
from learnhub_desktop.services import catalog
from learnhub_desktop.services.imports import ImportReport, import_courses, import_students
from tests.factories import NOW, make_instructor, make_student
from tests.shared_data import shared_data

HEAD = "course_id,course_title,is_paid,price,level,subject\n"
TWO = HEAD + "41,SQL Mastery,True,49,Beginner Level,Databases\n42,Free,False,Free,All Levels,\n"


def courses_of(text: str, **options: Any) -> Imported[CourseLine]:
    return read_courses(read_bytes(text.encode()), **options)


def students_of(text: str) -> Imported[StudentLine]:
    return read_students(read_bytes(text.encode()))


def numbers(report: ImportReport) -> tuple[int, int, int, int, int]:
    return (
        report.read,
        report.added,
        report.updated,
        report.unchanged,
        len(report.rejected),
    )


def course_of(uow: UnitOfWork, external_id: str) -> Any:
    c = t.courses.c
    course_id = uow.connection.scalar(select(c.course_id).where(c.external_id == external_id))
    assert course_id is not None
    return catalog.get_course(uow, course_id)


def test_courses_come_in_open_and_tagged(uow: UnitOfWork) -> None:
    instructor_id = make_instructor(uow.connection)

    report = import_courses(uow, courses_of(TWO))

    assert numbers(report) == (2, 2, 0, 0, 0)
    assert report.changes.touched == Touched.CATALOG
    assert report.changes.message == ("Imported 2 new courses; 0 updated, 0 unchanged, 0 rejected.")
    detail = course_of(uow, "41")
    assert detail.course.title == "SQL Mastery"
    assert detail.course.instructor_id == instructor_id
    assert detail.course.status is CourseStatus.ACTIVE
    assert detail.course.level is Level.BEGINNER
    assert (detail.course.price, detail.course.currency) == (Decimal("49.00"), "USD")
    assert detail.course.access_months == 12
    assert detail.course.created_at == NOW
    assert detail.tags == ("Databases",)
    assert course_of(uow, "42").course.price == Decimal("0.00")


def test_a_second_import_adds_nothing(uow: UnitOfWork) -> None:
    make_instructor(uow.connection)
    import_courses(uow, courses_of(TWO))
    before = course_of(uow, "41").course

    report = import_courses(uow, courses_of(TWO))

    assert numbers(report) == (2, 0, 0, 2, 0)
    assert report.changes.touched == Touched.NOTHING
    assert course_of(uow, "41").course == before


def test_what_changed_in_the_file_is_updated_and_nothing_else(uow: UnitOfWork) -> None:
    make_instructor(uow.connection)
    import_courses(uow, courses_of(TWO))
    course_id = course_of(uow, "41").course.course_id
    catalog.set_tags(uow, course_id, ["Databases", "hand-made"])
    catalog.set_status(uow, course_id, CourseStatus.DRAFT)
    other = make_instructor(uow.connection, email="other@example.org")
    changed = HEAD + "41,SQL II,True,59.50,All Levels,databases\n42,Free,False,Free,All Levels,\n"

    report = import_courses(uow, courses_of(changed), instructor_email="Other@example.org")

    assert numbers(report) == (2, 0, 1, 1, 0)
    detail = course_of(uow, "41")
    assert (detail.course.title, detail.course.price) == ("SQL II", Decimal("59.50"))
    assert detail.course.level is None
    assert detail.course.status is CourseStatus.DRAFT
    assert detail.course.instructor_id != other
    assert detail.tags == ("Databases", "hand-made")


def test_a_column_that_the_file_lacks_changes_nothing(uow: UnitOfWork) -> None:
    make_instructor(uow.connection)
    import_courses(uow, courses_of(TWO))

    report = import_courses(uow, courses_of("course_id,course_title\n41,SQL Mastery\n"))

    assert numbers(report) == (1, 0, 0, 1, 0)


def test_a_new_tag_of_the_file_is_added_to_those_of_the_staff(uow: UnitOfWork) -> None:
    make_instructor(uow.connection)
    import_courses(uow, courses_of(TWO))

    report = import_courses(
        uow, courses_of(HEAD + "41,SQL Mastery,True,49,Beginner Level,Analysis\n")
    )

    assert numbers(report) == (1, 0, 1, 0, 0)
    assert course_of(uow, "41").tags == ("Analysis", "Databases")


def test_an_archived_course_is_not_updated(uow: UnitOfWork) -> None:
    make_instructor(uow.connection)
    import_courses(uow, courses_of(TWO))
    uow.courses.update(course_of(uow, "41").course.course_id, status="archived")

    same = import_courses(uow, courses_of(TWO))
    changed = import_courses(uow, courses_of(TWO.replace(",49,", ",59,")))

    assert numbers(same) == (2, 0, 0, 2, 0)
    assert numbers(changed) == (2, 0, 0, 1, 1)
    assert changed.rejected == (
        Rejected(2, "“SQL Mastery” is archived here. Restore it to update it."),
    )
    assert changed.changes.warning


def test_a_course_that_is_archived_there_is_not_brought_in(uow: UnitOfWork) -> None:
    make_instructor(uow.connection)

    report = import_courses(uow, courses_of("id,title,status\n7,Old,archived\n8,New,draft\n"))

    assert numbers(report) == (2, 1, 0, 0, 1)
    assert report.rejected[0].reason == "“Old” is archived there, so it is not brought in."
    assert course_of(uow, "8").course.status is CourseStatus.DRAFT


def test_courses_without_numbers_are_known_by_their_title(uow: UnitOfWork) -> None:
    make_instructor(uow.connection)
    text = "title,price,tags\nSQL,10,a\nsql,12,b\nSQL,99,c\n"

    first = import_courses(uow, courses_of(text))
    second = import_courses(uow, courses_of(text))

    assert numbers(first) == (3, 2, 0, 0, 1)
    assert first.rejected == (Rejected(4, "“SQL” stands in line 2 already."),)
    assert numbers(second) == (3, 0, 0, 2, 1)


def test_a_dry_run_says_the_same_and_writes_nothing(database: Database) -> None:
    def add_instructor(uow: UnitOfWork) -> int:
        return make_instructor(uow.connection)

    database.write(add_instructor)

    # Read only: a statement that wrote would fail.
    report = database.read(import_courses, courses_of(TWO), dry_run=True)

    assert numbers(report) == (2, 2, 0, 0, 0)
    assert report.changes.touched == Touched.NOTHING
    assert report.changes.message == (
        "Would import 2 new courses; 0 updated, 0 unchanged, 0 rejected."
    )


def test_an_import_that_breaks_off_leaves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*args: object) -> None:
        raise DatabaseUnavailable("The disk is full. Nothing was changed.")

    # The last thing that an import writes: the instructor and the courses are there by then.
    monkeypatch.setattr(CourseRepository, "add_tags", is_full)

    with pytest.raises(DatabaseUnavailable):
        database.write(import_courses, courses_of(TWO), instructor_email="ada@example.org")

    counts = [select(func.count()).select_from(table) for table in (t.courses, t.users)]
    with database.engines.reader.connect() as connection:
        assert [connection.scalar(count) for count in counts] == [0, 0]


def test_rows_that_the_file_lost_are_told_by_line(uow: UnitOfWork) -> None:
    make_instructor(uow.connection)

    report = import_courses(
        uow, courses_of(HEAD + "41,,True,49,,\n42,Good,True,x,,\n43,Good,True,5,,\n")
    )

    assert numbers(report) == (3, 1, 0, 0, 2)
    assert [row.line for row in report.rejected] == [2, 3]


@pytest.mark.parametrize(
    "instructors, email, sentence",
    [
        (0, None, "There is no instructor yet. Name one by e-mail, and the account is made."),
        (2, None, "Name the instructor whose courses these are, by e-mail."),
        (1, "nobody@example.org", "There is no account with the e-mail nobody@example.org."),
        (1, "student@example.org", "The account student@example.org is not an instructor’s."),
        (1, "gone@example.org", "There is no account with the e-mail gone@example.org."),
        (0, "student@example.org", "The account student@example.org is not an instructor’s."),
        (1, "what", "“what” is not an e-mail address such as ada@example.org."),
    ],
)
def test_the_instructor_must_be_known(
    uow: UnitOfWork, instructors: int, email: str | None, sentence: str
) -> None:
    for _ in range(instructors):
        make_instructor(uow.connection)
    make_student(uow.connection, email="student@example.org")
    make_instructor(uow.connection, email="gone@example.org", deleted_at=NOW)

    with pytest.raises(InvalidInput) as refused:
        import_courses(uow, courses_of(TWO), instructor_email=email)

    assert (refused.value.field, str(refused.value)) == ("instructor", sentence)


def test_the_first_instructor_of_a_school_is_made(database: Database) -> None:
    email = "Ada.Lovelace@example.org"
    told = "The school had no instructor, so the account ada.lovelace@example.org is made as “Ada Lovelace”."

    tried = database.read(import_courses, courses_of(TWO), instructor_email=email, dry_run=True)
    done = database.write(import_courses, courses_of(TWO), instructor_email=email)

    assert tried.notes[-1] == done.notes[-1] == told
    assert numbers(tried) == numbers(done) == (2, 2, 0, 0, 0)
    assert database.read(course_of, "41").course.instructor_name == "Ada Lovelace"
    assert database.write(import_courses, courses_of(TWO)).unchanged == 2


def test_prices_take_the_currency_that_was_named(uow: UnitOfWork) -> None:
    make_instructor(uow.connection)

    import_courses(uow, courses_of(TWO, currency="EUR"), currency="eur")

    assert course_of(uow, "41").course.currency == "EUR"
    with pytest.raises(InvalidInput, match="JPY is not divided into hundredths"):
        import_courses(uow, courses_of(TWO), currency="JPY")


def test_students_come_in_once(uow: UnitOfWork) -> None:
    text = "name,email,student no,country\nOla,ola@example.org,7,NO\nKari,kari@example.org,,\n"

    first = import_students(uow, students_of(text))
    second = import_students(uow, students_of(text))

    assert numbers(first) == (2, 2, 0, 0, 0)
    assert first.changes.message == ("Imported 2 new students; 0 updated, 0 unchanged, 0 rejected.")
    assert numbers(second) == (2, 0, 0, 2, 0)
    person = uow.users.find_by_email("ola@example.org")
    assert person is not None
    assert (person.name, person.country, str(person.user_type)) == ("Ola", "NO", "student")
    (found,) = uow.users.search("kari", user_type=None, limit=5)
    assert found.email == "kari@example.org"


def test_a_student_is_known_by_number_or_address(uow: UnitOfWork) -> None:
    numbered = make_student(uow.connection, name="Old", email="old@example.org", external_id="7")
    addressed = make_student(uow.connection, name="Kari", email="kari@example.org", country="NO")
    text = "name,email,id\nOla,ola@example.org,7\nKari,kari@example.org,8\n"

    report = import_students(uow, students_of(text))

    assert numbers(report) == (2, 0, 2, 0, 0)
    assert uow.users.get(numbered).email == "ola@example.org"
    assert uow.users.get(numbered).name == "Ola"
    assert uow.users.get(addressed).country == "NO"


@pytest.mark.parametrize(
    "row, reason",
    [
        ("X,teacher@example.org,", "The account {teacher} is not a student’s."),
        ("X,new@example.org,9", "The account {gone} was deleted."),
        ("X,a@example.org,2", "The number and the e-mail address belong to two accounts."),
        ("X,a@example.org,77", "The student with this e-mail address has another number."),
    ],
)
def test_a_row_that_names_the_wrong_account_is_rejected(
    uow: UnitOfWork, row: str, reason: str
) -> None:
    ids = {
        "teacher": make_instructor(uow.connection, email="teacher@example.org"),
        "gone": make_student(uow.connection, external_id="9", deleted_at=NOW),
    }
    make_student(uow.connection, email="a@example.org", external_id="1")
    make_student(uow.connection, email="b@example.org", external_id="2")

    report = import_students(uow, students_of(f"name,email,id\n{row}\n"))

    assert numbers(report) == (1, 0, 0, 0, 1)
    assert report.rejected == (Rejected(2, reason.format(**ids)),)


def test_finance_imports_nothing(uow: UnitOfWork) -> None:
    uow.actor = actor_of("fin", Role.FINANCE)
    for attempt in (
        lambda: import_courses(uow, courses_of(TWO)),
        lambda: import_students(uow, students_of("name,email\nOla,ola@example.org\n")),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def check_whole_catalog(write: Callable[..., Any]) -> None:
    """The real catalog comes in within five seconds, and once."""
    path = shared_data("01-catalog-udemy", "udemy_courses.csv")

    def add_instructor(uow: UnitOfWork) -> int:
        return make_instructor(uow.connection, email="catalog@example.org")

    def made(uow: UnitOfWork) -> int:
        return (
            uow.connection.scalar(select(func.count()).where(t.courses.c.external_id.is_not(None)))
            or 0
        )

    write(add_instructor)
    before = write(made)
    imported = read_courses(read_file(path))
    started = time.monotonic()
    first = write(import_courses, imported, instructor_email="catalog@example.org")
    took_s = time.monotonic() - started
    second = write(import_courses, imported, instructor_email="catalog@example.org")

    # Five of the file's rows have swallowed their neighbours.
    assert numbers(first) == (3_672, 3_667, 0, 0, 5)
    assert numbers(second) == (3_672, 0, 0, 3_667, 5)
    assert write(made) - before == 3_667
    assert took_s < 5


def test_a_whole_catalog_comes_in_at_once(database: Database) -> None:
    check_whole_catalog(database.write)


def test_a_whole_catalog_comes_in_at_once_on_a_server(server_uow: UnitOfWork) -> None:
    check_whole_catalog(lambda call, *args, **kwargs: call(server_uow, *args, **kwargs))
