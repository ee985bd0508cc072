from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.exchange.reading import read_bytes
from learnhub_desktop.exchange.tables import (
    Cell,
    cell_text,
    clipboard_text,
    csv_text,
    neutral_cell,
    plain_cell,
    write_csv,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        (None, ""),
        ("", ""),
        ("=1+1", "'=1+1"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1+1", "'＝1+1"),
        ("'=1", "''=1"),
        ("'quoted'", "'quoted'"),
        ("a=b", "a=b"),
        (-5, "-5"),
        (Decimal("-49.00"), "-49.00"),
        (Decimal("1E+3"), "1000"),
        (0.25, "0.25"),
        (True, "yes"),
        (False, "no"),
        (date(2026, 3, 14), "2026-03-14"),
        (datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC), "2026-03-14 09:26:53+00:00"),
    ],
)
def test_only_text_that_looks_like_a_formula_is_marked(value: Cell, text: str) -> None:
    assert cell_text(value) == text


@settings(deadline=None)
@given(st.text())
def test_a_marked_cell_gives_its_text_back(text: str) -> None:
    assert plain_cell(neutral_cell(text)) == text


def test_a_file_for_excel_begins_with_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "payments.csv"
    count = write_csv(
        path, ["Student", "Amount"], [["Ada", Decimal("-49.00")], ['say "hi"', Decimal(20)]]
    )
    assert count == 2
    assert path.read_bytes() == (b'\xef\xbb\xbfStudent,Amount\r\nAda,-49.00\r\n"say ""hi""",20\r\n')


def test_a_file_for_other_programs_has_no_mark_and_its_own_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "payments.csv"
    write_csv(path, ["a", "b"], [["1;2", "ä"]], bom=False, delimiter=";")
    assert path.read_bytes() == 'a;b\r\n"1;2";ä\r\n'.encode()


def test_the_clipboard_has_tabs_and_keeps_cells_together() -> None:
    assert clipboard_text(["a", "b"], [["x\ty", "two\nlines"], [1, None]]) == (
        'a\tb\r\n"x\ty"\t"two\nlines"\r\n1\t\r\n'
    )


def test_an_export_that_fails_half_way_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "payments.csv"
    path.write_text("older")

    def rows() -> list[list[Cell]]:
        raise RuntimeError("the list broke off")

    with pytest.raises(RuntimeError, match="broke off"):
        write_csv(path, ["a"], (row for _ in [0] for row in rows()))
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LearnHubError, match="cannot be written: No such file or directory"):
        write_csv(tmp_path / "none" / "x.csv", ["a"], [])


# Lone surrogates are no text, and a NUL share above a hundredth is no text file.
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, st.integers()), min_size=1, max_size=8),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
)
def test_what_was_written_is_read_again(rows: list[tuple[str, str, int]], delimiter: str) -> None:
    text = csv_text(["first", "second", "third"], rows, delimiter)
    sheet = read_bytes(text.encode(), delimiter=delimiter)
    assert sheet.rejected == ()
    read = [
        (plain_cell(record.cells[0]), plain_cell(record.cells[1]), int(record.cells[2]))
        for record in sheet.records
    ]
    assert read == rows


WORDS = st.text("abc xyz äöñ 0123.,;'\"\n", max_size=20)


@settings(deadline=None)
@given(rows=st.lists(st.tuples(st.just("id"), WORDS, WORDS), min_size=1, max_size=8))
def test_an_export_is_read_again_without_being_told_how(rows: list[tuple[str, str, str]]) -> None:
    sheet = read_bytes(csv_text(["id", "title", "note"], rows).encode("utf-8-sig"))
    assert [tuple(map(plain_cell, record.cells)) for record in sheet.records] == rows
