from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from learnhub_desktop.domain.states import CourseStatus, Level
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.courses import CourseLine, read_courses
from learnhub_desktop.exchange.imports import Imported
from learnhub_desktop.exchange.reading import Rejected, read_bytes, read_file
from tests.shared_data import shared_data


def courses_of(text: str, **options: object) -> Imported[CourseLine]:
    return read_courses(read_bytes(text.encode()), **options)  # type: ignore[arg-type]  # as named


def only(text: str, **options: object) -> CourseLine:
    imported = courses_of(text, **options)
    assert imported.rejected == ()
    (line,) = imported.lines
    return line


def reason(text: str, **options: object) -> str:
    imported = courses_of(text, **options)
    assert imported.lines == ()
    (row,) = imported.rejected
    return row.reason


def test_a_udemy_row_is_read_whole() -> None:
    text = (
        "course_id,course_title,url,is_paid,price,level,content_duration,published_timestamp,"
        "subject\r\n"
        "41,  Accounting 101 ,https://example.org/a/,True,20,Expert Level,0.7166666666666667,"
        "2017-01-18 20:58:58+00:00,Business Finance\r\n"
    )
    assert only(text, currency="USD") == CourseLine(
        line=2,
        external_id="41",
        title="Accounting 101",
        price=Decimal("20.00"),
        currency="USD",
        level=Level.ADVANCED,
        duration_minutes=43,
        url="https://example.org/a/",
        tags=("Business Finance",),
        published_at=datetime(2017, 1, 18, 20, 58, 58, tzinfo=UTC),
    )


def test_a_coursera_row_has_a_word_for_its_number_and_no_price() -> None:
    text = (
        "name,institution,course_url,course_id\n"
        "Indigenous Studies,A University,https://example.org/learn/i,indigenous-studies\n"
    )
    imported = courses_of(text)
    assert imported.lines == (
        CourseLine(
            line=2,
            external_id="indigenous-studies",
            title="Indigenous Studies",
            url="https://example.org/learn/i",
            provider="A University",
        ),
    )
    assert imported.notes == ("The file has no prices.",)


def test_a_udacity_row_is_known_by_its_address() -> None:
    text = (
        "Course Name,University,Difficulty Level,Course URL,Course Description,Skills\n"
        'Data Engineer,A School,Intermediate,https://example.org//c,"Long, with commas."\n'
    )
    imported = courses_of(text)
    (line,) = imported.lines
    assert (line.external_id, line.level) == ("https://example.org//c", Level.INTERMEDIATE)
    assert line.description == "Long, with commas."
    assert imported.notes == (
        "The file has no prices.",
        "The file has no course numbers, so the web address tells the courses apart.",
    )


def test_a_moodle_row_prefers_its_id_number() -> None:
    text = "shortname,fullname,summary,category,idnumber\nC1,Course 1,About it,1,ID1"
    line = only(text)
    assert (line.external_id, line.title, line.description, line.tags) == (
        "ID1",
        "Course 1",
        "About it",
        (),
    )


def test_the_columns_that_were_found_are_told() -> None:
    imported = courses_of("Course ID;Title;Whatever\n1;One;x\n")
    assert imported.columns == (("external_id", "Course ID"), ("title", "Title"))
    assert imported.read == 1


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("Beginner Level", Level.BEGINNER),
        ("Introductory", Level.BEGINNER),
        ("BASIC", Level.BEGINNER),
        ("intermediate", Level.INTERMEDIATE),
        ("Expert Level", Level.ADVANCED),
        ("Advanced", Level.ADVANCED),
        ("", None),
    ],
)
def test_levels_are_mapped_without_a_word(word: str, level: Level | None) -> None:
    imported = courses_of(f"id,title,price,level\n1,One,20,{word}\n")
    assert imported.lines[0].level is level
    assert imported.notes == ()


def test_courses_for_all_levels_are_open_to_all_and_counted() -> None:
    imported = courses_of(
        "id,title,price,level\n1,A,1,All Levels\n2,B,1,All Levels\n3,C,1,Mixed\n4,D,1,Guru\n"
        "4,again,1,All Levels\n5,E,-1,All Levels\n"
    )
    assert [line.level for line in imported.lines] == [None, None, None, None]
    assert imported.notes == (
        "2 courses with the level “All Levels”: open to all, so no level is set.",
        "1 course with the level “Mixed”: open to all, so no level is set.",
        "1 course with the unknown level “Guru”: no level is set.",
    )


def test_a_file_full_of_unknown_levels_gives_a_short_list_of_them() -> None:
    rows = "".join(f"{n},T{n},1,rung {n}\n" for n in range(9))
    imported = courses_of(f"id,title,price,level\n{rows}")
    assert len(imported.notes) == 6
    assert imported.notes[-1] == "… and 4 more of the kind."


