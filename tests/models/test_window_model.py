from datetime import timedelta
from decimal import Decimal

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from learnhub_desktop.domain.lists import PAGE_ROWS
from learnhub_desktop.models import window_model
from learnhub_desktop.models.columns import LEFT, RIGHT, Tone
from learnhub_desktop.models.window_model import ROW_ROLE
from tests.models.conftest import NOW, make_sale

STUDENT, AMOUNT, STATE, MADE = 1, 2, 3, 4


def page(number, **changed):
    first = number * PAGE_ROWS
    return [make_sale(sale_id, **changed) for sale_id in range(first, first + PAGE_ROWS)]


@pytest.fixture
def model(make_model):
    model = make_model()
    # Kept as a child of the model: it fails the test on any breach of Qt's contract.
    model.tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Fatal
    )
    return model


@pytest.fixture
def large(make_model):
    """A model without the tester, which visits each cell of a million rows at every change."""
    return make_model()


def asked(model):
    """All that the model asks for from now on."""
    seen = []
    model.pages_wanted.connect(seen.append)
    return seen


@pytest.fixture
def wanted(model):
    return asked(model)


def shown(model, row, column):
    return model.index(row, column).data()


def test_the_row_count_is_true_before_any_row_is_loaded(large):
    large.show(1_000_000, {})
    assert large.rowCount() == 1_000_000
    assert shown(large, 999_999, STUDENT) == ""
    assert large.row(999_999) is None


def test_a_loaded_page_shows_its_rows(model):
    model.show(250, {0: page(0)})
    assert shown(model, 7, STUDENT) == "Student 7"
    assert shown(model, 7, AMOUNT) == "49.00"
    assert shown(model, 7, MADE) == "Today 11:53"
    assert model.index(7, 0).data(ROW_ROLE).sale_id == 7
    assert model.line(7).extras[STATE] is Tone.GOOD
    assert model.line(50).extras[5] == 0.5


def test_reading_cells_asks_for_nothing(model, wanted, qtbot):
    model.show(1_000, {})
    for row in range(1_000):
        shown(model, row, STUDENT)
    qtbot.wait(40)
    assert wanted == []


def test_rows_that_become_visible_are_wanted_nearest_first(model, wanted, qtbot):
    model.show(1_000, {})
    model.look_at(390, 440)
    qtbot.waitUntil(lambda: wanted == [(4, 3)])


def test_only_the_last_place_of_a_fling_is_wanted(large, qtbot):
    wanted = asked(large)
    large.show(100_000, {})
    for first in range(30, 50_000, 1_000):
        large.look_at(first, first + 30)
    qtbot.waitUntil(lambda: wanted == [(490,)])


def test_pages_scrolled_away_are_no_longer_wanted(large, qtbot):
    wanted = asked(large)
    large.show(100_000, {})
    large.look_at(5_030, 5_060)
    qtbot.waitUntil(lambda: wanted == [(50,)])
    large.look_at(9_030, 9_060)
    qtbot.waitUntil(lambda: wanted == [(50,), (90,)])
    large.fill(90, page(90))
    large.look_at(9_031, 9_061)
    qtbot.wait(30)
    assert wanted == [(50,), (90,)]


def test_a_failed_page_can_be_asked_for_again(model, wanted, qtbot):
    model.show(1_000, {})
    model.look_at(0, 30)
    qtbot.waitUntil(lambda: wanted == [(0,)])
    model.ask_again()
    qtbot.waitUntil(lambda: wanted == [(0,), (0,)])


def test_memory_stays_bounded_and_keeps_what_is_seen(large, monkeypatch):
    monkeypatch.setattr(window_model, "KEPT_PAGES", 10)
    model = large
    model.show(1_000_000, {})
    for number in range(15):
        model.look_at(number * PAGE_ROWS + 40, number * PAGE_ROWS + 60)
        model.fill(number, page(number))
    assert model.held_pages() == 10
    assert model.row(0) is None
    assert model.number_of(0) is None
    last = 14 * PAGE_ROWS
    assert model.number_of(last) == last


def test_the_first_page_may_come_before_the_count(model):
    model.show(PAGE_ROWS, {0: page(0)})
    model.set_total(318)
    assert model.rowCount() == 318
    assert shown(model, 3, STUDENT) == "Student 3"
    model.set_total(50)
    assert model.rowCount() == 50


