"""Whole files of courses or students, brought in at once or not at all.

What a file says is matched with what is there by the other system's own number. So the
same file can be imported again: nothing comes twice, and what changed in it is updated.
"""

from __future__ import annotations

from typing import Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.money import check_currency
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.domain.text import check_email
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.courses import CourseLine
from learnhub_desktop.exchange.imports import Imported
from learnhub_desktop.exchange.students import StudentLine
from learnhub_desktop.services.catalog import hold_instructor
from learnhub_desktop.services.import_courses import CourseImport
from learnhub_desktop.services.import_report import ImportReport
from learnhub_desktop.services.import_students import StudentImport

__all__ = ["ImportReport", "import_courses", "import_students"]

_MANY: Final = 2


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
    be left out where the school has one instructor. ``currency`` None: the school's. A dry
    run writes nothing and needs no transaction that could.
    """
    uow.actor.require(Right.EDIT_CATALOG)
    instructor_id = _instructor(uow, instructor_email)
    if not dry_run:
        hold_instructor(uow, instructor_id)
    school_currency = uow.settings.get().currency
    task = CourseImport(
        uow,
        imported,
        instructor_id,
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


def _instructor(uow: UnitOfWork, email: str | None) -> int:
    if email is not None:
        person = uow.users.find_by_email(check_email(email, field="instructor"))
        if person is None or person.deleted_at is not None:
            raise InvalidInput("instructor", f"There is no account with the e-mail {email}.")
        if person.user_type is not UserType.INSTRUCTOR:
            raise InvalidInput("instructor", f"The account {email} is not an instructor’s.")
        return person.user_id
    known = uow.courses.list_instructors(limit=_MANY)
    if len(known) == 1:
        return known[0]
    said = "There is no instructor yet. Add the one" if not known else "Name the instructor"
    raise InvalidInput("instructor", f"{said} whose courses these are, by e-mail.")
