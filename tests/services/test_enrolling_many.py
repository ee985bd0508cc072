"""A pasted list enrolled by hand: each line for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from learnhub_desktop.errors import (
    DatabaseUnavailable,
    ServerBusy,
)
from learnhub_desktop.services import enrolments
from learnhub_desktop.services.enrolments import ListedStudent
from tests.services.desk import Desk
from tests.services.lost_commits import lose_commit


class TestManyAtOnce:
    """One transaction and one line of result a student."""

    def run(self, desk: Desk, course: int, *emails: str, **values: Any) -> Any:
        listed = [ListedStudent(number, email) for number, email in enumerate(emails, start=2)]
        chosen = {"course_id": course, "reason": "Class of 2026", **values}
        return enrolments.enrol_many(desk.database, listed, **chosen)

    def test_what_is_refused_for_one_stops_no_other(self, desk: Desk) -> None:
        course = desk.course(max_students=2)
        for name in ("ada", "bob", "eve"):
            desk.student(name=name.title(), email=f"{name}@example.org")

        report = self.run(
            desk,
            course,
            " ADA@example.org ",
            "ada@example.org",
            "nobody@example.org",
            "no address",
            "bob@example.org",
            "eve@example.org",
        )

        assert [(line.line, line.done, line.message) for line in report.lines] == [
            (2, True, "Enrolled Ada in “SQL” without a payment. Access until 10 March 2027."),
            (3, False, "Ada is enrolled in “SQL” already."),
            (4, False, "There is no student with the address nobody@example.org."),
            (5, False, "“no address” is not an e-mail address such as ada@example.org."),
            (6, True, "Enrolled Bob in “SQL” without a payment. Access until 10 March 2027."),
            (7, False, "“SQL” is full: all 2 seats are taken."),
        ]
        assert report.changes.message == "Enrolled 2 of 6 students."
        assert report.changes.warning
        assert (report.done_count, desk.seats(course)) == (2, 2)

    def test_progress_is_told_and_the_rest_is_left_out_when_it_is_cancelled(
        self, desk: Desk
    ) -> None:
        course, done = desk.course(), list[int]()
        for name in ("ada", "bob", "eve"):
            desk.student(email=f"{name}@example.org")

        report = self.run(
            desk,
            course,
            "ada@example.org",
            "bob@example.org",
            "eve@example.org",
            progress=done.append,
            is_cancelled=lambda: len(done) == 1,
        )

        assert done == [1, 2, 3]
        assert [line.done for line in report.lines] == [True, False, False]
        assert report.lines[2].message == "Stopped before this line."

    @pytest.mark.parametrize(
        "error, lines",
        [
            (
                DatabaseUnavailable("school.db cannot be reached."),
                [
                    "school.db cannot be reached.",
                    "Left out, because the database could not be reached any more.",
                ],
            ),
            (
                ServerBusy("school.db is busy."),
                [
                    "school.db is busy.",
                    "Enrolled Ada in “SQL” without a payment. Access until 10 March 2027.",
                ],
            ),
        ],
    )
    def test_a_lost_database_ends_the_list_and_a_busy_one_does_not(
        self,
        desk: Desk,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
        lines: list[str],
    ) -> None:
        course = desk.course()
        for name in ("ada", "bob"):
            desk.student(email=f"{name}@example.org")
        write: Callable[..., Any] = desk.database.write
        errors = [error]

        def fail_once(*args: Any, **values: Any) -> Any:
            if errors:
                raise errors.pop()
            return write(*args, **values)

        monkeypatch.setattr(desk.database, "write", fail_once)

        report = self.run(desk, course, "ada@example.org", "bob@example.org")

        assert [line.message for line in report.lines] == lines

    @pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
    def test_a_line_whose_commit_went_unanswered_is_looked_up(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, kept: bool
    ) -> None:
        course = desk.course()
        desk.student(email="ada@example.org")
        lose_commit(monkeypatch, desk, "_enrol_listed", kept=kept)

        report = self.run(desk, course, "ada@example.org")

        assert [line.done for line in report.lines] == [True]
        assert desk.seats(course) == 1
