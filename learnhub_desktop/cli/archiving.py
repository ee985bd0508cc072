"""`learnhub archive` and `learnhub restore`: a course off sale, and on sale again."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from learnhub_desktop.cli.choosing import opened
from learnhub_desktop.cli.terminal import Done, Terminal
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.opening import School
from learnhub_desktop.services import archiving, catalog


def archive(options: Namespace, terminal: Terminal) -> Done:
    with opened(options) as school:
        changes = school.database.write(
            archiving.archive_course, options.course_id, reason=options.reason
        )
        return _told(school, options.course_id, changes.message)


def restore(options: Namespace, terminal: Terminal) -> Done:
    with opened(options) as school:
        changes = school.database.write(archiving.restore_course, options.course_id)
        return _told(school, options.course_id, changes.message)


def _told(school: School, course_id: int, message: str) -> Done:
    values = school.database.read(_course_values, course_id)
    return Done({**values, "message": message}, (message,))


def _course_values(uow: UnitOfWork, course_id: int) -> dict[str, Any]:
    detail = catalog.get_course(uow, course_id)
    last = max(detail.archives, key=lambda kept: kept.archive_id, default=None)
    return {
        "course_id": course_id,
        "title": detail.course.title,
        "status": detail.course.status,
        "enrolled_students": detail.course.seats_taken,
        "archive_id": None if last is None else last.archive_id,
        "archived_at": None if last is None else last.archived_at,
        "restored_at": None if last is None else last.restored_at,
    }
