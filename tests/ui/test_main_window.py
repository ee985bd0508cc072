import threading
from datetime import timedelta

import pytest
from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.changes import Changes, Touched, Undo
from learnhub_desktop.domain.lists import Filter
from learnhub_desktop.ui.history import History, Stop
from learnhub_desktop.ui.lists import ListState
from learnhub_desktop.ui.main_window import MainWindow
from learnhub_desktop.ui.pages.page import Page
from learnhub_desktop.ui.shortcuts import SHELL_ACTIONS, Action, check_keys
from learnhub_desktop.ui.theme import Density, LookSetting, density
from tests.ui.made_up import NOW, make_sale
from tests.ui.sales_page import SalesPage
from tests.ui.windows import ALT, CTRL, chosen, ready

# Pages and places


def test_a_page_is_built_when_it_is_first_shown(window, qtbot):
    assert list(window.pages) == ["payments"]
    qtbot.keyClick(window, Qt.Key.Key_2, CTRL)
    assert list(window.pages) == ["payments", "catalog"]
    assert window.page.key == "catalog"
    assert window.rail.currentItem().text() == "Catalog"


def test_what_an_account_may_not_see_is_absent(make_window):
    window = make_window(role=Role.INSTRUCTOR)
    assert window.rail.keys() == ["catalog"]
    assert window.page.key == "catalog"


def test_actions_that_the_account_lacks_are_absent(make_window):
    page = make_window(role=Role.FINANCE).page
    assert not page.may("payments.enrol")
    assert [button.text() for button in page.head_buttons()] == ["Export"]


def test_back_and_forward_go_through_pages_and_filters(window, qtbot):
    page = window.page
    chosen(page, 3, qtbot)
    page.chips.query_asked.emit(page.list.query.with_filter("state", "failed"))
    ready(page, qtbot)
    window.show_page("catalog")
    qtbot.keyClick(window, Qt.Key.Key_Left, ALT)
    assert window.page is page
    assert page.list.query.values("state") == ("failed",)
    qtbot.keyClick(window, Qt.Key.Key_Left, ALT)
    assert page.list.query.filters == ()
    qtbot.waitUntil(lambda: page.current() is not None and page.current().sale_id == 1_497)
    qtbot.keyClick(window, Qt.Key.Key_Right, ALT)
    qtbot.keyClick(window, Qt.Key.Key_Right, ALT)
    assert window.page.key == "catalog"


def test_a_page_can_send_a_person_to_a_row_of_another(window, qtbot):
    window.go("catalog", filters=(Filter("state", ("failed",)),), select=486)
    page = window.page
    qtbot.waitUntil(lambda: page.current() is not None)
    assert page.current().sale_id == 486
    assert page.chips.chips[0].words.text() == "Status: failed"


def test_a_row_that_the_filter_hides_is_shown_without_it(window, qtbot):
    page = window.page
    page.search.setText("nobody")
    page.list.show(page.list.query.with_text("nobody"))
    qtbot.waitUntil(lambda: page.list.state is ListState.NO_MATCH)
    page.list.select(700)
    qtbot.waitUntil(lambda: page.current() is not None)
    assert page.current().sale_id == 700
    assert page.search.text() == ""


def test_history_drops_what_was_ahead():
    history = History()
    history.left(Stop("a"))
    history.left(Stop("b"))
    assert history.back(Stop("c")) == Stop("b")
    history.left(Stop("b"))
    assert history.forward(Stop("d")) is None
    assert history.back(Stop("d")) == Stop("b")
    assert history.back(Stop("b")) == Stop("a")
    assert history.back(Stop("a")) is None


# What other desks do


def test_a_change_elsewhere_reaches_the_page_in_view(window, made_up, qtbot):
    made_up.rows.insert(0, make_sale(9_999))
    window.desk.bridge.changed_elsewhere.emit(Touched.CATALOG)
    assert not window.page.list._tasks.running("")
    window.desk.bridge.changed_elsewhere.emit(Touched.PAYMENTS)
    qtbot.waitUntil(lambda: window.page.model.total == 1_501)


