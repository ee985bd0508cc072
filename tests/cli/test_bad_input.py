"""What each command says to input that it cannot use: one sentence, and nothing is kept."""

import os
import sqlite3
from pathlib import Path

import pytest

LONG = "x" * 10_000
LOST = "mysql://ada@127.0.0.1:1/learnhub"
ENROL = ("enrol", "--student", "bo@example.org")
HAND = ("--free", "--reason", "Scholarship")
# One of each command's ways to be used wrongly: its words, exit code, and what is said.
BAD = [
    (("enrol", "--student", "🙂", "--course", "1", *HAND), 2, "“🙂” is not an e-mail address"),
    (("enrol", "--student", LONG, "--course", "1", *HAND), 2, "at most 254 characters"),
    (("enrol", "--student", "o'x@example.org", "--course", "1", *HAND), 1, "o'x@example.org."),
    ((*ENROL, "--course", "-1", *HAND), 2, "“-1” is not a number such as 318"),
    ((*ENROL, "--course", "99", *HAND), 1, "There is no course with the number 99."),
    ((*ENROL, "--course", "1", "--free", "--reason", LONG), 2, "this has 10,000."),
    ((*ENROL, "--course", "1", "--card", LONG), 2, "A card's token has at most 200 characters."),
    ((*ENROL, "--course", "1", "--card", "tok_visa", "--key", "🙂"), 2, "A key has 1 to 100"),
    ((*ENROL, "--course", "1", "--card", "\udcff"), 2, "An argument is not text in UTF-8."),
    ((*ENROL, "--course", "1", "--reason", "a\0b"), 2, "An argument is not text in UTF-8."),
    (("refund", "1", "--reason", "goodwill", "--amount", "-5"), 2, "cannot be below zero."),
    (("refund", "1", "--reason", "goodwill", "--amount", "NaN"), 2, "must be a number"),
    (("refund", "1", "--reason", "goodwill", "--amount", "1.005"), 2, "at most two decimals."),
    (("refund", "1", "--reason", "goodwill", "--seen-refunded", "-1"), 2, "below zero."),
    (("refund", "0" * 19 + "1" * 5_000, "--reason", "goodwill"), 2, "is not a number such as"),
    (("refund", "½", "--reason", "goodwill"), 2, "“½” is not a number such as 318"),
    (("archive", "99", "--reason", "Old"), 1, "There is no course with the number 99."),
    (("archive", "1", "--reason", " "), 2, "The reason cannot be empty."),
    (("restore", "'; DROP TABLE users; --"), 2, "is not a number such as 318"),
    (("jobs", "run", "revenue", "--from", "2026-02-30"), 2, "is not a day such as 2026-03-31"),
    (("jobs", "run", "dance"), 2, "invalid choice: 'dance'"),
    (("years", "archive", "26"), 2, "“26” is not a year such as 2024"),
    (("years", "export", "2024", LONG), 2, "cannot be used: File name too long."),
    (("years", "drop", "2024", "--export", "gone.zip"), 1, "There is no file gone.zip."),
    (("import", "courses", "gone.csv"), 2, "There is no file “gone.csv”."),
    (("import", "courses", "folder"), 2, "“folder” cannot be read: Is a directory."),
    (("import", "courses", LONG), 2, "cannot be read: File name too long."),
    (("import", "courses", "untitled.csv"), 2, "no column for the course's title."),
    (("import", "students", "people.csv", "--map", "name=Nom"), 2, "has no column “Nom”."),
    (("import", "students", "people.csv", "--encoding", "klingon"), 2, "is not an encoding"),
    (("db", "create", "--currency", "🙂", "--database", "sqlite:///n.db"), 2, "currency code"),
    (("db", "create", "--time-zone", "Mars", "--database", "sqlite:///n.db"), 2, "time zone"),
    (("db", "create", "--database", f"sqlite:///{LONG}"), 2, "File name too long."),
    (("db", "backup", "people.csv"), 1, "people.csv exists already. Name another file."),
    (("db", "backup", "people.csv/x.zip"), 2, "cannot be used: Not a directory."),
    (("db", "backup", LONG), 2, "cannot be used: File name too long."),
    (("db", "restore", "people.csv", "--database", "sqlite:///n.db"), 2, "is no backup"),
    (("db", "check", "--database", f"sqlite:///{LONG}"), 2, "File name too long."),
    (("db", "verify", "--database", "postgres://x/y"), 2, "cannot hold a school."),
    (("tour", "--out", "people.csv"), 2, "people.csv is a file."),
]
ON_A_LOST_SERVER = [
    *(("db", "create"), ("db", "check"), ("db", "verify"), ("db", "upgrade")),
    *(("db", "backup", "b.zip"), ("jobs", "list"), ("jobs", "run", "--due"), ("years", "list")),
    (*ENROL, "--course", "1", *HAND),
    ("refund", "1", "--reason", "goodwill"),
    *(("archive", "1", "--reason", "Old"), ("restore", "1")),
    ("import", "students", "people.csv"),
]


def words(arguments: tuple[str, ...]) -> str:
    return (
        " ".join(each if len(each) < 30 else each[:20] for each in arguments)
        .encode("ascii", "backslashreplace")
        .decode()
    )


def kept(home) -> tuple[list[str], str]:
    """The school's rows, and the files beside it."""
    school = sqlite3.connect(home.school)
    rows = "\n".join(school.iterdump())
    school.close()
    return sorted(path.name for path in home.path.iterdir() if path.name != "log"), rows


@pytest.fixture
def folder(home):
    (home.path / "folder").mkdir()
    (home.path / "people.csv").write_text("name,email\nDi Sample,di@example.org\n", "utf-8")
    (home.path / "untitled.csv").write_text("price,email\n5,di@example.org\n", "utf-8")
    return home


@pytest.mark.parametrize(("arguments", "code", "said"), BAD, ids=[words(row[0]) for row in BAD])
def test_what_cannot_be_used_is_told_in_one_sentence(folder, learnhub, arguments, code, said):
    before = kept(folder)
    ended = learnhub(*arguments)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.sentence
    assert len(ended.sentence) <= 600
    assert "Traceback" not in ended.err
    files, rows = kept(folder)
    assert files == before[0]
    if arguments[0] != "years":  # that it was tried is a run of the job, with what came of it
        assert rows == before[1]


@pytest.mark.parametrize("arguments", ON_A_LOST_SERVER, ids=words)
def test_a_server_that_does_not_answer_is_told_by_every_command(folder, learnhub, arguments):
    before = kept(folder)
    ended = learnhub(*arguments, "--database", LOST)
    assert (ended.code, ended.out) == (3, "")
    assert "127.0.0.1 cannot be reached: no server answers there." in ended.sentence
    assert kept(folder) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(folder, learnhub):
    path = Path(folder.path / "people.csv")
    path.chmod(0)
    ended = learnhub("import", "students", path)
    assert (ended.code, ended.sentence) == (2, "“people.csv” cannot be read: Permission denied.")
