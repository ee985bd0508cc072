"""Lessons done, quiz results, and who is where in a course."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.catalog import HIGHEST_SCORE, MOST_MINUTES
from learnhub_desktop.domain.changes import Changes, Touched, Undo
from learnhub_desktop.domain.progress import (
    CourseProgress,
    FinishedStudent,
    LessonMark,
    ProgressPlace,
    ProgressRefusal,
    StudentCourse,
    passed,
    percentage,
    say_percent,
    status_after,
    why_no_progress,
)
from learnhub_desktop.domain.states import EnrolmentStatus, move_enrolment
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.services.access import explain_all


@dataclass(frozen=True, slots=True)
class Recount:
    """One enrolment after its lessons were counted again."""

    done: int
    total: int
    percent: Decimal
    before: EnrolmentStatus
    status: EnrolmentStatus


def student_courses(uow: UnitOfWork, student_id: int) -> list[StudentCourse]:
    """Every course the student was ever enrolled in, the latest first.

    A fixed number of grouped queries, however many courses, lessons and quizzes there are.
    """
    return uow.progress.list_courses(student_id, explain_all(uow, student_id))


def student_lessons(uow: UnitOfWork, student_id: int, course_id: int) -> list[LessonMark]:
    """The course's lessons in order, as this student has them."""
    uow.actor.require(Right.VIEW_STUDENTS)
    return uow.progress.list_marks(student_id, course_id)


def course_progress_summary(uow: UnitOfWork, course_id: int) -> CourseProgress:
    """How many are where in the course; who they are is the list of its enrolments."""
    uow.actor.require(Right.VIEW_STUDENTS)
    return uow.progress.summary(course_id)


def students_who_finished(
    uow: UnitOfWork, course_id: int, *, after_id: int = 0, limit: int = 200
) -> list[FinishedStudent]:
    """Students who did every lesson that the course has now, by id; ``after_id`` continues.

    It looks at lessons, not at the enrolment: someone who bought the course again, or whose
    enrolment another program never completed, is found too.
    """
    uow.actor.require(Right.VIEW_STUDENTS)
    return uow.progress.list_finished(course_id, after_id=after_id, limit=limit)


def mark_lessons(
    uow: UnitOfWork, student_id: int, course_id: int, lesson_ids: Iterable[int], *, done: bool
) -> Changes:
    """Mark lessons of one course done or not done, and count the progress again.

    All lessons done complete the enrolment. Taking a lesson back from a completed one is
    staff re-opening the course: it becomes active again, and the message says so.
    """
    wanted = tuple(lesson_ids)
    return set_lessons(
        uow, student_id, course_id, done=wanted if done else (), not_done=() if done else wanted
    )


def set_lessons(
    uow: UnitOfWork,
    student_id: int,
    course_id: int,
    *,
    done: Iterable[int],
    not_done: Iterable[int],
) -> Changes:
    """Mark some lessons of one course done and take others back, counted once for both."""
    uow.actor.require(Right.MARK_PROGRESS)
    target = dict.fromkeys(not_done, False) | dict.fromkeys(done, True)
    if not target:
        raise InvalidInput("lessons", "Choose a lesson first.")
    place = _lock(uow, student_id, course_id)
    marks = uow.progress.list_marks(student_id, course_id, set(target))
    _refuse_other_lessons(place, found=len(marks), wanted=len(target))
    now_done = [mark for mark in marks if target[mark.lesson_id] and not mark.is_done]
    taken_back = [mark for mark in marks if mark.is_done and not target[mark.lesson_id]]
    if not now_done and not taken_back:
        state = " as they were chosen"
        if len(set(target.values())) == 1:
            state = " done" if target[marks[0].lesson_id] else " not done"
        return Changes(
            Touched.NOTHING,
            f"{_said(marks)} already{state}, so nothing was changed.",
            subject_id=place.enrolment_id,
        )
    now = uow.now()
    for changed, is_done in ((now_done, True), (taken_back, False)):
        if changed:
            uow.progress.mark(
                student_id, [mark.lesson_id for mark in changed], done=is_done, now=now
            )
    recount = recompute(
        uow, place.enrolment_id, reopens=bool(taken_back), active_at=now if now_done else None
    )
    return Changes(
        Touched.ENROLMENTS,
        f"{_marked(now_done, taken_back)} for {place.student_name}: {_outcome(place, recount)}",
        subject_id=place.enrolment_id,
        # The day a lesson was done cannot be given back, so taking one back has no inverse.
        undo=None if taken_back else _undo(place, now_done),
    )


def record_minutes(
    uow: UnitOfWork, student_id: int, course_id: int, lesson_id: int, *, minutes: int
) -> Changes:
    """Set how many minutes the student has spent on a lesson in all."""
    uow.actor.require(Right.MARK_PROGRESS)
    if not 0 <= minutes <= MOST_MINUTES:
        raise InvalidInput("minutes", f"Enter 0 to {MOST_MINUTES:,} minutes.")
    place = _lock(uow, student_id, course_id)
    marks = uow.progress.list_marks(student_id, course_id, [lesson_id])
    _refuse_other_lessons(place, found=len(marks), wanted=1)
    uow.progress.spend(student_id, lesson_id, minutes)
    uow.progress.touch(place.enrolment_id, uow.now())
    return Changes(
        Touched.ENROLMENTS,
        f"{place.student_name} has spent {minutes:,} minutes on “{marks[0].title}”.",
        subject_id=place.enrolment_id,
    )


