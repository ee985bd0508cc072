"""A fault of LearnHub itself: told once, with its details, and the window goes on."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QPushButton

from learnhub_desktop.app import FaultHook
from learnhub_desktop.ui.dialogs.crash import CrashDialog
from learnhub_desktop.ui.tasks import TaskScope

LOG = Path("learnhub.log")


def shown():
    return [
        each
        for each in QApplication.topLevelWidgets()
        if isinstance(each, CrashDialog) and each.isVisible()
    ]


def button(dialog, words):
    (found,) = (each for each in dialog.findChildren(QPushButton) if each.text() == words)
    return found


def go_on(qtbot):
    (dialog,) = shown()
    gone = ends_of(dialog)
    qtbot.mouseClick(button(dialog, "Go on working"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: gone != [])


def ends_of(dialog):
    """Holds something as soon as the dialog is deleted."""
    gone = []
    dialog.destroyed.connect(lambda: gone.append(True))
    return gone


def fault(text):
    try:
        raise ValueError(text)
    except ValueError:
        return sys.exc_info()


@pytest.fixture
def hook(theme):
    return FaultHook(LOG)


def test_it_says_what_is_safe_and_where_the_details_are(theme, qtbot):
    details = 'Traceback\n  ValueError: 🙂 <b>"x"</b>'
    dialog = CrashDialog(details, LOG, None)
    qtbot.addWidget(dialog)
    dialog.open()
    texts = [each.text() for each in dialog.findChildren(QLabel)]
    assert texts == [
        "There is a fault in LearnHub",
        "What you did last may not have been done; what was saved before is safe. Press F5 to see "
        "how things stand. Please send the details to whoever looks after LearnHub.",
        "They are also kept in learnhub.log.",
    ]
    box = dialog.findChild(QPlainTextEdit)
    assert (box.toPlainText(), box.isReadOnly()) == (details, True)

    qtbot.mouseClick(button(dialog, "Copy the details"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == details
    assert dialog.isVisible()


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Return])
def test_a_key_goes_on_working(theme, qtbot, key):
    dialog = CrashDialog("Traceback", LOG, None)
    dialog.open()
    qtbot.waitUntil(dialog.isActiveWindow)
    gone = ends_of(dialog)
    qtbot.keyClick(dialog.focusWidget(), key)
    qtbot.waitUntil(lambda: gone != [])


def test_a_fault_is_logged_and_shown_once_at_a_time(hook, qtbot, caplog):
    with caplog.at_level(logging.ERROR, logger="learnhub_desktop.app"):
        for text in ("the first", "the second"):
            hook(*fault(text))
    assert [record.getMessage().splitlines()[-1] for record in caplog.records] == [
        "ValueError: the first",
        "ValueError: the second",
    ]
    (dialog,) = shown()
    assert dialog.findChild(QPlainTextEdit).toPlainText().endswith("ValueError: the first\n")

    go_on(qtbot)
    hook(*fault("the third"))
    (dialog,) = shown()
    assert dialog.findChild(QPlainTextEdit).toPlainText().endswith("ValueError: the third\n")
    go_on(qtbot)


def test_who_stops_the_program_is_told_of_no_fault(hook, caplog):
    hook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert (shown(), caplog.records) == ([], [])


def test_a_fault_in_a_task_of_the_window_reaches_it_and_nothing_else_stops(
    hook, monkeypatch, qtbot, qt_loop
):
    monkeypatch.setattr(sys, "excepthook", hook)
    owner, failures, done = QObject(), [], []
    scope = TaskScope(owner, failures.append)

    async def wrong():
        raise ZeroDivisionError("a fault of ours")

    async def right():
        done.append(True)

    scope.start("wrong", wrong)
    qtbot.waitUntil(lambda: shown() != [])
    scope.start("right", right)
    qtbot.waitUntil(lambda: done == [True])
    assert failures == []
    go_on(qtbot)
