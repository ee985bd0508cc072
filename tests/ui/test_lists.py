from dataclasses import replace
from datetime import UTC

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication

from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.errors import DatabaseUnavailable
from learnhub_desktop.models.window_model import WindowModel
from learnhub_desktop.ui.lists import Counts, ListController, ListReads, ListState
from learnhub_desktop.ui.widgets.table import TableView
from tests.ui.made_up import NOW, SALE_COLUMNS, MadeUpList, make_sale

QUERY = ListQuery("payments")


@pytest.fixture
def made_up():
    return MadeUpList([make_sale(number) for number in range(1, 2_501)])


@pytest.fixture
def table(qtbot):
    model = WindowModel(SALE_COLUMNS, lambda row: row.sale_id, clock=lambda: NOW, zone=UTC)
    table = TableView(model, "Payments")
    model.setParent(table)
    qtbot.addWidget(table)
    table.resize(900, 480)
    table.show()
    return table


@pytest.fixture
def shown(table, made_up, bridge):
    """A controller whose list is on its way."""
    reads = ListReads(made_up.head, made_up.page)
    controller = ListController(table, reads, bridge, QUERY)
    controller.seen = []
    for name in ("state_changed", "counted", "failed", "noted", "missed"):
        getattr(controller, name).connect(
            lambda value, name=name: controller.seen.append((name, value))
        )
    controller.show(QUERY)
    return controller


# Asked for before `shown`, whose read begins before the test does.
@pytest.fixture
def held_rows(made_up):
    """No page comes before the gate is opened."""
    made_up.gate.clear()


@pytest.fixture
def held_count(made_up):
    made_up.head_gate.clear()


@pytest.fixture
def ready(shown, table, qtbot):
    qtbot.waitUntil(lambda: shown.counts.total is not None and not table.rows._timer.isActive())
    qtbot.waitUntil(lambda: shown._tasks.running("") == ())
    return shown


def settle(controller, qtbot):
    """Wait until nothing is read and nothing will be."""
    rows = controller._table.rows
    qtbot.waitUntil(
        lambda: (
            not rows._timer.isActive()
            and controller._tasks.running("") == ()
            and rows.line(controller._table.visible_numbers()[0]) is not None
        )
    )


def top_id(table):
    return table.rows.id_at(table.visible_numbers()[0])


def test_the_first_rows_come_before_the_count(held_count, shown, table, made_up, qtbot):
    qtbot.waitUntil(lambda: table.rows.row(0) is not None)
    assert table.rows.rowCount() == 100
    assert shown.state is ListState.ROWS
    assert shown.counts == Counts(None, None)
    made_up.head_gate.set()
    qtbot.waitUntil(lambda: table.rows.rowCount() == 2_500)
    assert shown.counts == Counts(2_500, 2_500)


def test_soft_bars_stand_in_until_the_first_rows_come(held_rows, shown, table, made_up, qtbot):
    qtbot.waitUntil(lambda: table.rows.rowCount() == 40)
    assert table.rows.row(0) is None
    assert shown.state is ListState.LOADING
    made_up.gate.set()
    settle(shown, qtbot)


def test_scrolling_far_reads_only_what_is_seen(ready, table, made_up, qtbot):
    made_up.calls.clear()
    table.verticalScrollBar().setValue(1_750 * 36)
    qtbot.waitUntil(lambda: table.rows.row(1_750) is not None)
    settle(ready, qtbot)
    assert made_up.calls == ["page 1700"]


def test_a_newer_query_takes_the_place_of_the_older(held_rows, shown, table, made_up, qtbot):
    qtbot.waitUntil(lambda: "page 0" in made_up.calls)
    shown.show(QUERY.with_text("Ola Nordmann"))
    made_up.gate.set()
    settle(shown, qtbot)
    assert {table.rows.row(number).student for number in range(50)} == {"Ola Nordmann"}
    assert shown.counts.unfiltered == 2_500


def test_a_click_on_a_head_sorts_in_the_database(ready, table, qtbot):
    place = table.head.sectionViewportPosition(3) + 10
    for wanted in (False, True, False):
        qtbot.mouseClick(table.head.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place, 15))
        assert (ready.query.sort.column, ready.query.sort.descending) == ("amount", wanted)
        settle(ready, qtbot)
    assert str(table.rows.row(0).amount) == "9.99"


def test_selection_and_scroll_stay_when_rows_come_in_above(ready, table, made_up, qtbot):
    table.verticalScrollBar().setValue(500 * 36 + 10)
    settle(ready, qtbot)
    table.go_to(505)
    assert ready.current().sale_id == 506
    top = top_id(table)
    made_up.rows[0:0] = [make_sale(9_000 + number) for number in range(7)]
    ready.reload()
    qtbot.waitUntil(lambda: table.rows.rowCount() == 2_507)
    assert top_id(table) == top
    assert table.verticalScrollBar().value() == 507 * 36 + 10
    assert ready.current().sale_id == 506
    assert table.rows.row(512).sale_id == 506
    assert table.selected_ids() == (506,)


def test_scroll_stays_when_the_top_row_itself_went(ready, table, made_up, qtbot):
    table.verticalScrollBar().setValue(500 * 36)
    settle(ready, qtbot)
    del made_up.rows[499:502]  # ids 500, 501 and 502: one above the view, two in it
    ready.reload()
    qtbot.waitUntil(lambda: table.rows.rowCount() == 2_497)
    settle(ready, qtbot)
    assert 503 in {table.rows.id_at(n) for n in range(*table.visible_numbers())}


