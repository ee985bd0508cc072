import threading
from datetime import UTC, timedelta
from functools import partial

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

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.changes import Changes, Touched, Undo
from learnhub_desktop.domain.lists import Filter
from learnhub_desktop.errors import DatabaseUnavailable
from learnhub_desktop.ui.history import History, Stop
from learnhub_desktop.ui.lists import ListState
from learnhub_desktop.ui.main_window import MainWindow, PageEntry
from learnhub_desktop.ui.pages.page import Page
from learnhub_desktop.ui.shortcuts import SHELL_ACTIONS, Action, check_keys
from learnhub_desktop.ui.store import MemoryStore
from learnhub_desktop.ui.theme import Density, LookSetting, density
from tests.ui.made_up import NOW, MadeUpList, make_sale
from tests.ui.sales_page import SalesPage

CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


class OtherPage(SalesPage):
    key, title, icon, right, action_table = "catalog", "Catalog", "books", None, ()
    empty_action = ""


@pytest.fixture
def made_up():
    return MadeUpList([make_sale(number) for number in range(1_500, 0, -1)])


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def make_window(database, qt_loop, theme, made_up, store, run, qtbot):
    made = []

    def make(role=Role.FINANCE, pages=(SalesPage, OtherPage), undoables=None):
        window = MainWindow(
            Bridge(database),
            actor_of("mlind", role, "M. Lind"),
            [PageEntry(page, partial(page, made_up=made_up)) for page in pages],
            theme=theme,
            store=store,
            clock=lambda: NOW,
            zone=UTC,
            undoables=undoables,
        )
        made.append(window)
        window.show()
        window.activateWindow()
        return window

    yield make
    for window in made:
        window.close()
        run(window.closed.wait())
        window.deleteLater()


@pytest.fixture
def window(make_window, qtbot):
    window = make_window()
    ready(window.page, qtbot)
    return window


def ready(page, qtbot):
    qtbot.waitUntil(
        lambda: (
            page.list.counts.total is not None
            and not page.list._tasks.running("")
            and not page.model._timer.isActive()
        )
    )


def chosen(page, number, qtbot):
    """Select a row and wait for its whole panel."""
    page.table.go_to(number)
    title = f"Payment {page.model.row(number).sale_id}"
    qtbot.waitUntil(
        lambda: (
            page.side.panel is not None
            and page.side.panel.title == title
            and page.side.panel.offers != ()
        )
    )


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


# The list page


def test_search_waits_for_a_pause_and_asks_once(window, made_up, qtbot):
    page = window.page
    made_up.calls.clear()
    qtbot.keyClick(window, Qt.Key.Key_F, CTRL)
    assert page.search.hasFocus()
    qtbot.keyClicks(page.search, "ola")
    qtbot.waitUntil(lambda: page.list.counts.total == 107)
    assert sorted(made_up.calls) == ["head", "page 0"]
    assert page.chips.counted.text() == "107 of 1,500 payments"
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    assert page.table.hasFocus()
    assert page.current().student == "Ola Nordmann"


def test_a_filter_without_match_offers_to_clear_it(window, qtbot):
    page = window.page
    qtbot.keyClicks(page.search, "nobody")
    qtbot.waitUntil(lambda: page.list.state is ListState.NO_MATCH)
    notice = page.card.notice
    assert notice.sentence.text() == "No payment matches this search."
    page.list.show(page.list.query.with_text("ola"))
    qtbot.waitUntil(lambda: page.card.shows_rows)
    page.table.setFocus()
    page.list.show(page.list.query.with_text("nobody"))
    qtbot.waitUntil(lambda: notice.action.hasFocus())
    qtbot.keyClick(notice.action, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.list.counts.total == 1_500)
    assert page.card.shows_rows
    assert page.table.hasFocus()
    assert page.search.text() == ""


def test_an_empty_list_says_what_to_do_next(make_window, made_up, qtbot):
    made_up.rows.clear()
    page = make_window(role=Role.ADMIN).page
    qtbot.waitUntil(lambda: page.list.state is ListState.EMPTY)
    notice = page.card.notice
    assert notice.sentence.text() == "No payments yet. They come with the first enrolment."
    qtbot.mouseClick(notice.action, Qt.MouseButton.LeftButton)
    assert page.done == ["enrol"]


