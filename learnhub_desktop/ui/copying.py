"""Rows on the clipboard: as lines with tabs and, for spreadsheets and letters, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from html import escape
from typing import TypeVar

from PySide6.QtCore import QMimeData

from learnhub_desktop.models.columns import Column, plain_text

RowT = TypeVar("RowT")


def as_table(columns: Sequence[Column[RowT]], rows: Sequence[RowT], zone: tzinfo) -> QMimeData:
    """The rows under a line of heads, with times of the given zone."""
    heads = [column.title for column in columns]
    body = [[plain_text(column, row, zone) for column in columns] for row in rows]
    data = QMimeData()
    data.setText("".join("\t".join(line) + "\n" for line in [heads, *body]))
    lines = "".join(_html_line(line, "td") for line in body)
    data.setHtml(f"<table>{_html_line(heads, 'th')}{lines}</table>")
    return data


def _html_line(cells: list[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
