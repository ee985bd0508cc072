"""Lessons and quizzes of a course, and what a change of them means for progress."""

from __future__ import annotations

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.catalog import (
    MOST_LESSONS,
    CatalogRefusal,
    Course,
    Lesson,
    LessonDraft,
    LessonRemoval,
    Quiz,
    QuizDraft,
    check_lesson,
    check_quiz,
    count_of,
)
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.states import EnrolmentStatus
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.services.catalog import lock_editable

_BOTH = Touched.CATALOG | Touched.ENROLMENTS


def add_lesson(
    uow: UnitOfWork,
    course_id: int,
    draft: LessonDraft,
    *,
    position: int | None = None,
    reopen: bool = False,
) -> Changes:
    """Add a lesson at a position (from 1; None: the end) and count everybody's progress anew.

    Who had completed the course stays completed, unless staff reopen it with ``reopen``.
    """
    uow.actor.require(Right.EDIT_CATALOG)
    checked = check_lesson(draft)
    course = lock_editable(uow, course_id)
    order = uow.lessons.order(course_id)
    if len(order) >= MOST_LESSONS:
        raise RuleRefused(
            CatalogRefusal.TOO_MANY, f"A course can have at most {MOST_LESSONS:,} lessons."
        )
    place = len(order) + 1 if position is None else _check_position(position, len(order) + 1)
    lesson_id = uow.lessons.add(course_id=course_id, order_index=place, **_values(checked))
    order.insert(place - 1, lesson_id)
    uow.lessons.set_order(order)
    uow.progress.recompute_course(course_id, uow.now())
    message = f"Added “{checked.title}” to “{course.title}” as lesson {place}."
    overtaken = uow.lessons.count_overtaken(course_id)
    if reopen and overtaken:
        uow.lessons.reopen(course_id)
        message += f" {_reopened(overtaken)}"
    elif overtaken:
        stays = "stays" if overtaken == 1 else "stay"
        message += f" {count_of(overtaken, 'student')} who completed the course {stays} completed."
    return Changes(_BOTH, message, subject_id=lesson_id)


def update_lesson(
    uow: UnitOfWork, lesson_id: int, draft: LessonDraft, *, seen: LessonDraft | None = None
) -> Changes:
    """Save a lesson's form. ``seen`` is what the form was filled from, so that another
    desk's change of it is not lost; None overwrites whatever there is.
    """
    uow.actor.require(Right.EDIT_CATALOG)
    checked = check_lesson(draft)
    course = lock_editable(uow, uow.lessons.course_of(lesson_id))
    lesson = uow.lessons.get(lesson_id)
    stored = draft_of(lesson)
    if seen is not None and check_lesson(seen) != stored:
        raise RuleRefused(
            CatalogRefusal.CHANGED_MEANWHILE,
            f"“{lesson.title}” was changed at another desk meanwhile. "
            "Nothing was saved; reload to see both.",
        )
    if checked == stored:
        return Changes(Touched.NOTHING, "Nothing was changed.", subject_id=lesson_id)
    uow.lessons.update(lesson_id, **_values(checked))
    return Changes(
        Touched.CATALOG, f"Saved “{checked.title}” of “{course.title}”.", subject_id=lesson_id
    )


def move_lesson(uow: UnitOfWork, lesson_id: int, *, position: int) -> Changes:
    """Put a lesson at a position, counted from 1 among all lessons of its course."""
    uow.actor.require(Right.EDIT_CATALOG)
    course_id = uow.lessons.course_of(lesson_id)
    course = lock_editable(uow, course_id)
    lesson = uow.lessons.get(lesson_id)
    order = uow.lessons.order(course_id)
    _check_position(position, len(order))
    order.remove(lesson_id)
    order.insert(position - 1, lesson_id)
    uow.lessons.set_order(order)
    return Changes(
        Touched.CATALOG,
        f"“{lesson.title}” is lesson {position} of “{course.title}” now.",
        subject_id=lesson_id,
    )


def preview_removal(uow: UnitOfWork, lesson_id: int) -> LessonRemoval:
    """What removing the lesson would mean, for the box above the button."""
    uow.actor.require(Right.VIEW_CATALOG)
    lesson = uow.lessons.get(lesson_id)
    return LessonRemoval(
        lesson_id, lesson.title, lesson.done_count, len(lesson.quizzes), _tried(lesson)
    )


def remove_lesson(uow: UnitOfWork, lesson_id: int, *, discard_progress: bool = False) -> Changes:
    """Remove a lesson, and count everybody's progress anew.

    Refused while students have done it, unless staff saw that and said so with
    ``discard_progress``; refused always while results of its quizzes would be lost: a
    quiz is moved to another lesson first. Who now lacks nothing completes the course.
    """
    uow.actor.require(Right.EDIT_CATALOG)
    course_id = uow.lessons.course_of(lesson_id)
    course = lock_editable(uow, course_id)
    lesson = uow.lessons.get(lesson_id)
    tried = _tried(lesson)
    if tried is not None:
        raise RuleRefused(CatalogRefusal.QUIZ_ATTEMPTED, tried)
    if lesson.done_count and not discard_progress:
        raise RuleRefused(
            CatalogRefusal.LESSON_DONE,
            f"{count_of(lesson.done_count, 'student has', 'students have')} done "
            f"“{lesson.title}”. Removing it forgets that.",
        )
    completed = uow.courses.count_enrolled(course_id, EnrolmentStatus.COMPLETED)
    uow.lessons.remove(lesson_id)
    uow.lessons.set_order(uow.lessons.order(course_id))
    uow.progress.recompute_course(course_id, uow.now())
    finished = uow.courses.count_enrolled(course_id, EnrolmentStatus.COMPLETED) - completed
    message = f"Removed “{lesson.title}” from “{course.title}”."
    if finished:
        message += f" {count_of(finished, 'student has', 'students have')} completed it now."
    return Changes(_BOTH, message, subject_id=lesson_id)


