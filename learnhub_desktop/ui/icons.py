"""Icons of the Phosphor set, coloured by token at the moment they are painted."""

from __future__ import annotations

import os
from functools import cache
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QGlyphRun, QIcon, QIconEngine, QPainter, QPixmap, QRawFont

from learnhub_desktop import resources
from learnhub_desktop.ui import theme

os.environ.setdefault("QT_API", "pyside6")

import qtawesome  # type: ignore[import-untyped]  # It ships no types.

_SET: Final = "ph"


class _TokenEngine(QIconEngine):
    """Draws one glyph. Unlike a ready picture it takes the colour of the look in force."""

    def __init__(self, glyph: str, token: str, selected: str) -> None:
        super().__init__()
        self._glyph = glyph
        self._token = token
        self._selected = selected

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        token = self._token
        if mode == QIcon.Mode.Disabled:
            token = "soft"
        elif mode == QIcon.Mode.Selected:
            token = self._selected
        run, bounds = _glyph_run(self._glyph, rect.height())
        painter.save()
        painter.setPen(theme.colour(token))
        # The font's line height would push the glyph off the centre; its own box does not.
        painter.drawGlyphRun(QRectF(rect).center() - bounds.center(), run)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        if size.isEmpty():
            # A button of a line edit asks for nothing while it fades in.
            return QPixmap()
        picture = QPixmap(size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return picture

    def clone(self) -> QIconEngine:
        return _TokenEngine(self._glyph, self._token, self._selected)


@cache
def _glyph_run(glyph: str, height: int) -> tuple[QGlyphRun, QRectF]:
    font: QFont = qtawesome.font(_SET, height)
    font.setPixelSize(max(1, height))
    raw = QRawFont.fromFont(font)
    glyphs = raw.glyphIndexesForString(glyph)
    run = QGlyphRun()
    run.setRawFont(raw)
    run.setGlyphIndexes(glyphs)
    run.setPositions([QPointF(0, 0)])
    # All glyphs share one square, so that icons of a column stand exactly below each other.
    square = raw.advancesForGlyphIndexes(glyphs)[0].x()
    bottom = raw.descent()
    return run, QRectF(0, bottom - square, square, square)


@cache
def icon(name: str, token: str = "soft", selected: str = "accent") -> QIcon:
    """The icon ``name`` ("credit-card"); ``selected`` colours it in a selected list entry.

    An unknown name raises KeyError, in the tests and not before a person.
    """
    return QIcon(_TokenEngine(_character(name), token, selected))


def _character(name: str) -> str:
    glyph: str = qtawesome.charmap(f"{_SET}.{name}")
    return glyph


def app_icon() -> QIcon:
    return QIcon(str(resources.path("icons/learnhub.svg")))