@pytest.mark.parametrize(
    ("row", "price", "currency"),
    [
        ("Free,", "0.00", "EUR"),
        ("20,", "20.00", "EUR"),
        ('"1.250,50 €",', "1250.50", "EUR"),
        ("$19.99,", "19.99", "USD"),
        ("19.99,usd", "19.99", "USD"),
        ("0,False", "0.00", "EUR"),
    ],
)
def test_prices_keep_their_currency(row: str, price: str, currency: str) -> None:
    header = "id,title,price,is_paid" if row.endswith("False") else "id,title,price,currency"
    line = only(f"{header}\n1,One,{row}\n", currency="eur")
    assert (line.price, line.currency) == (Decimal(price), currency)


def test_a_free_course_needs_no_price() -> None:
    assert only("id,title,price,is_paid\n1,One,,False\n").price == Decimal("0.00")
    assert only("id,title,is_paid\n1,One,free\n").price == Decimal("0.00")
    assert only("id,title,is_paid\n1,One,yes\n").price is None


def test_a_price_without_a_currency_is_in_the_schools() -> None:
    assert only("id,title,price\n1,One,20\n").currency is None


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("title,price", "One,-5", "The amount cannot be below zero."),
        ("title,price", "One,", "The price is empty. Write 0 or Free for a free course."),
        ("title,price", "One,12.345.6", "“12.345.6” is not a price such as 49.00, 1.250,50 € or"),
        (
            "title,price,is_paid",
            "One,20,False",
            "The row says that the course is free, and has a price of 20.00.",
        ),
        (
            "title,price,is_paid",
            "One,0,True",
            "The row says that the course is paid, and its price is 0.",
        ),
        ("title,price,is_paid", "One,20,maybe", "“maybe” says neither that it is paid nor free."),
        ("title,price,currency", "One,20,JPY", "JPY is not divided into hundredths, and LearnHub"),
        (
            "title,price,currency",
            "One,20 €,USD",
            "The price is in EUR, and the currency says USD.",
        ),
        ("title,price", ",20", "The title cannot be empty."),
        (
            "title,price",
            "x" * 201 + ",20",
            "The title can have at most 200 characters; this has 201.",
        ),
        (
            "title,price",
            '"One\n2,Two",20',
            "The title runs over several lines: a quotation mark is missing, and rows have run "
            "together.",
        ),
        (
            "title,price",
            "One https://example.org/one,20",
            "The title holds a web address: the row's cells are mixed up.",
        ),
        ("title,price", "O\0ne,20", "The title holds a character that cannot be stored."),
        ("title,published_at", "One,2017-13-40", "“2017-13-40” is not a date such as 2024-01-19."),
        ("title,published_at", "One,01/02/2017", "“01/02/2017” is not a date such as 2024-01-19."),
        ("title,id", "One,", "The course number cannot be empty."),
        (
            "title,id",
            "One," + "9" * 101,
            "The course number can have at most 100 characters; this has 101.",
        ),
        ("title,tags", "One," + "t" * 51, "A tag can have at most 50 characters; this has 51."),
        ("id,title,price,x", "1,One", "This row ends after 2 of 4 cells."),
    ],
)
def test_a_row_that_cannot_be_used_says_why(header: str, row: str, said: str) -> None:
    imported = courses_of(f"{header}\n{row}\n")
    assert imported.rejected[0].line == 2
    assert imported.rejected[0].reason.startswith(said)
    assert imported.lines == ()


def test_bad_rows_do_not_stop_the_good_ones() -> None:
    imported = courses_of('id,title,price\n1,A,1\n2,B,-1\n3,C,3\n4,D,4,5\n5,E,5\n6,"F\n')
    assert [line.external_id for line in imported.lines] == ["1", "3", "5"]
    assert imported.rejected == (
        Rejected(3, "The amount cannot be below zero."),
        Rejected(5, "This row has 4 cells, and the header names 3."),
        Rejected(7, "A quotation mark in this row is never closed."),
    )
    assert imported.read == 6


def test_of_two_rows_with_one_number_the_first_is_taken() -> None:
    imported = courses_of("id,title,price\n1,A,1\n2,B,1\n 1 ,C,1\n")
    assert [line.title for line in imported.lines] == ["A", "B"]
    assert imported.rejected == (Rejected(4, "The course number “1” stands in line 2 already."),)


def test_a_rejected_row_does_not_keep_its_number_from_a_good_one() -> None:
    imported = courses_of("id,title,price\n1,A,-1\n1,B,1\n")
    assert [line.title for line in imported.lines] == ["B"]


