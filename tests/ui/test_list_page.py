from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
)

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.errors import DatabaseUnavailable
from learnhub_desktop.ui.lists import ListState
from tests.ui.made_up import make_sale
from tests.ui.sales_page import SalesPage
from tests.ui.windows import CTRL, chosen, ready

# The list page


def test_search_waits_for_a_pause_and_asks_once(window, made_up, qtbot):
    page = window.page
    made_up.calls.clear()
    qtbot.keyClick(window, Qt.Key.Key_F, CTRL)
    assert page.search.hasFocus()
    page._typing.setInterval(60_000)
    qtbot.keyClicks(page.search, "ola")
    assert made_up.calls == []
    page._typing.start(0)
    qtbot.waitUntil(lambda: page.list.counts.total == 107)
    assert sorted(made_up.calls) == ["head", "page 0"]
    assert page.chips.counted.text() == "107 of 1,500 payments"
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    assert page.table.hasFocus()
    qtbot.waitUntil(lambda: page.current() is not None)
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
