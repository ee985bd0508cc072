"""Rows of lists for tests: made with a name, shown by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.catalog import CourseRow
from learnhub_desktop.domain.fraud import AlertRow
from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.students import EnrolmentRow, StudentRow
from learnhub_desktop.services import lists
from tests.factories import NOW, make_course, make_student

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shown(uow: UnitOfWork, query: ListQuery) -> list[Any]:
    page = lists.page(uow, query, first=0, count=100, anchor=None)
    # A school that many tests share may have more.
    assert len(page.rows) == min(lists.head(uow, query).total, 100)
    return list(page.rows)


def named(uow: UnitOfWork, query: ListQuery) -> list[str]:
    """The rows by what tells them apart in these tests."""
    marks = {
        CourseRow: lambda row: row.title,
        StudentRow: lambda row: row.name,
        PaymentRow: lambda row: row.reason_code,
        AlertRow: lambda row: row.score,
        EnrolmentRow: lambda row: row.student_name,
    }
    return [marks[type(row)](row) for row in shown(uow, query)]


def make_named(uow: UnitOfWork, name: str, **changed: Any) -> int:
    email = f"{name.split()[0].lower()}@example.org"
    values = {"name": name, "email": email, "search_text": f"{name.lower()} {email}", **changed}
    return make_student(uow.connection, **values)


def make_titled(uow: UnitOfWork, title: str, **changed: Any) -> int:
    return make_course(uow.connection, title=title, search_text=title.lower(), **changed)


def make_alert(uow: UnitOfWork, score: int, **changed: Any) -> int:
    return uow.fraud.insert(t.fraud_alerts, **{"score": score, "created_at": NOW, **changed})
