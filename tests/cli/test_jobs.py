from datetime import timedelta

import pytest

from learnhub_desktop.cli.parser import JOBS as NAMES
from learnhub_desktop.errors import DatabaseUnavailable
from learnhub_desktop.jobs import asking, pruning
from learnhub_desktop.jobs.registry import JOBS, Job
from learnhub_desktop.jobs.results import JobResult
from learnhub_desktop.services import jobs as services


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
        "run_id": 1,
        "state": "done",
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
    # The runs of this job announce themselves too.
    assert found["removed"] > rows > 5
    assert found["message"] == f"Removed {found['removed']} rows of the changes feed."
    assert home.ask("SELECT count(*) FROM changes WHERE entity <> 'jobs'") == [0]


def test_a_database_that_is_lost_on_the_way_is_told(learnhub, monkeypatch):
    def lose(database, gateways, progress):
        raise DatabaseUnavailable("school.db cannot be reached.")

    monkeypatch.setitem(JOBS, asking.NAME, Job(JOBS[asking.NAME].plan, lose))
    ended = learnhub("jobs", "run", "ask-gateway")
    assert (ended.code, ended.sentence) == (3, "school.db cannot be reached.")


def test_a_job_tells_how_far_it_is(home, unknown):
    from learnhub_desktop import opening

    told = []
    school = opening.open_school(opening.parse_database(f"sqlite:///{home.school}"), password=None)
    result = asking.run(school.database, school.gateways, lambda *far: told.append(far))
    school.close()
    assert told == [(0, 1), (1, 1)]
    assert isinstance(result, JobResult)


def test_the_command_line_knows_the_jobs_that_there_are():
    assert tuple(JOBS) == NAMES


def test_what_is_due_is_run_once(learnhub, home, unknown):
    ended = learnhub("jobs", "run", "--due")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "ask-gateway: Asked about 1: 1 settled.",
        "renewals: No subscription is due.",
        "retry-renewals: No subscription is due.",
        "revenue: No payment was settled before today.",
        "prune-changes: Removed 0 rows of the changes feed.",
    ]
    assert home.ask("SELECT count(*) FROM job_runs WHERE state = 'done'") == [5]
    # Five minutes may be over by now, but not a day.
    again = learnhub("jobs", "run", "--due", "--json")
    assert again.code == 0
    assert "renewals" not in [each["job"] for each in again.json["ran"]]


def test_nothing_due_is_told(learnhub, monkeypatch):
    monkeypatch.setattr(services, "find_due", lambda uow, plans: ())
    ended = learnhub("jobs", "run", "--due")
    assert (ended.code, ended.out) == (0, "Nothing is due.\n")
    assert learnhub("jobs", "run", "--due", "--json").json == {"ran": []}


def test_a_due_job_with_problems_is_told_and_stops_no_other(learnhub, home, unknown):
    home.write(
        lambda uow: uow.connection.exec_driver_sql("UPDATE payments SET payment_gateway = 'other'")
    )
    ended = learnhub("jobs", "run", "--due")
    assert ended.code == 1
    first, second = ended.err.splitlines()
    assert first.startswith("ask-gateway: Payment 1: This payment went through the gateway")
    assert second == "ask-gateway: Asked about 1: 0 settled, 1 could not be asked about."
    assert "renewals: No subscription is due." in ended.out


@pytest.mark.parametrize("arguments", [[], ["renewals", "--due"]])
def test_one_job_or_all_that_are_due(learnhub, arguments):
    ended = learnhub("jobs", "run", *arguments)
    assert (ended.code, ended.sentence) == (2, "Name one job, or run all that are due with --due.")


def test_jobs_are_listed_with_their_last_run_and_their_next(learnhub, home):
    assert learnhub("jobs", "list").out.splitlines()[2:4] == [
        "  last: never",
        "  Nobody has run it for long: docs/jobs.md tells how a timer does.",
    ]
    learnhub("jobs", "run", "ask-gateway")

    ended = learnhub("jobs", "list", "--json")

    first, second = ended.json["jobs"][:2]
    assert (first["job"], first["schedule"], first["is_late"]) == (
        "ask-gateway",
        "every 5 min",
        False,
    )
    assert (first["last"]["state"], first["last"]["message"]) == (
        "done",
        "No payment is due to be asked about.",
    )
    assert (second["schedule"], second["last"], second["is_late"]) == (
        "daily at 00:05",
        None,
        True,
    )
    lines = learnhub("jobs", "list").out.splitlines()
    assert lines[0] == "ask-gateway: Ask the gateway, every 5 min"
    assert lines[2].endswith(", done: No payment is due to be asked about.")


def test_a_job_that_runs_elsewhere_is_refused_and_listed(learnhub, home):
    home.write(services.claim_now, "ask-gateway", "ada on desk-2, process 7, 1")

    ended = learnhub("jobs", "run", "ask-gateway")

    assert (ended.code, ended.sentence) == (1, "This job is running already, by ada on desk-2.")
    assert ", by ada on desk-2" in learnhub("jobs", "list").out.splitlines()[2]


def test_a_run_that_broke_off_is_listed_as_one(learnhub, home):
    home.write(services.claim_now, "ask-gateway", "ada on desk-2, process 7, 1")
    over = "UPDATE job_runs SET lease_until = '2020-01-01 00:00:00.000000'"
    home.write(lambda uow: uow.connection.exec_driver_sql(over))

    last = learnhub("jobs", "list").out.splitlines()[2]

    assert last.endswith(", broken off: ada on desk-2 was not heard of again")


def test_days_are_counted_again_as_a_run_of_the_job(learnhub, home):
    ended = learnhub(
        "jobs", "run", "revenue", "--from", "2026-01-01", "--to", "2026-01-03", "--json"
    )
    assert (ended.code, ended.json["message"]) == (
        0,
        "Counted the revenue of 2026-01-01 to 2026-01-03 again.",
    )
    assert home.ask("SELECT state FROM job_runs WHERE job = 'revenue'") == ["done"]


@pytest.mark.parametrize(
    "words, sentence",
    [
        (
            ("renewals", "--from", "2026-01-01"),
            "Only the job revenue takes days: --from DAY --to DAY.",
        ),
        (("revenue", "--to", "2026-01-01"), "Say from which day on: --from DAY --to DAY."),
        (
            ("revenue", "--from", "2026-01-02", "--to", "2026-01-01"),
            "The last day cannot be before the first.",
        ),
        (("revenue", "--from", "2999-01-01"), "2999-01-01 has not come yet."),
        (
            ("revenue", "--from", "1990-01-01", "--to", "2026-01-01"),
            "At most 3,660 days are counted at once.",
        ),
    ],
)
def test_days_that_make_no_sense_are_refused_before_anything_runs(learnhub, home, words, sentence):
    ended = learnhub("jobs", "run", *words)
    assert (ended.code, ended.sentence) == (2, sentence)
    assert home.ask("SELECT count(*) FROM job_runs") == [0]
