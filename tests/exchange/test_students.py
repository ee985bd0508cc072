from __future__ import annotations

import pytest

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.columns import parse_choices
from learnhub_desktop.exchange.imports import Imported
from learnhub_desktop.exchange.reading import Rejected, read_bytes, read_file
from learnhub_desktop.exchange.students import STUDENT_FIELDS, StudentLine, read_students
from tests.shared_data import shared_data


def students_of(text: str) -> Imported[StudentLine]:
    return read_students(read_bytes(text.encode()))


def test_a_student_is_read_from_one_or_two_name_columns() -> None:
    one = students_of("Name,E-mail,Student No,Country\nAda Lovelace,ADA@example.org,S1,gb\n")
    two = students_of(
        "First name;Surname;Email address;ID;Country code\nAda;Lovelace;ada@example.org;S1;GB\n"
    )
    expected = (StudentLine(2, "Ada Lovelace", "ada@example.org", "S1", "GB"),)
    assert one.lines == expected
    assert two.lines == expected
    assert one.notes == ()


def test_half_a_name_is_a_name() -> None:
    imported = students_of("firstname,lastname,email\nSukarno,,s@example.org\n")
    assert imported.lines[0].name == "Sukarno"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",ada@example.org", "The name cannot be empty."),
        ("Ada,", "“” is not an e-mail address such as ada@example.org."),
        ("Ada,ada.example.org", "“ada.example.org” is not an e-mail address such as"),
        ("Ada,a@deleted.invalid", "Addresses at deleted.invalid stand for deleted accounts."),
        ("A" * 201 + ",a@example.org", "The name can have at most 200 characters; this has 201."),
        ("Ada", "This row ends after 1 of 2 cells."),
    ],
)
def test_a_row_that_cannot_be_used_says_why(row: str, said: str) -> None:
    imported = students_of(f"name,email\n{row}\n")
    assert imported.lines == ()
    assert imported.rejected[0].reason.startswith(said)


def test_the_same_address_or_number_twice_is_rejected() -> None:
    imported = students_of(
        "name,email,student_no\nAda,ada@example.org,1\nGrace,Ada@Example.org,2\n"
        "Edsger,e@example.org,1\nAlan,alan@example.org,\nBarbara,b@example.org,\n"
    )
    assert [line.name for line in imported.lines] == ["Ada", "Alan", "Barbara"]
    assert imported.rejected == (
        Rejected(3, "This e-mail address stands in line 2 already."),
        Rejected(4, "This student number stands in line 2 already."),
    )


def test_a_country_that_is_no_code_is_left_out_and_said() -> None:
    imported = students_of("name,email,country\nAda,a@example.org,England\n")
    assert imported.lines[0].country is None
    assert imported.notes == ("1 country left out: only two-letter codes such as DE are known.",)


def test_a_file_without_addresses_or_names_says_so() -> None:
    with pytest.raises(InvalidInput, match="no column for the e-mail address. It has name."):
        students_of("name\nAda\n")
    with pytest.raises(InvalidInput, match="no column for the student's name. It has email."):
        students_of("email\nada@example.org\n")


def test_a_person_may_say_which_column_is_which() -> None:
    sheet = read_bytes(b"Wer;Wohin\nAda;ada@example.org\n")
    chosen = parse_choices(["name=Wer", "email=wohin"], STUDENT_FIELDS)
    assert read_students(sheet, chosen=chosen).lines == (StudentLine(2, "Ada", "ada@example.org"),)


MOODLE = "username,password,firstname,lastname,email\n"


def test_passwords_are_not_read() -> None:
    imported = students_of(f"{MOODLE}tom,Pass1234*,Tom,Jones,tom@example.org\n")
    assert imported.lines == (StudentLine(2, "Tom Jones", "tom@example.org", "tom"),)
    assert imported.notes == (
        "The file holds passwords: they were not read, and students keep their own.",
    )
    assert "Pass1234" not in repr(imported)


@pytest.mark.parametrize(
    "row",
    [
        "Pass1234*,Tom,Jones,tom@example.org",
        "tom,x,Tom,Jones,Pass1234*",
        "tom,x,Tom,Jones,tom@example.org,Pass1234*",
        "tom,x," + "Pass1234*" * 30 + ",Jones,tom@example.org",
        'tom,x,Tom,Jones,"Pass1234*',
    ],
)
def test_a_shifted_password_is_neither_stored_nor_shown(row: str) -> None:
    imported = students_of(f"{MOODLE}{row}\n")
    assert imported.lines == ()
    assert len(imported.rejected) == 1
    assert "Pass1234" not in repr(imported)


def test_a_password_column_cannot_be_chosen_for_something_else() -> None:
    sheet = read_bytes(f"{MOODLE}tom,Pass1234*,Tom,Jones,tom@example.org\n".encode())
    imported = read_students(sheet, chosen={"external_id": "password"})
    assert imported.lines == (StudentLine(2, "Tom Jones", "tom@example.org"),)


@pytest.mark.parametrize(
    ("parts", "count"),
    [
        (("01-upload-moodle", "upload_users_cohorts.csv"), 4),
        (("01-upload-moodle", "upload_users_email_matching.csv"), 2),
        (("06-names-multiscript", "students_a.csv"), 600),
    ],
)
def test_real_lists_are_read_without_being_told_how(parts: tuple[str, str], count: int) -> None:
    imported = read_students(read_file(shared_data(*parts)))
    assert len(imported.lines) == count
    assert imported.rejected == ()


def test_names_in_many_scripts_stay_as_they_are() -> None:
    path = shared_data("06-names-multiscript", "students_a.csv")
    rows = [line.split(",") for line in path.read_text("utf-8").splitlines()[1:]]
    imported = read_students(read_file(path))
    assert [line.name for line in imported.lines] == [f"{row[1]} {row[2]}" for row in rows]
