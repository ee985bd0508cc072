"""A share of something as a bar, the same as in a table's cells."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from learnhub_desktop.ui import theme

_HEIGHT: Final = 6


class Bar(QWidget):
    """From 0 to 100 percent; the whole is green."""

    def __init__(self, percent: float = 0.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._percent = 0.0
        self.setFixedHeight(_HEIGHT)
        self.show_percent(percent)

    def show_percent(self, percent: float) -> None:
        self._percent = min(100.0, max(0.0, percent))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        track = QRectF(self.rect())
        painter.setBrush(theme.colour("idle_bg"))
        painter.drawRoundedRect(track, _HEIGHT / 2, _HEIGHT / 2)
        if self._percent > 0:
            # Shorter than its own round ends it would be drawn as a dented dot.
            track.setWidth(max(_HEIGHT, track.width() * self._percent / 100))
            painter.setBrush(theme.colour("good" if self._percent >= 100 else "accent"))
            painter.drawRoundedRect(track, _HEIGHT / 2, _HEIGHT / 2)
