"""Every list: what its filters and its search box let through."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import insert

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.services import lists
from tests.db.listing import DAY, HOUR, make_alert, make_named, make_titled, named, shown
from tests.factories import (
    NOW,
    make_course,
    make_enrolment,
)


@pytest.mark.parametrize(
    "query, titles",
    [
        (ListQuery("courses"), ["Algebra", "Full", "SQL", "zebra care"]),
        (ListQuery("courses").with_filter("status", "draft"), ["Algebra"]),
        (ListQuery("courses").with_filter("status", "draft", "archived"), ["Algebra"]),
        (ListQuery("courses").with_filter("level", "advanced", "beginner"), ["SQL", "zebra care"]),
        (ListQuery("courses").with_filter("level", "all"), ["Algebra", "Full"]),
        (ListQuery("courses").with_filter("level", "all", "beginner"),
         ["Algebra", "Full", "zebra care"]),
        (ListQuery("courses").with_filter("tag", "databases"), ["SQL"]),
        (ListQuery("courses").with_filter("tag", "databases", "data"), ["Full", "SQL"]),
        (ListQuery("courses").with_filter("seats", "free"), ["SQL"]),
        (ListQuery("courses").with_filter("seats", "full"), ["Full"]),
        (ListQuery("courses").with_filter("seats", "unlimited"), ["Algebra", "zebra care"]),
        (ListQuery("courses").with_filter("seats", "free", "full"), ["Full", "SQL"]),
        (ListQuery("courses").with_filter("price", "49", ""), ["Full", "SQL", "zebra care"]),
        (ListQuery("courses").with_filter("price", "", "0"), ["Algebra"]),
        (ListQuery("courses").with_filter("price", "1", "50.00"), ["SQL", "zebra care"]),
        (ListQuery("courses").with_filter("price", "1"), ["Full", "SQL", "zebra care"]),
        (ListQuery("courses").with_filter("created", "2026-03-10", "2026-03-10"),
         ["Algebra", "Full", "SQL"]),
        (ListQuery("courses").with_filter("created", "", "2026-03-09"), ["zebra care"]),
        (ListQuery("courses", text="lovelace"), ["Algebra", "zebra care"]),
        (ListQuery("courses", text="LOVELACE alg"), ["Algebra"]),
        (ListQuery("courses", text="grace@example.org"), ["Full", "SQL"]),
        (ListQuery("courses", text="x1"), ["Full"]),
        (ListQuery("courses", text="tag:data price>49"), ["Full"]),
        (ListQuery("courses", text="status:draft"), ["Algebra"]),
        (ListQuery("courses", text="students>=2"), ["Full"]),
        (ListQuery("courses", text="status:nonsense"), []),
        (ListQuery("courses", text="%"), []),
        (ListQuery("courses", text="_"), []),
    ],
)  # fmt: skip
def test_courses_are_filtered(courses: UnitOfWork, query: ListQuery, titles: list[str]) -> None:
    assert named(courses, query) == titles


def test_filters_and_text_hold_together(courses: UnitOfWork) -> None:
    query = ListQuery("courses", text="a").with_filter("status", "active")
    head = lists.head(courses, query.with_filter("level", "beginner"))

    assert (head.total, head.unfiltered) == (1, 4)


@pytest.fixture
def students(uow: UnitOfWork) -> UnitOfWork:
    ada = make_named(uow, "Ada", country="GB", account_balance=Decimal("10.00"))
    bob = make_named(uow, "Bob", country="US", created_at=NOW - 40 * DAY)
    make_named(uow, "Cid", deleted_at=NOW)
    make_named(uow, "Tea", user_type="instructor")
    make_named(uow, "Łukasz", search_text="lukasz")
    first = make_course(uow.connection)
    second = make_course(uow.connection)
    make_enrolment(uow.connection, ada, first, progress_percentage=Decimal("80.00"))
    make_enrolment(uow.connection, ada, second, status="completed")
    make_enrolment(uow.connection, bob, first, status="refunded")
    for student_id, ends in ((ada, NOW - HOUR), (bob, None)):
        uow.connection.execute(
            insert(t.course_access).values(
                student_id=student_id, course_id=first, access_expires_at=ends
            )
        )
    return uow


@pytest.mark.parametrize(
    "query, names",
    [
        (ListQuery("students"), ["Ada", "Bob", "Cid", "Łukasz"]),
        (ListQuery("accounts", text="tea").with_filter("type", "instructor"), ["Tea"]),
        (ListQuery("students").with_filter("enrolments", "with"), ["Ada", "Bob"]),
        (ListQuery("students").with_filter("enrolments", "without"), ["Cid", "Łukasz"]),
        (ListQuery("students").with_filter("deleted", "no"), ["Ada", "Bob", "Łukasz"]),
        (ListQuery("students").with_filter("deleted", "yes"), ["Cid"]),
        (ListQuery("students").with_filter("access", "ended"), ["Ada"]),
        (ListQuery("students").with_filter("access", "open"), ["Bob"]),
        (ListQuery("students").with_filter("standing", "not_started"), []),
        (ListQuery("students").with_filter("standing", "in_progress"), ["Ada"]),
        (ListQuery("students").with_filter("standing", "finished", "waiting"), ["Ada"]),
        (ListQuery("students").with_filter("country", "gb", "NO"), ["Ada"]),
        (ListQuery("students").with_filter("status", "completed"), ["Ada"]),
        (ListQuery("students").with_filter("created", "2026-03-01", ""),
         ["Ada", "Cid", "Łukasz"]),
        (ListQuery("students").with_filter("balance", "0.01", ""), ["Ada"]),
        (ListQuery("students").with_filter("progress", "40", "40"), ["Ada"]),
        (ListQuery("students", text="łukasz"), ["Łukasz"]),
        (ListQuery("students", text="bob@example.org"), ["Bob"]),
        (ListQuery("students", text="courses>1"), ["Ada"]),
        (ListQuery("students", text="progress<50%"), ["Ada"]),
        (ListQuery("students").with_sort("courses", descending=True),
         ["Ada", "Bob", "Łukasz", "Cid"]),
        (ListQuery("students").with_sort("progress", descending=False),
         ["Bob", "Cid", "Łukasz", "Ada"]),
    ],
)  # fmt: skip
def test_students_are_filtered(students: UnitOfWork, query: ListQuery, names: list[str]) -> None:
    assert named(students, query) == names


@pytest.mark.parametrize(
    "query, codes",
    [
        (ListQuery("payments"), "ebacd"),
        (ListQuery("payments").with_filter("status", "pending", "unknown"), "bcd"),
        (ListQuery("payments").with_filter("method", "paypal"), "c"),
        (ListQuery("payments").with_filter("method", "paypal", "none"), "cd"),
        (ListQuery("payments").with_filter("kind", "refund"), "b"),
        (ListQuery("payments").with_filter("amount", "100", ""), "a"),
        (ListQuery("payments").with_filter("amount", "", "49.00"), "ebcd"),
        (ListQuery("payments").with_filter("created", "2026-03-09", "2026-03-09"), "a"),
        (ListQuery("payments").with_filter("created", "2026-03-10T11:30:00+00:00", ""), "e"),
        (ListQuery("payments").with_filter("currency", "eur"), "d"),
        (ListQuery("payments").with_filter("refund_due", "yes"), "e"),
        (ListQuery("payments").with_filter("attention", "unknown"), "c"),
        (ListQuery("payments").with_filter("attention", "unknown_day"), "c"),
        (ListQuery("payments").with_filter("attention", "unknown_week"), ""),
        (ListQuery("payments").with_filter("attention", "hold_expired"), "d"),
        (ListQuery("payments").with_filter("attention", "refund_open", "refund_due"), "eb"),
        (ListQuery("payments", text="nordmann"), "ba"),
        (ListQuery("payments", text="mastery"), "a"),
        (ListQuery("payments", text="ola mastery"), "a"),
        (ListQuery("payments", text="kari mastery"), ""),
        (ListQuery("payments", text="ch_77"), "a"),
        (ListQuery("payments", text="ch_7"), ""),
        (ListQuery("payments", text="ola@example.org"), "ba"),
        (ListQuery("payments", text="status:unknown"), "c"),
        (ListQuery("payments", text="amount>100"), "a"),
        (ListQuery("payments", text="status:unknown amount>100"), ""),
        (ListQuery("payments", text="created<2026-03-01"), "d"),
        (ListQuery("payments").with_sort("course", descending=True), "aedcb"),
        (ListQuery("payments").with_sort("student", descending=False), "cdeab"),
    ],
)
def test_payments_are_filtered(payments: UnitOfWork, query: ListQuery, codes: str) -> None:
    assert "".join(named(payments, query)) == codes


def test_an_id_is_found_by_its_number(payments: UnitOfWork) -> None:
    rows = {row.reason_code: row.payment_id for row in shown(payments, ListQuery("payments"))}

    for typed in (f"#{rows['a']}", f"id:{rows['a']}", str(rows["a"])):
        assert "a" in named(payments, ListQuery("payments", text=typed))
    assert named(payments, ListQuery("payments", text="#987654321")) == []


def test_payments_of_one_student_or_course(payments: UnitOfWork) -> None:
    row = shown(payments, ListQuery("payments", text="mastery"))[0]

    by_student = ListQuery("payments").with_filter("student", str(row.student_id))
    by_course = ListQuery("payments").with_filter("course", str(row.course_id))

    assert named(payments, by_student) == ["b", "a"]
    assert named(payments, by_course) == ["a"]
    assert named(payments, ListQuery("payments", text=f"student:{row.student_id}")) == ["b", "a"]
    assert named(payments, ListQuery("payments", text="student:ola")) == []


@pytest.fixture
def alerts(uow: UnitOfWork) -> UnitOfWork:
    ola = make_named(uow, "Ola")
    make_alert(uow, 30, alert_level="medium", user_id=ola, created_at=NOW - 2 * DAY)
    make_alert(uow, 40, alert_level="medium", created_at=NOW - DAY)
    make_alert(uow, 120, alert_level="critical", action="block", created_at=NOW - 3 * DAY)
    make_alert(uow, 50, alert_level="high", status="reviewed", released_at=NOW)
    return uow


@pytest.mark.parametrize(
    "query, scores",
    [
        (ListQuery("alerts"), [120, 50, 40, 30]),
        (ListQuery("alerts").with_filter("status", "pending"), [120, 40, 30]),
        (ListQuery("alerts").with_filter("level", "medium", "critical"), [120, 40, 30]),
        (ListQuery("alerts").with_filter("action", "block"), [120]),
        (ListQuery("alerts").with_filter("released", "yes"), [50]),
        (ListQuery("alerts").with_filter("score", "40", "50"), [50, 40]),
        (ListQuery("alerts").with_filter("created", "2026-03-09", ""), [50, 40]),
        (ListQuery("alerts", text="ola"), [30]),
        (ListQuery("alerts", text="score>=50 level:critical"), [120]),
        (ListQuery("alerts").with_sort("score", descending=False), [30, 40, 50, 120]),
    ],
)
def test_alerts_are_filtered(alerts: UnitOfWork, query: ListQuery, scores: list[int]) -> None:
    assert named(alerts, query) == scores


@pytest.fixture
def enrolled(uow: UnitOfWork) -> Iterator[tuple[UnitOfWork, ListQuery]]:
    sql = make_titled(uow, "SQL")
    for name, percent, status, ends in (
        ("Ada", "0.00", "active", NOW - DAY),
        ("Bob", "50.00", "active", NOW + DAY),
        ("Cid", "100.00", "completed", None),
        ("Dee", "0.00", "refunded", NOW - DAY),
        ("Eve", "0.00", "pending", "no access"),
    ):
        student_id = make_named(uow, name)
        make_enrolment(
            uow.connection, student_id, sql, status=status, progress_percentage=Decimal(percent)
        )
        make_enrolment(uow.connection, student_id, make_course(uow.connection))
        if ends != "no access":
            uow.connection.execute(
                insert(t.course_access).values(
                    student_id=student_id, course_id=sql, access_expires_at=ends
                )
            )
    yield uow, ListQuery("course_students").with_filter("course", str(sql))


@pytest.mark.parametrize(
    "name, values, names",
    [
        ("standing", ("not_started",), ["Ada"]),
        ("standing", ("in_progress",), ["Bob"]),
        ("standing", ("finished",), ["Cid"]),
        ("standing", ("seat_held",), ["Ada", "Bob", "Cid", "Eve"]),
        ("status", ("refunded",), ["Dee"]),
        ("access", ("ended",), ["Ada", "Dee"]),
        ("access", ("open",), ["Bob", "Cid"]),
        ("access", ("lifetime",), ["Cid"]),
        ("access", ("none",), ["Eve"]),
        ("progress", ("50", ""), ["Bob", "Cid"]),
        ("source", ("staff",), []),
    ],
)
def test_students_of_a_course_are_filtered(
    enrolled: tuple[UnitOfWork, ListQuery], name: str, values: tuple[str, ...], names: list[str]
) -> None:
    uow, query = enrolled

    assert named(uow, query.with_filter(name, *values)) == names
    assert lists.head(uow, query.with_filter(name, *values)).unfiltered == 5
