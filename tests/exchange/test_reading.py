from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.reading import (
    Record,
    Rejected,
    plain_header,
    read_bytes,
    read_file,
)
from tests.shared_data import shared_data


def cells_of(data: bytes, *, delimiter: str | None = None) -> list[tuple[str, ...]]:
    return [record.cells for record in read_bytes(data, delimiter=delimiter).records]


@pytest.mark.parametrize(
    ("data", "delimiter"),
    [
        (b"a,b,c\n1,2,3\n", ","),
        (b"a;b;c\n1;2;3\n", ";"),
        (b"a\tb\tc\n1\t2\t3\n", "\t"),
        (b"a|b|c\n1|2|3\n", "|"),
        (b'"a";"b";"c"\r\n"1";"2";"3"\r\n', ";"),
    ],
)
def test_the_delimiter_is_found(data: bytes, delimiter: str) -> None:
    sheet = read_bytes(data)
    assert sheet.delimiter == delimiter
    assert sheet.headers == ("a", "b", "c")
    assert sheet.records == (Record(2, ("1", "2", "3"), 3),)


@pytest.mark.parametrize(
    "data",
    [
        b"title;price\nOne, two, three;12,50\nFour, five;20,00\n",
        b"title;price, EUR\nOne;12,50\nTwo;20,00\n",
        b"sep=;\ntitle;price\n1,1;2\n",
        b'"sep=;"\r\ntitle;price\r\n1,1;2\r\n',
    ],
)
def test_commas_inside_cells_do_not_make_a_comma_file(data: bytes) -> None:
    assert read_bytes(data).delimiter == ";"


def test_a_file_of_one_column_needs_no_delimiter() -> None:
    assert cells_of(b"email\nada@example.org\ngrace@example.org\n") == [
        ("ada@example.org",),
        ("grace@example.org",),
    ]


def test_a_named_delimiter_is_taken_at_its_word() -> None:
    assert cells_of(b"a,b;c\n1,2;3\n", delimiter=";") == [("1,2", "3")]


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_a_delimiter_that_cannot_be_one_is_refused(delimiter: str) -> None:
    with pytest.raises(InvalidInput, match="A delimiter is one character"):
        read_bytes(b"a,b\n1,2\n", delimiter=delimiter)


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    data = b'a,b\r\n1,"two\nlines"\r\n\r\n3,"x\r\ny\r\nz"\r\n4,5\r\n'
    assert [(r.line, r.cells) for r in read_bytes(data).records] == [
        (2, ("1", "two\nlines")),
        (5, ("3", "x\r\ny\r\nz")),
        (8, ("4", "5")),
    ]


def test_line_ends_may_be_mixed() -> None:
    assert cells_of(b"a,b\r1,2\n3,4\r\n5,6") == [("1", "2"), ("3", "4"), ("5", "6")]


def test_quotes_hold_delimiters_quotes_and_line_ends() -> None:
    assert cells_of(b'a,b\n"x,y","say ""hi""\n there"\n') == [("x,y", 'say "hi"\n there')]


def test_empty_rows_are_passed_over() -> None:
    assert cells_of(b"\n\na,b\n\n,,\n  ,\n1,2\n,\n") == [("1", "2")]


def test_a_short_row_is_filled_up_and_says_how_short_it_was() -> None:
    assert read_bytes(b"a,b,c\n1,2\n").records == (Record(2, ("1", "2", ""), 2),)


def test_a_long_row_is_rejected_unless_nothing_is_past_the_header() -> None:
    sheet = read_bytes(b"a,b\n1,2,,\n3,4,5\n6,7\n")
    assert [record.cells for record in sheet.records] == [("1", "2"), ("6", "7")]
    assert sheet.rejected == (Rejected(3, "This row has 3 cells, and the header names 2."),)


