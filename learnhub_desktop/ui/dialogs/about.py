"""What this program is, and where it is connected."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import PySide6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from learnhub_desktop.ui import icons
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.widgets.parts import button, label, selectable


class AboutDialog(QDialog):
    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("About LearnHub")
        picture = QLabel()
        picture.setPixmap(icons.app_icon().pixmap(56, 56))
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(label("LearnHub Desktop", "name"))
        words.addWidget(label("The back office of a learning management system.", "soft"))
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        actor = desk.actor
        role = f", {actor.role.value}" if actor.role is not None else ""
        facts = {
            "Version": _version(),
            "School": desk.bridge.label,
            "Account": f"{actor.account}{role}",
            "Runs on": f"Python {platform.python_version()}, Qt {PySide6.__version__}",
        }
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, (name, text) in enumerate(facts.items()):
            grid.addWidget(label(name, "soft"), row, 0)
            grid.addWidget(selectable(label(text)), row, 1)
        close = button("Close", kind="primary")
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addLayout(head)
        column.addLayout(grid)
        column.addStretch(1)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.setMinimumWidth(420)
        close.setFocus()


def _version() -> str:
    try:
        return version("learnhub-desktop")
    except PackageNotFoundError:
        return "from a checkout"
