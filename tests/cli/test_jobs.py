from datetime import timedelta

import pytest

from learnhub_desktop.cli import jobs as commands
from learnhub_desktop.errors import DatabaseUnavailable
from learnhub_desktop.jobs import pruning
from learnhub_desktop.jobs.results import JobResult


@pytest.fixture
def unknown(learnhub, home):
    """A charge whose answer was lost an hour ago, as far as the next look is concerned."""
    learnhub(
        *("enrol", "--student", "ola@example.org", "--course", home.courses["Python Basics"]),
        *("--card", "tok_lost_answer"),
    )
    due = "UPDATE payments SET next_check_at = '2020-01-01 00:00:00.000000'"
    home.write(lambda uow: uow.connection.exec_driver_sql(due))


def test_what_is_not_due_is_left_alone(learnhub, home):
    learnhub(
        *("enrol", "--student", "ola@example.org", "--course", home.courses["Python Basics"]),
        *("--card", "tok_lost_answer"),
    )
    ended = learnhub("jobs", "run", "ask-gateway")
    assert (ended.code, ended.out) == (0, "No payment is due to be asked about.\n")
    assert home.ask("SELECT status FROM payments") == ["unknown"]


def test_a_charge_of_unknown_outcome_is_settled(learnhub, home, unknown):
    ended = learnhub("jobs", "run", "ask-gateway", "--json")
    assert ended.json == {
        "job": "ask-gateway",
        "message": "Asked about 1: 1 settled.",
        "asked": 1,
        "settled": 1,
        "still_open": 0,
        "failed": 0,
        "problems": [],
    }
    assert home.ask("SELECT status FROM payments") == ["completed"]


def test_a_hold_that_ran_out_gives_its_seat_back(learnhub, home):
    learnhub(
        *("enrol", "--student", "ola@example.org", "--course", home.courses["One Seat"]),
        *("--method", "bank_transfer"),
    )
    over = "'2020-01-01 00:00:00.000000'"
    home.write(
        lambda uow: uow.connection.exec_driver_sql(
            f"UPDATE payments SET next_check_at = {over}, hold_expires_at = {over}"
        )
    )
    assert "1 settled" in learnhub("jobs", "run", "ask-gateway").out
    assert home.ask("SELECT status FROM payments") == ["failed"]
    assert home.ask("SELECT enrolled_students FROM courses WHERE title = 'One Seat'") == [0]


def test_a_gateway_that_cannot_be_reached_is_asked_again_later(learnhub, home, unknown):
    (book,) = (home.path / "data" / "gateways").iterdir()
    book.rename(home.path / "away")
    ended = learnhub("jobs", "run", "ask-gateway", "--json")
    assert (ended.code, ended.json["still_open"]) == (0, 1)
    assert home.ask("SELECT status FROM payments") == ["unknown"]


def test_what_cannot_be_asked_about_stops_nothing_and_is_told(learnhub, home, unknown):
    home.write(
        lambda uow: uow.connection.exec_driver_sql("UPDATE payments SET payment_gateway = 'other'")
    )
    ended = learnhub("jobs", "run", "ask-gateway", "--json")
    assert ended.code == 1
    (problem,) = ended.json["problems"]
    assert problem.startswith("Payment 1: This payment went through the gateway “other”")
    assert ended.err.splitlines() == [
        problem,
        "Asked about 1: 0 settled, 1 could not be asked about.",
    ]


def test_old_rows_of_the_feed_are_removed(learnhub, home, monkeypatch):
    rows = home.ask("SELECT count(*) FROM changes")[0]
    assert learnhub("jobs", "run", "prune-changes", "--json").json["removed"] == 0
    monkeypatch.setattr(pruning, "_KEPT", timedelta(seconds=-60))
    monkeypatch.setattr(pruning, "_STEP", 5)
    found = learnhub("jobs", "run", "prune-changes", "--json").json
    assert found["removed"] == rows > 5
    assert found["message"] == f"Removed {rows} rows of the changes feed."
    assert home.ask("SELECT count(*) FROM changes") == [0]


def test_a_database_that_is_lost_on_the_way_is_told(learnhub, monkeypatch):
    def lose(database, gateways, progress):
        raise DatabaseUnavailable("school.db cannot be reached.")

    monkeypatch.setattr(commands.asking, "run", lose)
    ended = learnhub("jobs", "run", "ask-gateway")
    assert (ended.code, ended.sentence) == (3, "school.db cannot be reached.")


def test_a_job_tells_how_far_it_is(home, unknown):
    from learnhub_desktop import opening
    from learnhub_desktop.jobs import asking

    told = []
    school = opening.open_school(opening.parse_database(f"sqlite:///{home.school}"), password=None)
    result = asking.run(school.database, school.gateways, lambda *far: told.append(far))
    school.close()
    assert told == [(0, 1), (1, 1)]
    assert isinstance(result, JobResult)