def test_new_rows_are_seen_by_who_stands_at_the_top(ready, table, made_up, qtbot):
    table.go_to(2)
    made_up.rows.insert(0, make_sale(9_000))
    ready.reload()
    qtbot.waitUntil(lambda: table.rows.rowCount() == 2_501)
    assert table.rows.id_at(0) == 9_000
    assert table.verticalScrollBar().value() == 0
    assert ready.current().sale_id == 3


def test_a_changed_cell_resets_nothing(ready, table, made_up, qtbot):
    table.go_to(5)
    made_up.rows[5] = replace(made_up.rows[5], state="disputed")
    with qtbot.assertNotEmitted(table.rows.modelReset):
        ready.reload()
        qtbot.waitUntil(lambda: table.rows.row(5).state == "disputed")
    assert ready.current().state == "disputed"


def test_a_row_that_went_takes_its_selection_with_it(ready, table, made_up, qtbot):
    table.go_to(5)
    del made_up.rows[5]
    ready.reload()
    qtbot.waitUntil(lambda: table.rows.rowCount() == 2_499)
    assert ready.current() is None
    assert table.selected_count() == 0


def test_many_changes_are_one_more_read(ready, made_up, qtbot):
    made_up.calls.clear()
    made_up.head_gate.clear()
    ready.reload()
    qtbot.waitUntil(lambda: made_up.calls == ["head"])
    for _ in range(20):
        ready.reload()
    made_up.head_gate.set()
    settle(ready, qtbot)
    assert made_up.calls == ["head", "page 0", "head", "page 0"]


def test_an_empty_list_and_a_filter_without_match_are_told_apart(shown, made_up, qtbot):
    settle(shown, qtbot)
    shown.show(QUERY.with_text("nobody"))
    qtbot.waitUntil(lambda: shown.state is ListState.NO_MATCH)
    assert shown.counts == Counts(0, 2_500)
    made_up.rows.clear()
    shown.show(QUERY)
    qtbot.waitUntil(lambda: shown.state is ListState.EMPTY)


def test_a_first_read_that_fails_offers_to_try_again(shown, table, made_up, qtbot):
    made_up.error = DatabaseUnavailable("db1 cannot be reached.")
    qtbot.waitUntil(lambda: shown.state is ListState.FAILED)
    assert shown.error.text == "db1 cannot be reached."
    made_up.error = None
    shown.error.retry()
    settle(shown, qtbot)
    assert shown.state is ListState.ROWS


def test_a_reload_that_fails_keeps_the_rows(ready, table, made_up, qtbot):
    made_up.error = DatabaseUnavailable("db1 cannot be reached.")
    ready.reload()
    qtbot.waitUntil(lambda: ready.seen[-1][0] == "failed")
    assert ready.state is ListState.ROWS
    assert table.rows.row(0) is not None
    made_up.error = None
    made_up.rows.pop(0)
    ready.seen[-1][1].retry()
    qtbot.waitUntil(lambda: table.rows.rowCount() == 2_499)


def test_a_failed_page_is_read_again_on_retry(ready, table, made_up, qtbot):
    made_up.error = DatabaseUnavailable("db1 cannot be reached.")
    table.verticalScrollBar().setValue(2_000 * 36)
    qtbot.waitUntil(lambda: ready.seen[-1][0] == "failed")
    made_up.error = None
    ready.seen[-1][1].retry()
    qtbot.waitUntil(lambda: table.rows.row(2_000) is not None)


def test_a_page_that_came_short_makes_the_list_look_again(ready, table, made_up, qtbot):
    del made_up.rows[1_000:]
    table.verticalScrollBar().setValue(2_000 * 36)
    qtbot.waitUntil(lambda: table.rows.rowCount() == 1_000)
    settle(ready, qtbot)
    assert table.rows.row(999) is not None


def test_a_row_that_is_not_loaded_can_be_selected_by_its_id(ready, table, qtbot):
    ready.select(2_200)
    qtbot.waitUntil(lambda: ready.current() is not None)
    assert ready.current().sale_id == 2_200
    first, last = table.visible_numbers()
    assert first <= 2_199 <= last


def test_a_row_that_the_list_does_not_show_is_told(ready, qtbot):
    ready.select(99_999)
    qtbot.waitUntil(lambda: ("missed", 99_999) in ready.seen)


def test_all_that_match_is_a_query_and_no_selection(ready, table, qtbot):
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    selection = ready.selection()
    assert (selection.count, selection.rows, selection.query) == (2_500, (), QUERY)
    assert table.selectionModel().selection().isEmpty()
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert ready.selection().query is None
    assert ready.selection().count == 1


def test_the_selected_rows_are_copied_as_a_table(ready, table, qtbot):
    table.head.set_shown("progress", False)
    table.select_numbers([0, 1], 0)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: ("noted", "Copied 2 rows.") in ready.seen)
    data = QGuiApplication.clipboard().mimeData()
    assert data.text().splitlines() == [
        "No.\tStudent\tCourse\tAmount\tMethod\tStatus\tWhen",
        "1\tŁukasz Zieliński\tPython Basics\t49.00\tpaypal\tpending\t2024-02-07 09:41:00",
        "2\t陳美玲\tData Modelling\t120.00\tcard\tunknown\t2024-02-07 09:40:00",
    ]
    assert "<th>Amount</th>" in data.html()


def test_rows_that_are_not_loaded_are_read_for_copying(ready, table, qtbot):
    table.select_numbers(list(range(950, 1_250)), 950)
    ready.copy()
    qtbot.waitUntil(lambda: ("noted", "Copied 300 rows.") in ready.seen)
    assert len(QGuiApplication.clipboard().text().splitlines()) == 301


def test_too_many_rows_are_not_copied_silently(ready, table):
    table.selectAll()
    ready.copy()
    assert ready.seen[-1] == (
        "noted",
        "2,500 rows are selected, and at most 1,000 can be copied.",
    )
