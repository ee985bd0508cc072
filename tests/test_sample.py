"""The sample school, made once for all tests of this file."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.db.verify import verify_school
from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.domain.states import (
    AlertLevel,
    AlertStatus,
    EnrolmentStatus,
    PaymentMethod,
    PaymentStatus,
    SchoolKind,
    SubscriptionStatus,
)
from learnhub_desktop.domain.subscriptions import Standing
from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.jobs import asking
from learnhub_desktop.sample import make_sample
from learnhub_desktop.services import lists
from learnhub_desktop.services.gateways import open_gateways

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("sample")
    make_sample(made / "sample.db", books=made / "books", now=NOW)
    return made


@pytest.fixture(scope="module")
def ask(folder):
    """Runs a query on the sample school; gives the rows, or single values where it has one."""
    with closing(sqlite3.connect(f"file:{folder / 'sample.db'}?mode=ro", uri=True)) as school:

        def run(query, *values):
            rows = school.execute(query, values).fetchall()
            return [row[0] if len(row) == 1 else row for row in rows]

        yield run


@pytest.fixture
def copy(folder, tmp_path):
    """A copy of the sample school that a test may change, with a clock at its end."""
    path = tmp_path / "copy.db"
    path.write_bytes((folder / "sample.db").read_bytes())
    database = Database(
        open_engines(f"sqlite:///{path}"), label="copy.db", clock=lambda connection: NOW
    )
    yield database
    database.close()


def test_every_kept_number_is_what_a_recount_gives(copy):
    assert verify_school(copy).findings == ()


def test_it_is_a_sample_school_of_its_own_name(copy):
    settings = copy.read(lambda uow: uow.settings.get())
    assert (settings.school_name, settings.kind) == ("LearnHub sample school", SchoolKind.SAMPLE)


@pytest.mark.parametrize(
    "column, table, words",
    [
        ("status", "payments", PaymentStatus),
        ("payment_method", "payments", PaymentMethod),
        ("status", "enrollments", EnrolmentStatus),
        ("status", "fraud_alerts", AlertStatus),
        ("action", "fraud_alerts", ("block", "flag", "require_verification")),
        ("source", "enrollments", ("free", "purchase", "staff", "subscription")),
        ("status", "subscriptions", SubscriptionStatus),
        ("status", "courses", ("active", "archived", "draft")),
    ],
)
def test_every_state_occurs(ask, column, table, words):
    assert set(ask(f"SELECT DISTINCT {column} FROM {table}")) == {str(word) for word in words}


def test_alerts_of_three_levels_wait_for_a_reviewer(ask):
    waiting = ask("SELECT DISTINCT alert_level FROM fraud_alerts WHERE status = 'pending'")
    assert set(waiting) == {AlertLevel.MEDIUM, AlertLevel.HIGH, AlertLevel.CRITICAL}


def test_refunds_are_completed_pending_and_failed(ask):
    found = ask("SELECT DISTINCT status FROM payments WHERE kind = 'refund'")
    assert set(found) == {"completed", "pending", "failed"}


def test_there_is_a_school_s_worth_of_people_courses_and_payments(ask):
    assert ask("SELECT count(*) FROM users WHERE user_type = 'instructor'") == [6]
    assert ask("SELECT count(*) FROM users WHERE user_type = 'student'") == [173]
    assert ask("SELECT count(*) FROM courses") == [22]
    bought = "SELECT count(*) FROM payments WHERE kind = 'charge' AND subscription_id IS NULL"
    assert 180 <= ask(bought)[0] <= 240


def test_subscriptions_are_of_every_standing(copy):
    rows = copy.read(lists.page, ListQuery("subscriptions"), first=0, count=50, anchor=None).rows

    assert {row.standing for row in rows} == set(Standing)
    due = ListQuery("subscriptions").with_filter("attention", "due")
    assert copy.read(lists.head, due).total == 2
    assert sum(row.open_courses for row in rows) >= 10


def test_some_students_never_enrolled(ask):
    without = (
        "SELECT count(*) FROM users WHERE user_type = 'student'"
        " AND user_id NOT IN (SELECT student_id FROM enrollments)"
    )
    assert 10 <= ask(without)[0] <= 25


def test_progress_is_anything_from_nothing_to_all_of_it(ask):
    found = ask("SELECT DISTINCT progress_percentage FROM enrollments WHERE status = 'active'")
    done = ask("SELECT DISTINCT progress_percentage FROM enrollments WHERE status = 'completed'")
    assert 0 in found
    assert len(found) > 8
    assert done == [10_000]
    assert ask("SELECT count(*) FROM quiz_attempts")[0] > 30
    assert ask("SELECT count(*) FROM reviews")[0] > 20


def test_one_course_is_full(ask):
    full = "SELECT title FROM courses WHERE enrolled_students = max_students"
    assert ask(full) == ["Public Speaking"]


def test_students_of_the_archived_course_keep_their_access(ask):
    archived = (
        "SELECT count(*) FROM course_access JOIN courses USING (course_id)"
        " WHERE courses.status = 'archived' AND access_expires_at > '2026-03-10' AND"
        " ended_at IS NULL"
    )
    assert ask(archived) == [5]
    assert ask("SELECT count(*) FROM archived_courses") == [1]


def test_some_access_has_run_out(ask):
    over = (
        "SELECT count(*) FROM course_access WHERE ended_at IS NULL"
        " AND access_expires_at < '2026-03-10'"
    )
    assert ask(over)[0] >= 3


def test_nothing_happens_after_now(ask):
    after = "2026-03-10 12:00:00.000001"
    for table, column in (
        ("payments", "created_at"), ("payments", "processed_at"), ("users", "created_at"),
        ("enrollments", "enrolled_at"), ("enrollments", "completed_at"),
        ("payment_events", "created_at"), ("fraud_alerts", "created_at"),
        ("reviews", "created_at"), ("quiz_attempts", "attempt_date"),
    ):  # fmt: skip
        assert ask(f"SELECT count(*) FROM {table} WHERE {column} >= ?", after) == [0], table


def test_the_feed_begins_empty(ask):
    assert ask("SELECT count(*) FROM changes") == [0]


def test_what_the_gateway_has_can_be_asked_about(copy, folder):
    gateways = open_gateways(copy, books=folder / "books")
    result = asking.run(copy, gateways)
    gateways.close()
    assert result.counts["settled"] >= 2
    assert result.counts["failed"] == 0
    assert verify_school(copy).findings == ()


@pytest.fixture(scope="module")
def again(folder, tmp_path_factory):
    """The sample school made anew where one was before, of which a program left something."""
    made = tmp_path_factory.mktemp("again")
    shutil.copytree(folder, made, dirs_exist_ok=True)
    (made / "sample.db-wal").write_bytes(b"left by a program that was killed")
    make_sample(made / "sample.db", books=made / "books", now=NOW)
    return made


def test_the_same_moment_makes_the_same_school(ask, again):
    payments = (
        "SELECT payment_id, user_id, course_id, amount, status, created_at, idempotency_key"
        " FROM payments ORDER BY payment_id"
    )
    names = "SELECT name, email FROM users ORDER BY user_id"
    with closing(sqlite3.connect(again / "sample.db")) as school:
        for query in (payments, names):
            assert school.execute(query).fetchall() == ask(query)


def test_making_it_again_replaces_the_school_and_its_book(folder, again):
    (old,) = (folder / "books").iterdir()
    (new,) = (again / "books").iterdir()
    assert new.name != old.name
    assert sorted(found.name for found in again.iterdir()) == ["books", "sample.db"]


def test_what_breaks_off_leaves_nothing(tmp_path):
    def stop(done, total):
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_sample(tmp_path / "sample.db", books=tmp_path / "books", now=NOW, progress=stop)
    assert [path.name for path in tmp_path.rglob("*")] == ["books"]


def test_a_folder_that_cannot_be_written_is_refused_in_a_sentence(tmp_path):
    blocked = tmp_path / "a file"
    blocked.touch()
    with pytest.raises(LearnHubError, match="The sample school cannot be made in"):
        make_sample(blocked / "sample.db", books=tmp_path / "books", now=NOW)
