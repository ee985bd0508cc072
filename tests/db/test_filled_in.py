"""What triggers fill in, date and number where a program leaves it out."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import (
    Connection,
    delete,
    func,
    insert,
    select,
    update,
)

from learnhub_desktop.db.tables import (
    courses,
    enrollments,
    fraud_detection_rules,
    lesson_progress,
    lessons,
    payments,
    users,
)
from learnhub_desktop.db.transactions import Database
from tests.factories import (
    NOW,
    make_course,
    make_enrolment,
    make_lesson,
    make_payment,
    make_student,
)


def test_progress_written_by_another_program_marks_the_enrolment(
    any_connection: Connection,
) -> None:
    course_id, student_id = make_course(any_connection), make_student(any_connection)
    lesson_id = make_lesson(any_connection, course_id)
    enrolment_id = make_enrolment(any_connection, student_id, course_id)
    other_id = make_enrolment(any_connection, make_student(any_connection), course_id)
    fresh(any_connection)

    def stale() -> tuple[bool, bool]:
        rows = dict(
            any_connection.execute(
                select(enrollments.c.enrollment_id, enrollments.c.progress_stale)
            ).all()
        )
        return rows[enrolment_id], rows[other_id]

    mine = lesson_progress.c.student_id == student_id
    any_connection.execute(
        insert(lesson_progress).values(student_id=student_id, lesson_id=lesson_id)
    )
    assert stale() == (False, False)
    any_connection.execute(update(lesson_progress).where(mine).values(completed=True))
    assert stale() == (True, False)
    fresh(any_connection)
    any_connection.execute(update(lesson_progress).where(mine).values(time_spent_minutes=9))
    assert stale() == (False, False)
    any_connection.execute(delete(lesson_progress).where(mine))
    assert stale() == (True, False)


def fresh(connection: Connection) -> None:
    connection.execute(update(enrollments).values(progress_stale=False))


def test_a_lesson_that_comes_or_goes_marks_the_whole_course(any_connection: Connection) -> None:
    course_id = make_course(any_connection)
    for _ in range(2):
        make_enrolment(any_connection, make_student(any_connection), course_id)
    fresh(any_connection)
    marked = (
        select(func.count())
        .select_from(enrollments)
        .where(enrollments.c.course_id == course_id, enrollments.c.progress_stale)
    )
    lesson_id = make_lesson(any_connection, course_id)
    assert any_connection.scalar(marked) == 2
    fresh(any_connection)
    any_connection.execute(delete(lessons).where(lessons.c.lesson_id == lesson_id))
    assert any_connection.scalar(marked) == 2


def test_a_lesson_that_is_done_is_dated(any_connection: Connection) -> None:
    course_id, student_id = make_course(any_connection), make_student(any_connection)
    any_connection.execute(
        insert(lesson_progress).values(
            student_id=student_id,
            lesson_id=make_lesson(any_connection, course_id),
            completed=True,
        )
    )
    dated = any_connection.scalar(
        select(lesson_progress.c.completed_at).where(lesson_progress.c.student_id == student_id)
    )

    assert dated is not None


def test_a_payment_takes_course_currency_and_date_from_what_it_pays(
    any_connection: Connection,
) -> None:
    course_id = make_course(any_connection, currency="EUR")
    student_id = make_student(any_connection)
    enrolment_id = make_enrolment(any_connection, student_id, course_id)
    any_connection.execute(
        insert(payments).values(
            user_id=student_id,
            enrollment_id=enrolment_id,
            amount=Decimal("49.00"),
            # SQLite cannot fill a column that has a CHECK; other programs are on servers.
            **({} if any_connection.dialect.name == "mysql" else {"currency": "EUR"}),
            status="completed",
        )
    )
    row = any_connection.execute(select(payments).where(payments.c.user_id == student_id)).one()

    assert (row.course_id, row.currency, row.kind) == (course_id, "EUR", "charge")
    assert row.processed_at is not None


def test_a_payment_that_gets_its_enrolment_later_takes_its_course(
    any_connection: Connection,
) -> None:
    course_id, student_id = make_course(any_connection), make_student(any_connection)
    payment_id = make_payment(any_connection, student_id, status="pending")
    enrolment_id = make_enrolment(any_connection, student_id, course_id)
    mine = payments.c.payment_id == payment_id
    any_connection.execute(update(payments).where(mine).values(enrollment_id=enrolment_id))

    assert any_connection.scalar(select(payments.c.course_id).where(mine)) == course_id


def test_a_changed_row_is_dated_and_numbered(any_connection: Connection) -> None:
    course_id = make_course(any_connection, updated_at=NOW)
    mine = courses.c.course_id == course_id
    versioned = select(courses.c.row_version, courses.c.updated_at).where(mine)
    any_connection.execute(update(courses).where(mine).values(title="Another title"))
    version, changed_at = any_connection.execute(versioned).one()
    assert version == 2
    assert changed_at != NOW

    # Seats and counters are no edit: a form that is open keeps its version.
    any_connection.execute(update(courses).where(mine).values(enrolled_students=1))
    assert any_connection.execute(versioned).one()[0] == 2
    any_connection.execute(update(courses).where(mine).values(title="another title"))
    assert any_connection.execute(versioned).one()[0] == 3


def test_a_rule_that_is_edited_is_a_new_version(any_connection: Connection) -> None:
    rule_id = any_connection.scalar(select(func.min(fraud_detection_rules.c.rule_id)))
    mine = fraud_detection_rules.c.rule_id == rule_id
    version = select(fraud_detection_rules.c.version).where(mine)
    any_connection.execute(
        update(fraud_detection_rules).where(mine).values(rule_name="Another name")
    )
    assert any_connection.scalar(version) == 1
    any_connection.execute(update(fraud_detection_rules).where(mine).values(score=51))
    assert any_connection.scalar(version) == 2


def test_a_user_of_another_program_can_be_found(server_school: Database) -> None:
    with server_school.engines.writer.connect() as connection:
        added = connection.exec_driver_sql(
            "INSERT INTO users (name, email, user_type)"
            " VALUES ('Ada Lovelace', ' Ada@Example.org ', 'student')"
        ).lastrowid
        row = connection.execute(select(users).where(users.c.user_id == added)).one()
        connection.rollback()

    assert row.email == "ada@example.org"
    assert row.search_text == "ada lovelace ada@example.org"
    assert row.balance_currency == "USD"
