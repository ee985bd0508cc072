import pytest


@pytest.fixture
def past(learnhub, home):
    """Two payments of 2019, one of them not settled, and one of today."""
    for student in ("ola@example.org", "bo@example.org"):
        learnhub(
            *("enrol", "--student", student, "--course", home.courses["Python Basics"]),
            *("--card", "tok_visa" if student.startswith("ola") else "tok_lost_answer"),
        )
    learnhub(
        *("enrol", "--student", "cy@example.org", "--course", home.courses["Python Basics"]),
        *("--card", "tok_visa"),
    )

    def make_old(uow):
        run = uow.connection.exec_driver_sql
        old = "created_at = '2019-05-01 10:00:00.000000'"
        run(f"UPDATE payments SET {old} WHERE payment_id < 3")
        run(
            "UPDATE payments SET processed_at = '2019-05-01 10:00:01.000000'"
            " WHERE payment_id < 3 AND processed_at IS NOT NULL"
        )
        # Events are never changed, so this goes round the rule, as a test may.
        (rule,) = run(
            "SELECT sql FROM sqlite_master WHERE name = 'payment_events_refuse_update'"
        ).one()
        run("DROP TRIGGER payment_events_refuse_update")
        run(f"UPDATE payment_events SET {old} WHERE payment_id < 3")
        run(rule)

    home.write(make_old)


def test_a_year_is_archived_exported_and_dropped(learnhub, home, past):
    listed = learnhub("years", "list", "--json").json
    assert listed["partitions"] is False
    assert [(each["year"], each["live"], each["archived"]) for each in listed["years"]][1:] == [
        (2019, 2, 0)
    ]

    archived = learnhub("years", "archive", "2019")
    assert (archived.code, archived.out) == (
        0,
        "Moved 1 payment of 2019 and before to the archive, with 7 events. 1 stays: 1 not settled "
        "yet.\n",
    )
    exported = learnhub("years", "export", "2019", "2019.zip")
    first, second = exported.out.splitlines()
    assert first == "Exported 1 payment and 7 events of 2019 into 2019.zip, and read them back."
    assert second.startswith("SHA-256 ") and len(second) == 72
    assert (
        "2019: archived, 1 still live, exported; 2 payments; 49.00 USD taken"
        in learnhub("years", "list").out
    )

    dropped = learnhub("years", "drop", "2019", "--json")

    assert dropped.code == 0
    assert dropped.json["message"] == (
        "Dropped 1 payment and 7 events of 2019. They stand in 2019.zip alone: keep it."
    )
    assert home.ask("SELECT count(*) FROM payments_archive") == [0]
    assert home.ask("SELECT count(*) FROM payments") == [2]
    assert "2019: dropped, 1 still live; 1 payment" in learnhub("years", "list").out
    assert home.ask("SELECT job, state FROM job_runs ORDER BY run_id") == [
        ("archive-year", "done"),
        ("export-year", "done"),
        ("drop-year", "done"),
    ]
    again = learnhub("years", "drop", "2019")
    assert (again.code, again.sentence) == (1, "2019 was dropped already.")


def test_a_year_that_was_not_exported_is_not_dropped(learnhub, home, past):
    learnhub("years", "archive", "2019")
    ended = learnhub("years", "drop", "2019")
    assert (ended.code, ended.sentence) == (
        1,
        "2019 was not exported, so it is not dropped. Export it first.",
    )
    assert home.ask("SELECT count(*) FROM payments_archive") == [1]


def test_an_export_that_is_gone_must_be_named(learnhub, home, past):
    learnhub("years", "archive", "2019")
    learnhub("years", "export", "2019", "2019.zip")
    moved = home.path / "safe.zip"
    (home.path / "2019.zip").rename(moved)

    ended = learnhub("years", "drop", "2019")
    assert ended.code == 1
    assert ended.sentence.startswith("The export of 2019 is not here: ")
    assert ended.sentence.endswith("Name the file, or export the year again.")
    assert learnhub("years", "drop", "2019", "--export", moved).code == 0


def test_a_damaged_export_drops_nothing(learnhub, home, past):
    learnhub("years", "archive", "2019")
    learnhub("years", "export", "2019", "2019.zip")
    path = home.path / "2019.zip"
    path.write_bytes(path.read_bytes()[:-30])
    ended = learnhub("years", "drop", "2019", "--json")
    assert (ended.code, ended.json["state"]) == (1, "failed")
    assert ended.sentence.startswith("2019.zip is no whole export of a year")
    assert home.ask("SELECT count(*) FROM payments_archive") == [1]


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (["archive", "2999"], 1, "2999 is not over yet. Only closed years can be archived."),
        (["archive", "19"], 2, "“19” is not a year such as 2024"),
        (["archive", "next"], 2, "“next” is not a year such as 2024"),
        (["archive", "0019"], 2, "Name a year from 1970 to 9998."),
        (["archive"], 2, "required: YEAR"),
        (["export", "2019"], 2, "required: FILE"),
        (["export", "2019", "2019.zip"], 1, "Nothing of 2019 is in the archive."),
        (["export", "2019", "nowhere/2019.zip"], 2, "There is no folder nowhere."),
        (["export", "2019", "school.db"], 2, "school.db exists already. Name another file."),
        (["drop", "2019"], 1, "2019 was not exported"),
        (["drop", "2019", "--export", "none.zip"], 1, "There is no file none.zip."),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(learnhub, arguments, code, said):
    ended = learnhub("years", *arguments)
    assert ended.code == code
    assert said in ended.sentence


def test_a_school_without_payments(learnhub):
    assert learnhub("years", "list").out == "There are no payments yet.\n"
