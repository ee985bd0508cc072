"""The feed of changes: nothing is missed, nothing is told twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.services import feed
from learnhub_desktop.services.feed import FeedState, poll
from tests.factories import add, make_course, make_student

EVERYTHING = ~Touched.NOTHING


@pytest.fixture(autouse=True)
def without_the_making_of_the_school(database: Database) -> None:
    def forget(uow: UnitOfWork) -> None:
        uow.connection.execute(delete(t.changes))

    database.write(forget)


def add_student(uow: UnitOfWork) -> int:
    return make_student(uow.connection)


def announce(uow: UnitOfWork, **values: Any) -> int:
    """A change as a trigger writes it."""
    return add(uow.connection, t.changes, **values)


def test_the_first_call_tells_nothing(database: Database) -> None:
    database.write(add_student)

    touched, state = poll(database, None)

    assert touched == Touched.NOTHING
    assert len(state.seen) == 1


def test_a_change_is_told_once_with_its_id(database: Database) -> None:
    _, state = poll(database, None)
    student_id = database.write(add_student)

    touched, state = poll(database, state)

    assert touched == Touched.STUDENTS
    assert state.ids == {Touched.STUDENTS: frozenset({student_id})}
    touched, state = poll(database, state)
    assert touched == Touched.NOTHING
    assert state.ids == {}


def test_several_lists_are_told_together(database: Database) -> None:
    _, state = poll(database, None)

    def add_course(uow: UnitOfWork) -> int:
        return make_course(uow.connection)

    course_id = database.write(add_course)
    touched, state = poll(database, state)

    assert touched == Touched.STUDENTS | Touched.CATALOG
    assert state.ids[Touched.CATALOG] == frozenset({course_id})


def test_a_lower_id_that_commits_later_is_told(database: Database) -> None:
    student_id = database.write(add_student)

    def take_away(uow: UnitOfWork) -> int:
        change_id = uow.connection.scalar(
            select(t.changes.c.change_id).where(t.changes.c.entity_id == student_id)
        )
        uow.connection.execute(delete(t.changes))
        return int(change_id or 0)

    late_id = database.write(take_away)
    database.write(announce, change_id=late_id + 5, entity="catalog", entity_id=7)
    _, state = poll(database, None)
    database.write(announce, change_id=late_id, entity="students", entity_id=student_id)

    touched, _ = poll(database, state)

    assert touched == Touched.STUDENTS


def test_a_change_without_an_id_may_be_anywhere_in_its_list(database: Database) -> None:
    _, state = poll(database, None)
    database.write(announce, entity="enrolments", entity_id=3)
    database.write(announce, entity="enrolments", entity_id=None)

    touched, state = poll(database, state)

    assert touched == Touched.ENROLMENTS
    assert state.ids == {}


def test_a_word_of_a_newer_program_is_passed_over(database: Database) -> None:
    _, state = poll(database, None)
    database.write(announce, entity="certificates", entity_id=3)

    assert poll(database, state)[0] == Touched.NOTHING


def test_a_flood_is_told_by_list_until_it_is_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_CHANGES", 3)
    _, state = poll(database, None)
    for number in range(5):
        database.write(announce, entity="catalog", entity_id=number)

    touched, state = poll(database, state)
    assert touched == Touched.CATALOG
    assert state.ids == {}
    assert poll(database, state)[0] == Touched.CATALOG

    def let_time_pass(uow: UnitOfWork) -> None:
        past = uow.feed.clock() - timedelta(minutes=2)
        uow.connection.execute(update(t.changes).values(created_at=past))

    database.write(let_time_pass)
    _, state = poll(database, state)
    assert poll(database, state)[0] == Touched.NOTHING


def test_changes_of_a_pause_are_told_after_it(database: Database) -> None:
    """A laptop that slept for an hour reads that hour, not only the last minute."""
    _, state = poll(database, None)
    an_hour_ago = state.read_at - timedelta(hours=1)
    database.write(
        announce, entity="payments", entity_id=4, created_at=state.read_at - timedelta(minutes=30)
    )

    touched, _ = poll(database, FeedState(an_hour_ago, frozenset()))

    assert touched == Touched.PAYMENTS


def test_after_a_long_sleep_everything_is_told(database: Database) -> None:
    _, state = poll(database, None)
    yesterday = state.read_at - timedelta(days=1)

    touched, state = poll(database, FeedState(yesterday, frozenset()))

    assert touched == EVERYTHING
    assert poll(database, state)[0] == Touched.NOTHING