def test_a_hidden_page_reads_again_when_it_is_next_seen(window, made_up, qtbot):
    page = window.page
    window.show_page("catalog")
    ready(window.page, qtbot)
    made_up.rows.insert(0, make_sale(9_999))
    window.desk.bridge.changed_elsewhere.emit(Touched.PAYMENTS)
    qtbot.waitUntil(lambda: window.page.model.total == 1_501)
    assert page.model.total == 1_500
    window.show_page("payments")
    qtbot.waitUntil(lambda: page.model.total == 1_501)


def test_a_write_tells_its_outcome_and_can_be_undone(make_window, qtbot, run):
    undone = []

    def unrefund(uow, *, payment):
        undone.append(payment)
        return Changes(Touched.PAYMENTS, "The refund was taken back.")

    window = make_window(undoables={"unrefund": unrefund})
    changes = Changes(
        Touched.PAYMENTS, "Refunded 49.00 USD.", undo=Undo("unrefund", {"payment": 7})
    )
    run(window.desk.bridge.write(lambda uow: changes))
    assert window.messages.text.text() == "Refunded 49.00 USD."
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: window.messages.text.text() == "The refund was taken back.")
    assert undone == [7]
    qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert window.messages.text.text() == "There is nothing to undo."


def test_a_lost_server_is_said_in_the_message_line(window):
    window.desk.bridge.reachable.emit(False)
    assert window.messages.connection.text() == "school.db · M. Lind · finance · not reachable"
    window.desk.bridge.reachable.emit(True)
    assert window.messages.connection.text() == "school.db · M. Lind · finance"


# The window


def test_the_rail_shows_icons_only_in_a_narrow_window(window):
    window.resize(QSize(1_024, 680))
    assert window.rail.is_narrow
    assert window.rail.item(0).toolTip() == "Payments (Ctrl+1)"
    window.resize(QSize(1_280, 800))
    assert not window.rail.is_narrow
    assert window.rail.item(0).text() == "Payments"


@pytest.mark.parametrize("width", [1_024, 1_280, 1_920])
def test_nothing_asks_for_more_than_the_smallest_window(window, qtbot, width):
    chosen(window.page, 0, qtbot)
    window.resize(width, 680)
    assert window.minimumSizeHint().width() <= 1_024
    assert window.minimumSizeHint().height() <= 680
    assert (window.width(), window.height()) == (width, 680)


def test_every_control_has_a_name(window, qtbot):
    chosen(window.page, 0, qtbot)
    kinds = (QAbstractButton, QLineEdit, QComboBox, QPlainTextEdit)
    for kind in kinds:
        for control in window.findChildren(kind):
            if control.isVisible() and control.focusPolicy() != Qt.FocusPolicy.NoFocus:
                text = control.text() if isinstance(control, QAbstractButton) else ""
                assert control.accessibleName() or text, control
    for control in (window.page.table, window.rail, window.page.side):
        assert control.accessibleName()


def test_icon_buttons_say_what_they_do(window, qtbot):
    for control in window.findChildren(QAbstractButton):
        if not control.text() and control.isVisible():
            assert control.toolTip(), control.parent()


def test_every_action_has_its_shortcut_in_a_menu(window):
    entries = [
        (entry.text(), entry.shortcut().toString())
        for menu in (*window.menus._menus.values(), *window.menus._by_page.values())
        for entry in menu.actions()
        if not entry.isSeparator()
    ]
    assert len(entries) >= len(SHELL_ACTIONS) + len(SalesPage.action_table) - 1
    for text, shortcut in entries:
        assert shortcut or "\t" in text, text


def test_no_action_is_left_without_effect(window):
    assert window.page.unbound() == []


def test_the_key_list_shows_everything_once(window, qtbot):
    qtbot.keyClick(window, "?")
    dialog = QApplication.activeModalWidget()
    words = [label.text() for label in dialog.findChildren(QLabel)]
    words.remove(dialog.windowTitle())
    for action in (*SHELL_ACTIONS, *SalesPage.action_table[1:]):
        assert words.count(action.plain) == 1
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    QApplication.activeModalWidget().close()