def test_a_quotation_mark_that_is_never_closed_costs_one_row() -> None:
    sheet = read_bytes(b'a,b\n1,2\n3,"4\n5,6\n7,8\n')
    assert [(r.line, r.cells) for r in sheet.records] == [
        (2, ("1", "2")),
        (4, ("5", "6")),
        (5, ("7", "8")),
    ]
    assert sheet.rejected == (Rejected(3, "A quotation mark in this row is never closed."),)


def test_a_stray_quotation_mark_does_not_take_the_rows_up_to_the_next_quoted_cell() -> None:
    sheet = read_bytes(b'a,b\n1,2\n3,"4\n5,6\n7,"8\n9"\n10,11\n')
    assert [(r.line, r.cells) for r in sheet.records] == [
        (2, ("1", "2")),
        (4, ("5", "6")),
        (5, ("7", "8\n9")),
        (7, ("10", "11")),
    ]
    assert [row.line for row in sheet.rejected] == [3]


def test_quotation_marks_inside_a_cell_of_one_line_are_forgiven() -> None:
    assert cells_of(b'a,b\n"Ada" Lovelace,the 5" disk\n') == [("Ada Lovelace", 'the 5" disk')]


def test_a_last_row_with_an_open_quotation_mark_is_rejected() -> None:
    sheet = read_bytes(b'a,b\n1,2\n3,"4')
    assert [record.cells for record in sheet.records] == [("1", "2")]
    assert sheet.rejected == (Rejected(3, "A quotation mark in this row is never closed."),)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
def test_a_last_row_with_closed_quotation_marks_is_read(end: bytes) -> None:
    assert cells_of(b'a,b\n1,"x\ny"' + end) == [("1", "x\ny")]


def test_each_of_many_open_quotation_marks_costs_its_own_row() -> None:
    data = b"a,b\n" + b"".join(b'%d,"x\n%d,y\n' % (n, n) for n in range(100))
    sheet = read_bytes(data)
    assert len(sheet.records) == 100
    assert len(sheet.rejected) == 100


def test_a_file_of_nothing_but_open_quotation_marks_is_one_sentence() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_bytes(b"a,b\n" + b'1,"2\n' * 3_000)
    assert str(refused.value) == (
        "More than 1,000 rows of this file have a quotation mark that is never closed, the "
        "first in line 2."
    )


def test_a_cell_beyond_all_measure_is_rejected_and_the_others_are_read() -> None:
    data = b'a,b\n1,"' + b"x" * 200_000 + b'\n2,3\n4,"5"\n'
    sheet = read_bytes(data)
    assert [record.cells for record in sheet.records] == [("2", "3"), ("4", "5")]
    assert sheet.rejected == (
        Rejected(
            2,
            "A cell of this row has more than 131,072 characters: a quotation mark may be missing.",
        ),
    )