def test_damaged_bytes_cost_their_row_and_are_not_repeated() -> None:
    rows = b"".join(f"{n},Café číslo {n},20\n".encode() for n in range(20))
    data = b"id,title,price\n" + rows.replace(b"slo 7,20", b"s\xff 7,20").replace(
        b"8,20", b"8,2\xfe"
    )
    imported = read_courses(read_bytes(data))
    assert [(row.line, row.reason) for row in imported.rejected] == [
        (9, "The title holds a character that cannot be stored."),
        (10, "“2?” is not a price such as 49.00, 1.250,50 € or Free."),
        (20, "“2?” is not a price such as 49.00, 1.250,50 € or Free."),
    ]


def test_a_formula_mark_of_our_own_export_is_taken_off() -> None:
    assert only("id,title,price\n1,'=SUM and others,20\n").title == "=SUM and others"


@pytest.mark.parametrize(
    ("header", "cell", "minutes"),
    [
        ("content_duration", "1.5", 90),
        ("content_duration", '"1,5 hours"', 90),
        ("content_duration", "43 mins", 43),
        ("content_duration", "2h 30m", 150),
        ("duration_minutes", "90", 90),
        ("duration_minutes", "1.5 hours", 90),
    ],
)
def test_durations_are_minutes(header: str, cell: str, minutes: int) -> None:
    assert only(f"id,title,price,{header}\n1,One,20,{cell}\n").duration_minutes == minutes


@pytest.mark.parametrize("typed", ["1-4 weeks", "9" * 5_000, "9" * 5_000 + "h 5m", "9h 5²m"])
def test_a_duration_that_cannot_be_read_is_said(typed: str) -> None:
    imported = courses_of(f"id,title,price,hours\n1,One,20,{typed}\n")
    assert imported.lines[0].duration_minutes is None
    assert imported.notes == (
        f"1 course with the duration “{typed[:40]}”, which could not be read.",
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Published", CourseStatus.ACTIVE),
        ("1", CourseStatus.ACTIVE),
        ("draft", CourseStatus.DRAFT),
        ("0", CourseStatus.DRAFT),
        ("archived", CourseStatus.ARCHIVED),
        ("", None),
    ],
)
def test_the_status_is_mapped(word: str, status: CourseStatus | None) -> None:
    assert only(f"id,title,price,status\n1,One,20,{word}\n").status is status


def test_an_unknown_status_is_said() -> None:
    imported = courses_of("id,title,price,status\n1,One,20,sleeping\n")
    assert imported.lines[0].status is None
    assert imported.notes == ("1 course with the unknown status “sleeping”: it is left out.",)


def test_a_moment_without_an_offset_is_utc() -> None:
    assert only("id,title,price,published_at\n1,A,1,2015-07-23T00:08:33Z\n").published_at == (
        datetime(2015, 7, 23, 0, 8, 33, tzinfo=UTC)
    )
    assert only("id,title,price,published_at\n1,A,1,2015-07-23\n").published_at == (
        datetime(2015, 7, 23, tzinfo=UTC)
    )
    assert only("id,title,price,published_at\n1,A,1,2015-07-23 01:00+02:00\n").published_at == (
        datetime(2015, 7, 22, 23, tzinfo=UTC)
    )


def test_tags_come_apart_and_double_ones_go() -> None:
    assert only('id,title,price,tags\n1,A,1,"Web, web ; SQL|3"\n').tags == ("Web", "SQL")


def test_a_currency_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(InvalidInput, match="“EURO” is not a currency code"):
        courses_of("id,title\n1,A\n", currency="EURO")


def test_the_udemy_catalog_gives_all_but_its_damaged_rows() -> None:
    path = shared_data("01-catalog-udemy", "udemy_courses.csv")
    imported = read_courses(read_file(path), currency="USD")
    assert imported.read == 3672
    assert len(imported.lines) == 3667
    assert [row.line for row in imported.rejected] == [293, 1873, 2035, 2169, 2187]
    assert {row.reason.partition(":")[0] for row in imported.rejected} == {
        "The title runs over several lines"
    }
    assert imported.notes == (
        "1,920 courses with the level “All Levels”: open to all, so no level is set.",
    )
    assert sum(line.price == 0 for line in imported.lines) == 309


@pytest.mark.parametrize(
    ("parts", "count"),
    [
        (("01-catalog-coursera", "Coursera_courses.csv"), 623),
        (("01-catalog-udacity", "Udacity.csv"), 263),
        (("01-upload-moodle", "courses.csv"), 3),
    ],
)
def test_other_catalogs_are_read_without_being_told_how(parts: tuple[str, str], count: int) -> None:
    imported = read_courses(read_file(shared_data(*parts)))
    assert len(imported.lines) == count
    assert imported.rejected == ()
    assert all(line.external_id for line in imported.lines)
