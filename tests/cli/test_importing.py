import csv
import io
import json
import time

import pytest

from learnhub_desktop.exchange.courses import COURSE_FIELDS
from learnhub_desktop.exchange.students import STUDENT_FIELDS
from tests.shared_data import shared_data

LONG = "x" * 10_000
CATALOG = (
    "course_id,course_title,price,level,subject\n"
    "11,Chess for Beginners,20,All Levels,Games\n"
    "12,“Quotes” & émojis 🎓,0,Expert Level,Games\n"
    "13,,20,All Levels,Games\n"
    "14,Cheap Tricks,-5,All Levels,Games\n"
)


@pytest.fixture
def bring_in(learnhub, home):
    def run(text, *more, what="courses", encoding="utf-8"):
        path = home.path / "file.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return learnhub("import", what, path, *more)

    return run


def numbers(found):
    return tuple(found[name] for name in ("read", "added", "updated", "unchanged"))


def test_good_rows_come_in_and_damaged_ones_are_told_by_line(bring_in, home):
    ended = bring_in(CATALOG, "--json")
    found = ended.json
    assert (ended.code, ended.err) == (0, "")
    assert numbers(found) == (4, 2, 0, 0)
    assert found["rejected"] == [
        {"line": 4, "reason": "The title cannot be empty."},
        {"line": 5, "reason": "The amount cannot be below zero."},
    ]
    assert found["notes"] == [
        "1 course with the level “All Levels”: open to all, so no level is set."
    ]
    assert found["columns"]["title"] == "course_title"
    titles = home.ask("SELECT title FROM courses WHERE external_id IS NOT NULL ORDER BY title")
    assert titles == ["Chess for Beginners", "“Quotes” & émojis 🎓"]


def test_people_read_the_same_in_lines(bring_in):
    lines = bring_in(CATALOG).out.splitlines()
    assert lines[0] == "Imported 2 new courses; 0 updated, 0 unchanged, 2 rejected."
    assert lines[2:] == [
        "Line 4: The title cannot be empty.",
        "Line 5: The amount cannot be below zero.",
    ]


def test_a_second_import_changes_nothing(bring_in, home):
    bring_in(CATALOG)
    before = home.ask("SELECT course_id, title, row_version FROM courses")
    assert numbers(bring_in(CATALOG, "--json").json) == (4, 0, 0, 2)
    assert home.ask("SELECT course_id, title, row_version FROM courses") == before


def test_a_dry_run_says_what_would_happen_and_writes_nothing(bring_in, home):
    ended = bring_in(CATALOG, "--dry-run", "--json")
    assert numbers(ended.json) == (4, 2, 0, 0)
    assert ended.json["message"].startswith("Would import 2 new courses")
    assert home.ask("SELECT count(*) FROM courses") == [5]


def test_columns_of_other_names_are_mapped(bring_in, home):
    text = "Nr;Bezeichnung;Preis\n7;Gärtnern;12,50\n"
    ended = bring_in(
        text,
        *("--map", "external_id=Nr", "--map", "title=Bezeichnung", "--map", "price=Preis"),
        *("--instructor", "ada@example.org", "--currency", "EUR", "--json"),
    )
    assert numbers(ended.json) == (1, 1, 0, 0)
    query = "SELECT title, price, currency FROM courses WHERE external_id = '7'"
    assert home.ask(query) == [("Gärtnern", 1250, "EUR")]


def test_an_encoding_can_be_named(bring_in, home):
    ended = bring_in(
        "course_id,title,price\n7,Курс шахмат,5\n", "--encoding", "cp1251", encoding="cp1251"
    )
    assert ended.code == 0
    assert home.ask("SELECT title FROM courses WHERE external_id = '7'") == ["Курс шахмат"]


def test_students_come_in_without_passwords(bring_in, home):
    text = (
        "firstname,lastname,email,password\n"
        "Łukasz,Przykład,lukasz@example.org,secret1\n"
        "Ola,Muster,ola@example.org,secret2\n"
    )
    ended = bring_in(text, "--json", what="students")
    assert numbers(ended.json)[:2] == (2, 1)
    assert "secret" not in ended.out
    assert home.ask("SELECT name FROM users WHERE email = 'lukasz@example.org'") == [
        "Łukasz Przykład"
    ]


def test_a_file_without_a_usable_row_is_refused(bring_in, home):
    ended = bring_in("course_id,course_title,price\n1,,5\n", "--json")
    assert ended.code == 1
    assert ended.sentence == "No row of “file.csv” could be used."
    assert ended.json["rejected"] == [{"line": 2, "reason": "The title cannot be empty."}]