def test_a_nul_in_a_cell_is_left_for_the_row_to_refuse() -> None:
    rows = b"".join(b"%d,a title of some length\n" % n for n in range(50))
    sheet = read_bytes(b"id,title\n" + rows + b"99,a\0b\n")
    assert sheet.records[-1].cells == ("99", "a\0b")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "“x.csv” is empty."),
        (b"\xef\xbb\xbf", "“x.csv” is empty."),
        (b" \r\n\n", "“x.csv” is empty."),
        (b"a,b,c\r\n", "“x.csv” holds a header and no rows."),
        (b"a,b,A \n1,2,3\n", "“x.csv” names the column “a” more than once."),
        (b"e-mail,E_mail\n1,2\n", "“x.csv” names the column “e-mail” more than once."),
        (b'"a,b\n1,2\n', "“x.csv” has no usable header. A quotation mark in this row is never"),
        (b"PK\x03\x04 zip", "“x.csv” is an Excel workbook or a ZIP file. Save the table as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "“x.csv” is an old Excel workbook. Save the table as CSV"),
        (b"%PDF-1.7", "“x.csv” is a PDF document. Save the table as CSV first."),
        (b"\x00\x01\x02\x03" * 50, "“x.csv” is not a text file."),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    with pytest.raises(InvalidInput) as refused:
        read_file(path)
    assert str(refused.value).startswith(message)


def test_columns_without_a_name_may_repeat() -> None:
    assert read_bytes(b"a,,\n1,2,3\n").headers == ("a", "", "")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no file “.*none.csv”"):
        read_file(tmp_path / "none.csv")
    with pytest.raises(InvalidInput, match="cannot be read: Is a directory"):
        read_file(tmp_path)


def test_a_file_too_large_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnhub_desktop.exchange.reading.LARGEST_BYTES", 10)
    (tmp_path / "x.csv").write_bytes(b"a,b\n1,2\n3,4\n")
    with pytest.raises(InvalidInput, match="larger than 64 MB"):
        read_file(tmp_path / "x.csv")


def test_a_guess_is_said_and_a_named_encoding_is_not_a_guess() -> None:
    data = "имя,почта\nАда Лавлейс,ada@example.org\n".encode("cp1251")
    assert read_bytes(data).notes == (
        "The file was read as Windows-1251 (Cyrillic). If letters look wrong, name its encoding.",
    )
    assert read_bytes(data, encoding="cp1251").notes == ()


@pytest.mark.parametrize(
    ("header", "plain"),
    [
        ("Course_Title", "course title"),
        ("  E-Mail ", "e mail"),
        ("ＮＡＭＥ", "name"),
        ("Price (USD)", "price usd"),
        ("Straße", "strasse"),
    ],
)
def test_headers_are_compared_without_their_dress(header: str, plain: str) -> None:
    assert plain_header(header) == plain


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_one_sentence(data: bytes) -> None:
    try:
        sheet = read_bytes(data)
    except InvalidInput as refused:
        assert str(refused).endswith(".")
    else:
        assert all(len(record.cells) == len(sheet.headers) for record in sheet.records)


SPECTRUM = [
    "comma_in_quotes",
    "empty",
    "empty_crlf",
    "escaped_quotes",
    "json",
    "newlines",
    "newlines_crlf",
    "quotes_and_newlines",
    "simple",
    "simple_crlf",
    "utf8",
]


@pytest.mark.parametrize("name", SPECTRUM)
def test_the_public_test_set_is_read_as_it_says(name: str) -> None:
    sheet = read_file(shared_data("06-csv-spectrum", "csvs", f"{name}.csv"))
    expected = json.loads(shared_data("06-csv-spectrum", "json", f"{name}.json").read_bytes())
    read = [dict(zip(sheet.headers, record.cells, strict=True)) for record in sheet.records]
    assert read == expected
    assert sheet.rejected == ()


def test_iso_8859_1_is_read() -> None:
    sheet = read_file(shared_data("06-csv-iso8859", "CSV-basic-ISO-8859-1.CRLF.csv"))
    assert sheet.headers == ("first_name", "last_name", "age")
    assert [record.cells for record in sheet.records] == [
        ("John", "Smith", "37"),
        ("Jean", "Christophe", "33"),
        ("Hélène", "Mahé", "42"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "udemy_arabic.cp1256.csv",
        "udemy_cyrillic.cp1251.csv",
        "udemy_japanese.cp932.csv",
        "udemy_nonascii.utf16le-bom.tab.txt",
        "udemy_nonascii.utf8-bom.semicolon.csv",
        "udemy_western.cp1252.csv",
    ],
)
def test_a_re_encoded_catalog_has_the_very_same_cells(name: str) -> None:
    original = read_file(shared_data("01-catalog-udemy", "udemy_courses.csv"))
    by_id = {record.cells[0]: record.cells for record in original.records}
    sheet = read_file(shared_data("01-catalog-udemy-encodings", name))
    assert sheet.headers == original.headers
    assert sheet.rejected == ()
    assert [record.cells for record in sheet.records] == [
        by_id[record.cells[0]] for record in sheet.records
    ]


def test_a_real_catalog_has_all_its_records_and_physical_lines() -> None:
    sheet = read_file(shared_data("01-catalog-udemy", "udemy_courses.csv"))
    assert len(sheet.records) == 3672
    assert sheet.records[-1].line == 3678
