"""What can be done with a student: read afresh, refused in words, or opened as a dialog."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from learnhub_desktop.domain.access import NextStep
from learnhub_desktop.domain.actors import Actor, Right
from learnhub_desktop.domain.lists import Filter
from learnhub_desktop.domain.progress import StudentCourse
from learnhub_desktop.domain.states import EnrolmentStatus, UserType
from learnhub_desktop.domain.students import StudentDetail
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import accounts, progress, reviews, students
from learnhub_desktop.services import settings as school_settings
from learnhub_desktop.ui.dialogs.access import ExtendAccessDialog
from learnhub_desktop.ui.dialogs.balance import BalanceDialog
from learnhub_desktop.ui.dialogs.cancel_enrolment import CancelEnrolmentDialog
from learnhub_desktop.ui.dialogs.delete_account import DeleteAccountDialog
from learnhub_desktop.ui.dialogs.dialog import FormDialog, ask
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.dialogs.person import EditPersonDialog
from learnhub_desktop.ui.dialogs.progress import MarkLessonsDialog, MinutesDialog
from learnhub_desktop.ui.dialogs.quiz_attempt import QuizAttemptDialog
from learnhub_desktop.ui.dialogs.review import ReviewDialog
from learnhub_desktop.ui.pages.page import Page
from learnhub_desktop.ui.panels.student_courses import (
    CourseAct,
    CourseCards,
    CourseStep,
    CourseView,
)
from learnhub_desktop.ui.panels.student_refusals import COURSE_ACTS, Act, why_not
from learnhub_desktop.ui.shortcuts import Action

_ACTIONS: Final = (
    # act, words, key, icon, right
    (Act.EDIT, "Edit…", "F2", "pencil-simple", Right.EDIT_STUDENTS),
    (Act.ENROL, "Enrol…", "Ctrl+B", "user-plus", Right.ENROL),
    (Act.LESSONS, "Mark lessons done…", "Ctrl+D", "check-circle", Right.MARK_PROGRESS),
    (Act.EXTEND, "Extend access…", "Ctrl+L", "calendar-plus", Right.EXTEND_ACCESS),
    (Act.QUIZ, "Record quiz result…", "Ctrl+U", "question", Right.MARK_PROGRESS),
    (Act.MINUTES, "Record time spent…", "Ctrl+T", "clock", Right.MARK_PROGRESS),
    (Act.REVIEW, "Record review…", "Ctrl+R", "star", Right.EDIT_STUDENTS),
    (
        *(Act.CANCEL, "Cancel enrolment without refund…", "Ctrl+Shift+C", "x-circle"),
        Right.ENROL,
    ),
    (Act.PAYMENTS, "Show payments", "Ctrl+P", "credit-card", Right.VIEW_PAYMENTS),
    (Act.BALANCE, "Change balance…", "Ctrl+Shift+B", "wallet", Right.ADJUST_BALANCE),
    (Act.BY_COURSE, "Show the course’s students", "Ctrl+G", "users-three", Right.VIEW_STUDENTS),
    (Act.DELETE, "Delete account…", "Ctrl+Shift+D", "trash", Right.DELETE_ACCOUNT),
)
_STEP_RIGHTS: Final = {
    NextStep.ENROL: Right.ENROL,
    NextStep.EXTEND: Right.EXTEND_ACCESS,
    NextStep.ASK_NOW: Right.VIEW_PAYMENTS,
    NextStep.RECORD_RECEIPT: Right.VIEW_PAYMENTS,
    NextStep.REVIEW_ALERT: Right.VIEW_ALERTS,
    NextStep.CANCEL: Right.ENROL,
}
_OPEN: Final = (EnrolmentStatus.ACTIVE, EnrolmentStatus.COMPLETED)


def student_actions(page: str, prefix: str, *, without: Sequence[Act] = ()) -> tuple[Action, ...]:
    """The actions of a page that shows students; ``prefix`` keeps their names apart."""
    return tuple(
        Action(f"{prefix}_{act}", text, shortcut, page=page, icon=icon, right=right)
        for act, text, shortcut, icon, right in _ACTIONS
        if act not in without
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """One student as they stand now, and the course that is meant, where one is."""

    detail: StudentDetail
    course: StudentCourse | None


class StudentActions:
    """Does a page's actions on its selected student and the chosen course.

    ``selected`` tells the id of the student that is selected on the page, None for nobody.
    """

    def __init__(
        self,
        page: Page,
        cards: CourseCards,
        gateways: Gateways,
        *,
        prefix: str,
        selected: Callable[[], int | None],
    ) -> None:
        self.detail: StudentDetail | None = None
        self._page = page
        self._desk = page.desk
        self._cards = cards
        self._gateways = gateways
        self._prefix = prefix
        self._selected = selected
        self._works = {
            Act.EDIT: self._edit,
            Act.ENROL: self._enrol,
            Act.DELETE: self._delete,
            Act.PAYMENTS: self._show_payments,
            Act.BALANCE: self._change_balance,
            Act.EXTEND: self._extend,
            Act.LESSONS: self._mark_lessons,
            Act.QUIZ: self._record_quiz,
            Act.MINUTES: self._record_minutes,
            Act.REVIEW: self._record_review,
            Act.CANCEL: self._cancel,
            Act.BY_COURSE: self._show_by_course,
        }
        for act in self._works:
            page.on(self.name(act), partial(self.start, act))
        cards.asked.connect(page.trigger)
        cards.stepped.connect(self._on_stepped)

    def name(self, act: Act) -> str:
        return f"{self._prefix}_{act}"

    # What the panel shows

    async def read(self, student_id: int) -> tuple[StudentDetail, list[StudentCourse]]:
        """The student and all their courses, as they stand now."""
        bridge = self._desk.bridge
        return await asyncio.gather(
            bridge.read(students.get_student, student_id),
            bridge.read(progress.student_courses, student_id),
        )

    def views(
        self, detail: StudentDetail, courses: Sequence[StudentCourse]
    ) -> tuple[CourseView, ...]:
        """The cards of these courses, with what may be done about each."""
        self.detail = detail
        return tuple(
            CourseView(
                course=course,
                steps=_steps(course, self._desk.actor),
                acts=tuple(self._course_acts(detail, course)),
                likely=self.name(Act.LESSONS),
            )
            for course in courses
        )

    def _course_acts(self, detail: StudentDetail, course: StudentCourse) -> list[CourseAct]:
        return [
            CourseAct(self.name(act), text, shortcut, why_not(act, detail, course))
            for act, text, shortcut, _icon, _right in _ACTIONS
            if act in COURSE_ACTS and self._page.may(self.name(act))
        ]

    def refusal(self, name: str) -> str:
        """Why the page's action is not possible now; empty while that is not known yet."""
        act = next((act for act in self._works if self.name(act) == name), None)
        if act is None:
            return ""
        student_id = self._selected()
        if student_id is None:
            # Without a student it leads to the choice of a course.
            return "" if act is Act.BY_COURSE else "Select one student first."
        if self.detail is None or self.detail.person.user_id != student_id:
            return ""
        if act is Act.BY_COURSE or not self._cards.is_read:
            return ""
        return why_not(act, self.detail, self._cards.current())

    # What is done

    def start(self, act: Act) -> None:
        student_id, course = self._selected(), self._cards.current()
        course_id = None if course is None else course.course_id
        if student_id is None:
            if act is Act.BY_COURSE:
                self._desk.go("course_students")
            return
        self._start(act, student_id, course_id)

    def _start(self, act: Act, student_id: int, course_id: int | None) -> None:
        key = f"{act} {student_id}"
        # A second press while the first is still at it would only open the dialog twice.
        if not self._page.tasks.is_running(key):
            self._page.tasks.start(key, self._do, act, student_id, course_id)

    def _on_stepped(self, step: NextStep) -> None:
        student_id, course = self._selected(), self._cards.current()
        if student_id is None or course is None:
            return
        payment_id = course.access.payment_id
        match step:
            case NextStep.EXTEND:
                self._start(Act.EXTEND, student_id, course.course_id)
            case NextStep.CANCEL:
                self._start(Act.CANCEL, student_id, course.course_id)
            case NextStep.ENROL:
                self._page.tasks.start(
                    f"enrol {student_id}", self._open_enrol, student_id, course.course_id
                )
            case NextStep.REVIEW_ALERT:
                self._desk.go("alerts", filters=(Filter("payment", (str(payment_id),)),))
            case _:
                self._desk.go("payments", select=payment_id)

    async def _do(self, act: Act, student_id: int, course_id: int | None) -> None:
        """Look again before acting: the screen may be older than the last change."""
        detail, courses = await self.read(student_id)
        meant = (course for course in courses if course.course_id == course_id)
        course = next(meant, courses[0] if courses and course_id is None else None)
        if reason := why_not(act, detail, course):
            self._desk.messages.warn(reason)
            self._page.reload()
            return
        await self._works[act](_Case(detail, course))

    async def _open(self, dialog: FormDialog) -> None:
        await ask(dialog)

    async def _edit(self, case: _Case) -> None:
        detail = case.detail
        await self._open(
            EditPersonDialog(
                self._desk.bridge,
                self._page,
                person=detail.person,
                type_stays=_why_type_stays(detail),
            )
        )

    async def _enrol(self, case: _Case) -> None:
        await self._open_enrol(case.detail.person.user_id, None)

    async def _open_enrol(self, student_id: int, course_id: int | None) -> None:
        await self._open(
            EnrolDialog(
                self._desk.bridge,
                self._gateways,
                self._desk.actor,
                self._page,
                student_id=student_id,
                course_id=course_id,
            )
        )

    async def _delete(self, case: _Case) -> None:
        preview = await self._desk.bridge.read(
            accounts.preview_deletion, case.detail.person.user_id
        )
        await self._open(DeleteAccountDialog(self._desk.bridge, self._page, preview=preview))

    async def _show_payments(self, case: _Case) -> None:
        student = Filter("student", (str(case.detail.person.user_id),))
        self._desk.go("payments", filters=(student,))

    async def _change_balance(self, case: _Case) -> None:
        await self._open(BalanceDialog(self._desk.bridge, self._page, detail=case.detail))

    async def _show_by_course(self, case: _Case) -> None:
        assert case.course is not None
        course = Filter("course", (str(case.course.course_id),))
        self._desk.go("course_students", filters=(course,), select=case.course.enrolment_id)

    async def _extend(self, case: _Case) -> None:
        assert case.course is not None
        # The last day is one of the school's, wherever the person sits.
        school = await self._desk.bridge.read(school_settings.get_school)
        await self._open(
            ExtendAccessDialog(
                self._desk.bridge,
                self._page,
                person=case.detail.person,
                course=case.course,
                now=self._desk.clock(),
                zone=school.zone,
            )
        )

    async def _mark_lessons(self, case: _Case) -> None:
        assert case.course is not None
        person, course = case.detail.person, case.course
        marks = await self._desk.bridge.read(
            progress.student_lessons, person.user_id, course.course_id
        )
        await self._open(
            MarkLessonsDialog(
                self._desk.bridge,
                self._page,
                person=person,
                course=course,
                marks=marks,
                now=self._desk.clock(),
                zone=self._desk.zone,
            )
        )

    async def _record_minutes(self, case: _Case) -> None:
        assert case.course is not None
        person, course = case.detail.person, case.course
        marks = await self._desk.bridge.read(
            progress.student_lessons, person.user_id, course.course_id
        )
        await self._open(
            MinutesDialog(self._desk.bridge, self._page, person=person, course=course, marks=marks)
        )

    async def _record_quiz(self, case: _Case) -> None:
        assert case.course is not None
        await self._open(
            QuizAttemptDialog(
                self._desk.bridge, self._page, person=case.detail.person, course=case.course
            )
        )

    async def _record_review(self, case: _Case) -> None:
        assert case.course is not None
        person, course = case.detail.person, case.course
        review = await self._desk.bridge.read(reviews.find_review, person.user_id, course.course_id)
        if review is None and course.status not in _OPEN:
            self._desk.messages.warn(
                f"{person.name} is not in “{course.title}”, so there is nothing to review."
            )
            return
        await self._open(
            ReviewDialog(self._desk.bridge, self._page, person=person, course=course, review=review)
        )

    async def _cancel(self, case: _Case) -> None:
        assert case.course is not None
        await self._open(
            CancelEnrolmentDialog(
                self._desk.bridge, self._page, person=case.detail.person, course=case.course
            )
        )


def _steps(course: StudentCourse, actor: Actor) -> tuple[CourseStep, ...]:
    return tuple(
        CourseStep(step, _step_words(step, course.access.payment_id))
        for step in course.access.steps
        if actor.may(_STEP_RIGHTS[step])
    )


def _step_words(step: NextStep, payment_id: int | None) -> str:
    match step:
        case NextStep.ENROL:
            return "Enrol…"
        case NextStep.EXTEND:
            return "Extend…"
        case NextStep.CANCEL:
            return "Cancel enrolment…"
        case NextStep.REVIEW_ALERT:
            return "Show the alert"
    return f"Show payment {payment_id}"


def _why_type_stays(detail: StudentDetail) -> str:
    """Empty where the account type may change."""
    if detail.person.user_type is UserType.STUDENT and detail.courses:
        return "The account has courses as a student, so it stays one."
    if detail.taught:
        return "The account teaches courses, so it stays an instructor’s."
    return ""