def test_look_and_density_change_at_once_and_are_remembered(window, theme, store, qtbot):
    try:
        qtbot.keyClick(window, Qt.Key.Key_F8)
        assert density() is Density.COMPACT
        assert window.page.table.rowHeight(0) == 28
        qtbot.keyClick(window, Qt.Key.Key_F9)
        assert window.messages.text.text() == "The look is light."
        assert store.texts["density"] == "compact"
        assert store.texts["look"] == "light"
    finally:
        theme.choose_density(Density.COMFORTABLE)
        theme.choose(LookSetting.SYSTEM)


def test_sizes_columns_and_sort_come_back(make_window, store, run, qtbot):
    first = make_window()
    ready(first.page, qtbot)
    first.page.table.head.set_shown("method", False)
    first.page.table.head.sort_asked.emit("amount", True)
    first.page.toggle_panel()
    ready(first.page, qtbot)
    first.close()
    run(first.closed.wait())
    second = make_window()
    ready(second.page, qtbot)
    assert store.texts["window.geometry"]
    assert second.page.table.isColumnHidden(4)
    assert second.page.list.query.sort.column == "amount"
    assert second.page.side.isHidden()


def test_closing_waits_for_the_write_that_runs(make_window, qtbot, qt_loop, run):
    window = make_window()
    begun, gate, outcomes = threading.Event(), threading.Event(), []

    def slow(uow):
        begun.set()
        gate.wait(5)
        return Changes(Touched.PAYMENTS, "Refunded.")

    window.desk.bridge.committed.connect(outcomes.append)
    window.page.tasks.start("refund", window.desk.bridge.write, slow)
    qtbot.waitUntil(begun.is_set)
    window.close()
    window.close()
    assert window.isVisible()
    assert window.messages.text.text() == "LearnHub closes as soon as the last change is saved."
    gate.set()
    run(window.closed.wait())
    assert not window.isVisible()
    assert [changes.message for changes in outcomes] == ["Refunded."]


def test_a_clash_of_keys_is_found_when_the_window_is_built():
    taken = Action("x.find", "Find", "Ctrl+F", page="x")
    with pytest.raises(ValueError, match=r"Ctrl\+F belongs to the shell"):
        check_keys([taken])
    with pytest.raises(ValueError, match=r"Ctrl\+3 belongs to the pages"):
        check_keys([Action("x.go", "Go", "Ctrl+3", page="x")])
    twice = [Action("x.one", "One", "R", page="x"), Action("x.two", "Two", "R", page="x")]
    with pytest.raises(ValueError, match=r"x\.two and x\.one share R"):
        check_keys(twice)
    with pytest.raises(ValueError, match="has no shortcut"):
        check_keys([Action("x.none", "None", "", page="x")])


class ShownWindows(QObject):
    """Notes every widget that is shown as a window of its own."""

    def __init__(self, app):
        super().__init__(app)
        self.seen = []
        app.installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.seen.append(type(watched))
        return False


def test_no_part_flashes_up_as_a_window_of_its_own(make_window, qapp, qtbot):
    # A part that is shown before it has a parent does, and takes the keyboard with it.
    shown = ShownWindows(qapp)
    try:
        window = make_window()
        ready(window.page, qtbot)
        chosen(window.page, 2, qtbot)
        window.page.chips.query_asked.emit(window.page.list.query.with_filter("state", "failed"))
        ready(window.page, qtbot)
        window.show_page("catalog")
        ready(window.page, qtbot)
    finally:
        qapp.removeEventFilter(shown)
    assert shown.seen == [MainWindow]
    assert QApplication.focusWidget() is window.page.table


def test_midnight_renews_the_words_for_moments(window, monkeypatch):
    page = window.page
    assert page.model.index(0, 7).data() == "Today 09:42"
    monkeypatch.setattr(page.model, "_clock", lambda: NOW + timedelta(days=1))
    page.list._minute.timeout.emit()
    assert page.model.index(0, 7).data() == "Wed 09:42"


def test_pages_need_no_more_than_their_class_attributes():
    assert issubclass(SalesPage, Page)
    assert issubclass(Page, QWidget)
