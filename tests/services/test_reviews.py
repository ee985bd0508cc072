"""Reviews: one rating a student and course, counted by the database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.errors import InvalidInput, NotFound, RuleRefused
from learnhub_desktop.services import catalog, reviews
from tests.factories import NOW, make_course, make_enrolment, make_student


def make_pair(uow: UnitOfWork, **enrolment: Any) -> tuple[int, int]:
    student_id = make_student(uow.connection, name="Ola Nordmann")
    course_id = make_course(uow.connection, title="SQL")
    make_enrolment(uow.connection, student_id, course_id, **enrolment)
    return student_id, course_id


def test_a_review_is_recorded_and_then_changed(uow: UnitOfWork) -> None:
    student_id, course_id = make_pair(uow)
    other = make_student(uow.connection, name="Kari")
    make_enrolment(uow.connection, other, course_id, status="completed")
    reviews.record_review(uow, other, course_id, rating=4)

    first = reviews.record_review(uow, student_id, course_id, rating=1, comment=" Too fast. ")
    changes = reviews.record_review(uow, student_id, course_id, rating=5)

    assert first.message == "Ola Nordmann gives “SQL” 1 of 5. Its rating is 2.50 from 2 reviews."
    assert changes.message == "Ola Nordmann gives “SQL” 5 of 5. Its rating is 4.50 from 2 reviews."
    assert changes.subject_id == first.subject_id
    found = reviews.find_review(uow, student_id, course_id)
    assert found is not None
    assert (found.rating, found.comment, found.student_name) == (5, "", "Ola Nordmann")
    course = catalog.get_course(uow, course_id).course
    assert (course.rating, course.review_count) == (Decimal("4.50"), 2)
    assert [r.rating for r in reviews.list_reviews(uow, course_id)] == [5, 4]


@pytest.mark.parametrize("rating", [0, 6, -1, True])
def test_a_rating_is_from_one_to_five(uow: UnitOfWork, rating: int) -> None:
    student_id, course_id = make_pair(uow)

    with pytest.raises(InvalidInput, match="A rating is a whole number from 1 to 5."):
        reviews.record_review(uow, student_id, course_id, rating=rating)


@pytest.mark.parametrize("status", ["pending", "refunded", "cancelled"])
def test_who_is_not_in_the_course_reviews_nothing(uow: UnitOfWork, status: str) -> None:
    student_id, course_id = make_pair(uow, status=status)

    with pytest.raises(RuleRefused) as refused:
        reviews.record_review(uow, student_id, course_id, rating=3)

    assert str(refused.value) == ("Ola Nordmann is not in “SQL”, so there is nothing to review.")


def test_a_review_that_was_given_may_be_changed_after_a_refund(uow: UnitOfWork) -> None:
    student_id, course_id = make_pair(uow)
    reviews.record_review(uow, student_id, course_id, rating=2)
    enrolment = uow.enrolments.find(student_id, course_id)
    assert enrolment is not None
    uow.enrolments.update(enrolment.enrollment_id, status="refunded")

    reviews.record_review(uow, student_id, course_id, rating=3)

    found = reviews.find_review(uow, student_id, course_id)
    assert found is not None and found.rating == 3


def test_a_deleted_account_gives_no_reviews(uow: UnitOfWork) -> None:
    student_id, course_id = make_pair(uow)
    uow.users.update(student_id, deleted_at=NOW)

    with pytest.raises(RuleRefused, match="This account was deleted"):
        reviews.record_review(uow, student_id, course_id, rating=3)


def test_a_student_or_course_that_is_not_there(uow: UnitOfWork) -> None:
    student_id, _ = make_pair(uow)
    with pytest.raises(NotFound):
        reviews.record_review(uow, student_id, 999, rating=3)
    with pytest.raises(NotFound):
        reviews.record_review(uow, 999, 1, rating=3)
