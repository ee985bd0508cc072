import json
import time
from datetime import UTC

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from learnhub_desktop.domain.lists import PAGE_ROWS
from learnhub_desktop.models.window_model import WindowModel
from learnhub_desktop.ui import theme as looks
from learnhub_desktop.ui.theme import Density
from learnhub_desktop.ui.widgets.table import TableView
from tests.ui.made_up import NOW, SALE_COLUMNS, make_sale


def make_table(qtbot, total=0):
    model = WindowModel(SALE_COLUMNS, lambda row: row.sale_id, clock=lambda: NOW, zone=UTC)
    table = TableView(model, "Payments")
    model.setParent(table)
    qtbot.addWidget(table)
    table.resize(1_000, 480)
    table.show()
    if total:
        model.show(total, {0: [make_sale(number) for number in range(1, PAGE_ROWS + 1)]})
    return table


@pytest.fixture
def table(qtbot):
    return make_table(qtbot, 1_000_000)


def test_the_visible_rows_are_told(table):
    assert table.visible_numbers() == (0, 12)
    table.verticalScrollBar().setValue(500_000 * 36 + 18)
    assert table.visible_numbers() == (500_000, 512_000 - 11_988)


def test_a_million_selected_rows_paint_at_once(table, qtbot):
    table.select_numbers(list(range(3)), 0)
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    started = time.perf_counter()
    table.repaint()
    assert time.perf_counter() - started < 0.5
    assert table.selected_count() == 1_000_000


def test_a_selection_from_here_to_the_end_paints_at_once(table, qtbot):
    table.setFocus()
    table.go_to(0)
    table.setCurrentIndex(table.rows.index(0, 0))
    table.selectionModel().select(
        table.model().index(0, 0), table.selectionModel().SelectionFlag.ClearAndSelect
    )
    table.scrollToBottom()
    last = table.visualRect(table.rows.index(999_999, 1)).center()
    qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, last
    )
    started = time.perf_counter()
    table.repaint()
    assert time.perf_counter() - started < 0.5
    assert table.selected_count() == 1_000_000
    assert len(table.selected_ids()) == PAGE_ROWS


def test_hidden_columns_do_not_count_rows_twice(table):
    table.head.set_shown("amount", False)
    table.select_numbers([1, 2, 3, 7], 1)
    assert table.selected_count() == 4
    assert table.selected_numbers(2) == [1, 2]


@pytest.mark.parametrize(
    "key, number", [(Qt.Key.Key_End, 999_999), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Down, 6)]
)
def test_the_keyboard_moves_by_whole_rows(table, qtbot, key, number):
    table.setFocus()
    table.go_to(5)
    qtbot.keyClick(table, key)
    assert table.current_number() == number
    assert table.selected_count() == 1


def test_enter_opens_and_space_asks_for_the_panel(table, qtbot):
    opened, asked = [], []
    table.opened.connect(opened.append)
    table.panel_asked.connect(lambda: asked.append(1))
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert opened == []  # nothing is selected yet
    table.go_to(4)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert (opened, asked) == ([4], [1])


def test_typing_letters_compares_no_rows(table, qtbot):
    table.setFocus()
    started = time.perf_counter()
    qtbot.keyClicks(table, "zzz")
    assert time.perf_counter() - started < 0.2


def test_columns_fill_the_width_and_give_way(table):
    assert table.head.length() == table.viewport().width()
    student = table.columnWidth(1)
    table.resize(1_400, 480)
    assert table.head.length() == table.viewport().width()
    assert table.columnWidth(1) > student
    table.resize(500, 480)
    assert table.columnWidth(1) == 84


def test_a_layout_comes_back(qtbot):
    first, second = make_table(qtbot), make_table(qtbot)
    first.head.set_shown("progress", True)
    first.head.set_shown("method", False)
    first.head.moveSection(first.head.visualIndex(3), 0)
    edge = first.head.sectionViewportPosition(4) - 1
    assert first.isColumnHidden(4)
    edge = first.columnViewportPosition(2) + first.columnWidth(2) - 1
    bar = first.head.viewport()
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=QPoint(edge, 15))
    qtbot.mouseMove(bar, QPoint(edge + 40, 15))
    qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=QPoint(edge + 40, 15))
    second.head.restore_layout(first.head.layout_text())
    assert second.head.shown_sections() == first.head.shown_sections()
    assert second.head.shown_sections()[0] == 3
    assert json.loads(second.head.layout_text()) == json.loads(first.head.layout_text())


@pytest.mark.parametrize(
    "text",
    [
        *["", "{", "[]", '{"order": 7}', '{"order":["gone"]}'],
        '{"order": [], "hidden": [], "widths": {"method": 1e999}}',
    ],
)
def test_a_layout_that_cannot_be_read_changes_nothing(table, text):
    before = table.head.layout_text()
    table.head.restore_layout(text)
    assert table.head.layout_text() == before


def test_the_compact_setting_makes_lower_rows(table, theme):
    theme.choose_density(Density.COMPACT)
    try:
        assert table.rowHeight(0) == 28
        assert table.visible_numbers()[1] > 12
    finally:
        theme.choose_density(Density.COMFORTABLE)
    assert table.rowHeight(0) == 36


def test_the_line_below_a_row_is_crisp_in_every_column(table):
    picture = table.viewport().grab().toImage()
    line = QColor(looks.tokens().line)
    below = [picture.pixelColor(x, 35).name() for x in range(picture.width())]
    assert set(below) == {line.name()}


def test_rows_that_are_not_loaded_are_soft_bars(qtbot):
    table = make_table(qtbot)
    table.rows.show(10, {})
    picture = table.viewport().grab().toImage()
    colours = {picture.pixelColor(x, 18).name() for x in range(0, picture.width(), 3)}
    assert QColor(looks.tokens().idle_bg).name() in colours


def test_a_short_list_keeps_its_selection_when_it_changes(qtbot):
    table = make_table(qtbot)
    table.set_short_rows([make_sale(number) for number in (1, 2, 3)])
    table.go_to(1)
    table.set_short_rows([make_sale(number) for number in (9, 1, 2, 3)])
    assert table.selected_ids() == (2,)
    table.head.sort_asked.emit("id", True)
    assert table.rows.row(0).sale_id == 9
    assert table.selected_ids() == (2,)
    assert table.current_number() == 2
