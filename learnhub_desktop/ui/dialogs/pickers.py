"""Finding a student, an instructor or a course by typing: the pickers that dialogs share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain import money
from learnhub_desktop.domain.catalog import CourseRow
from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.domain.states import CourseStatus, UserType
from learnhub_desktop.domain.students import PersonRow
from learnhub_desktop.models.catalog import seats_words
from learnhub_desktop.services import lists, students
from learnhub_desktop.ui.widgets.picker import Choice, PickerField

_FOUND: Final = 20
# An archived course takes no new enrolment, and nobody new could complete it first.
_LIVE: Final = (CourseStatus.ACTIVE, CourseStatus.DRAFT)


def student_picker(bridge: Bridge, *, name: str = "student", title: str = "Student") -> PickerField:
    """Its value is the student's id."""

    async def find(text: str) -> Sequence[Choice]:
        found = await bridge.read(
            students.search_people, text, user_type=UserType.STUDENT, limit=_FOUND
        )
        return [person_choice(person) for person in found]

    return PickerField(
        name,
        title,
        find,
        missing="Choose the student: type a part of the name or the e-mail.",
        placeholder="Name or e-mail",
    )


def instructor_picker(
    bridge: Bridge, *, name: str = "instructor_id", title: str = "Instructor", hint: str = ""
) -> PickerField:
    """Its value is the instructor's id."""

    async def find(text: str) -> Sequence[Choice]:
        found = await bridge.read(
            students.search_people, text, user_type=UserType.INSTRUCTOR, limit=_FOUND
        )
        return [person_choice(person) for person in found]

    return PickerField(
        name,
        title,
        find,
        missing="Choose the instructor: type a part of the name.",
        placeholder="Name or e-mail",
        hint=hint,
    )


def course_picker(
    bridge: Bridge,
    *,
    name: str = "course",
    title: str = "Course",
    hint: str = "",
    without: int | None = None,
) -> PickerField:
    """Its value is the course's id; ``without`` is a course that is never found."""

    async def find(text: str) -> Sequence[Choice]:
        query = ListQuery("courses").with_text(text).with_filter("status", *_LIVE)
        page = await bridge.read(lists.page, query, first=0, count=_FOUND, anchor=None)
        return [course_choice(row) for row in page.rows if row.course_id != without]

    return PickerField(
        name,
        title,
        find,
        missing="Choose the course: type a part of its title.",
        placeholder="Title or instructor",
        hint=hint,
    )


def person_choice(person: PersonRow) -> Choice:
    return Choice(person.user_id, person.name, person.email)


def course_choice(row: CourseRow) -> Choice:
    said = ["free" if row.price == 0 else money.text(row.price, row.currency)]
    if row.status is CourseStatus.DRAFT:
        said.append("draft")
    elif row.max_students is not None:
        said.append(seats_words(row))
    return Choice(row.course_id, row.title, " · ".join(said))
