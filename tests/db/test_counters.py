"""Counters and filled-in columns: what triggers keep, whoever writes."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    Connection,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from learnhub_desktop.db.school import create
from learnhub_desktop.db.tables import (
    courses,
    enrollments,
    fraud_detection_rules,
    lesson_progress,
    lessons,
    payments,
    reviews,
    users,
)
from learnhub_desktop.db.transactions import Database
from tests.databases import TEST_SCHOOL, alone, opened
from tests.factories import (
    NOW,
    make_course,
    make_enrolment,
    make_lesson,
    make_payment,
    make_student,
)


def counters(connection: Connection, course_id: int) -> tuple[Any, ...]:
    """Enrolments ever activated, the last one's time, sum and count and average of ratings."""
    return tuple(
        connection.execute(
            select(
                courses.c.total_enrollments,
                courses.c.last_enrollment_date,
                courses.c.rating_sum,
                courses.c.review_count,
                courses.c.avg_rating,
            ).where(courses.c.course_id == course_id)
        ).one()
    )


NOTHING = (0, None, 0, 0, Decimal("0.00"))


def test_an_enrolment_counts_once_it_is_activated(any_connection: Connection) -> None:
    course_id, student_id = make_course(any_connection), make_student(any_connection)
    enrolment_id = make_enrolment(any_connection, student_id, course_id, status="pending")
    assert counters(any_connection, course_id) == NOTHING

    mine = enrollments.c.enrollment_id == enrolment_id
    any_connection.execute(update(enrollments).where(mine).values(status="active"))
    assert counters(any_connection, course_id)[:2] == (1, NOW)

    # Counted ever after: refunded, and bought again.
    for status in ("completed", "refunded", "pending", "active"):
        any_connection.execute(update(enrollments).where(mine).values(status=status))
    assert counters(any_connection, course_id)[:2] == (1, NOW)


def test_an_enrolment_inserted_as_active_counts_at_once(any_connection: Connection) -> None:
    course_id = make_course(any_connection)
    for days, status in ((0, "active"), (2, "completed"), (1, "active")):
        make_enrolment(
            any_connection,
            make_student(any_connection),
            course_id,
            status=status,
            enrolled_at=NOW + timedelta(days=days),
        )

    assert counters(any_connection, course_id)[:2] == (3, NOW + timedelta(days=2))


def test_a_deleted_enrolment_no_longer_counts(any_connection: Connection) -> None:
    course_id = make_course(any_connection)
    for days in (0, 1):
        newest = make_enrolment(
            any_connection,
            make_student(any_connection),
            course_id,
            enrolled_at=NOW + timedelta(days=days),
        )
    any_connection.execute(delete(enrollments).where(enrollments.c.enrollment_id == newest))

    assert counters(any_connection, course_id)[:2] == (1, NOW)


def test_enrolling_anew_moves_the_date_of_the_last_enrolment(any_connection: Connection) -> None:
    course_id = make_course(any_connection)
    enrolment_id = make_enrolment(any_connection, make_student(any_connection), course_id)
    later = NOW + timedelta(days=9)
    any_connection.execute(
        update(enrollments)
        .where(enrollments.c.enrollment_id == enrolment_id)
        .values(enrolled_at=later)
    )

    assert counters(any_connection, course_id)[:2] == (1, later)


def test_activation_is_dated_from_the_enrolment(any_connection: Connection) -> None:
    enrolment_id = make_enrolment(
        any_connection, make_student(any_connection), make_course(any_connection)
    )
    mine = enrollments.c.enrollment_id == enrolment_id

    assert any_connection.scalar(select(enrollments.c.activated_at).where(mine)) == NOW


def review(connection: Connection, course_id: int, rating: int) -> int:
    key = connection.execute(
        insert(reviews).values(
            student_id=make_student(connection), course_id=course_id, rating=rating
        )
    ).inserted_primary_key
    assert key is not None
    return int(key[0])


def test_ratings_are_summed_and_averaged_exactly(any_connection: Connection) -> None:
    course_id = make_course(any_connection)
    ids = [review(any_connection, course_id, rating) for rating in (5, 4, 4)]
    assert counters(any_connection, course_id)[2:] == (13, 3, Decimal("4.33"))

    mine = reviews.c.review_id == ids[0]
    any_connection.execute(update(reviews).where(mine).values(rating=1, comment="Changed."))
    assert counters(any_connection, course_id)[2:] == (9, 3, Decimal("3.00"))

    any_connection.execute(delete(reviews).where(mine))
    assert counters(any_connection, course_id)[2:] == (8, 2, Decimal("4.00"))

    any_connection.execute(delete(reviews).where(reviews.c.course_id == course_id))
    assert counters(any_connection, course_id) == NOTHING


