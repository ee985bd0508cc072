"""Instructors, courses and students of the sample school."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from random import Random

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.catalog import CourseDraft, LessonDraft, QuizDraft
from learnhub_desktop.domain.states import CourseStatus, UserType
from learnhub_desktop.sample.stage import CURRENCY, Course, Stage, Student
from learnhub_desktop.sample_data import COURSES, FAMILY, GIVEN, INSTRUCTORS, SampleCourse
from learnhub_desktop.services import catalog, lessons, prerequisites, students

STUDENTS = 160
_PASSING_SCORE = 60


def open_school(stage: Stage) -> None:
    """Add the instructors and the whole catalog, before anybody enrols."""
    stage.courses = stage.write(add_catalog, stage.random)


def add_catalog(uow: UnitOfWork, random: Random) -> dict[str, Course]:
    teachers = []
    for name, country in INSTRUCTORS:
        made = students.create_person(
            uow,
            user_type=UserType.INSTRUCTOR,
            name=name,
            email=f"{_plain(name) or 'teacher'}@example.org",
            country=country,
        )
        assert made.subject_id is not None
        teachers.append(made.subject_id)
    courses = {
        course.title: _add_course(uow, course, teachers[number % len(teachers)], random)
        for number, course in enumerate(COURSES)
    }
    for course in COURSES:
        if course.requires:
            prerequisites.set_prerequisites(
                uow,
                courses[course.title].course_id,
                [courses[title].course_id for title in course.requires],
            )
    return courses


def _add_course(
    uow: UnitOfWork, course: SampleCourse, instructor_id: int, random: Random
) -> Course:
    made = catalog.create_course(
        uow,
        CourseDraft(
            title=course.title,
            instructor_id=instructor_id,
            price=Decimal(course.price),
            currency=CURRENCY,
            description=course.description,
            level=course.level,
            access_months=course.months,
            max_students=course.seats,
            tags=course.tags,
        ),
        status=CourseStatus.DRAFT if course.is_draft else CourseStatus.ACTIVE,
    )
    assert made.subject_id is not None
    lesson_ids = []
    for title in course.lessons:
        draft = LessonDraft(title, duration_minutes=random.randrange(8, 45))
        lesson = lessons.add_lesson(uow, made.subject_id, draft)
        assert lesson.subject_id is not None
        lesson_ids.append(lesson.subject_id)
    quiz = lessons.add_quiz(
        uow, lesson_ids[-1], QuizDraft(f"{course.title}: the quiz", _PASSING_SCORE)
    )
    assert quiz.subject_id is not None
    return Course(made.subject_id, Decimal(course.price), tuple(lesson_ids), quiz.subject_id)


def cast(random: Random, count: int) -> list[Student]:
    """The students by name, each with a card of their own from their country."""
    pairs = [(given, family) for given in GIVEN for family in FAMILY]
    random.shuffle(pairs)
    taken: set[str] = set()
    people = []
    for number, ((given, country), family) in enumerate(pairs[:count], start=1):
        name = f"{given} {family}"
        address = _plain(name) if given.isascii() or _plain(given) else f"student{number}"
        while address in taken:
            address += str(number)
        taken.add(address)
        people.append(
            Student(
                name,
                f"{address}@example.org",
                country,
                f"tok_visa_{country.lower()}_{number}",
            )
        )
    return people


def join(stage: Stage, student: Student) -> None:
    made = stage.write(
        students.create_person,
        user_type=UserType.STUDENT,
        name=student.name,
        email=student.email,
        country=student.country,
    )
    assert made.subject_id is not None
    student.user_id = made.subject_id


def _plain(name: str) -> str:
    """``Łukasz Przykład`` as the front part of an address: ``lukasz.przyklad``."""
    folded = unicodedata.normalize("NFKD", name.lower().replace("ł", "l").replace("ı", "i"))
    kept = "".join(c for c in folded if c.isascii())
    return ".".join(re.findall(r"[a-z]+", kept))
