from datetime import UTC

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from learnhub_desktop.domain.changes import Changes, Touched, Undo
from learnhub_desktop.errors import DatabaseUnavailable, NotFound
from learnhub_desktop.ui.tasks import Failure
from learnhub_desktop.ui.widgets.messages import MessageLine
from tests.ui.made_up import NOW

REFUNDED = Changes(
    Touched.PAYMENTS, "Refunded 49.00 USD to Ola Nordmann.", undo=Undo("unrefund", {"payment": 7})
)


def make_line(qtbot, outcome_ms=8_000):
    line = MessageLine(clock=lambda: NOW, zone=UTC, outcome_ms=outcome_ms)
    qtbot.addWidget(line)
    line.resize(1_000, 36)
    line.show()
    return line


@pytest.fixture
def line(qtbot):
    return make_line(qtbot)


def lost(retry=None):
    return Failure(DatabaseUnavailable("db1 cannot be reached."), retry)


def test_an_outcome_is_told_with_its_way_back(line, qtbot):
    asked = []
    line.undo_asked.connect(asked.append)
    line.outcome(REFUNDED)
    assert line.text.text() == "Refunded 49.00 USD to Ola Nordmann."
    assert line._act.text() == "Undo"
    qtbot.mouseClick(line._act, Qt.MouseButton.LeftButton)
    assert asked == [Undo("unrefund", {"payment": 7})]
    assert line.take_undo() is None


def test_an_outcome_fades_and_stays_in_the_list(qtbot):
    line = make_line(qtbot, outcome_ms=1)
    line.outcome(REFUNDED)
    qtbot.waitUntil(lambda: line.text.text() == "")
    assert [message.text for message in line.messages] == ["Refunded 49.00 USD to Ola Nordmann."]
    assert line._act.isHidden()


def test_an_error_stays_until_it_is_read(qtbot):
    line = make_line(qtbot, outcome_ms=1)
    line.fail(lost())
    line.note("Copied 3 rows.")
    assert line.text.text() == "Copied 3 rows."
    assert line._unread.text() == "1 unread message"
    qtbot.waitUntil(lambda: line.text.text() == "db1 cannot be reached.")
    assert line._unread.isHidden()
    qtbot.mouseClick(line._dismiss, Qt.MouseButton.LeftButton)
    assert line.text.text() == ""


def test_a_warning_stays_like_an_error(qtbot):
    line = make_line(qtbot, outcome_ms=1)
    line.outcome(Changes(Touched.PAYMENTS, "Money back, access kept.", warning=True))
    qtbot.wait(30)
    assert line.text.text() == "Money back, access kept."


def test_an_error_that_can_be_tried_again_offers_it(line, qtbot):
    tried = []
    line.fail(lost(lambda: tried.append(1)))
    qtbot.mouseClick(line._act, Qt.MouseButton.LeftButton)
    assert tried == [1]
    assert line.text.text() == ""


def test_the_same_error_again_is_one_message(line):
    for _ in range(5):
        line.fail(lost())
    line.fail(Failure(NotFound("The payment is gone.")))
    assert [message.text for message in line.messages] == [
        "db1 cannot be reached.",
        "The payment is gone.",
    ]


def test_the_list_shows_all_messages_and_marks_them_read(line, qtbot):
    line.fail(lost())
    line.outcome(REFUNDED)
    qtbot.mouseClick(line.text, Qt.MouseButton.LeftButton)
    shown = QApplication.activePopupWidget()
    words = [label.text() for label in shown.findChildren(QLabel)]
    assert words == [
        "Today 09:45",
        "Refunded 49.00 USD to Ola Nordmann.",
        "Today 09:45",
        "db1 cannot be reached.",
    ]
    qtbot.keyClick(shown, Qt.Key.Key_Escape)
    assert QApplication.activePopupWidget() is None
    assert line._unread.isHidden()
    assert not any(message.is_unread for message in line.messages)


def test_a_later_outcome_takes_the_way_back_away(line):
    line.outcome(REFUNDED)
    line.outcome(Changes(Touched.CATALOG, "Saved."))
    assert line.take_undo() is None


def test_names_are_never_markup(line):
    line.note("<b>Robert</b> & Söhne")
    assert line.text.text() == "<b>Robert</b> & Söhne"


def test_a_long_message_pushes_nothing_out(line):
    line.show_connection("learnhub@db1 · M. Lind · finance")
    line.show_selection("12 selected · 1,250.00 USD")
    line.note("A very long sentence. " * 40)
    assert line.minimumSizeHint().width() < 1_000
    assert line.connection.geometry().right() <= line.width()


def test_a_lost_connection_is_said_in_words(line):
    line.show_connection("learnhub@db1 · finance", is_reachable=False)
    assert line.connection.text() == "learnhub@db1 · finance · not reachable"
