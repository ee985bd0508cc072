"""The window with the pages of students, on a school whose every row a service has made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.catalog import CourseDraft, LessonDraft, QuizDraft
from learnhub_desktop.domain.states import CourseStatus, UserType
from learnhub_desktop.domain.students import DeletionReason
from learnhub_desktop.services import accounts, catalog, enrolments, lessons, progress, students
from learnhub_desktop.ui.pages.course_students import CourseStudentsPage
from learnhub_desktop.ui.pages.payments import PaymentsPage
from learnhub_desktop.ui.pages.students import StudentsPage
from tests.services.desk import Desk
from tests.ui.back_office import Office

PASSING_SCORE = 60
UNDOABLES = {"mark_lessons": progress.mark_lessons, "update_person": students.update_person}


@dataclass
class Course:
    course_id: int
    lessons: list[int]
    quiz_id: int | None


@dataclass
class School:
    """What a test puts into the school before somebody looks at it."""

    desk: Desk
    teacher_id: int = 0

    def person(self, name: str, user_type: UserType = UserType.STUDENT, **values: Any) -> int:
        email = f"{name.split()[0].lower()}@example.org"
        made = self.desk.write(
            students.create_person, user_type=user_type, name=name, **{"email": email, **values}
        )
        assert made.subject_id is not None
        return made.subject_id

    def course(self, title: str, *, count: int = 4, quiz: bool = False, **values: Any) -> Course:
        """An active course of so many lessons; its quiz stands in the last of them."""
        if not self.teacher_id:
            self.teacher_id = self.person("Tea Tutor", UserType.INSTRUCTOR)
        draft = CourseDraft(
            title=title,
            instructor_id=self.teacher_id,
            price=Decimal("49.00"),
            currency="USD",
            **{"access_months": 12, **values},
        )
        course_id = self._made(catalog.create_course, draft, status=CourseStatus.ACTIVE)
        ids = [
            self._made(lessons.add_lesson, course_id, LessonDraft(f"Lesson {number}"))
            for number in range(1, count + 1)
        ]
        quiz_draft = QuizDraft("The quiz", PASSING_SCORE)
        quiz_id = self._made(lessons.add_quiz, ids[-1], quiz_draft) if quiz else None
        return Course(course_id, ids, quiz_id)

    def enrol(self, student_id: int, course: Course, *, done: int = 0) -> int:
        enrolment_id = self._made(
            enrolments.enrol_by_hand,
            student_id=student_id,
            course_id=course.course_id,
            reason="A gift",
        )
        if done:
            self.desk.write(
                progress.mark_lessons,
                student_id,
                course.course_id,
                course.lessons[:done],
                done=True,
            )
        return enrolment_id

    def delete(self, user_id: int) -> None:
        """End the account, as the person asked for."""
        person = self.desk.read(accounts.preview_deletion, user_id).person
        self.desk.write(
            accounts.delete_account,
            user_id,
            reason=DeletionReason.REQUESTED,
            row_version=person.row_version,
        )

    def _made(self, service: Callable[..., Any], *args: Any, **values: Any) -> int:
        made = self.desk.write(service, *args, **values).subject_id
        assert isinstance(made, int)
        return made


@pytest.fixture
def school(desk: Desk) -> School:
    return School(desk)


@pytest.fixture
def ada(school: School) -> int:
    return school.person("Ada Byron", country="GB")


@pytest.fixture
def basics(school: School) -> Course:
    return school.course("Python Basics", quiz=True)


@pytest.fixture
def make_students(open_office: Callable[..., Office]) -> Callable[..., Office]:
    def make(page: str = "students", role: Role = Role.ADMIN) -> Office:
        kinds = (StudentsPage, CourseStudentsPage, PaymentsPage)
        office = open_office(role, kinds, undoables=UNDOABLES)
        if page != "students":
            office.window.show_page(page)
        else:
            office.wait()
        return office

    return make


def names(office: Office) -> list[str]:
    """Who is in the list, in its order."""
    model = office.page.model
    rows = [model.row(number) for number in range(model.total)]
    return [getattr(row, "name", None) or row.student_name for row in rows]


def cards(office: Office) -> dict[str, Any]:
    """The cards of the selected student's courses, by title."""
    return {card.view.course.title: card for card in office.page.courses.cards}
