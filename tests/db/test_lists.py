"""Every list: what it refuses, who sees it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import insert, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.lists.registry import LISTS, source_of
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.lists import Anchor, ListQuery
from learnhub_desktop.errors import InvalidInput, NotAllowed
from learnhub_desktop.services import lists
from tests.db.listing import make_alert, make_named, make_titled, named, shown
from tests.factories import make_course, make_enrolment, make_payment


@pytest.mark.parametrize(
    "query, field, sentence",
    [
        (ListQuery("lessons"), "source",
         "There is no list “lessons”, only courses, students, accounts, payments, "
         "archived_payments, alerts, subscriptions, enrolments, course_students, "
         "student_courses."),
        (ListQuery("courses").with_sort("colour", descending=False), "sort",
         "The list of courses cannot be sorted by “colour”, only by id, title, instructor, "
         "price, level, status, seats, rating, reviews, enrolments, created."),
        (ListQuery("courses", columns=("title", "colour")), "columns",
         "The list of courses has no column “colour”."),
        (ListQuery("courses").with_filter("colour", "red"), "colour",
         "The list of courses has no filter “colour”."),
        (ListQuery("courses").with_filter("status", "lost"), "status",
         "“lost” is not one of status: draft, active, archived."),
        (ListQuery("courses").with_filter("seats", "some"), "seats",
         "“some” is not one of seats: free, full, unlimited."),
        (ListQuery("courses").with_filter("instructor", "ada"), "instructor",
         "“ada” is not the number of a record."),
        (ListQuery("courses").with_filter("instructor", "9" * 5_000), "instructor",
         "“99999999999999999999” is not the number of a record."),
        (ListQuery("courses").with_filter("price", "cheap", ""), "price",
         "“cheap” is not an amount such as 49.00."),
        (ListQuery("courses").with_filter("price", "1", "2", "3"), "price",
         "The filter “price” takes two values: from and to."),
        (ListQuery("courses").with_filter("created", "10.3.2026", ""), "created",
         "“10.3.2026” is not a date such as 2026-03-10."),
        (ListQuery("payments").with_filter("created", "2026-03-10T11:30", ""), "created",
         "“2026-03-10T11:30” is not a date such as 2026-03-10."),
        (ListQuery("course_students"), "course", "Name the course whose list this is."),
        (ListQuery("student_courses"), "student", "Name the student whose list this is."),
    ],
)  # fmt: skip
def test_what_a_list_does_not_know_is_refused(
    uow: UnitOfWork, query: ListQuery, field: str, sentence: str
) -> None:
    for attempt in (
        lambda: lists.head(uow, query),
        lambda: lists.page(uow, query, first=0, count=10, anchor=None),
    ):
        with pytest.raises(InvalidInput) as refused:
            attempt()
        assert (refused.value.field, str(refused.value)) == (field, sentence)


@pytest.mark.parametrize("first, count, anchor", [(-1, 10, None), (0, 0, None), (0, 5, 10)])
def test_a_page_that_makes_no_sense_is_a_bug(
    uow: UnitOfWork, first: int, count: int, anchor: int | None
) -> None:
    start = None if anchor is None else Anchor(anchor, "x", 1)

    with pytest.raises(ValueError, match="no page of"):
        lists.page(uow, ListQuery("courses"), first=first, count=count, anchor=start)


def test_an_empty_list_has_a_head_without_anchors(uow: UnitOfWork) -> None:
    head = lists.head(uow, ListQuery("alerts"), ids=(1,))

    assert (head.total, head.unfiltered, head.anchors, head.positions) == (0, 0, (), {})


def test_an_id_that_the_filter_hides_has_no_position(payments: UnitOfWork) -> None:
    rows = {row.reason_code: row.payment_id for row in shown(payments, ListQuery("payments"))}

    head = lists.head(
        payments,
        ListQuery("payments").with_filter("status", "pending", "unknown"),
        ids=(rows["a"], rows["c"]),
    )

    assert head.positions == {rows["c"]: 1}


def read_in_every_way(uow: UnitOfWork, name: str) -> None:
    """Each column both ways, each value of each filter, with pages, anchors and text."""
    source = source_of(name, uow.actor)
    query = ListQuery(name)
    if source.required is not None:
        query = query.with_filter(source.required, "1")
    for column in source.sorts:
        for descending in (False, True):
            sorted_query = query.with_sort(column, descending=descending)
            shown(uow, sorted_query)
            for anchor in lists.head(uow, sorted_query).anchors:
                lists.page(uow, sorted_query, first=anchor.position, count=5, anchor=anchor)
    for chip, spec in source.filters.items():
        for word in spec.words or ():
            shown(uow, query.with_filter(chip, word))
    for name_of_measure in source.measures:
        for value in ("5", "2026-03-10"):
            shown(uow, replace(query, text=f"{name_of_measure}>{value}"))
    shown(uow, replace(query, text="ola #4 4 ola@example.org", columns=tuple(source.sorts)))


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_is_read_in_every_way(payments: UnitOfWork, name: str) -> None:
    read_in_every_way(payments, name)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_is_read_in_every_way_on_a_server(server_uow: UnitOfWork, name: str) -> None:
    student_id = make_named(server_uow, "Ola Server")
    make_enrolment(server_uow.connection, student_id, make_course(server_uow.connection))
    make_payment(server_uow.connection, student_id)
    make_alert(server_uow, 50, user_id=student_id)

    read_in_every_way(server_uow, name)


def test_a_role_reads_only_what_it_may(courses: UnitOfWork) -> None:
    courses.actor = actor_of("ada", Role.INSTRUCTOR)

    for name in ("payments", "alerts"):
        with pytest.raises(NotAllowed):
            lists.head(courses, ListQuery(name))
        with pytest.raises(NotAllowed):
            lists.page(courses, ListQuery(name), first=0, count=1, anchor=None)
        with pytest.raises(NotAllowed):
            lists.rows(courses, name, [1])
        with pytest.raises(NotAllowed):
            lists.walk(courses, ListQuery(name))


def test_an_instructor_sees_own_courses_and_their_students_only(uow: UnitOfWork) -> None:
    ada = make_named(uow, "Ada", user_type="instructor")
    own = make_titled(uow, "Own", instructor_id=ada)
    other = make_titled(uow, "Other")
    for name, course_id in (("Mine", own), ("Theirs", other), ("Both", own), ("None", None)):
        student_id = make_named(uow, name, account_balance=Decimal("5.00"))
        if course_id is not None:
            make_enrolment(uow.connection, student_id, course_id)
        if name == "Both":
            make_enrolment(uow.connection, student_id, other)
    uow.connection.execute(insert(t.people).values(account="ada", user_id=ada, role="instructor"))
    uow.actor = actor_of("ada", Role.INSTRUCTOR)

    assert named(uow, ListQuery("courses")) == ["Own"]
    rows = shown(uow, ListQuery("students"))
    assert [(row.name, row.enrolment_count, row.balance) for row in rows] == [
        ("Both", 1, None),
        ("Mine", 1, None),
    ]
    assert named(uow, ListQuery("enrolments").with_sort("student", descending=False)) == [
        "Both",
        "Mine",
    ]
    assert lists.rows(uow, "courses", [other, own])[0].title == "Own"
    with pytest.raises(InvalidInput, match="cannot be sorted by “balance”"):
        lists.head(uow, ListQuery("students").with_sort("balance", descending=True))

    uow.connection.execute(update(t.people).values(disabled=True))
    assert named(uow, ListQuery("courses")) == []


def test_rows_are_read_again_by_their_ids(payments: UnitOfWork) -> None:
    rows = {row.reason_code: row.payment_id for row in shown(payments, ListQuery("payments"))}

    again = lists.rows(payments, "payments", [rows["c"], 999_999, rows["a"]])

    assert [row.reason_code for row in again] == ["c", "a"]
    assert lists.rows(payments, "payments", []) == ()


def test_the_search_box_can_say_what_it_understands(uow: UnitOfWork) -> None:
    known = lists.vocabulary(uow, "payments")

    assert known.choices["status"]["partly refunded"] == "partially_refunded"
    assert {"amount", "created"} <= known.measures.keys()
    assert "student" in known.texts


def test_a_common_word_is_found_like_a_rare_one(
    payments: UnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past a number of matches the ids are not written out but looked up."""
    monkeypatch.setattr("learnhub_desktop.db.repositories.lists.MOST_RESOLVED", 0)

    assert named(payments, ListQuery("payments", text="nordmann")) == ["b", "a"]
