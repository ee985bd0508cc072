from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.ui.lists import Counts
from learnhub_desktop.ui.widgets.chips import ChipsBar
from learnhub_desktop.ui.widgets.dates import parse_day
from learnhub_desktop.ui.widgets.filters import FilterPopup, day_ranges
from learnhub_desktop.ui.widgets.parts import FlowLayout
from tests.ui.sales_page import SalesPage

TODAY = date(2024, 2, 7)
FILTERS = {kind.name: kind for kind in SalesPage.filters}


@pytest.mark.parametrize(
    "typed, day",
    [
        ("2024-02-03", date(2024, 2, 3)),
        (" 2024-2-3 ", date(2024, 2, 3)),
        ("3 Feb 2024", date(2024, 2, 3)),
        ("3. february 2024", date(2024, 2, 3)),
        ("03.02.2024", date(2024, 2, 3)),
        ("Today", TODAY),
        ("yesterday", date(2024, 2, 6)),
        ("29 Feb 2024", date(2024, 2, 29)),
    ],
)
def test_days_are_read_as_people_write_them(typed, day):
    assert parse_day(typed, field="day", today=TODAY) == day


@pytest.mark.parametrize(
    "typed, sentence",
    [
        ("2024-02-31", "There is no day “2024-02-31”."),
        ("31.11.2024", "There is no day “31.11.2024”."),
        ("3/2/2024", "“3/2/2024” is not a date such as 2024-02-03."),
        ("soon", "“soon” is not a date such as 2024-02-03."),
        ("٣ Feb 2024", "“٣ Feb 2024” is not a date such as 2024-02-03."),
        ("x" * 10_000, f"“{'x' * 20}” is not a date such as 2024-02-03."),
        ("0000-01-01", "There is no day “0000-01-01”."),
    ],
)
def test_other_days_are_refused_in_one_sentence(typed, sentence):
    with pytest.raises(InvalidInput) as refused:
        parse_day(typed, field="day", today=TODAY)
    assert str(refused.value) == sentence
    assert refused.value.field == "day"


@pytest.mark.parametrize(
    "name, values, words",
    [
        ("state", ("pending",), "Status: pending"),
        (
            "state",
            ("pending", "unknown", "failed", "disputed", "partially_refunded"),
            "Status: pending, unknown, failed and 2 more",
        ),
        ("method", ("paypal",), "Method: PayPal"),
        ("made", ("2024-02-01", "2024-02-07"), "When: last 7 days"),
        ("made", ("2024-01-30", "2024-02-03"), "When: 30 Jan–3 Feb 2024"),
        ("made", ("2024-01-30", ""), "When: from 30 Jan 2024"),
        ("made", ("", "2024-02-03"), "When: until 3 Feb 2024"),
        ("amount", ("100", ""), "Amount: from 100 USD"),
        ("amount", ("", "49.5"), "Amount: up to 49.5 USD"),
        ("amount", ("10", "20"), "Amount: 10 to 20 USD"),
        ("open", ("yes",), "Money not settled"),
        ("student", ("7", "Łukasz Zieliński"), "Student: Łukasz Zieliński"),
    ],
)
def test_a_chip_says_what_its_filter_lets_through(name, values, words):
    assert FILTERS[name].describe(values, TODAY) == words


def test_last_month_is_a_whole_month():
    assert day_ranges(TODAY)["Last month"] == (date(2024, 1, 1), date(2024, 1, 31))
    assert day_ranges(date(2024, 3, 31))["Last month"] == (date(2024, 2, 1), date(2024, 2, 29))


@pytest.fixture
def bar(qtbot):
    bar = ChipsBar(SalesPage.filters, SalesPage.noun, lambda: TODAY)
    qtbot.addWidget(bar)
    bar.resize(800, 40)
    bar.show()
    bar.asked = []
    bar.query_asked.connect(bar.asked.append)
    return bar


def editor(bar, name, *values):
    query = ListQuery("payments").with_filter(name, *values)
    bar.show_query(query)
    return bar.open_editor(name, bar.add_button)


