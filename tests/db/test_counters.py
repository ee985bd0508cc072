"""Counters of courses: what triggers keep, whoever writes."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    Connection,
    delete,
    insert,
    select,
    text,
    update,
)

from learnhub_desktop.db.school import create
from learnhub_desktop.db.tables import (
    courses,
    enrollments,
    reviews,
)
from learnhub_desktop.db.transactions import Database
from tests.databases import TEST_SCHOOL, alone, opened
from tests.factories import (
    NOW,
    add,
    make_course,
    make_enrolment,
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
    return add(
        connection, reviews, student_id=make_student(connection), course_id=course_id, rating=rating
    )


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