def record_attempt(uow: UnitOfWork, student_id: int, quiz_id: int, *, score: int) -> Changes:
    """Add one attempt at a quiz; the best of all attempts is what counts."""
    uow.actor.require(Right.MARK_PROGRESS)
    if not 0 <= score <= HIGHEST_SCORE:
        raise InvalidInput("score", f"A score is a whole number from 0 to {HIGHEST_SCORE:,}.")
    uow.users.share(student_id)
    title, passing_score, course_id = uow.progress.find_quiz(quiz_id)
    if course_id is None:
        raise RuleRefused(
            ProgressRefusal.OTHER_COURSE, f"The quiz “{title}” belongs to no lesson of a course."
        )
    place = _lock(uow, student_id, course_id)
    now = uow.now()
    attempt_id = uow.progress.add_attempt(student_id, quiz_id, score, now)
    uow.progress.touch(place.enrolment_id, now)
    best = uow.progress.best_score(student_id, quiz_id)
    verdict = {True: ", which passes", False: f"; {passing_score} is needed to pass", None: ""}
    return Changes(
        Touched.ENROLMENTS,
        f"{place.student_name} scored {score:,} in “{title}”. The best result is "
        f"{best:,}{verdict[passed(best, passing_score)]}.",
        subject_id=attempt_id,
    )


def refresh_course(uow: UnitOfWork, course_id: int) -> Changes:
    """Count the progress of a whole course again, where another program changed some."""
    uow.actor.require(Right.MARK_PROGRESS)
    course = uow.enrolments.lock_course(course_id)
    counted = uow.progress.recompute_course(course_id, uow.now())
    return Changes(
        Touched.ENROLMENTS,
        f"The progress in “{course.title}” was counted again for {_students(counted)}.",
        subject_id=course_id,
    )


def recompute(
    uow: UnitOfWork,
    enrolment_id: int,
    *,
    reopens: bool = False,
    active_at: datetime | None = None,
) -> Recount:
    """Count one enrolment's lessons again and write what follows. The caller has locked it.

    All lessons done complete an active enrolment. Only with ``reopens`` does a completed
    one become active again. ``active_at``: the student was at work then.
    """
    count = uow.progress.count(enrolment_id)
    percent = percentage(count.done, count.total)
    status = status_after(count.status, count.done, count.total)
    if reopens and status is EnrolmentStatus.COMPLETED and count.done < count.total:
        status = EnrolmentStatus.ACTIVE
    values: dict[str, object] = {}
    if status is not count.status:
        values["status"] = move_enrolment(count.status, status)
        completed = status is EnrolmentStatus.COMPLETED
        values["completed_at"] = uow.now() if completed else None
    if active_at is not None:
        values["last_activity_at"] = active_at
    uow.progress.write(enrolment_id, percent, **values)
    return Recount(count.done, count.total, percent, count.status, status)


def refresh_locked(uow: UnitOfWork, enrolment_id: int) -> Decimal:
    """The true progress in percent of an enrolment that the caller has locked.

    For decisions about money: what another program wrote is counted before it is used. An
    active enrolment with every lesson done is completed by it.
    """
    return recompute(uow, enrolment_id).percent


def _lock(uow: UnitOfWork, student_id: int, course_id: int) -> ProgressPlace:
    place = uow.progress.lock_place(student_id, course_id)
    if place is None:
        raise RuleRefused(
            ProgressRefusal.NOT_ENROLLED,
            "The student is not enrolled in this course, so there is no progress to keep.",
        )
    refused = why_no_progress(place)
    if refused:
        reason = (
            ProgressRefusal.ACCOUNT_DELETED if place.student_deleted else ProgressRefusal.NOT_ACTIVE
        )
        raise RuleRefused(reason, refused)
    return place


def _refuse_other_lessons(place: ProgressPlace, *, found: int, wanted: int) -> None:
    if found < wanted:
        raise RuleRefused(
            ProgressRefusal.OTHER_COURSE,
            f"{'The lesson is' if wanted == 1 else 'Some of these lessons are'} not part of "
            f"“{place.course_title}” any more. Reload and try again.",
        )


def _said(marks: list[LessonMark]) -> str:
    """The subject of a sentence: "“Loops” is", "3 lessons are"."""
    return f"“{marks[0].title}” is" if len(marks) == 1 else f"{len(marks):,} lessons are"


def _marked(now_done: list[LessonMark], taken_back: list[LessonMark]) -> str:
    parts = [f"{_said(now_done)} marked done"] if now_done else []
    if taken_back:
        parts.append(f"{_said(taken_back)} no longer marked done")
    return ", and ".join(parts)


def _undo(place: ProgressPlace, now_done: list[LessonMark]) -> Undo:
    return Undo(
        "mark_lessons",
        {
            "student_id": place.student_id,
            "course_id": place.course_id,
            "lesson_ids": tuple(mark.lesson_id for mark in now_done),
            "done": False,
        },
    )


def _outcome(place: ProgressPlace, recount: Recount) -> str:
    counted = (
        f"{recount.done:,} of {recount.total:,} lessons of “{place.course_title}” "
        f"({say_percent(recount.percent)})."
    )
    if recount.status is recount.before:
        return counted
    if recount.status is EnrolmentStatus.COMPLETED:
        return f"{counted} The course is completed."
    return f"{counted} The course was completed and is open again."


def _students(count: int) -> str:
    return "1 student" if count == 1 else f"{count:,} students"
