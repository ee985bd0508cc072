"""Whole files of courses or students, brought in at once or not at all.

What a file says is matched with what is there by the other system's own number. So the
same file can be imported again: nothing comes twice, and what changed in it is updated.
"""

from __future__ import annotations

import re
from typing import Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.money import check_currency
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.domain.text import NAME_LENGTH, check_email
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.courses import CourseLine
from learnhub_desktop.exchange.imports import Imported
from learnhub_desktop.exchange.students import StudentLine
from learnhub_desktop.services.catalog import hold_instructor
from learnhub_desktop.services.import_courses import CourseImport, Teacher
from learnhub_desktop.services.import_report import ImportReport
from learnhub_desktop.services.import_students import StudentImport
from learnhub_desktop.services.students import create_person

__all__ = ["ImportReport", "import_courses", "import_students"]

_MANY: Final = 2
_NOT_YET: Final = 0  # the id of an account that a dry run only speaks of


def import_courses(
    uow: UnitOfWork,
    imported: Imported[CourseLine],
    *,
    instructor_email: str | None = None,
    currency: str | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Add the courses of a file, and update those that an earlier import brought.

    Courses are matched by their number in the other system; where the file has none, by
    instructor and title. Of a course that is there only what the file says is changed, and
    never its status, its instructor, or a tag that staff gave it. ``instructor_email`` may
    be left out where the school has one instructor; where it has none, the account is made.
    ``currency`` None: the school's. A dry run writes nothing and needs no transaction that
    could.
    """
    uow.actor.require(Right.EDIT_CATALOG)
    teacher = _instructor(uow, instructor_email, dry_run=dry_run)
    if not dry_run:
        hold_instructor(uow, teacher.user_id)
    school_currency = uow.settings.get().currency
    task = CourseImport(
        uow,
        imported,
        teacher,
        check_currency(currency) if currency else school_currency,
        dry_run=dry_run,
    )
    return task.run()


def import_students(
    uow: UnitOfWork, imported: Imported[StudentLine], *, dry_run: bool = False
) -> ImportReport:
    """Add the students of a file, and update those whose number or e-mail is known.

    What the file leaves empty stays as it is. A row that names the account of an
    instructor, of a deleted student, or of two students at once is rejected.
    """
    uow.actor.require(Right.EDIT_STUDENTS)
    return StudentImport(uow, imported, dry_run=dry_run).run()


def _instructor(uow: UnitOfWork, email: str | None, *, dry_run: bool) -> Teacher:
    """Whose courses these are. In a school without any instructor the one named is entered."""
    known = uow.courses.list_instructors(limit=_MANY)
    if email is None:
        if len(known) == 1:
            return Teacher(known[0])
        if known:
            raise InvalidInput(
                "instructor", "Name the instructor whose courses these are, by e-mail."
            )
        raise InvalidInput(
            "instructor",
            "There is no instructor yet. Name one by e-mail, and the account is made.",
        )
    address = check_email(email, field="instructor")
    person = uow.users.find_by_email(address)
    if person is None and not known:
        return _enter(uow, address, dry_run=dry_run)
    if person is None or person.deleted_at is not None:
        raise InvalidInput("instructor", f"There is no account with the e-mail {address}.")
    if person.user_type is not UserType.INSTRUCTOR:
        raise InvalidInput("instructor", f"The account {address} is not an instructor’s.")
    return Teacher(person.user_id)


def _enter(uow: UnitOfWork, address: str, *, dry_run: bool) -> Teacher:
    words = re.split(r"[._+-]+", address.partition("@")[0])
    name = " ".join(word.capitalize() for word in words if word) or address
    name = name[:NAME_LENGTH]
    note = f"The school had no instructor, so the account {address} is made as “{name}”."
    if dry_run:
        return Teacher(_NOT_YET, note)
    made = create_person(uow, user_type=UserType.INSTRUCTOR, name=name, email=address)
    assert made.subject_id is not None
    return Teacher(made.subject_id, note)