@pytest.mark.parametrize(
    "text, more, said",
    [
        ("", [], "“file.csv” is empty."),
        ("course_title,price\n", [], "holds a header and no rows"),
        ("price,level\n5,x\n", [], "The file has no column for the course's title."),
        ("title,title\na,b\n", [], "names the column “title” more than once"),
        (b"PK\x03\x04....", [], "is an Excel workbook or a ZIP file"),
        (b"\x00\x01\x02" * 100, [], "is not a text file"),
        (CATALOG, ["--map", "title"], "is not of the form FIELD=COLUMN"),
        (CATALOG, ["--map", "colour=x"], "“colour” is not a field"),
        (CATALOG, ["--map", "title=Name"], "The file has no column “Name”"),
        (CATALOG, ["--map", f"title={LONG}"], "The file has no column"),
        (CATALOG, ["--currency", "euro"], "“euro” is not a currency code"),
        (CATALOG, ["--currency", "JPY"], "JPY is not divided into hundredths"),
        (CATALOG, ["--instructor", "nobody@example.org"], "There is no account with the e-mail"),
        (CATALOG, ["--instructor", "ola@example.org"], "is not an instructor’s"),
        (CATALOG, ["--instructor", "🎓"], "is not an e-mail address"),
        (CATALOG, ["--encoding", "klingon"], "klingon"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_writes_nothing(bring_in, home, text, more, said):
    ended = bring_in(text, *more)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.sentence
    assert home.ask("SELECT count(*) FROM courses") == [5]


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["courses", "missing.csv"], "There is no file “missing.csv”."),
        (["courses", "."], "“.” cannot be read: Is a directory."),
        (["teachers", "x.csv"], "invalid choice: 'teachers'"),
        (["courses"], "The following arguments are required: FILE"),
    ],
)
def test_a_file_that_cannot_be_read_is_wrong_use(learnhub, arguments, said):
    ended = learnhub("import", *arguments)
    assert ended.code == 2
    assert said in ended.sentence


@pytest.mark.parametrize("option", ["--instructor", "--currency"])
def test_students_have_no_instructor_and_no_currency(bring_in, option):
    ended = bring_in("name,email\na,a@x.org\n", option, "USD", what="students")
    assert (ended.code, ended.sentence) == (2, f"{option} goes with courses only.")


def test_the_help_names_every_field(learnhub):
    words = learnhub("import", "--help").out.split()
    assert not {*COURSE_FIELDS, *STUDENT_FIELDS} - set(words)


def test_naughty_strings_are_stored_as_they_are_or_refused_by_line(bring_in, home):
    strings = json.loads(shared_data("06-strings-blns", "blns.json").read_bytes())
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(["name", "email"])
    rows.writerows([text, f"s{number}@example.org"] for number, text in enumerate(strings))
    found = bring_in(table.getvalue(), "--json", what="students").json
    stored = dict(home.ask("SELECT email, name FROM users"))
    kept = [text for number, text in enumerate(strings) if f"s{number}@example.org" in stored]
    assert found["added"] == len(kept) == len(strings) - len(found["rejected"]) > 450
    for number, text in enumerate(strings):
        if text in kept:
            assert stored[f"s{number}@example.org"] == text.strip()
    assert all(row["reason"].endswith(".") for row in found["rejected"])


ENCODED = {
    "udemy_arabic.cp1256.csv": "cp1256",
    "udemy_cyrillic.cp1251.csv": "cp1251",
    "udemy_japanese.cp932.csv": "cp932",
    "udemy_western.cp1252.csv": "cp1252",
    "udemy_nonascii.utf16le-bom.tab.txt": None,
    "udemy_nonascii.utf8-bom.semicolon.csv": None,
}


def test_a_whole_catalog_comes_in_within_five_seconds_and_once(learnhub, home):
    path = shared_data("01-catalog-udemy", "udemy_courses.csv")
    started = time.monotonic()
    first = learnhub("import", "courses", path, "--json")
    took_s = time.monotonic() - started
    assert numbers(first.json) == (3672, 3667, 0, 0)
    assert len(first.json["rejected"]) == 5
    assert all(row["reason"] for row in first.json["rejected"])
    assert took_s < 5

    second = learnhub("import", "courses", path, "--json")
    assert numbers(second.json) == (3672, 0, 0, 3667)
    assert home.ask("SELECT count(*) FROM courses") == [3667 + 5]

    # The same rows in other encodings are the same courses, so their titles came out equal.
    for name, encoding in ENCODED.items():
        copy = shared_data("01-catalog-udemy-encodings", name)
        options = () if encoding is None else ("--encoding", encoding)
        found = learnhub("import", "courses", copy, *options, "--json").json
        assert found["unchanged"] == found["read"] - len(found["rejected"]) > 0, name
        assert (found["added"], found["updated"]) == (0, 0), name