def test_an_average_that_ends_in_half_a_hundredth_is_rounded_up(any_connection: Connection) -> None:
    # 37 / 8 = 4.625
    course_id = make_course(any_connection)
    for rating in (5, 5, 5, 5, 5, 4, 4, 4):
        review(any_connection, course_id, rating)

    assert counters(any_connection, course_id)[4] == Decimal("4.63")


def test_another_course_keeps_its_counters(any_connection: Connection) -> None:
    course_id, other_id = make_course(any_connection), make_course(any_connection)
    make_enrolment(any_connection, make_student(any_connection), course_id)
    review(any_connection, course_id, 5)

    assert counters(any_connection, other_id) == NOTHING


def test_rows_that_insert_ignore_skips_are_not_counted(
    server_school: Database,
) -> None:
    with server_school.engines.writer.connect() as connection:
        course_id, student_id = make_course(connection), make_student(connection)
        statement = text(
            "INSERT IGNORE INTO enrollments (student_id, course_id) VALUES (:student, :course)"
        )
        rate = text(
            "INSERT IGNORE INTO reviews (student_id, course_id, rating)"
            " VALUES (:student, :course, 4)"
        )
        for _ in range(3):
            connection.execute(statement, {"student": student_id, "course": course_id})
            connection.execute(rate, {"student": student_id, "course": course_id})
        found = counters(connection, course_id)
        connection.rollback()

    assert (found[0], *found[2:]) == (1, 4, 1, Decimal("4.00"))


def test_a_duplicate_that_turns_into_an_update_is_counted_once(server_school: Database) -> None:
    with server_school.engines.writer.connect() as connection:
        course_id, student_id = make_course(connection), make_student(connection)
        for rating in (5, 2, 3):
            connection.execute(
                text(
                    "INSERT INTO enrollments (student_id, course_id) VALUES (:student, :course)"
                    " ON DUPLICATE KEY UPDATE last_activity_at = UTC_TIMESTAMP(6)"
                ),
                {"student": student_id, "course": course_id},
            )
            connection.execute(
                text(
                    "INSERT INTO reviews (student_id, course_id, rating)"
                    " VALUES (:student, :course, :rating)"
                    " ON DUPLICATE KEY UPDATE rating = :rating"
                ),
                {"student": student_id, "course": course_id, "rating": rating},
            )
        found = counters(connection, course_id)
        connection.rollback()

    assert (found[0], *found[2:]) == (1, 3, 1, Decimal("3.00"))


@pytest.mark.proof
def test_enrolments_and_reviews_of_one_course_at_once_neither_deadlock_nor_drift(
    new_server_url: str,
) -> None:
    clients, each = 8, 40
    failures: list[BaseException] = []
    start = threading.Barrier(clients)
    create(new_server_url, TEST_SCHOOL)
    with opened(new_server_url, "busy") as school:
        with alone(school) as connection:
            course_id = make_course(connection)
            students = [make_student(connection) for _ in range(clients * each)]
            connection.commit()

        def work(own: list[int]) -> None:
            try:
                with alone(school) as connection:
                    start.wait()
                    for student_id in own:
                        enrol_and_review(connection, student_id, course_id)
            except BaseException as error:  # noqa: BLE001 - shown by the assertion below
                failures.append(error)

        workers = [
            threading.Thread(target=work, args=(students[n::clients],)) for n in range(clients)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        with alone(school) as connection:
            found = counters(connection, course_id)

    assert failures == []
    assert found[0] == found[3] == clients * each
    assert found[2] == sum(1 + student_id % 5 for student_id in students)


def enrol_and_review(connection: Connection, student_id: int, course_id: int) -> None:
    """Two transactions of another program, which locks nothing by itself."""
    connection.execute(insert(enrollments).values(student_id=student_id, course_id=course_id))
    connection.commit()
    connection.execute(
        insert(reviews).values(
            student_id=student_id, course_id=course_id, rating=1 + student_id % 5
        )
    )
    connection.commit()


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
        connection.exec_driver_sql(
            "INSERT INTO users (name, email, user_type)"
            " VALUES ('Ada Lovelace', ' Ada@Example.org ', 'student')"
        )
        row = connection.execute(select(users).where(users.c.name == "Ada Lovelace")).one()
        connection.rollback()

    assert row.email == "ada@example.org"
    assert row.search_text == "ada lovelace ada@example.org"
    assert row.balance_currency == "USD"