def test_equal_rows_change_only_their_cells(model, qtbot):
    model.show(200, {0: page(0), 1: page(1)})
    changed = page(0)
    changed[5] = make_sale(5, state="failed")
    cells = []
    model.dataChanged.connect(lambda first, last, roles: cells.append((first.row(), last.row())))
    with qtbot.assertNotEmitted(model.modelReset):
        assert model.show(200, {0: changed}) is True
    assert cells == [(5, 5)]
    assert shown(model, 5, STATE) == "failed"
    assert model.row(150) is None  # not read again, so perhaps no longer true


def test_another_order_resets(model, qtbot):
    model.show(3, {0: [make_sale(1), make_sale(2), make_sale(3)]})
    with qtbot.waitSignal(model.modelReset, timeout=0):
        assert model.show(3, {0: [make_sale(2), make_sale(1), make_sale(3)]}) is False
    assert model.number_of(2) == 0


def test_a_page_longer_than_the_list_is_cut(model):
    model.show(130, {0: page(0)})
    model.fill(1, page(1))
    model.fill(2, page(2))
    assert model.row(129).sale_id == 129
    assert model.number_of(130) is None
    assert model.rowCount() == 130


def test_one_currency_stands_in_the_head(model):
    model.show(300, {0: page(0)})
    assert model.headerData(AMOUNT, Qt.Orientation.Horizontal) == "Amount, USD"
    model.fill(1, page(1, currency="EUR"))
    assert model.headerData(AMOUNT, Qt.Orientation.Horizontal) == "Amount"
    assert shown(model, 0, AMOUNT) == "49.00 USD"
    assert shown(model, 100, AMOUNT) == "49.00 EUR"
    model.show(100, {0: page(0)[::-1]})
    assert shown(model, 0, AMOUNT) == "49.00"


def test_heads_stand_like_their_cells(model):
    role = Qt.ItemDataRole.TextAlignmentRole
    assert model.headerData(AMOUNT, Qt.Orientation.Horizontal, role) == RIGHT
    assert model.headerData(STUDENT, Qt.Orientation.Horizontal, role) == LEFT
    model.show(1, {0: [make_sale(1)]})
    assert model.index(0, AMOUNT).data(role) == RIGHT


def test_a_long_list_leaves_sorting_to_the_database(model, qtbot):
    model.show(200, {0: page(0)})
    with qtbot.waitSignal(model.sort_asked, timeout=0) as asked:
        model.sort(AMOUNT, Qt.SortOrder.DescendingOrder)
    assert asked.args == ["amount", True]
    assert model.row(0).sale_id == 0


def test_a_short_list_sorts_itself_and_stays_sorted(model):
    model.set_all_rows([make_sale(1, student="b"), make_sale(2, student="C"), make_sale(3)])
    model.sort(STUDENT)
    assert [model.row(number).sale_id for number in range(3)] == [1, 2, 3]
    model.sort(STUDENT, Qt.SortOrder.DescendingOrder)
    assert [model.row(number).sale_id for number in range(3)] == [3, 2, 1]
    model.set_all_rows([make_sale(1, student="b"), make_sale(4, student="Z")])
    assert [model.row(number).sale_id for number in range(2)] == [4, 1]


def test_a_short_list_holds_all_its_rows(large, qtbot, monkeypatch):
    monkeypatch.setattr(window_model, "KEPT_PAGES", 10)
    model, wanted = large, asked(large)
    model.set_all_rows([make_sale(number) for number in range(1_200)])
    model.look_at(1_100, 1_130)
    qtbot.wait(30)
    assert wanted == []
    assert model.row(0) is not None and model.row(1_199) is not None


def test_text_is_shown_on_one_line_and_not_endlessly(model):
    model.set_all_rows([make_sale(1, student="Ada\nLovelace  " + "x" * 10_000)])
    text = shown(model, 0, STUDENT)
    assert text.startswith("Ada Lovelace x")
    assert len(text) < 300


def test_words_for_moments_are_renewed_after_midnight(make_model):
    model = make_model()
    model.set_all_rows([make_sale(1)])
    model._clock = lambda: NOW + timedelta(days=1)
    model.reword()
    assert shown(model, 0, MADE) == "Wed 11:59"


def test_the_tooltip_of_a_moment_is_its_full_form(model):
    model.set_all_rows([make_sale(1)])
    tip = model.index(0, MADE).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == "Wednesday 7 February 2024, 11:59:00 UTC"


def test_odd_questions_are_answered(model):
    assert model.rowCount(QModelIndex()) == 0
    assert model.headerData(99, Qt.Orientation.Horizontal) is None
    assert model.flags(QModelIndex()) == Qt.ItemFlag.NoItemFlags
    model.sort(-1)
    model.set_all_rows([make_sale(1, amount=Decimal("1250"))])
    assert shown(model, 0, AMOUNT) == "1,250.00"