def reopen_course(uow: UnitOfWork, course_id: int) -> Changes:
    """Let students who completed the course before a lesson was added go on with it."""
    uow.actor.require(Right.EDIT_CATALOG)
    course = lock_editable(uow, course_id)
    uow.progress.recompute_course(course_id, uow.now())
    reopened = uow.lessons.reopen(course_id)
    if not reopened:
        raise RuleRefused(
            CatalogRefusal.NOTHING_CHANGED,
            f"Everybody who completed “{course.title}” has done all of its lessons.",
        )
    return Changes(_BOTH, f"Reopened “{course.title}”. {_reopened(reopened)}", subject_id=course_id)


def add_quiz(uow: UnitOfWork, lesson_id: int, draft: QuizDraft) -> Changes:
    uow.actor.require(Right.EDIT_CATALOG)
    checked = check_quiz(draft)
    lock_editable(uow, uow.lessons.course_of(lesson_id))
    lesson = uow.lessons.get(lesson_id)
    quiz_id = uow.lessons.add_quiz(
        lesson_id=lesson_id, title=checked.title, passing_score=checked.passing_score
    )
    return Changes(
        Touched.CATALOG, f"Added the quiz “{checked.title}” to “{lesson.title}”.", quiz_id
    )


def update_quiz(
    uow: UnitOfWork, quiz_id: int, draft: QuizDraft, *, lesson_id: int | None = None
) -> Changes:
    """Save a quiz's form; with ``lesson_id`` the quiz moves there, within its course."""
    uow.actor.require(Right.EDIT_CATALOG)
    checked = check_quiz(draft)
    course = _lock_course_of(uow, quiz_id, lesson_id)
    quiz = uow.lessons.get_quiz(quiz_id)
    target = quiz.lesson_id if lesson_id is None else lesson_id
    if course is not None and target is not None:
        moves_away = uow.lessons.course_of(target) != course.course_id
        if moves_away:
            raise InvalidInput("lesson_id", f"That lesson is not one of “{course.title}”.")
    uow.lessons.update_quiz(
        quiz_id, title=checked.title, passing_score=checked.passing_score, lesson_id=target
    )
    return Changes(Touched.CATALOG, f"Saved the quiz “{checked.title}”.", quiz_id)


def remove_quiz(uow: UnitOfWork, quiz_id: int) -> Changes:
    """Remove a quiz that nobody has tried; refused otherwise: results are kept."""
    uow.actor.require(Right.EDIT_CATALOG)
    _lock_course_of(uow, quiz_id, None)
    quiz = uow.lessons.get_quiz(quiz_id)
    if quiz.attempt_count:
        raise RuleRefused(
            CatalogRefusal.QUIZ_ATTEMPTED,
            f"The quiz “{quiz.title}” has {count_of(quiz.attempt_count, 'result')} of students, "
            "which are kept. It cannot be removed.",
        )
    uow.lessons.remove_quiz(quiz_id)
    return Changes(Touched.CATALOG, f"Removed the quiz “{quiz.title}”.", quiz_id)


def draft_of(lesson: Lesson) -> LessonDraft:
    """The lesson as its form holds it."""
    return LessonDraft(lesson.title, lesson.content, lesson.video_url, lesson.duration_minutes)


def _lock_course_of(uow: UnitOfWork, quiz_id: int, lesson_id: int | None) -> Course | None:
    """Lock the quiz's course; a quiz of no lesson has none, until it gets a lesson."""
    quiz: Quiz = uow.lessons.get_quiz(quiz_id)
    place = quiz.lesson_id if quiz.lesson_id is not None else lesson_id
    return None if place is None else lock_editable(uow, uow.lessons.course_of(place))


def _tried(lesson: Lesson) -> str | None:
    """Why the lesson's quizzes forbid its removal; None where they do not."""
    for quiz in lesson.quizzes:
        if quiz.attempt_count:
            return (
                f"The quiz “{quiz.title}” of “{lesson.title}” has "
                f"{count_of(quiz.attempt_count, 'result')} of students, which are kept. "
                "Move the quiz to another lesson first."
            )
    return None


def _check_position(position: int, highest: int) -> int:
    if not 1 <= position <= highest:
        raise InvalidInput("position", f"The position must be from 1 to {highest}.")
    return position


def _reopened(students: int) -> str:
    return f"{count_of(students, 'student')} who had completed it can go on now."


def _values(draft: LessonDraft) -> dict[str, object]:
    return {
        "title": draft.title,
        "content": draft.content or None,
        "video_url": draft.video_url or None,
        "duration_minutes": draft.duration_minutes,
    }