def test_an_empty_list_offers_nothing_that_the_account_lacks(make_window, made_up, qtbot):
    made_up.rows.clear()
    page = make_window(role=Role.FINANCE, pages=(SalesPage,)).page
    qtbot.waitUntil(lambda: page.list.state is ListState.EMPTY)
    assert page.card.notice.action.isHidden()


def test_a_list_that_cannot_be_read_says_so_in_its_place(make_window, made_up, qtbot):
    made_up.error = DatabaseUnavailable("db1 cannot be reached.")
    page = make_window().page
    qtbot.waitUntil(lambda: page.list.state is ListState.FAILED)
    assert page.card.notice.sentence.text() == "db1 cannot be reached."
    made_up.error = None
    qtbot.mouseClick(page.card.notice.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.list.counts.total == 1_500)


def test_the_panel_tells_the_selected_row_and_offers_what_is_possible(window, qtbot):
    page = window.page
    chosen(page, 2, qtbot)
    assert page.side.title.text() == "Payment 1498"
    assert page.side.amount.text() == "75.00 USD"
    reasons = [label.text() for label in page.side._foot.findChildren(QLabel)]
    assert reasons == ["Record the receipt is not possible: this payment was made by card."]
    assert page.side.offer_button("payments.receipt") is None
    qtbot.mouseClick(page.side.offer_button("payments.refund"), Qt.MouseButton.LeftButton)
    assert page.done == ["refund 1498"]
    assert window.messages.selection.text() == "1 selected · 75.00 USD"


def test_walking_down_reads_only_where_one_stops(window, qtbot, monkeypatch):
    page = window.page
    chosen(page, 0, qtbot)
    asked = []
    detail = page.detail

    async def noting(row):
        asked.append(row.sale_id)
        return await detail(row)

    monkeypatch.setattr(page, "detail", noting)
    page.table.setFocus()
    for _ in range(10):
        qtbot.keyClick(page.table, Qt.Key.Key_Down)
        assert page.side.title.text() == f"Payment {page.current().sale_id}"
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == [1_490]


def test_several_rows_are_counted_and_summed(window, qtbot):
    page = window.page
    page.table.select_numbers([0, 1, 2], 2)
    assert window.messages.selection.text() == "3 selected · 1,424.99 USD"
    assert page.side._notice.sentence.text() == "3 payments are selected."
    qtbot.keyClick(page.table, Qt.Key.Key_A, CTRL)
    assert window.messages.selection.text() == "All 1,500 selected"


def test_space_hides_the_panel_and_brings_it_back(window, qtbot):
    page = window.page
    page.table.setFocus()
    chosen(page, 1, qtbot)
    qtbot.keyClick(page.table, Qt.Key.Key_Space)
    assert page.side.isHidden()
    page.table.go_to(4)
    qtbot.keyClick(page.table, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.side.title.text() == "Payment 1496")


def test_enter_brings_the_keyboard_to_the_likely_action(window, qtbot):
    page = window.page
    page.table.setFocus()
    chosen(page, 1, qtbot)
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert page.side.offer_button("payments.ask").hasFocus()


def test_a_key_without_effect_says_why(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_R, CTRL)
    assert window.messages.text.text() == "Refund is not possible: select one payment first."
    chosen(window.page, 0, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_R, CTRL)
    assert window.page.done == ["refund 1500"]


def test_the_menu_greys_what_is_refused_only_while_it_is_open(window, qtbot):
    page = window.page
    menu = window.menus._by_page["payments"]
    refund = page.actions_by_name["payments.refund"]
    menu.aboutToShow.emit()
    assert (refund.isEnabled(), refund.toolTip()) == (False, "select one payment first.")
    menu.aboutToHide.emit()
    assert refund.isEnabled()


def test_filters_are_set_and_removed_by_the_keyboard(window, qtbot):
    page = window.page
    page.filters_menu = page.chips.open_editor("state", page.chips.add_button)
    popup = page.filters_menu
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Down)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    qtbot.keyClick(popup, Qt.Key.Key_Escape)
    assert page.list.query.values("state") == ("completed", "pending")
    ready(page, qtbot)
    chip = page.chips.chips[0]
    assert chip.words.text() == "Status: completed, pending"
    qtbot.keyClick(chip.words, Qt.Key.Key_Delete)
    assert page.list.query.filters == ()
    ready(page, qtbot)


def test_f5_reads_again(window, made_up, qtbot):
    made_up.rows.insert(0, make_sale(9_999))
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: window.page.model.total == 1_501)


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
