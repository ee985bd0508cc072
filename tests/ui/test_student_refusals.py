"""What the screen says cannot be done, for every state of a student's course."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from learnhub_desktop.domain.access import AccessAnswer, AccessState
from learnhub_desktop.domain.progress import QuizResult, StudentCourse
from learnhub_desktop.domain.states import (
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    UserType,
)
from learnhub_desktop.domain.students import PersonRow, StudentDetail
from learnhub_desktop.ui.panels.student_refusals import COURSE_ACTS, Act, why_not
from tests.factories import NOW

ADA = StudentDetail(
    person=PersonRow(1, "Ada", "ada@example.org", UserType.STUDENT, None, None, 1),
    external_id=None,
    created_at=NOW,
    last_activity_at=None,
    last_purchase_at=None,
    balance=Decimal(0),
    balance_currency="USD",
    waiting=0,
    active=1,
    completed=0,
    ended=0,
    taught=0,
)
GONE = replace(ADA, person=replace(ADA.person, deleted_at=NOW))
TEACHER = replace(ADA, person=replace(ADA.person, user_type=UserType.INSTRUCTOR))
SQL = StudentCourse(
    enrolment_id=1,
    course_id=1,
    title="SQL",
    course_status=CourseStatus.ACTIVE,
    status=EnrolmentStatus.ACTIVE,
    source=EnrolmentSource.PURCHASE,
    lessons_done=1,
    lessons_total=4,
    minutes_spent=0,
    enrolled_at=NOW,
    completed_at=None,
    last_activity_at=None,
    quizzes=(QuizResult(1, "Quiz", "Lesson", 0, None, None, None),),
    access=AccessAnswer(AccessState.OPEN, "Open.", is_open=True),
)


@pytest.mark.parametrize("act", list(Act))
def test_everything_can_be_done_with_a_course_that_is_open(act):
    assert why_not(act, ADA, SQL) == ""


@pytest.mark.parametrize("act", COURSE_ACTS)
def test_without_a_course_nothing_can_be_done_with_one(act):
    assert why_not(act, ADA, None) == "No course of a student is selected."


@pytest.mark.parametrize("act", sorted(set(Act) - {Act.CANCEL, Act.BY_COURSE, Act.PAYMENTS}))
def test_a_deleted_account_stays_as_it_is_but_frees_its_seats(act):
    assert why_not(act, GONE, SQL) == "This account was deleted."
    assert why_not(Act.CANCEL, GONE, SQL) == ""


def test_only_students_are_enrolled():
    assert why_not(Act.ENROL, TEACHER, None) == (
        "Only students are enrolled; teaching and studying take two accounts."
    )


@pytest.mark.parametrize(
    "act, changed, said",
    [
        (Act.EXTEND, {"status": EnrolmentStatus.PENDING},
         "The course is not paid yet; settle the payment first."),
        (Act.EXTEND, {"status": EnrolmentStatus.REFUNDED},
         "The course was refunded, so there is no access to extend. "
         "Let the student buy it again, or enrol the student by hand."),
        (Act.EXTEND, {"status": EnrolmentStatus.CANCELLED},
         "The enrolment was cancelled, so there is no access to extend. "
         "Enrol the student again instead."),
        (Act.EXTEND, {"access": AccessAnswer(AccessState.LIFETIME, "Open.", is_open=True)},
         "The student has access for life already."),
        (Act.LESSONS, {"lessons_total": 0}, "The course has no lessons."),
        (Act.LESSONS, {"status": EnrolmentStatus.PENDING},
         "Ada has not paid for “SQL” yet, so no lesson can be marked."),
        (Act.MINUTES, {"status": EnrolmentStatus.REFUNDED},
         "The enrolment of Ada in “SQL” was refunded, so no lesson can be marked."),
        (Act.QUIZ, {"quizzes": ()}, "The course has no quiz."),
        (Act.CANCEL, {"status": EnrolmentStatus.CANCELLED},
         "The student is not in the course any more."),
        (Act.CANCEL,
         {"access": AccessAnswer(AccessState.WAITING_FOR_PAYMENT, "Not yet.", payment_id=7)},
         "Payment 7 is not settled yet. Settle or cancel the payment first."),
    ],
)  # fmt: skip
def test_each_state_says_why(act, changed, said):
    assert why_not(act, ADA, replace(SQL, **changed)) == said