def press(popup, text):
    (button,) = [b for b in popup.findChildren(QPushButton) if b.text() == text]
    button.click()


def test_a_stretch_of_days_is_one_press_away(bar):
    press(editor(bar, "made"), "Last 30 days")
    assert bar.asked[-1].values("made") == ("2024-01-09", "2024-02-07")
    assert QApplication.activePopupWidget() is None


def test_days_of_ones_own_are_typed(bar, qtbot):
    popup = editor(bar, "made", "2024-02-01", "2024-02-07")
    start, end = (field.line for field in popup.findChildren(QWidget) if hasattr(field, "line"))
    assert (start.text(), end.text()) == ("2024-02-01", "2024-02-07")
    start.setText("31 Feb 2024")
    qtbot.keyClick(start, Qt.Key.Key_Return)
    assert bar.asked == []
    start.setText("1 Jan 2024")
    end.setText("")
    qtbot.keyClick(start, Qt.Key.Key_Return)
    assert bar.asked[-1].values("made") == ("2024-01-01", "")


def test_an_empty_range_removes_the_filter(bar):
    popup = editor(bar, "amount", "10", "20")
    for field in popup.findChildren(QWidget):
        if hasattr(field, "line"):
            field.line.setText("")
    press(popup, "Show")
    assert bar.asked[-1].filters == ()


def test_numbers_are_read_like_amounts(bar):
    popup = editor(bar, "amount")
    start, end = (field for field in popup.findChildren(QWidget) if hasattr(field, "line"))
    start.line.setText("1,250.50")
    end.line.setText("viel")
    press(popup, "Show")
    assert end.error() == "Enter a number such as 100."
    end.line.setText("2000")
    press(popup, "Show")
    assert bar.asked[-1].values("amount") == ("1250.50", "2000")


def test_a_flag_is_set_and_taken_back_by_its_entry(bar):
    bar._on_entry("open")
    assert bar.asked[-1].values("open") == ("yes",)
    bar.show_query(bar.asked[-1])
    bar._on_entry("open")
    assert bar.asked[-1].filters == ()


def test_all_filters_can_be_cleared_at_once(bar):
    query = ListQuery("payments", text="ola").with_filter("open", "yes")
    bar.show_query(query)
    assert bar.clear_button.isHidden()
    bar.show_query(query.with_filter("state", "failed"))
    bar.clear_button.click()
    assert bar.asked[-1] == ListQuery("payments", text="ola")


def test_a_filter_that_the_page_does_not_know_is_still_shown(bar):
    bar.show_query(ListQuery("payments").with_filter("cohort", "7"))
    assert bar.chips[0].words.text() == "cohort: 7"
    bar.chips[0].cross.click()
    assert bar.asked[-1].filters == ()


@pytest.mark.parametrize(
    "counts, words",
    [
        (Counts(318, 1_104_207), "318 of 1,104,207 payments"),
        (Counts(1, 1), "1 payment"),
        (Counts(0, 0), "0 payments"),
        (Counts(None, 5), "Counting payments…"),
    ],
)
def test_a_filter_is_never_hidden(bar, counts, words):
    bar.show_counts(counts)
    assert bar.counted.text() == words


def test_a_popup_without_editor_is_never_offered(bar):
    assert isinstance(editor(bar, "state"), FilterPopup)
    entries = [kind.title for kind in SalesPage.filters if kind.name != "student"]
    bar.open_menu()
    menu = QApplication.activePopupWidget()
    assert [entry.text().removesuffix("…") for entry in menu.actions()] == entries
    menu.close()


def test_chips_wrap_like_words(qtbot):
    root = QWidget()
    qtbot.addWidget(root)
    flow = FlowLayout(root)
    for _ in range(5):
        part = QWidget()
        part.setFixedSize(100, 26)
        flow.addWidget(part)
    assert flow.heightForWidth(540) == 26
    assert flow.heightForWidth(330) == 60
    assert flow.heightForWidth(50) == 162
    assert flow.takeAt(9) is None
    assert flow.takeAt(0) is not None
    assert flow.count() == 4
